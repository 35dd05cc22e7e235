//! What comes after a task that leads to one other at most: the way that loops go round.

use alloc::vec;

use super::Worker;
use super::general::NOT_PLAIN;
use crate::condition::Choices;
use crate::flow::{Flow, View};
use crate::graph::node::{Flag, Node, Outcome};
use crate::mutant::mutant;
use crate::platform::Platform;
use crate::stats::Failure;

/// The one task, if any, that comes after one that has ended well: it chose one by its number, or has no more than
/// one. Nothing: it is no such task, or there is more to its end.
#[inline]
pub(super) fn sole_successor(
    flow: &Flow,
    view: &View<'_>,
    index: u32,
    outcome: Outcome,
    choices: &mut Choices,
) -> Option<Option<u32>> {
    // SAFETY: (1) the caller has the task in hand.
    let node = unsafe { view.record(index) };
    if flow.attention() & NOT_PLAIN != 0
        || node.has(Flag::SPECIAL.and(Flag::POISONED))
        || !view.is_general()
    {
        return None;
    }
    // SAFETY: (1) as above.
    let row = unsafe { view.row_of(index) };
    match outcome {
        Outcome::Branched => choices.take_index().map(|place| row.get(place).copied()),
        Outcome::Done if row.len() <= 1 && !node.has(Flag::BRANCHES) => Some(row.first().copied()),
        _ => None,
    }
}

impl<P: Platform> Worker<'_, P> {
    /// Starts the one task, if any, that comes after one that has ended.
    #[inline]
    pub(super) fn start_sole(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: u32,
        sole: Option<u32>,
    ) -> Option<u32> {
        // SAFETY: (1) this worker has the task in hand.
        let node = unsafe { view.record(index) };
        if node.has(Flag::GUARDED) {
            // Before its successor can start it again.
            if self.solo.get() {
                node.lower_alone(Flag::ACTIVE);
            } else {
                node.lower(Flag::ACTIVE);
            }
        }
        let mut next = sole;
        if let Some(target) = sole {
            // SAFETY: (1) it comes from a row.
            let after = unsafe { view.record(target) };
            let chosen = node.has(Flag::BRANCHES);
            if !chosen && !self.arrives(after) {
                next = None;
            } else if !self.claims(after) {
                if !mutant!("race_untold") {
                    self.fail_all(flow, view, vec![(target, Failure::TaskRace)]);
                }
                self.count_ended(flow, 0);
                return None;
            } else if chosen {
                after.counter.rearm(after.strong());
            }
        }
        self.count_ended(flow, usize::from(next.is_some()));
        next
    }

    /// A task that another waits for has ended. `true`: it was the last.
    #[inline]
    pub(super) fn arrives(&self, after: &Node) -> bool {
        let strong = after.strong();
        strong <= 1
            || if self.solo.get() {
                after.counter.arrive_alone(strong)
            } else if after.has(Flag::GUARDED) {
                after.counter.arrive_in_loop(strong)
            } else {
                after.counter.arrive(strong)
            }
    }

    /// Claims a task to be started. `false`: it is scheduled or running already, which is a failure.
    #[inline]
    pub(super) fn claims(&self, node: &Node) -> bool {
        let claimed = !node.has(Flag::GUARDED)
            || !if self.solo.get() {
                node.raise_alone(Flag::ACTIVE)
            } else {
                node.raise(Flag::ACTIVE)
            };
        if claimed && mutant!("race_claim_falls_at_once") {
            node.lower(Flag::ACTIVE);
        }
        claimed
    }
}
