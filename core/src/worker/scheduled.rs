//! Where a policy decides what runs next: giving tasks to it, and taking what it gives.
//!
//! The tasks of such an executor are each in a slice of its own: those of plain flows in a loop that asks the policy for the next, others
//! in the general one. What one makes ready is given to the policy when all of it is counted and told, in the order of creation. With the
//! last of them the run may leave this worker's hands.

use alloc::vec::Vec;
use core::ops::ControlFlow;

use super::Worker;
use super::general::Ready;
use super::helping::Needed;
use crate::flow::{FLOOR, Flow, SCHEDULED, View};
use crate::graph::node::{Context, Outcome};
use crate::job::{Claimed, End, conclude};
use crate::observer::EventKind;
use crate::platform::Platform;
use crate::pool::Installed;
use crate::protocol::backlog::Chain;
use crate::protocol::deque::DequeOwner;
use crate::scheduler::{Entry, Want};
use crate::stats::Failure;

/// Whether all that a run with such bits has to say is that a policy decides, and perhaps how urgent all of its tasks are.
pub(super) fn is_scheduled_only(attention: u32) -> bool {
    attention & !FLOOR == SCHEDULED
}

/// What a worker does where a policy decides. It is named by who installs one, so that other programs do not contain it.
pub(crate) struct Scheduled<P: Platform> {
    /// Runs a task of a plain flow, and others of it as the policy gives them. Gives one of another flow.
    pub(super) run: fn(&Worker<'_, P>, &Flow, View<'_>, u32) -> Option<u32>,
    /// Ends a task, which was or was not skipped, and gives the policy what it made ready.
    pub(super) end: fn(&Worker<'_, P>, &Flow, &View<'_>, u32, bool, Ready),
    /// Gives the sources of a round that begins to the policy, and tells observers, if there are any. Gives one that is to be run at once.
    pub(super) begin: fn(&Worker<'_, P>, &Flow, &View<'_>, bool) -> Option<u32>,
    /// Gives back what the policy lent.
    pub(super) give_back: fn(&Worker<'_, P>),
    /// Gives back what it lent of a flow that is to be run in the general loop.
    pub(super) give_back_stolen: fn(&Worker<'_, P>, &View<'_>),
}

impl<P: Platform> Scheduled<P> {
    pub(crate) fn new() -> Self {
        Self {
            run: |worker, flow, view, index| worker.run_scheduled(flow, view, index),
            end: |worker, flow, view, index, skipped, ready| {
                worker.end_scheduled(flow, view, index, skipped, ready);
            },
            begin: |worker, flow, view, observed| worker.entrust_sources(flow, view, observed),
            give_back: |worker| worker.return_lent(),
            give_back_stolen: |worker, view| worker.return_stolen(view),
        }
    }
}

impl<P: Platform> Worker<'_, P> {
    /// As [`run_plain`](Self::run_plain), where a policy decides: from task to task of this flow, as the policy gives them. Gives
    /// one of another flow.
    fn run_scheduled(&self, flow: &Flow, view: View<'_>, mut index: u32) -> Option<u32> {
        self.endless.set(true);
        let mut context = Context::new(self);
        while is_scheduled_only(flow.attention()) {
            // SAFETY: (1) the policy gave it, or it comes with a reference, and was not started before.
            let mut outcome = unsafe { self.call_plain(flow, &view, index, &mut context) };
            if outcome == Outcome::Done && self.may_keep(flow, &view) {
                match self.run_lent(flow, &view, &mut index, &mut context) {
                    ControlFlow::Continue(ended) => outcome = ended,
                    ControlFlow::Break(in_hand) => {
                        self.slice.set(0);
                        return in_hand;
                    }
                }
            }
            if outcome != Outcome::Done || !is_scheduled_only(flow.attention()) || !self.has_seat()
            {
                return self.end_unusually(flow, &view, index, outcome, &mut context);
            }
            self.note_ended(flow, index);
            let mut ready = self.room.take();
            // SAFETY: (1) the task has ended in this worker's hands.
            for successor in unsafe { view.row_of(index) } {
                // SAFETY: (1) it comes from a row.
                if self.arrives(unsafe { view.record(*successor) }) {
                    ready.push(*successor);
                }
            }
            self.count_finished(flow);
            self.entrust_ready(flow, &view, ready);
            if !self.may_ask_again(&view) {
                self.slice.set(0);
                return None;
            }
            let task = self.pool.pop(self.id.index(), Want::ANY)?;
            index = task.wrapping_sub(view.base);
            // A policy, or the host, may have waited, and what ended here was counted; then the flow may be gone, and another have its range.
            if index >= view.root() || !self.counts_for(flow) {
                return Some(task);
            }
        }
        self.run_general(flow, &view, index)
    }

