//! What observers need of a flow.

use super::{Flow, OBSERVED};
use crate::directory::Directory;
use crate::observer::{Observers, RunId};
use crate::sync::{Arc, Ordering};

impl Flow {
    /// The observers of an executor came or went: lets the tasks of the active run know, if it is there.
    ///
    /// Runs become active under the lock taken here. So one that did before is found active, and one that
    /// does later has seen the change.
    pub(crate) fn attend(&self, directory: &Arc<Directory>, observers: &Observers) {
        let queue = self.queue.lock();
        let active = queue.active.as_ref();
        if !active.is_some_and(|run| Arc::ptr_eq(&run.directory(), directory)) {
            return;
        }
        if observers.any() {
            // Ordering: Relaxed; a request, no data hangs on it.
            self.attention.fetch_or(OBSERVED, Ordering::Relaxed);
        } else {
            // Ordering: Relaxed; as above.
            self.attention.fetch_and(!OBSERVED, Ordering::Relaxed);
        }
    }

    /// Whether the active run's executor has observers.
    #[inline]
    pub(crate) fn is_observed(&self) -> bool {
        self.attention() & OBSERVED != 0
    }

    /// The number of the active run.
    ///
    /// # Safety
    ///
    /// 1. As for [`view`](Self::view).
    pub(crate) unsafe fn run_number(&self) -> RunId {
        // SAFETY: (1) `hot` is written only while no run is active.
        unsafe { &*self.hot.get() }.run
    }
}
