//! The frozen graph of a flow as workers read it: its tasks, or the blocks that they are run in.

use core::ptr;
use core::time::Duration;

use super::Flow;
use crate::graph::edges::Weak as WeakEdges;
use crate::graph::node::Node;
use crate::observer::RunId;
use crate::protocol::join_counter::JoinCounter;

/// What a [`View`] borrows, without a borrow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hot {
    pub(super) nodes: *const [Node],
    pub(super) successors: *const [u32],
    pub(super) weak: *const WeakEdges,
    pub(super) special: bool,
    pub(super) coarse: bool,
    /// Tasks acquire or release.
    pub(super) contended: bool,
    pub(super) tasks: usize,
    pub(super) counted: usize,
    /// How many the flow needs, whether its tasks are run in blocks or not.
    pub(super) references: usize,
    pub(super) base: u32,
    /// The outermost flow that the active run is part of.
    pub(super) top: u64,
    /// When the active run, or one that it is part of, is over at the latest, by its host's clock.
    pub(super) deadline: Option<Duration>,
    pub(super) run: RunId,
    /// Tasks have budgets or deadlines.
    pub(super) watched: bool,
    /// When the round at hand began, of a run whose tasks are watched; else, when the run did.
    pub(super) begun: Duration,
}

impl Hot {
    /// Of a flow that never ran.
    pub(super) const fn new(flow: u64) -> Self {
        Self {
            nodes: &[],
            successors: &[],
            weak: ptr::null(),
            special: false,
            coarse: false,
            contended: false,
            tasks: 0,
            counted: 0,
            references: 0,
            base: 0,
            top: flow,
            deadline: None,
            run: RunId::NONE,
            watched: false,
            begun: Duration::ZERO,
        }
    }
}

impl Flow {
    /// The frozen graph.
    ///
    /// # Safety
    ///
    /// 1. A run of the flow is active and does not end during `'_`, nor does its round: the caller has an
    ///    unfinished task of it in hand, or is the one that ends it. Or the flow is a nursery's.
    #[inline]
    pub(crate) unsafe fn view(&self) -> View<'_> {
        // SAFETY: (1) `hot` is written only while no task is unfinished, and a nursery's not at all.
        let hot = unsafe { &*self.hot.get() };
        View {
            // SAFETY: (1) it points at the records of the graph, which are not edited meanwhile, or of a plan
            // that stays until the round has ended.
            nodes: unsafe { &*hot.nodes },
            // SAFETY: as above.
            successors: unsafe { &*hot.successors },
            // SAFETY: as above; or null.
            weak: unsafe { hot.weak.as_ref() },
            special: hot.special,
            coarse: hot.coarse,
            tasks: hot.tasks,
            counted: hot.counted,
            base: hot.base,
            top: hot.top,
        }
    }
}

/// The frozen graph as workers read it.
///
/// # Invariants
///
/// 1. What stands in `successors` are indices of `nodes`, and not the last.
/// 2. The `first` of the nodes do not fall, and do not exceed the length of `successors`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'f> {
    pub(super) nodes: &'f [Node],
    pub(super) successors: &'f [u32],
    /// What only graphs with weak edges need.
    pub(crate) weak: Option<&'f WeakEdges>,
    pub(super) special: bool,
    /// The records are those of [blocks](crate::graph::blocks), and not of tasks.
    pub(crate) coarse: bool,
    /// How many tasks a round has.
    pub(crate) tasks: usize,
    /// How many records a round counts, the root not counted.
    pub(crate) counted: usize,
    /// The reference of the first task.
    pub(crate) base: u32,
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

    /// The record of a task, unchecked.
    ///
    /// # Safety
    ///
    /// 1. The index is that of a task: it comes from a row, or from a reference of this flow.
    #[inline]
    pub(crate) unsafe fn record(&self, index: u32) -> &'f Node {
        debug_assert!((index as usize) < self.nodes.len());
        // SAFETY: (1) and invariant 1.
        unsafe { self.nodes.get_unchecked(index as usize) }
    }

    /// The successors of a task, unchecked.
    ///
    /// # Safety
    ///
    /// 1. As for [`record`](Self::record).
    #[inline]
    pub(crate) unsafe fn row_of(&self, index: u32) -> &'f [u32] {
        // SAFETY: (1).
        let begin = unsafe { self.record(index) }.first as usize;
        // SAFETY: (1) behind a task's record is another one, be it the root's.
        let end = unsafe { self.record(index + 1) }.first as usize;
        debug_assert!(begin <= end && end <= self.successors.len());
        // SAFETY: invariant 2.
        unsafe { self.successors.get_unchecked(begin..end) }
    }

    /// The successor at a place, unchecked.
    ///
    /// # Safety
    ///
    /// 1. The place is between a [`row`](Self::row) and its end.
    #[inline]
    pub(crate) unsafe fn at(&self, place: u32) -> u32 {
        debug_assert!((place as usize) < self.successors.len());
        // SAFETY: (1).
        unsafe { *self.successors.get_unchecked(place as usize) }
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
