//! How a worker holds its seat: alone or shared, and how it gives the seat back.

use super::{Current, Worker};
use crate::platform::Platform;
use crate::protocol::deque::DequeOwner;
use crate::seat::Tenure;

impl<P: Platform> Worker<'_, P> {
    /// Whether a worker sleeps whose seat this is.
    pub(super) fn is_lent(&self) -> bool {
        self.tenure == Tenure::Lent
    }

    /// What this worker runs is going to wait: from here on others may look into its queue, until the task has
    /// ended. To be called on the seat.
    pub(super) fn share(&self) {
        if !self.pool.has_one_worker() || self.shares.replace(true) {
            return;
        }
        // While the seat is all there is: nobody else finds what is left in a row.
        self.spill();
        if let Some(deque) = self.deque() {
            deque.set_alone(false);
        }
        self.solo.set(false);
        self.pool.sharing.begin();
    }

    /// Nothing that this worker runs waits: it may be alone again.
    pub(super) fn stop_sharing(&self) {
        if self.shares.take() {
            self.pool.sharing.end();
        }
        if !self.solo.get()
            && self.pool.is_solo()
            && let Some(deque) = self.deque()
        {
            deque.set_alone(true);
            self.solo.set(true);
        }
    }

    /// Calls what came from outside of tasks, on a seat that was lent to it.
    pub(crate) fn be_called<R>(&self, body: impl FnOnce() -> R) -> R {
        self.current.set(Current::Call);
        let result = body();
        self.current.set(Current::Engine);
        self.guarded(|| {
            if self.has_seat() {
                self.spill();
                self.flush_and_keep();
            }
        });
        result
    }

    /// Gives back a seat that is not this worker's own, or that a host's panic took it off.
    pub(super) fn give_back(&self, deque: DequeOwner) {
        match self.tenure {
            Tenure::Own | Tenure::Lent => self.pool.leave_guest_seat(self.id.index(), deque),
            Tenure::Spare => self.pool.end_spare(self.queues, &deque),
        }
    }
}
