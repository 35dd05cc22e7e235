//! Edges, in the order they were made while the graph is edited, by source once it is frozen.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::protocol::join_counter::JoinCounter;

/// Edges of the first chunk; each further one has twice as many, up to `CHUNK_MAX`.
const CHUNK_MIN: usize = 32;
const CHUNK_MAX: usize = 4096;

/// An edge by the indices of its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) from: u32,
    pub(crate) to: u32,
}

/// The edges while they are edited.
#[derive(Debug)]
pub(crate) struct EdgeList {
    full: Vec<Vec<Edge>>,
    last: Vec<Edge>,
    /// Every edge leads from a smaller index to a larger one, so the order of creation is topological.
    pub(crate) forward: bool,
    /// The sources never decrease, so the list is by source already.
    pub(crate) by_source: bool,
    last_from: u32,
}

impl Default for EdgeList {
    fn default() -> Self {
        Self {
            full: Vec::new(),
            last: Vec::new(),
            forward: true,
            by_source: true,
            last_from: 0,
        }
    }
}

impl EdgeList {
    pub(crate) fn push(&mut self, edge: Edge) {
        self.forward &= edge.from < edge.to;
        self.by_source &= edge.from >= self.last_from;
        self.last_from = edge.from;
        if self.last.len() == self.last.capacity() {
            self.begin_chunk();
        }
        self.last.push(edge);
    }

    #[cold]
    fn begin_chunk(&mut self) {
        let last = core::mem::take(&mut self.last);
        if !last.is_empty() {
            self.full.push(last);
        }
        let capacity = (CHUNK_MIN << self.full.len().min(16)).min(CHUNK_MAX);
        self.last = Vec::with_capacity(capacity);
    }

    /// The edges, some at a time.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = &[Edge]> {
        let all = self.full.iter().chain([&self.last]);
        all.map(Vec::as_slice)
    }

    /// The edges, some at a time, to be freed on the way.
    pub(crate) fn into_chunks(self) -> impl Iterator<Item = Vec<Edge>> {
        self.full.into_iter().chain([self.last])
    }

    /// Keeps the edges that `keep` says; the order stays.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(Edge) -> bool) {
        for chunk in self.full.iter_mut().chain([&mut self.last]) {
            chunk.retain(|edge| keep(*edge));
        }
    }
}

/// The edges of a graph, in one of their two forms.
#[derive(Debug)]
pub(crate) enum Edges {
    /// Open to changes.
    Listed(EdgeList),
    /// The successors of all tasks, by source: where a task's begin is told by its record. The
    /// sources of the graph follow behind them, as the successors of its root.
    Frozen {
        successors: Box<[u32]>,
        forward: bool,
        /// What only graphs with weak edges need.
        weak: Option<Box<Weak>>,
    },
}

/// What a graph with weak edges needs to run.
#[derive(Debug)]
pub(crate) struct Weak {
    /// Tasks that a weak edge leads to, directly or over others, and that wait for several: one that got
    /// some of its arrivals in a round would begin the next one wrong.
    pub(crate) joins: Box<[u32]>,
    /// Links for backlogs. Elsewhere the join counter of a ready task serves, which nobody counts down;
    /// here arrivals for the next start may come while it waits in a queue.
    pub(crate) links: Box<[JoinCounter]>,
}

impl Default for Edges {
    fn default() -> Self {
        Self::Listed(EdgeList::default())
    }
}
