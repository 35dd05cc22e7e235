//! Counting the predecessors of a task, and lending the counter out as a link.
//!
//! ```text
//!            arrive (n > 1 left)
//!              ┌────┐
//!              ▼    │
//!   armed(strong) ──┴── arrive (last) ──► ready, armed(strong) again
//!                                           │            ▲
//!                                      set_link        rearm
//!                                           ▼            │
//!                                        linked into a backlog
//! ```
//!
//! A counter is armed with the number of strong edges into its task. Each predecessor that is done
//! *arrives*; the arrival that finds one left re-arms the counter for the next round and reports the
//! task ready. From then until the task starts no further arrival can come in the same round, so the
//! word is free, and a [backlog](crate::protocol::backlog) keeps its link there.

use crate::mutant::mutant;
use crate::sync::{AtomicU32, Ordering, const_fn};

/// How many predecessors a task still waits for.
#[derive(Debug)]
pub struct JoinCounter(AtomicU32);

impl JoinCounter {
    const_fn! {
        /// A counter armed for `strong` arrivals.
        pub fn new(strong: u32) -> Self {
            Self(AtomicU32::new(strong))
        }
    }

    /// One predecessor is done. `true`: it was the last, the counter is armed with `strong` again,
    /// and the caller, alone, makes the task ready.
    #[must_use]
    #[inline]
    pub fn arrive(&self, strong: u32) -> bool {
        // Ordering: AcqRel, with the same operation of the other predecessors. Release hands over what
        // this predecessor's body wrote; Acquire lets the last arrival, and so the task, see what all
        // of them wrote. Relaxed on either side would let the task miss a predecessor's writes.
        let right = mutant!(
            "join_arrive_no_acquire",
            Ordering::Release,
            Ordering::AcqRel
        );
        let order = mutant!("join_arrive_no_release", Ordering::Acquire, right);
        let last = self.0.fetch_sub(1, order) == 1;
        if last {
            self.rearm(strong);
        }
        last
    }

    /// [`arrive`](Self::arrive) where arrivals for the next start, even all of them, may come before this one has
    /// armed the counter again: counting and arming are one exchange, so that each is counted for that.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn arrive_in_loop(&self, strong: u32) -> bool {
        if mutant!("join_loop_two_steps") {
            // Arrivals in between bring the counter below zero and back, and nobody sees that they were enough.
            // Ordering: as below.
            let last = self.0.fetch_sub(1, Ordering::AcqRel) == 1;
            if last {
                // Ordering: as above.
                self.0.fetch_add(strong, Ordering::AcqRel);
            }
            return last;
        }
        // Ordering: Relaxed; a first guess, the exchange decides.
        let mut before = self.0.load(Ordering::Relaxed);
        loop {
            let left = before.wrapping_sub(1);
            let after = if left == 0 { strong } else { left };
            // Ordering: AcqRel, as in `arrive`. Relaxed where it fails; it is tried again.
            let right = mutant!("join_loop_no_acquire", Ordering::Release, Ordering::AcqRel);
            let order = mutant!("join_loop_no_release", Ordering::Acquire, right);
            let exchange = self
                .0
                .compare_exchange_weak(before, after, order, Ordering::Relaxed);
            match exchange {
                Ok(_) => return left == 0,
                Err(now) => before = now,
            }
        }
    }

    /// [`arrive`](Self::arrive) where one thread at a time runs all tasks: no locked instruction.
    #[cfg(feature = "alloc")]
    #[must_use]
    #[inline]
    pub fn arrive_alone(&self, strong: u32) -> bool {
        // Ordering: Relaxed; the seat that the caller holds is handed over through a lock, and only
        // its holder touches the counter.
        let left = self.0.load(Ordering::Relaxed) - 1;
        // Ordering: Relaxed, as above.
        self.0
            .store(if left == 0 { strong } else { left }, Ordering::Relaxed);
        left == 0
    }

    /// Arms the counter for the next round.
    #[inline]
    pub fn rearm(&self, strong: u32) {
        // Ordering: Relaxed; the next arrival is of the next round, which begins after every task of
        // this one has been counted with AcqRel (see `completion`). A task in a loop that is started by a choice is
        // armed between arrivals: those before it, which it forgets, hand nothing over.
        self.0.store(strong, Ordering::Relaxed);
    }

    /// Uses the word of a ready task as the link of a backlog.
    #[inline]
    pub fn set_link(&self, next: u32) {
        // Ordering: Relaxed; the chain is published by the Release of `Backlog::push`.
        self.0.store(next, Ordering::Relaxed);
    }

    /// Reads the link that [`set_link`](Self::set_link) wrote.
    #[must_use]
    #[inline]
    pub fn link(&self) -> u32 {
        // Ordering: Relaxed; the reader took the chain with the Acquire of `Backlog::take`.
        self.0.load(Ordering::Relaxed)
    }
}
