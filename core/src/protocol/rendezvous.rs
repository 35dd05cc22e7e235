//! Where two meet: the second of two arrivals goes on.
//!
//! ```text
//!              arrive, the first                arrive, the second
//!   nobody ───────────────────────► one waits ─────────────────────► nobody
//!                                                 pass (a look first)
//! ```
//!
//! A token may enter a serial pipe when it has left the pipe before, and when the token before it has left the
//! serial pipe. So in each place of a pipeline two arrive, once each: the line that has the token, and the line
//! before. Whoever comes second takes the token on; whoever comes first has nothing more to do with it. The
//! second leaves the place as both found it, and neither of them arrives there again before the token has left
//! the pipe, which comes after that.
//!
//! The first to come pays a locked exchange. The second most often sees with a load that the other is there.

use crate::mutant::mutant;
use crate::sync::{AtomicU32, Ordering};

/// What `default` gives.
const NOBODY: u32 = 0;
const ONE: u32 = 1;

/// A place where two meet. Nobody is there at first.
#[derive(Debug, Default)]
pub struct Rendezvous(AtomicU32);

impl Rendezvous {
    /// One of the two arrives. `true`: the other was there, and the caller, alone, goes on.
    #[must_use]
    #[inline]
    pub fn arrive(&self) -> bool {
        if self.pass() {
            return true;
        }
        // Ordering: AcqRel, with the same exchange, or the look, of the other. Release hands over what the
        // first has done, Acquire lets the second see it.
        let right = mutant!(
            "rendezvous_arrive_no_acquire",
            Ordering::Release,
            Ordering::AcqRel
        );
        let order = mutant!("rendezvous_arrive_no_release", Ordering::Acquire, right);
        // Ordering: see above.
        if self.0.swap(ONE, order) == NOBODY {
            return false;
        }
        self.leave();
        true
    }

    /// Arrives if the other is there. `false`: the caller has not arrived.
    #[must_use]
    #[inline]
    pub fn pass(&self) -> bool {
        // Ordering: Acquire, with the Release of `arrive`: the second sees what the first has done.
        let order = mutant!(
            "rendezvous_pass_relaxed",
            Ordering::Relaxed,
            Ordering::Acquire
        );
        // Ordering: see above.
        let there = self.0.load(order) == ONE;
        if there {
            self.leave();
        }
        there
    }

    /// [`arrive`](Self::arrive) where one thread at a time makes all arrivals: no locked instruction.
    #[must_use]
    #[inline]
    pub fn arrive_alone(&self) -> bool {
        let there = self.pass();
        if !there {
            // Ordering: Relaxed; the seat that the caller holds is handed over through a lock, and only its
            // holder arrives.
            self.0.store(ONE, Ordering::Relaxed);
        }
        there
    }

    /// Has nobody wait, or the one whose other is going to come first. The caller has the place alone.
    pub fn prepare(&self, one_waits: bool) {
        // Ordering: Relaxed; whoever arrives is started by the caller's task, or what that leads to.
        self.0.store(u32::from(one_waits), Ordering::Relaxed);
    }

    fn leave(&self) {
        // Ordering: Relaxed; the next to arrive comes after the caller, who takes the token on.
        self.0.store(NOBODY, Ordering::Relaxed);
    }
}

#[cfg(all(test, not(taskflow_loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_second_of_two_goes_on_again_and_again() {
        let place = Rendezvous::default();
        for _ in 0..3 {
            assert!(!place.pass());
            assert!(!place.arrive());
            assert!(place.arrive());
            assert!(!place.arrive_alone());
            assert!(place.pass());
            assert!(!place.arrive());
            assert!(place.arrive_alone());
        }
        place.prepare(true);
        assert!(place.pass());
    }
}
