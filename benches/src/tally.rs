//! The work of a task: to count that it ran.

use core::sync::atomic::{AtomicU64, Ordering};

/// One number for each task, which nobody but that task writes during a run.
///
/// Neighbours share a cache line, as neighbours in any array of results do.
#[derive(Debug)]
pub struct Tallies(Vec<AtomicU64>);

impl Tallies {
    /// Zeros for this many tasks.
    #[must_use]
    pub fn new(tasks: u32) -> Self {
        Self((0..tasks).map(|_| AtomicU64::new(0)).collect())
    }

    /// The number of this task.
    ///
    /// # Panics
    ///
    /// If there is no such task.
    #[must_use]
    pub fn of(&self, task: u32) -> &AtomicU64 {
        &self.0[task as usize]
    }

    /// Whether every task has run this often, no more and no less. O(tasks).
    #[must_use]
    pub fn all_are(&self, runs: u64) -> bool {
        self.0
            .iter()
            // Ordering: read after the runs; their ends order the tasks' writes before.
            .all(|tally| tally.load(Ordering::Relaxed) == runs)
    }
}

/// What a task does: a plain load, an addition and a plain store.
///
/// # Examples
///
/// ```
/// use taskflow_benches::{Tallies, count};
///
/// let tallies = Tallies::new(1);
/// count(tallies.of(0));
/// assert!(tallies.all_are(1));
/// ```
#[inline]
pub fn count(tally: &AtomicU64) {
    // Ordering: Relaxed makes these plain moves. Only one task writes here, and the runs of one task
    // are ordered by the runs' ends, so no addition is lost.
    tally.store(tally.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}
