//! Stopping the active run, or some tasks of it.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Flow, SOME_CANCELLED, STOP};
use crate::graph::node::Flag;
use crate::mutant::mutant;
use crate::run::Run;
use crate::suspension::Hold;
use crate::sync::{Arc, Ordering};
use crate::task::TaskId;

impl Flow {
    /// Lets the active run start no further task. Gives what its suspended tasks hold, to be
    /// [released](crate::suspension::release).
    #[must_use]
    pub(crate) fn stop(&self) -> Vec<Hold> {
        // Ordering: Relaxed; as in `is_stopped`. The lock orders it for whoever adds a hold.
        if self.attention.fetch_or(STOP, Ordering::Relaxed) & STOP != 0 {
            return Vec::new();
        }
        let mut holds: Vec<Hold> = self.holds.lock().iter().cloned().collect();
        // SAFETY: a run is active, and does not end meanwhile: the caller has a task of it, or the queue.
        if unsafe { *self.hot.get() }.contended {
            holds.push(Hold::Semaphores(self.id));
        }
        holds
    }

    /// Lets `run` start no further task, if it is the active one; as [`stop`](Self::stop).
    #[must_use]
    pub(crate) fn stop_run(&self, run: &Arc<Run>) -> Vec<Hold> {
        let queue = self.queue.lock();
        if queue
            .active
            .as_ref()
            .is_some_and(|active| Arc::ptr_eq(active, run) || mutant!("cancel_stops_any_run"))
        {
            return self.stop();
        }
        Vec::new()
    }
    /// Lets `run`, if it is the active one, know that a task of it was cancelled. Gives what that task holds, as
    /// [`stop`](Self::stop).
    ///
    /// Runs become active under the lock taken here. So one that did before is found active, and one that
    /// does later has seen the cancellation.
    #[must_use]
    pub(crate) fn stop_task(&self, run: &Arc<Run>, task: TaskId) -> Vec<Hold> {
        let queue = self.queue.lock();
        let active = queue.active.as_ref();
        if !active.is_some_and(|active| Arc::ptr_eq(active, run)) {
            return Vec::new();
        }
        // Ordering: Relaxed; as in `stop`. The lock of the run orders what was cancelled.
        self.attention.fetch_or(SOME_CANCELLED, Ordering::Relaxed);
        let mut holds: Vec<Hold> = self.holds.lock().of(task).cloned().collect();
        // SAFETY: a run is active, and does not end while the queue is locked.
        if unsafe { *self.hot.get() }.contended {
            holds.push(Hold::Turn(task));
        }
        holds
    }

    /// A part of a task of the active run was cancelled: so is the task, in this round, and what comes after it is skipped.
    ///
    /// # Safety
    ///
    /// 1. The task is unfinished, and the caller has it in hand.
    pub(crate) unsafe fn break_off(&self, index: u32, reason: Option<String>) {
        // SAFETY: (1).
        unsafe { self.active() }.leave_out(reason);
        // SAFETY: (1).
        let view = unsafe { self.view() };
        view.node(index).raise(Flag::POISONED);
    }

    /// Whether the active run is to start this unfinished task of it no more: it is stopped, or the task was cancelled.
    pub(crate) fn is_stopped_for(&self, task: TaskId) -> bool {
        let attention = self.attention();
        attention & STOP != 0 || attention & SOME_CANCELLED != 0 && self.is_cancelled(task)
    }

    /// Whether this task of the active run was cancelled.
    pub(crate) fn is_cancelled(&self, task: TaskId) -> bool {
        let run = self.queue.lock().active.clone();
        run.is_some_and(|run| run.is_cancelled(task))
    }

    /// Why the active run, or this task of it, was cancelled, if a reason was given.
    pub(crate) fn stop_reason(&self, task: TaskId) -> Option<String> {
        let run = self.queue.lock().active.clone()?;
        run.cancel_reason(task)
    }
}
