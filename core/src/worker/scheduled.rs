//! Where a policy decides what runs next: giving tasks to it, and taking what it gives.
//!
//! The tasks of such an executor go through the general loop, as observed ones do, each in a slice of its own. What one
//! makes ready is given to the policy when all of it is counted and told, in the order of creation. With the last of them the
//! run may leave this worker's hands.

use alloc::vec::Vec;

use super::Worker;
use super::helping::Needed;
use crate::flow::{Flow, View};
use crate::job::{Claimed, End, conclude};
use crate::observer::EventKind;
use crate::platform::Platform;
use crate::protocol::backlog::Chain;
use crate::scheduler::Want;
use crate::stats::Failure;

impl<P: Platform> Worker<'_, P> {
    /// Gives a task to the policy. `Some`: there is none, or it is a root, and still the caller's.
    #[inline(never)]
    pub(super) fn unless_entrusted(&self, task: u32) -> Option<u32> {
        if self.pool.policy.is_none() || !self.pool.entrust(Some(self.id.index()), task) {
            return Some(task);
        }
        self.tell_sleepers();
        None
    }

    /// A task that the policy gives.
    pub(super) fn pop(&self) -> Option<u32> {
        self.pool.policy.as_ref()?;
        self.pool.pop(self.id.index(), Want::ANY)
    }

    /// A task that the policy gives, or gave before, of those that a wait needs.
    pub(super) fn pop_needed(&self, needed: &Needed<'_>) -> Option<u32> {
        let tag = self.pool.policy.as_ref()?.tag();
        if let Some((task, _)) = self.sift(&self.pool.injector, needed) {
            return Some(task);
        }
        // (Nobody takes a task out of a token that is looked at.)
        self.pool.pop(
            self.id.index(),
            Want::only(&|ready| ready.is_of(tag) && self.is_needed(ready.reference(), needed)),
        )
    }

    /// Adds a task to those that are held back, in room which is kept from task to task.
    #[inline(never)]
    pub(super) fn hold(&self, held: &mut Vec<u32>, task: u32) {
        if held.capacity() == 0 {
            *held = self.room.take();
        }
        held.push(task);
    }

    /// Gives what a task that ended has made ready to the policy.
    pub(super) fn entrust_ready(&self, flow: &Flow, view: &View<'_>, mut ready: Vec<u32>) {
        if !ready.is_empty() {
            ready.sort_unstable();
            self.hand_on(flow);
            let base = view.base;
            for index in ready.drain(..) {
                // (The flow may go with the last.)
                self.pool.entrust(Some(self.id.index()), base + index);
            }
            self.tell_sleepers();
        }
        if ready.capacity() > 0 {
            self.room.set(ready);
        }
    }

    /// Gives the sources of a round that begins to the policy.
    pub(super) fn entrust_sources(&self, flow: &Flow, view: &View<'_>, observed: bool) {
        let sources = view.sources();
        if observed {
            for source in sources {
                self.tell_of_task(flow, *source, EventKind::Ready);
            }
        }
        if view.is_general() {
            self.count_sources(flow, sources.len(), true);
        } else {
            self.count_finished(flow);
        }
        let mut ready = self.room.take();
        ready.extend_from_slice(sources);
        self.entrust_ready(flow, view, ready);
        // Other roots come before what was made ready, the oldest first.
        self.slice.set(0);
    }

    /// The policy has lost a task, which nobody has in hand: ends its run, or the job.
    pub(super) fn end_lost(&self, flow: &Flow, view: &View<'_>, task: u32) {
        let index = task.wrapping_sub(view.base);
        if let Some(chunk) = flow.chunk() {
            let job = self.take_job(chunk, task);
            if let Some(job) = job.and_then(Claimed::of)
                && let Some(next) = conclude(job, End::Dropped, &mut |ready| self.queue_job(ready))
            {
                self.queue_job(next);
            }
            return;
        }
        self.fail(flow, index, Failure::Lost);
        self.hand_on(flow);
        // Its run is stopped, so it is skipped, or told to stop if it was suspended.
        self.pool.inject(Chain::of(task));
    }

    fn tell_sleepers(&self) {
        if !self.solo.get() {
            self.pool.notify();
        }
    }
}
