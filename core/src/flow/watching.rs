//! What the timing of tasks needs of a flow.

use core::time::Duration;

use super::{Flow, WATCHED};
use crate::run::Late;

impl Flow {
    /// Another round of the active run begins.
    ///
    /// # Safety
    ///
    /// 1. The caller alone begins or ends rounds of this flow now.
    pub(crate) unsafe fn round_begins_at(&self, now: Duration) {
        // The owner may be looking at how many references there are, to queue another run.
        let _queue = self.queue.lock();
        // SAFETY: (1) and the lock.
        unsafe { &mut *self.hot.get() }.begun = now;
    }

    /// When the round at hand began, if tasks of the flow are watched.
    ///
    /// # Safety
    ///
    /// 1. As for [`view`](Self::view).
    pub(crate) unsafe fn round_begun(&self) -> Duration {
        // SAFETY: (1) `hot` is written only while no task is unfinished.
        unsafe { &*self.hot.get() }.begun
    }

    /// Counts what took too long in the active run.
    pub(crate) fn note_late(&self, late: Late) {
        if let Some(run) = &self.queue.lock().active {
            run.note_late(late);
        }
    }

    /// Whether tasks of the active run have budgets or deadlines.
    pub(crate) fn is_watched(&self) -> bool {
        self.attention() & WATCHED != 0
    }
}
