//! Lines of pipelines: tasks that wait for one another where two of them meet.
//!
//! A line that must wait is suspended like any task, but by its arrival at a
//! [rendezvous](crate::protocol::rendezvous) and not by a suspension: whoever arrives second starts it, on its own
//! worker's queue. So going from pipe to pipe takes no lock and no count of references.
//!
//! The arrival is made here and not by the line itself: it hands the line over, and whoever has it then may end it, and
//! with it the run.

use core::ptr::NonNull;

use super::{Current, Worker};
use crate::flow::{Flow, OBSERVED, STOP, View};
use crate::graph::Kind;
use crate::graph::node::{Context, Flag, Outcome};
use crate::observer::{Ended, EventKind};
use crate::platform::Platform;
use crate::pool::Late;
use crate::suspension::release;

impl<P: Platform> Worker<'_, P> {
    /// A task is not done: suspends it, or goes on with it as a line. As long as the slice lasts, lines that it
    /// starts are run too. None of them is this worker's any more then.
    ///
    /// It is kept out of the loop that calls it, which is every other task's too.
    #[inline(never)]
    pub(super) fn leave(
        &self,
        flow: &Flow,
        view: &View<'_>,
        first: u32,
        context: &mut Context<'_>,
    ) {
        let mut index = first;
        loop {
            if !context.failures.is_empty() {
                let _ = self.fail_with(flow, index, &mut context.failures);
                // Whatever else the run's policy lets go on, the lines of this one do not.
                release(flow.stop());
            }
            if let Some(suspension) = context.suspension.take() {
                return self.suspend(flow, view, index, &suspension);
            }
            self.tell_suspended(flow, index);
            self.hand_on(flow);
            if let Some(place) = context.meets.take() {
                // SAFETY: the place lives as long as the task is unfinished, which it is until the arrival.
                let place = unsafe { place.as_ref() };
                let second = if self.solo.get() && self.has_seat() {
                    place.arrive_alone()
                } else {
                    place.arrive()
                };
                if !second {
                    // The run may be over, and the flow gone, unless a task of it is found.
                    match self.next_of(view) {
                        Some(next) => index = next,
                        None => return,
                    }
                }
            }
            let slice = self.slice.get().saturating_sub(1);
            self.slice.set(slice);
            if slice == 0 || !self.has_seat() {
                return self.keep(view.base + index);
            }
            let node = view.node(index);
            let attention = flow.attention();
            context.stopped = node.has(Flag::POISONED) || attention & STOP != 0;
            let observed = attention & OBSERVED != 0 && self.tell_start(flow, index);
            self.current.set(Current::Task(NonNull::from(flow), index));
            // SAFETY: (1) invariant 2 of the graph, which is frozen. (2) This worker has the task in hand: it was
            // the second to arrive, or took the task from its queue.
            // Unwind: `settle` finds the task in `current`, and has it called again.
            let outcome = unsafe { (node.call)(node.data, context) };
            self.current.set(Current::Engine);
            if outcome != Outcome::Pending {
                return self.end_line(flow, view, index, outcome, observed, context);
            }
        }
    }

    /// A line that this worker has started, and nobody has stolen. It stands in the queue, which holds unfinished
    /// tasks only: so one with such a number is of the flow that the view is of, which is there.
    #[inline]
    fn next_of(&self, view: &View<'_>) -> Option<u32> {
        let task = self.deque()?.take_newest()?;
        let index = task.wrapping_sub(view.base);
        if index >= view.root() {
            self.put_back(task);
            return None;
        }
        Some(index)
    }

    /// A line has ended. Nothing comes after it.
    fn end_line(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: u32,
        outcome: Outcome,
        observed: bool,
        context: &mut Context<'_>,
    ) {
        if observed {
            let outcome = Ended::of(outcome);
            self.tell_of_task(flow, index, EventKind::End { outcome });
        }
        if !self.has_seat() {
            let outcome = match outcome {
                Outcome::Failed => self.fail_with(flow, index, &mut context.failures),
                outcome => outcome,
            };
            return self.pool.finish_late(Late::of(view.base + index, outcome));
        }
        if let Some(next) = self.end(flow, view, index, outcome, context) {
            self.keep(self.in_hand(flow, view, next));
        }
    }

    /// Whether the task is called again after a panic.
    pub(super) fn lasts(&self, flow: &Flow, view: &View<'_>, index: u32) -> bool {
        // SAFETY: this worker has the task in hand.
        view.node(index).has(Flag::SPECIAL)
            && unsafe { flow.graph() }.suspends(index) == Some(Kind::Lasting)
    }

    /// A line has panicked: the others are stopped, and it is called again to end as they do.
    #[cold]
    pub(super) fn go_on_later(&self, flow: &Flow, view: &View<'_>, index: u32) {
        release(flow.stop());
        self.hand_on(flow);
        self.pool.offer(view.base + index);
    }
}
