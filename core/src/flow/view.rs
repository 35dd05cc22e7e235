//! The frozen graph of a flow as workers read it.

use crate::graph::edges::Weak as WeakEdges;
use crate::graph::node::Node;
use crate::protocol::join_counter::JoinCounter;

/// The frozen graph as workers read it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'f> {
    pub(super) nodes: &'f [Node],
    pub(super) successors: &'f [u32],
    /// What only graphs with weak edges need.
    pub(crate) weak: Option<&'f WeakEdges>,
    pub(super) special: bool,
    /// How many tasks a round has, the root not counted.
    pub(crate) tasks: usize,
    /// The reference of the first task.
    pub(crate) base: u32,
    /// The references stand for jobs, not for the records.
    pub(crate) nursery: bool,
    /// The outermost flow that the active run is part of.
    pub(crate) top: u64,
}

impl<'f> View<'f> {
    /// The record of a task, or of the root.
    #[inline]
    pub(crate) fn node(&self, index: u32) -> &'f Node {
        &self.nodes[index as usize]
    }

    /// Whether tasks need more than the plain loop does.
    #[inline]
    pub(crate) fn is_general(&self) -> bool {
        self.special || self.weak.is_some()
    }

    /// Where the link of a queued task lies.
    pub(crate) fn link(&self, index: u32) -> &'f JoinCounter {
        match self.weak {
            None => &self.node(index).counter,
            Some(weak) => &weak.links[index as usize],
        }
    }

    /// A task was unlinked.
    pub(crate) fn unlinked(&self, index: u32) {
        if self.weak.is_none() {
            let node = self.node(index);
            node.counter.rearm(node.strong());
        }
    }

    /// The index of the root.
    #[inline]
    pub(crate) fn root(&self) -> u32 {
        // Graphs with more tasks than 32 bits count were refused.
        #[expect(clippy::cast_possible_truncation, reason = "refused above 2^32")]
        let root = (self.nodes.len() - 1) as u32;
        root
    }

    /// The successor at a place of a [`row`](Self::row).
    #[inline]
    pub(crate) fn at(&self, place: u32) -> u32 {
        self.successors[place as usize]
    }

    /// The successors of a task.
    #[inline]
    pub(crate) fn successors(&self, index: u32) -> &'f [u32] {
        let begin = self.nodes[index as usize].first as usize;
        let end = self.nodes[index as usize + 1].first as usize;
        &self.successors[begin..end]
    }

    /// The sources of the graph: the successors of its root.
    pub(crate) fn sources(&self) -> &'f [u32] {
        let begin = self.nodes[self.nodes.len() - 1].first as usize;
        &self.successors[begin..]
    }

    /// Where the successors of a task, or of the root, begin.
    pub(crate) fn row(&self, index: u32) -> u32 {
        self.node(index).first
    }
}
