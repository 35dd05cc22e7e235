//! The loop of plain tasks where one worker is all there is.
//!
//! It is [`run_plain`](Worker::run_plain) with what nobody else can see left out. After each call it asks whether that is
//! still so: a task that waits gives its seat away, or shares it, and what it helps with is counted for other flows.

use core::ops::ControlFlow;

use super::Worker;
use super::span::LONG_ROW;
use crate::flow::{Flow, View};
use crate::graph::node::{Context, Outcome};
use crate::platform::Platform;
use crate::protocol::backlog::Chain;
use crate::protocol::deque::DequeOwner;

impl<P: Platform> Worker<'_, P> {
    /// As [`run_plain`](Self::run_plain), where there is no other seat.
    #[inline(never)]
    pub(super) fn run_alone(&self, flow: &Flow, view: View<'_>, mut index: u32) -> Option<u32> {
        let mut context = Context::new(self);
        while flow.attention() == 0 {
            // SAFETY: (1) it comes from a reference or a row, and was not started before.
            let outcome = unsafe { self.call_plain(flow, &view, index, &mut context) };
            let slice = self.slice.get();
            let is_undisturbed = self.solo.get() && self.counts_for(flow);
            // (Without a seat there is no slice.)
            if outcome != Outcome::Done || slice <= 1 || !is_undisturbed {
                match self.end_otherwise(flow, &view, index, outcome, &mut context) {
                    ControlFlow::Continue(next) => index = next,
                    ControlFlow::Break(in_hand) => return in_hand,
                }
                if self.solo.get() {
                    continue;
                }
                break;
            }
            self.slice.set(slice - 1);
            self.count_finished_more();
            // SAFETY: (1) the task has ended in this worker's hands.
            let row = unsafe { view.row_of(index) };
            if !row.is_empty()
                && let Some(next) = self.arrive_alone(flow, &view, index, row)
            {
                index = next;
                continue;
            }
            if let Some(task) = self.deque().and_then(DequeOwner::take_newest_alone) {
                index = task.wrapping_sub(view.base);
                if index < view.root() {
                    continue;
                }
                return Some(task);
            }
            if let Some(next) = self.next_in_row(flow, &view) {
                index = next;
                continue;
            }
            match self.go_round(flow, &view) {
                ControlFlow::Continue(next) => index = next,
                ControlFlow::Break(in_hand) => return in_hand,
            }
        }
        self.run_plain(flow, view, index)
    }

    /// [`end_plain`](Self::end_plain), out of the code of the loop.
    #[cold]
    fn end_otherwise(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: u32,
        outcome: Outcome,
        context: &mut Context<'_>,
    ) -> ControlFlow<Option<u32>, u32> {
        self.end_plain(flow, view, index, outcome, context)
    }

    /// Makes ready what waited for a task alone. Gives the first of those, and queues the others.
    #[expect(clippy::inline_always, reason = "it is in the loop of plain tasks")]
    #[inline(always)]
    fn arrive_alone(&self, flow: &Flow, view: &View<'_>, index: u32, row: &[u32]) -> Option<u32> {
        if let [successor] = row {
            // SAFETY: (1) it comes from a row.
            return unsafe { arrives_alone(view, *successor) }.then_some(*successor);
        }
        if row.len() >= LONG_ROW && self.leave_in_row(flow, view, index, row.len()) {
            return None;
        }
        let deque = self.deque()?;
        let mut first: Option<u32> = None;
        let mut overflow = None;
        for successor in row {
            // SAFETY: (1) it comes from a row.
            if !unsafe { arrives_alone(view, *successor) } {
                continue;
            }
            // As in `complete`.
            let later = match first {
                None => {
                    first = Some(*successor);
                    continue;
                }
                Some(before) => {
                    first = Some(before.min(*successor));
                    before.max(*successor)
                }
            };
            match deque.push(view.base + later) {
                Ok(()) => deque.publish(),
                Err(task) => Chain::grow(&mut overflow, task, &*self.pool.directory),
            }
        }
        if let Some(chain) = overflow {
            self.queues.backlog.push(chain, &*self.pool.directory);
        }
        first
    }
}

/// A task that another waits for has ended. `true`: it was the last.
///
/// # Safety
///
/// 1. The index is that of a task, and the caller's the only seat.
#[inline]
pub(super) unsafe fn arrives_alone(view: &View<'_>, index: u32) -> bool {
    // SAFETY: (1).
    let node = unsafe { view.record(index) };
    let strong = node.strong();
    strong <= 1 || node.counter.arrive_alone(strong)
}
