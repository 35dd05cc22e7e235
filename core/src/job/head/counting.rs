//! How many references to a job there are.

use super::{CLAIMED, DETACHED, DONE, Head, IMMORTAL, LINKED, PHASE, QUEUED, REFERENCE, TOO_MANY};
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

    /// Another reference to the job is made of one. From 2^26 on, which takes forgotten ones, the job is never dropped.
    #[inline]
    pub(in crate::job) fn count_reference(&self) {
        // Ordering: Relaxed; who gets the new one gets it from who has the old one.
        let before = self.state.fetch_add(REFERENCE, Ordering::Relaxed);
        if before >= TOO_MANY {
            self.stop_counting(before);
        }
    }

    #[cold]
    fn stop_counting(&self, before: u32) {
        if before & IMMORTAL == 0 {
            // Ordering: Relaxed; all changes of the word are in one order, and each reference was counted until this.
            self.state.fetch_or(IMMORTAL, Ordering::Relaxed);
        } else {
            // Ordering: Relaxed; as above.
            self.state.fetch_sub(REFERENCE, Ordering::Relaxed);
        }
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
        // Ordering: Acquire; as in `is_sole`.
        let state = self.state.load(Ordering::Acquire);
        if state < 2 * REFERENCE {
            return true;
        }
        if state & IMMORTAL != 0 {
            return false;
        }
        // Ordering: AcqRel: who drops the job does so after all that others did with it.
        self.state.fetch_sub(REFERENCE, Ordering::AcqRel) < 2 * REFERENCE
    }

    /// The handle of a job that is not done is gone, and so is its reference. `false`: nothing was changed, since the job is
    /// done, or somebody may be told of its end, or the host let a panic through and there is no other reference.
    #[inline]
    pub(in crate::job) fn leave(&self) -> bool {
        // Ordering: Relaxed; the exchange decides.
        let mut state = self.state.load(Ordering::Relaxed);
        while state & (LINKED | IMMORTAL) == 0 && state & PHASE != DONE && state >= 2 * REFERENCE {
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

#[cfg(all(test, not(taskflow_loom)))]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::job::{JobCell, JobRef};
    use crate::{Executor, Manual};

    #[test]
    fn a_job_with_too_many_references_to_count_is_kept_and_others_are_not() {
        let executor = Executor::<Manual>::new(1);
        let host = executor.host();
        let captured = alloc::sync::Arc::new(());
        for too_many in [false, true] {
            let inside = alloc::sync::Arc::clone(&captured);
            let head = Head::new(&*host, None);
            let job = JobRef::new(JobCell::new(head, move || drop(inside)));
            if too_many {
                // As if they were forgotten.
                let forgotten = TOO_MANY - 2 * REFERENCE;
                job.head().state.fetch_add(forgotten, Ordering::Relaxed);
            }
            let others: Vec<_> = (0..4).map(|_| JobRef::clone(&job)).collect();
            drop(others);
            assert_eq!(
                job.head().state.load(Ordering::Relaxed) & IMMORTAL != 0,
                too_many
            );
            let last = JobRef::clone(&job);
            drop(job);
            assert_eq!(alloc::sync::Arc::strong_count(&captured), 2);
            if too_many {
                // Whatever is dropped, it stays; until it is brought back, for the sake of those who look for leaks.
                let again = JobRef::clone(&last);
                drop(again);
                last.head().state.store(REFERENCE, Ordering::Relaxed);
            }
            drop(last);
            assert_eq!(alloc::sync::Arc::strong_count(&captured), 1);
        }
    }
}
