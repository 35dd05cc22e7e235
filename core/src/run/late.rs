//! What took longer than it was to.

use core::ops::AddAssign;

use super::Run;
use crate::stats::RunStats;

/// How much took longer than it was to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Late {
    pub(super) missed_deadlines: u64,
    pub(super) overruns: u64,
}

impl Late {
    /// A task ended after its deadline.
    pub(crate) const MISSED: Self = Self {
        missed_deadlines: 1,
        overruns: 0,
    };
    /// A call took its budget or longer.
    pub(crate) const OVERRUN: Self = Self {
        missed_deadlines: 0,
        overruns: 1,
    };

    /// What a run that ended has counted, if it did.
    pub(crate) fn of(stats: &RunStats) -> Option<Self> {
        let late = Self {
            missed_deadlines: stats.missed_deadlines,
            overruns: stats.overruns,
        };
        (late != Self::default()).then_some(late)
    }
}

impl AddAssign for Late {
    fn add_assign(&mut self, other: Self) {
        self.missed_deadlines += other.missed_deadlines;
        self.overruns += other.overruns;
    }
}

impl Run {
    /// Counts it.
    pub(crate) fn note_late(&self, late: Late) {
        self.cell.lock().late += late;
    }
}
