//! Counting what is alive in an executor, without a line that all workers write per task.
//!
//! Each run and each spawned task is a *life*. [`Lives`] counts those that there may be; a worker has [`Credit`]: lives that
//! are counted and not there. What it spawns takes one of these, and what ends with it leaves one, whoever has spawned it. It
//! gives its credit back when it runs dry or leaves its seat.
//!
//! **The count is never too low.** It is the number of lives and of all workers' credit: a spawn and an end move one from the
//! one to the other. So it is zero only when nothing is alive, and as no worker sleeps with credit it comes to that.

use core::cell::Cell;

use crate::mutant::mutant;
use crate::sync::{AtomicUsize, Ordering};

/// Lives that a worker without credit counts at a time: few under the model checker.
const CREDIT: usize = if cfg!(taskflow_loom) { 2 } else { 64 };

/// How many runs and spawned tasks there may be.
#[derive(Debug, Default)]
pub struct Lives(AtomicUsize);

impl Lives {
    /// Counts so many, before anybody can see them. `true`: there were none.
    #[must_use]
    pub fn begin(&self, lives: usize) -> bool {
        // Ordering: Relaxed; whoever counts them down got them, or what made them, from the caller.
        self.0.fetch_add(lives, Ordering::Relaxed) == 0
    }

    /// So many have ended. `true`: there are none left, as long as none begins.
    #[must_use]
    pub fn end(&self, lives: usize) -> bool {
        // Ordering: Release, with the Acquire of `are_none`. What begins and ends meanwhile goes on with the release sequence.
        let order = mutant!("lives_end_relaxed", Ordering::Relaxed, Ordering::Release);
        // Ordering: see above.
        self.0.fetch_sub(lives, order) == lives
    }

    /// Whether there are none. Whoever finds that sees what all did that have ended.
    #[must_use]
    pub fn are_none(&self) -> bool {
        // Ordering: Acquire, with the Release of `end`.
        let order = mutant!("lives_look_relaxed", Ordering::Relaxed, Ordering::Acquire);
        // Ordering: see above.
        self.0.load(order) == 0
    }
}

/// What a worker may spawn without counting it. Of one thread.
#[derive(Debug, Default)]
pub struct Credit(Cell<usize>);

impl Credit {
    /// Takes a life for what is spawned, before anybody can see it. `true`: there were none in the executor.
    #[inline]
    #[must_use]
    pub fn spend(&self, lives: &Lives) -> bool {
        let credit = self.0.get();
        if credit > 0 {
            self.0.set(credit - 1);
            return false;
        }
        self.0.set(CREDIT - 1);
        lives.begin(mutant!("credit_not_counted", 1, CREDIT))
    }

    /// Something has ended, whose life is the caller's.
    #[inline]
    pub fn earn(&self) {
        self.0.set(self.0.get() + 1);
    }

    /// Gives back what there is. `true`: nothing is left in the executor, as long as nothing begins.
    #[must_use]
    pub fn give_back(&self, lives: &Lives) -> bool {
        let credit = self.0.take();
        credit > 0 && lives.end(credit)
    }
}

#[cfg(all(test, not(taskflow_loom)))]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_alive_when_all_have_ended_wherever_they_did() {
        let (lives, spawner, thief) = (Lives::default(), Credit::default(), Credit::default());
        for tasks in [1, CREDIT, 3 * CREDIT + 1] {
            assert!(lives.are_none());
            for task in 0..tasks {
                assert_eq!(spawner.spend(&lives), task == 0);
            }
            (0..tasks).for_each(|_| thief.earn());
            assert!(!lives.are_none());
            let last = [spawner.give_back(&lives), thief.give_back(&lives)];
            // (The spawner may have no credit left.)
            assert_eq!(last, [false, true]);
            assert!(!spawner.give_back(&lives));
        }
        assert!(lives.are_none());
    }
}
