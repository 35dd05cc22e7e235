//! The work of a task: to count that it ran, after so many steps of a reckoning.

use core::hint::black_box;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Steps of [`Work::Grind`], for all tasks of the process.
static GRAIN: AtomicU32 = AtomicU32::new(0);

/// One number for each task, which nobody but that task writes during a run, and the runs so far.
///
/// Neighbours share a cache line, as neighbours in any array of results do.
#[derive(Debug)]
pub struct Tallies {
    numbers: Vec<AtomicU64>,
    runs: AtomicU64,
}

impl Tallies {
    /// Zeros for this many tasks.
    #[must_use]
    pub fn new(tasks: u32) -> Self {
        Self {
            numbers: (0..tasks).map(|_| AtomicU64::new(0)).collect(),
            runs: AtomicU64::new(0),
        }
    }

    /// The number of this task.
    ///
    /// # Panics
    ///
    /// If there is no such task.
    #[must_use]
    pub fn of(&self, task: u32) -> &AtomicU64 {
        &self.numbers[task as usize]
    }

    /// Notes that a run has ended.
    pub fn ran(&self) {
        // Ordering: Relaxed: one thread counts the runs and reads them.
        self.runs.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether every task has run as often as there were runs, no more and no less. O(tasks).
    #[must_use]
    pub fn all_ran(&self) -> bool {
        // Ordering: Relaxed: one thread counts the runs and reads them.
        self.all_are(self.runs.load(Ordering::Relaxed))
    }

    /// Whether every task has run this often, no more and no less. O(tasks).
    #[must_use]
    pub fn all_are(&self, runs: u64) -> bool {
        self.numbers
            .iter()
            // Ordering: read after the runs; their ends order the tasks' writes before.
            .all(|tally| tally.load(Ordering::Relaxed) == runs)
    }
}

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// [`count`].
    Count,
    /// [`grind`].
    Grind,
}

impl Work {
    /// Does it.
    #[inline]
    pub fn on(self, tally: &AtomicU64) {
        match self {
            Self::Count => count(tally),
            Self::Grind => grind(tally),
        }
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

/// A reckoning of as many steps as [`set_grain`] said, each of which needs the one before, and then [`count`].
pub fn grind(tally: &AtomicU64) {
    black_box(reckon(grain()));
    count(tally);
}

/// So many steps, a multiplication and an addition each.
#[must_use]
pub fn reckon(steps: u32) -> u64 {
    (0..steps).fold(u64::from(black_box(steps)), |number, _| {
        number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407)
    })
}

/// Says how many steps [`grind`] takes. While nothing runs.
pub fn set_grain(steps: u32) {
    // Ordering: Relaxed: starting a run orders what was written before it.
    GRAIN.store(steps, Ordering::Relaxed);
}

/// What [`set_grain`] said last.
#[inline]
pub(crate) fn grain() -> u32 {
    // Ordering: Relaxed: set while nothing runs.
    GRAIN.load(Ordering::Relaxed)
}

/// Takes the value, whatever it is, so that it has to be there.
pub(crate) fn used<T>(value: T) {
    black_box(value);
}
