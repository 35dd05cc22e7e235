//! Counting what was finished, and ending rounds and runs.

use core::ptr::NonNull;

use super::{Current, Worker};
use crate::flow::{Flow, View};
use crate::mutant::mutant;
use crate::platform::Platform;
use crate::protocol::completion::{Left, Tally};
use crate::run::{Enough, Run, Waiter};
use crate::semaphore::arbiter;
use crate::stats::{Failure, Suppressed};
use crate::sync::{Arc, Ordering};

impl<P: Platform> Worker<'_, P> {
    /// Counts a task that was run or skipped.
    #[inline]
    pub(super) fn count_finished(&self, flow: &Flow) {
        self.tally_for(flow);
        self.count_finished_more();
    }

    /// Whether what is counted is of this flow.
    #[inline]
    pub(super) fn counts_for(&self, flow: &Flow) -> bool {
        self.tally_flow.get() == Some(NonNull::from(flow))
    }

    /// Counts one more task of the flow that is counted for.
    #[inline]
    pub(super) fn count_finished_more(&self) {
        let mut tally = self.tally.get();
        tally.finished += 1;
        self.tally.set(tally);
    }

    /// Counts a task that is not to be run. It is counted as finished by its completion.
    #[cold]
    pub(super) fn count_skipped(&self, flow: &Flow, index: u32) {
        // SAFETY: the task is unfinished.
        unsafe { flow.graph() }.expire_output(index);
        self.tally_for(flow);
        let mut tally = self.tally.get();
        tally.skipped += 1;
        self.tally.set(tally);
    }

    /// Counts a whole round, its root included, of which nothing is to be run.
    #[cold]
    pub(super) fn count_all_skipped(&self, flow: &Flow, view: &View<'_>) {
        self.tally_for(flow);
        let mut tally = self.tally.get();
        if view.is_general() {
            tally.finished += 1;
            tally.ended += view.tasks;
        } else {
            tally.finished += view.counted + 1;
        }
        tally.skipped += view.tasks;
        self.tally.set(tally);
    }

    /// Counts a task that ended and made `started` others ready, in a flow where nobody knows how many
    /// there will be, or it matters how many are ready: one with weak edges or special tasks. To be called before
    /// anybody can see those.
    pub(super) fn count_ended(&self, flow: &Flow, started: usize) {
        self.tally_for(flow);
        let mut tally = self.tally.get();
        tally.count_ended(&flow.progress().completion, started);
        self.tally.set(tally);
    }

    /// As [`count_ended`](Self::count_ended) for a part of the root's work, which itself is no task: one
    /// that is not the `last` is still to be counted.
    pub(super) fn count_sources(&self, flow: &Flow, started: usize, last: bool) {
        self.count_ended(flow, if last { started } else { started + 1 });
        let mut tally = self.tally.get();
        tally.ended -= 1;
        self.tally.set(tally);
    }

    /// A task in this worker's hands is about to leave them. If all that was counted was taken off again, or only skipped within it,
    /// nothing but that task keeps the run from ending, so what is left to tell is told now.
    pub(super) fn hand_on(&self, flow: &Flow) {
        let tally = self.tally.get();
        let of_flow = self.tally_flow.get() == Some(NonNull::from(flow));
        if !of_flow || tally.finished > 0 || tally.ended == 0 && tally.skipped == 0 {
            return;
        }
        tell(flow, &tally);
        self.tally.set(Tally::default());
    }

    /// As [`hand_on`](Self::hand_on) of what is running, which keeps its run from ending: it waits, and what it
    /// waits for has a tally of its own.
    pub(super) fn hand_on_current(&self) {
        if let Some(flow) = self.flow_of(self.current.get()) {
            self.hand_on(flow);
        }
    }

    /// Whether there is something to flush before a task of `flow` is begun.
    #[inline]
    pub(super) fn has_tally_of_another(&self, flow: &Flow) -> bool {
        self.tally_flow
            .get()
            .is_some_and(|tallied| tallied != NonNull::from(flow))
    }

    /// Makes the tally one of `flow`; that of another flow is flushed.
    #[inline]
    fn tally_for(&self, flow: &Flow) {
        let flow = NonNull::from(flow);
        if self.tally_flow.get() != Some(flow) {
            self.flush_and_keep();
            self.tally_flow.set(Some(flow));
        }
    }

    /// Flushes, and queues the root if that begins another round.
    pub(super) fn flush_and_keep(&self) {
        if let Some(root) = self.flush() {
            self.keep(root);
        }
    }

    /// Counts what was finished. Gives the root if that ends a round and begins the next.
    pub(super) fn flush(&self) -> Option<u32> {
        self.pool.take_back(&self.credit);
        let flow = self.tally_flow.take()?;
        let tally = self.tally.take();
        if tally.finished + tally.ended + tally.skipped == 0 {
            return None;
        }
        // SAFETY: tasks of the flow are not counted yet, or else one that they made ready is in this
        // worker's hands (`hand_on` comes before it leaves them), so its run is active.
        let flow = unsafe { flow.as_ref() };
        tell(flow, &tally);
        if tally.finished == 0 {
            return None;
        }
        let id = flow.id();
        match flow.progress().completion.flush(tally.finished) {
            Left::Nothing => {}
            Left::Something => return None,
            Left::Watched => {
                // (The flow may be gone.)
                if !mutant!("counted_not_looked_at") {
                    arbiter::counted(id);
                }
                return None;
            }
        }
        // SAFETY: all tasks are counted, and this worker alone has the flow.
        if unsafe { flow.is_coarsened() } && self.pool.policy.is_none() {
            let now = self.pool.platform.now();
            // SAFETY: as above.
            unsafe { flow.reconsider(now, self.pool.workers()) };
        }
        let root = self.next_round(flow);
        if root.is_none() {
            // The flow may go with what is returned.
            drop(self.end_run(flow));
        }
        root
    }

    /// All tasks of a round are counted, and this worker alone has the flow. Begins another round if
    /// there is to be one.
    fn next_round(&self, flow: &Flow) -> Option<u32> {
        // SAFETY: the run is active until `end_run`.
        let run = unsafe { flow.active() };
        if flow.is_stopped() {
            return None;
        }
        let again = match run.round_is_over() {
            Ok(again) => again,
            Err(enough) => self.ask_for_round(flow, run, enough),
        };
        if !again {
            return None;
        }
        // SAFETY: this worker alone has the flow.
        if unsafe { flow.is_coarsened() } {
            // SAFETY: as above.
            unsafe { flow.time_from(self.pool.platform.now()) };
        }
        if flow.is_watched() {
            // SAFETY: this worker alone has the flow.
            unsafe { flow.round_begins_at(self.pool.platform.now()) };
        }
        // SAFETY: this worker alone has the flow.
        Some(unsafe { flow.begin_round() })
    }

    /// Asks a predicate whether there is to be another round, and has that begin then.
    fn ask_for_round(&self, flow: &Flow, run: &Run, mut enough: Enough) -> bool {
        let outer = self.current.replace(Current::Round(NonNull::from(flow)));
        // The predicate and its drop are user code. They are guarded here, since this may be in the
        // middle of the end of another flow's task.
        let asked = self
            .pool
            .platform
            .guard(move || (!enough()).then_some(enough));
        self.current.set(outer);
        match asked {
            Ok(Some(enough)) => {
                run.round_begins(enough);
                true
            }
            Ok(None) => false,
            Err(panic) => {
                let (task, failure) = (None, Failure::Panicked(panic));
                run.fail(Suppressed { task, failure });
                false
            }
        }
    }

    /// Ends the active run and tells whoever waits for it. Gives the flow, which may be the last of it.
    fn end_run(&self, flow: &Flow) -> Arc<Flow> {
        if flow.is_observed() {
            self.tell_end(flow);
        }
        if flow.is_orphan() {
            // Before the end is told: whoever waited finds the captures dropped.
            self.drop_closures(flow);
        }
        let now = self.pool.platform.now();
        // SAFETY: all tasks are counted, and this worker is the one that counted the last.
        let ended = unsafe { flow.end_run(now) };
        let closed = ended.closed;
        // So that the run's state can be used again by whoever hears of the end.
        drop(closed.ties);
        if let Some((host, root)) = ended.next {
            host.launch(root);
        }
        let host = closed.host;
        match closed.waiter {
            Waiter::Nobody => {}
            Waiter::Thread(guest) => host.unpark(guest),
            Waiter::Task(waker) => self.call_user(|| waker.wake()),
            Waiter::Parent(suspension) => suspension.wake(),
        }
        if let Some(error) = closed.unheard {
            self.call_user(|| host.report(&error));
        }
        if ended.orphan {
            // The owner has let go in the meantime.
            self.drop_closures(&closed.flow);
        }
        host.run_ended();
        closed.flow
    }

    /// Calls user code in the middle of the engine's work. Nobody could be told of a panic.
    fn call_user(&self, call: impl FnOnce()) {
        let outer = self.current.replace(Current::Engine);
        let mut called = self.pool.platform.guard(call);
        while let Err(panic) = called {
            // The payload's drop is user code too.
            called = self.pool.platform.guard(|| drop(panic));
        }
        self.current.set(outer);
    }

    /// Drops the closures of a flow whose owner is gone and whose last task was counted, also past those
    /// whose drop panics. Nobody could be told of that.
    fn drop_closures(&self, flow: &Flow) {
        let outer = self.current.replace(Current::Engine);
        // SAFETY: the owner has dropped the flow, and its last task was counted.
        let mut graph = unsafe { flow.take_graph() };
        let mut caught = None;
        loop {
            let dropped = self.pool.platform.guard(|| {
                drop(caught.take());
                graph.drop_closures();
            });
            match dropped {
                Ok(()) => break,
                Err(panic) => caught = Some(panic),
            }
        }
        self.current.set(outer);
    }
}

/// Adds what a tally tells besides the tasks that it counts down.
fn tell(flow: &Flow, tally: &Tally) {
    let progress = flow.progress();
    if tally.skipped > 0 && mutant!("skipped_of_one_worker") {
        // Ordering: Relaxed; as below.
        progress.skipped.store(tally.skipped, Ordering::Relaxed);
    } else if tally.skipped > 0 {
        // Ordering: Relaxed; ordered by the flush of these tasks, or of one that they made ready.
        progress.skipped.fetch_add(tally.skipped, Ordering::Relaxed);
    }
    if tally.ended > 0 {
        // Ordering: Relaxed; as above.
        progress.ended.fetch_add(tally.ended, Ordering::Relaxed);
    }
}
