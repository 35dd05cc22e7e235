//! Who may touch the value in a data slot.
//!
//! ```text
//!                     seize                 leave_full
//!   (empty, full ──────────────► busy ──────────────────► full ── expire ──► stale
//!    or stale)      seize_full     │                      │  ▲                │
//!    full ─────────────────────►   └── leave_empty ──►    ▼  │                ▼
//!                                       empty           lent n ── expire ──► stale, lent n
//!                                                      lend, give_back        give_back
//! ```
//!
//! A producer *seizes* the place to write, a single consumer seizes it to move the value out, and
//! consumers that share it each *lend* it for as long as they read. Counters of predecessors count
//! arrivals and not distinct producers, so no schedule is relied on: whoever does not get the state that
//! it needs must leave the value alone.
//!
//! A stale value is one of an earlier round: nobody gets it any more, and the next seizure drops it.

use crate::mutant::mutant;
use crate::sync::{AtomicU32, Ordering};

/// What `default` gives.
const EMPTY: u32 = 0;
const FULL: u32 = 1;
const STALE: u32 = 2;
const BUSY: u32 = 3;
/// The bits that hold one of the four.
const PLACE: u32 = 3;
/// One reader. Readers are there only while the place is full or stale.
const READER: u32 = 4;

/// The state of a slot, one word. Empty at first.
#[derive(Debug, Default)]
pub struct Occupancy(AtomicU32);

/// What a seized place holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Seized {
    /// No value.
    Empty,
    /// A value, which is now the caller's.
    Occupied,
}

impl Occupancy {
    /// Whether there is a value of this round. A hint: [`seize_full`](Self::seize_full) and
    /// [`lend`](Self::lend) decide.
    #[must_use]
    #[inline]
    pub fn is_full(&self) -> bool {
        // Ordering: Relaxed; no value is touched on the strength of it.
        self.0.load(Ordering::Relaxed) & PLACE == FULL
    }

    /// Takes the place for the caller alone, whatever it holds, until a `leave`. `None`: somebody has it,
    /// or reads.
    #[must_use]
    #[inline]
    pub fn seize(&self) -> Option<Seized> {
        // Ordering: Relaxed; the exchange decides.
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            if seen >= BUSY {
                return None;
            }
            match self.exchange(seen, BUSY) {
                Ok(_) if seen == EMPTY => return Some(Seized::Empty),
                Ok(_) => return Some(Seized::Occupied),
                Err(now) => seen = now,
            }
        }
    }

    /// Takes the place for the caller alone if it holds a value of this round that nobody reads.
    #[must_use]
    #[inline]
    pub fn seize_full(&self) -> bool {
        self.exchange(FULL, BUSY).is_ok()
    }

    /// Lets go of a seized place that holds a value of this round.
    #[inline]
    pub fn leave_full(&self) {
        self.leave(FULL);
    }

    /// Lets go of a seized place that holds nothing.
    #[inline]
    pub fn leave_empty(&self) {
        self.leave(EMPTY);
    }

    /// Lets the caller read the value until it gives it back. `false`: there is none of this round.
    #[must_use]
    #[inline]
    pub fn lend(&self) -> bool {
        // Ordering: Relaxed; the exchange decides.
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            if seen & PLACE != FULL || seen > u32::MAX - READER {
                return false;
            }
            match self.exchange(seen, seen + READER) {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
    }

    /// Ends what a [`lend`](Self::lend) began.
    #[inline]
    pub fn give_back(&self) {
        // Ordering: Release, with the Acquire of `exchange` in a seizure: whoever overwrites the value
        // does so after it was read. Relaxed would let the write come before the read.
        let order = mutant!(
            "slot_give_back_no_release",
            Ordering::Relaxed,
            Ordering::Release
        );
        self.0.fetch_sub(READER, order);
    }

    /// Makes a value stale: what it holds is of an earlier round. Readers may go on. Runs no user code.
    #[inline]
    pub fn expire(&self) {
        // Ordering: Relaxed; the exchange decides.
        let mut seen = self.0.load(Ordering::Relaxed);
        while seen & PLACE == FULL {
            // Ordering: Relaxed; nothing is read or written on the strength of it, and a seizure that
            // follows sees through it to the Release before it, as through any exchange.
            match self.0.compare_exchange_weak(
                seen,
                seen - FULL + STALE,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    fn exchange(&self, seen: u32, next: u32) -> Result<u32, u32> {
        // Ordering: Acquire, with the Release of `leave` (the value is there to be read and to be
        // dropped) and of `give_back` (it was read). Relaxed would show a value before it was written.
        let order = mutant!(
            "slot_exchange_no_acquire",
            Ordering::Relaxed,
            Ordering::Acquire
        );
        // Ordering: Relaxed; a failure touches nothing.
        self.0
            .compare_exchange(seen, next, order, Ordering::Relaxed)
    }

    fn leave(&self, place: u32) {
        // Ordering: Release, with the Acquire of `exchange`: whoever gets the place next sees what was
        // written to it, or that it was moved out. Relaxed would show it half done.
        let order = mutant!(
            "slot_leave_no_release",
            Ordering::Relaxed,
            Ordering::Release
        );
        // (A plain store: while the place is busy nobody else changes the word.)
        self.0.store(place, order);
    }
}

#[cfg(all(test, not(taskflow_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_read_is_not_seized() {
        let place = Occupancy::default();
        assert!(!place.lend() && !place.seize_full());
        assert_eq!(place.seize(), Some(Seized::Empty));
        assert!(place.seize().is_none() && !place.lend());
        place.leave_full();
        assert!(place.is_full() && place.lend() && place.lend());
        assert!(!place.seize_full() && place.seize().is_none());
        place.give_back();
        place.give_back();
        assert!(place.seize_full());
        place.leave_empty();
        assert!(!place.is_full());
    }

    #[test]
    fn a_stale_value_is_given_to_nobody_and_is_still_there_to_be_dropped() {
        let place = Occupancy::default();
        place.expire();
        assert_eq!(place.seize(), Some(Seized::Empty));
        place.expire();
        place.leave_full();
        assert!(place.lend());
        place.expire();
        assert!(!place.is_full() && !place.lend() && !place.seize_full());
        assert!(place.seize().is_none(), "the reader is still there");
        place.give_back();
        assert_eq!(place.seize(), Some(Seized::Occupied));
    }
}
