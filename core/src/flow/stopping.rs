//! Stopping the active run.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Flow, STOP};
use crate::mutant::mutant;
use crate::run::Run;
use crate::suspension::Hold;
use crate::sync::Ordering;

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
}
