//! Whether the tasks of a flow are run in blocks.

use core::num::NonZeroU32;

/// Whether the tasks of a flow may be run in blocks, for [`Taskflow::coarsen`](crate::Taskflow::coarsen).
///
/// A *block* is a set of tasks that one worker runs one after another, in an order that agrees with all edges.
/// Within it nothing is counted and nothing is queued, which is most of what a task of some nanoseconds costs.
/// A task of a block still has its own start and end for observers, its own panic, and its own cancellation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Coarsening {
    /// Each task is scheduled by itself.
    #[default]
    Off,
    /// The first rounds are timed. If tasks turn out to be shorter than about 0.4 us, blocks of some microseconds
    /// are tried, and kept if rounds are faster with them. Rounds whose times change by more than twice begin
    /// that anew.
    Adaptive,
    /// Blocks of at most so many tasks, whatever the tasks take: for those who know, and for tests.
    Blocks(NonZeroU32),
}