    /// What to do in a run with such bits, if a policy decides in it.
    pub(super) fn scheduled(&self, attention: u32) -> Option<&Scheduled<P>> {
        let scheduled = self.pool.scheduled.as_ref();
        scheduled.filter(|_| attention & SCHEDULED != 0)
    }

    /// As the rest of [`end`](Self::end), where a policy gets all that became ready.
    fn end_scheduled(&self, flow: &Flow, view: &View<'_>, index: u32, skipped: bool, ready: Ready) {
        if skipped {
            self.count_skipped(flow, index);
        }
        self.note_ended(flow, index);
        let mut tasks = ready.held;
        if let Some(next) = ready.next {
            self.hold(&mut tasks, next);
        }
        let general = view.is_general();
        if general && !tasks.is_empty() {
            self.count_ended(flow, tasks.len());
        }
        self.fail_all(flow, view, ready.failures);
        if !general {
            self.count_finished(flow);
        } else if tasks.is_empty() {
            self.count_ended(flow, 0);
        }
        self.entrust_ready(flow, view, tasks);
    }

    /// Ends a task that ended otherwise than well, or in a run of which there is more to know, or without a seat. Gives what is in hand.
    #[cold]
    fn end_unusually(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: u32,
        outcome: Outcome,
        context: &mut Context<'_>,
    ) -> Option<u32> {
        self.give_back_lent();
        if !self.has_seat() {
            self.finish_without_seat(flow, view, index, outcome, context);
            return None;
        }
        let next = self.end(flow, view, index, outcome, context);
        self.slice.set(0);
        next.map(|next| self.in_hand(flow, view, next))
    }

    /// Whether the policy's next task may follow at once: there is nothing that comes before it, no step is over, and this is no
    /// wait, which wants some tasks only.
    pub(super) fn may_ask_again(&self, view: &View<'_>) -> bool {
        let pool = self.pool;
        self.roams.get()
            && !self.shares.get()
            && self.solo.get() == pool.has_one_worker()
            && !pool.has_late()
            && !pool.has_alarms()
            && pool.injector.is_empty()
            && self.queues.backlog.is_empty()
            && (self.queues.deque.is_empty() || self.has_stolen(view))
    }

    /// Whether what is queued here was lent of this flow.
    pub(super) fn has_stolen(&self, view: &View<'_>) -> bool {
        let oldest = self.deque().and_then(DequeOwner::oldest);
        oldest.is_some_and(|oldest| oldest.wrapping_sub(view.base) < view.root())
    }

    /// A task in this worker's hands has ended, which a policy decided when to run.
    fn note_ended(&self, flow: &Flow, index: u32) {
        if self.pool.policy.as_ref().is_some_and(Installed::tracks) {
            // SAFETY: (1) the task is not counted yet. (2) The policy asks for it.
            unsafe { flow.note_ended(index) };
        }
    }

    /// Gives a task to the policy. `Some`: there is none, or it is a root, and still the caller's.
    #[inline(never)]
    pub(super) fn unless_entrusted(&self, task: u32) -> Option<u32> {
        if self.pool.policy.is_none() || !self.pool.entrust(Some(self.id.index()), Entry::New(task))
        {
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
        if let Some(task) = self.sift_injector(needed) {
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
    fn entrust_ready(&self, flow: &Flow, view: &View<'_>, mut ready: Vec<u32>) {
        if !ready.is_empty() {
            ready.sort_unstable();
            self.hand_on(flow);
            self.pool.entrust_all(self.id.index(), flow, view, &ready);
            ready.clear();
            self.tell_sleepers();
        }
        if ready.capacity() > 0 {
            self.room.set(ready);
        }
    }

    /// Gives the sources of a round that begins to the policy.
    fn entrust_sources(&self, flow: &Flow, view: &View<'_>, observed: bool) -> Option<u32> {
        let sources = view.sources();
        if observed {
            for source in sources {
                self.tell_of_task(flow, *source, EventKind::Ready);
            }
        }
        if view.is_general() {
            self.count_sources(flow, sources.len(), true);
        } else {
            if self.may_keep(flow, view) && self.keep_sources(flow, view) {
                self.count_finished(flow);
                let next = self.next_kept(flow, view);
                if next.is_none() {
                    self.slice.set(0);
                }
                return next;
            }
            self.count_finished(flow);
        }
        let mut ready = self.room.take();
        ready.extend_from_slice(sources);
        self.entrust_ready(flow, view, ready);
        // Other roots come before what was made ready, the oldest first.
        self.slice.set(0);
        None
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

    pub(super) fn tell_sleepers(&self) {
        self.pool.stir();
        if !self.solo.get() {
            self.pool.notify();
        }
    }
}
