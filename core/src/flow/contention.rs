//! The runs of flows whose tasks use semaphores, as the arbiter sees them.

use alloc::vec::Vec;

use super::Flow;
use crate::semaphore::arbiter;

impl Flow {
    /// The active run, of which nothing was started, may acquire and release from now on.
    pub(super) fn enter_contention(&self) {
        // SAFETY: a run is active, and does not end before its root is started.
        if !unsafe { *self.hot.get() }.contended {
            return;
        }
        let mut outer = Vec::new();
        let mut next = self.parent();
        while let Some(flow) = next {
            next = flow.parent();
            outer.push(flow);
        }
        // SAFETY: as above.
        let released = unsafe { self.graph() }.released();
        arbiter::enter(&self.keep(), &outer, released);
    }

    /// All tasks of the active run have ended: gives back what it holds.
    pub(super) fn leave_contention(&self) {
        // SAFETY: the caller is the one that ends the active run.
        if unsafe { *self.hot.get() }.contended {
            let again = !self.queue.lock().waiting.is_empty();
            arbiter::leave(self.id, again);
        }
    }
}
