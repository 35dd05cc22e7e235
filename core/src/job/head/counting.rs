//! How many references to a job there are.

use super::{CLAIMED, DETACHED, DONE, Head, LINKED, PHASE, QUEUED, REFERENCE, TOO_MANY};
use crate::mutant::mutant;
use crate::sync::Ordering;

impl Head {
    /// A second reference is made where nobody else has one.
    #[inline]
    pub(in crate::job) fn count_second(&self) {
        // Ordering: Relaxed; published with the job itself.
        let state = self.state.load(Ordering::Relaxed);
        // Ordering: as above.
        self.state.store(state + REFERENCE, Ordering::Relaxed);
    }

    /// Another reference to the job is made of one.
    ///
    /// # Panics
    ///
    /// If there are 2^27.
    #[inline]
    pub(in crate::job) fn count_reference(&self) {
        // Ordering: Relaxed; who gets the new one gets it from who has the old one.
        if self.state.fetch_add(REFERENCE, Ordering::Relaxed) >= TOO_MANY {
            self.refuse_reference();
        }
    }

    #[cold]
    fn refuse_reference(&self) {
        // Ordering: Relaxed; as above.
        self.state.fetch_sub(REFERENCE, Ordering::Relaxed);
        panic!("references to a spawned task were forgotten");
    }

    /// Whether the caller's reference is the only one, so that what others did with the job came before.
    #[inline]
    fn is_sole(&self) -> bool {
        // Ordering: Acquire, with the Release of who gave up the last but one.
        self.state.load(Ordering::Acquire) < 2 * REFERENCE
    }

    /// The caller gives up a reference. `true`: it was the last, and the job is the caller's to drop.
    #[inline]
    pub(in crate::job) fn is_last_reference(&self) -> bool {
        if self.is_sole() {
            return true;
        }
        // Ordering: AcqRel: who drops the job does so after all that others did with it.
        self.state.fetch_sub(REFERENCE, Ordering::AcqRel) < 2 * REFERENCE
    }

    /// The handle of a job that is not done is gone, and so is its reference. `false`: nothing was changed, since the job is
    /// done, or somebody may be told of its end.
    #[inline]
    pub(in crate::job) fn leave(&self) -> bool {
        // Ordering: Relaxed; the exchange decides.
        let mut state = self.state.load(Ordering::Relaxed);
        while state & LINKED == 0 && state & PHASE != DONE {
            // (The job has a reference while it is not done.)
            let next = (state | DETACHED) - REFERENCE;
            // Ordering: Release, as in `is_last_reference`; Relaxed on failure, nothing is read.
            let exchanged =
                self.state
                    .compare_exchange_weak(state, next, Ordering::Release, Ordering::Relaxed);
            match exchanged {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// [`claim`](Self::claim) by who has a reference to the job, which is not lent.
    #[inline]
    #[must_use]
    pub(in crate::job) fn claim_own(&self) -> bool {
        if !self.is_sole() && !mutant!("job_claimed_as_sole") {
            return self.claim();
        }
        // Ordering: Relaxed; nobody else looks at it.
        let state = self.state.load(Ordering::Relaxed);
        // Ordering: as above.
        self.state
            .store(state ^ QUEUED ^ CLAIMED, Ordering::Relaxed);
        state & PHASE == QUEUED
    }
}
