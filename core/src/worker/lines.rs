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
use crate::flow::{Flow, View};
use crate::graph::node::{Context, Flag, Halt, Outcome};
use crate::platform::Platform;
use crate::protocol::backlog::Chain;
use crate::suspension::release;

impl<P: Platform> Worker<'_, P> {
    /// A line is not done: lets it wait as it said, or goes on with it while the slice lasts. Gives how it ended
    /// and whether its start was told. `None`: it is not this worker's any more.
    ///
    /// It is kept out of the loop that calls it, which is every other task's too.
    #[inline(never)]
    pub(super) fn go_on_in_line(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: u32,
        context: &mut Context<'_>,
    ) -> Option<(Outcome, bool)> {
        let node = view.node(index);
        loop {
            if !context.failures.is_empty() {
                let _ = self.fail_with(flow, index, &mut context.failures);
                // Whatever else the run's policy lets go on, the lines of this one do not.
                release(flow.stop());
            }
            if let Some(suspension) = context.suspension.take() {
                self.suspend(flow, view, index, &suspension);
                return None;
            }
            let halt = context.halt.take();
            debug_assert!(halt.is_some(), "a task is pending for no reason");
            self.tell_suspended(flow, index);
            self.hand_on(flow);
            if let Some(Halt::At(place)) = halt {
                // SAFETY: the place lives as long as the task is unfinished, which it is until the arrival.
                let place = unsafe { place.as_ref() };
                let second = if self.solo && self.has_seat() {
                    place.arrive_alone()
                } else {
                    place.arrive()
                };
                if !second {
                    return None;
                }
            }
            let slice = self.slice.get().saturating_sub(1);
            self.slice.set(slice);
            if slice == 0 || !self.has_seat() {
                self.keep(view.base + index);
                return None;
            }
            context.stopped = node.has(Flag::POISONED) || flow.is_stopped();
            let observed = self.tell_start(flow, index);
            self.current.set(Current::Task(NonNull::from(flow), index));
            // SAFETY: (1) invariant 2 of the graph, which is frozen. (2) This worker has the task in hand again.
            // Unwind: `settle` finds the task in `current`, and has it called again.
            let outcome = unsafe { (node.call)(node.data, context) };
            self.current.set(Current::Engine);
            if outcome != Outcome::Pending {
                return Some((outcome, observed));
            }
        }
    }

    /// Whether the task is called again after a panic.
    pub(super) fn lasts(&self, flow: &Flow, view: &View<'_>, index: u32) -> bool {
        // SAFETY: this worker has the task in hand.
        view.node(index).has(Flag::SPECIAL) && unsafe { flow.graph() }.lasts(index)
    }

    /// A line has panicked: the others are stopped, and it is called again to end as they do.
    #[cold]
    pub(super) fn go_on_later(&self, flow: &Flow, view: &View<'_>, index: u32) {
        release(flow.stop());
        self.hand_on(flow);
        self.pool.inject(Chain::of(view.base + index));
    }
}
