//! Taking up seats, giving them back, and lending them.

use super::Pool;
use super::alarms::Watch;
use crate::mutant::mutant;
use crate::observer::{Event, EventKind};
use crate::platform::{Platform, WorkerId, with_local};
use crate::protocol::deque::DequeOwner;
use crate::seat::{SeatConfig, SeatPool, SeatState, Step};
use crate::sync::Ordering;
use crate::worker::Worker;

impl<P: Platform> Pool<P> {
    /// Leaves a searcher's seat for its worker's next step, or for a guest that comes before.
    fn set_aside(&self, worker: usize, deque: DequeOwner) {
        *self.slots[worker].vacated.lock() = Some(deque);
        // Ordering: Release, with the Acquire of `sit`; the seat itself goes through its lock.
        self.slots[worker].granted.store(true, Ordering::Release);
    }

    /// Gives a seat back, asleep. `Some`: there is something to do after all, the seat is kept.
    fn vacate(&self, worker: usize, deque: DequeOwner, searching: bool) -> Option<DequeOwner> {
        *self.slots[worker].vacated.lock() = Some(deque);
        self.idle.announce(worker, searching);
        if self.has_work(worker) && self.idle.retract(worker) {
            self.idle.force_search();
            return self.slots[worker].vacated.lock().take();
        }
        None
    }

    /// Claims a seat for the caller: a sleeping worker's, or one that a worker was woken for and has
    /// not taken up yet.
    pub(super) fn claim_seat(&self) -> Option<(usize, DequeOwner)> {
        let index = match self.idle.claim() {
            Some(index) => index,
            None => self.claim_granted()?,
        };
        let deque = self.slots[index].vacated.lock().take()?;
        Some((index, deque))
    }

    fn claim_granted(&self) -> Option<usize> {
        let index = self.slots.iter().position(|slot| {
            // Ordering: Relaxed; a shortcut, the swap decides.
            slot.granted.load(Ordering::Relaxed)
                // Ordering: Acquire, with the Release of `grant`.
                && slot.granted.swap(false, Ordering::Acquire)
        })?;
        // The worker was to search. The caller looks after its own run only.
        if self.idle.stop_search() {
            self.notify();
        }
        Some(index)
    }

    /// Tells of a worker that has no seat.
    fn tell(&self, worker: WorkerId, kind: EventKind) {
        if self.observers.any() {
            let event = Event::of(kind, self.platform.now(), worker);
            self.observers.tell(&self.platform, worker.index(), &event);
        }
    }

    /// Gives up a seat that a guest had. Its worker, or another, is woken if there is something to do.
    pub(crate) fn leave_guest_seat(&self, worker: usize, deque: DequeOwner) {
        *self.slots[worker].vacated.lock() = Some(deque);
        self.idle.announce(worker, false);
        if self.has_work(worker) && !mutant!("seating_left_in_silence") {
            self.notify();
        }
    }

    /// Gives the seat of a task that waits to a substitute, which was started for it.
    pub(crate) fn hand_over(&self, worker: usize, deque: DequeOwner) {
        *self.slots[worker].vacated.lock() = Some(deque);
        self.idle.force_search();
        self.grant(worker);
    }

    /// Takes up the seat of a sleeping worker that was granted to it, or, when polled, still is its own.
    fn sit(&self, state: &mut SeatState) -> Option<DequeOwner> {
        let index = state.worker.index();
        if let Some(deque) = state.deque.take() {
            return Some(deque);
        }
        let slot = &self.slots[index];
        state.searching = false;
        // Ordering: Acquire, with the Release of `grant`.
        if slot.granted.swap(false, Ordering::Acquire) {
            state.searching = true;
        } else if !self.idle.retract(index) {
            return None;
        }
        slot.vacated.lock().take()
    }
}

impl<P: Platform> SeatPool for Pool<P> {
    fn turn(&self, state: &mut SeatState, fuel: u32) -> Step {
        if state.left || self.is_closed() {
            return Step::Closed;
        }
        self.ring();
        let Some(deque) = self.sit(state) else {
            return Step::Idle;
        };
        let worker = Worker::new(self, state, deque);
        let ran = with_local(&self.platform, |local| match local {
            Some(local) => local.enter(&worker, || worker.work(fuel)),
            None => worker.work(fuel),
        });
        let searching = worker.is_searching();
        let Some(deque) = worker.into_seat() else {
            state.left = true;
            return Step::Closed;
        };
        let index = state.worker.index();
        // What is kept, it is kept as a searcher's.
        let kept = if ran.dry {
            self.vacate(index, deque, searching)
        } else {
            if !searching {
                self.idle.force_search();
            }
            Some(deque)
        };
        let more = kept.is_some();
        if fuel == u32::MAX {
            state.searching = more;
            state.deque = kept;
        } else if let Some(deque) = kept {
            self.set_aside(index, deque);
        }
        if ran.any || more {
            Step::Ran
        } else {
            Step::Idle
        }
    }

    fn sleep(&self, worker: WorkerId) -> bool {
        let slot = &self.slots[worker.index()];
        let watch = Watch::new(self, worker);
        let mut parked = false;
        loop {
            // Ordering: Acquire, with the Release of `grant`; `sit` takes the grant.
            if slot.granted.load(Ordering::Acquire) {
                if parked {
                    self.tell(worker, EventKind::Wake);
                }
                return true;
            }
            if self.is_closed() {
                return false;
            }
            if !parked {
                parked = true;
                self.tell(worker, EventKind::Park);
            }
            watch.park(None);
        }
    }

    fn config(&self) -> &SeatConfig {
        &self.seat_config
    }
}
