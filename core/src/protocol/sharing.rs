//! Whether the only seat of a pool is the only one: then its holder uses plain loads and stores.
//!
//! With one worker only the holder of its seat touches join counters and the queue, so it needs no locked
//! instructions there: it is *alone*. When a task on that seat waits, others may have to run what it waits
//! for, on spare seats, and to look for it in the queue. So there is a count of reasons to *share*:
//!
//! | who | call | count | when |
//! |---|---|---|---|
//! | the holder, who may be alone | [`begin`](Sharing::begin) | n to n + 1 | a task on the seat is about to give it away, or to wait on it |
//! | anybody | [`join`](Sharing::join) | n > 0 to n + 1 | it wants a spare seat for a wait of its own |
//! | either | [`end`](Sharing::end) | n + 1 to n | the task that waited has ended; the spare seat was left |
//! | the holder | [`is_alone`](Sharing::is_alone) | read | it sits down, or a slice is over |
//!
//! Only a holder takes the count from zero, between two of its own accesses, so none of its plain accesses goes on
//! when somebody else begins. Nobody is there to tell a holder who is in the middle of a task: whoever finds zero
//! must let it be.
//!
//! **Plain accesses and those of others do not meet.** The holder's come before its `begin` (Release). Who acts on
//! the count has added to it: by `begin`, and then it was the holder; or by `join` (Acquire), which reads a value
//! that `begin` wrote, or that other read-modify-writes made of it, so those accesses happen before its own. It has
//! stopped when it calls `end` (Release); a holder that reads zero (Acquire) reads the last `end`, and with it all
//! before. Zero is no old value: a holder knows of each `begin`, its own or handed over with the seat.

use crate::mutant::mutant;
use crate::sync::{AtomicUsize, Ordering};

/// The reasons of a pool to share its only seat.
#[derive(Debug, Default)]
pub struct Sharing(AtomicUsize);

impl Sharing {
    /// Shares. To be called by the holder of the seat, or by who shares already.
    pub fn begin(&self) {
        // Ordering: Release, with the Acquire of `join`: what the holder did alone.
        let order = mutant!(
            "sharing_begin_relaxed",
            Ordering::Relaxed,
            Ordering::Release
        );
        // Ordering: see above.
        self.0.fetch_add(1, order);
    }

    /// Shares if others do. `false`: the holder may be alone.
    #[must_use]
    pub fn join(&self) -> bool {
        // Ordering: Acquire, with the Release of `begin`.
        let order = mutant!("sharing_join_relaxed", Ordering::Relaxed, Ordering::Acquire);
        // Ordering: Relaxed; the exchange decides.
        let mut shared = self.0.load(Ordering::Relaxed);
        while shared > 0 {
            // Ordering: see `order`; Relaxed on failure, nothing is read through it.
            match self
                .0
                .compare_exchange_weak(shared, shared + 1, order, Ordering::Relaxed)
            {
                Ok(_) => return true,
                Err(seen) => shared = seen,
            }
        }
        false
    }

    /// Shares no more.
    pub fn end(&self) {
        // Ordering: Release, with the Acquire of `is_alone`: what was done while shared.
        let order = mutant!("sharing_end_relaxed", Ordering::Relaxed, Ordering::Release);
        // Ordering: see above.
        self.0.fetch_sub(1, order);
    }

    /// Whether nobody shares. To be asked by the holder of the seat.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        // Ordering: Acquire, with the Release of `end`.
        let order = mutant!(
            "sharing_alone_relaxed",
            Ordering::Relaxed,
            Ordering::Acquire
        );
        // Ordering: see above.
        self.0.load(order) == 0
    }
}

#[cfg(all(test, not(taskflow_loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_alone_again_when_all_who_shared_have_ended() {
        let sharing = Sharing::default();
        assert!(sharing.is_alone() && !sharing.join());
        sharing.begin();
        assert!(!sharing.is_alone() && sharing.join());
        sharing.end();
        assert!(!sharing.is_alone());
        sharing.end();
        assert!(sharing.is_alone() && !sharing.join());
    }
}
