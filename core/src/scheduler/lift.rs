//! Tasks that have become more or less urgent while they may be queued.

use core::fmt;

use super::{Ready, Tag};
use crate::directory::Directory;
use crate::flow::Causes;

/// Which tasks have become more or less urgent, since others that wait for them came or went; see
/// [`Scheduler::reorder`](crate::Scheduler::reorder).
#[derive(Clone, Copy)]
pub struct Lift<'l> {
    pub(crate) tag: &'l Tag,
    pub(crate) directory: &'l Directory,
    /// The reference of the first task of the flow, and how many it has.
    pub(crate) range: (u32, u32),
    /// The places of those that are meant, if not all, in rising order.
    pub(crate) tasks: Option<&'l [u32]>,
}

impl Lift<'_> {
    /// Whether [`apply`](Self::apply) would change a token.
    pub(crate) fn changes(&self, task: &Ready) -> bool {
        self.of(task).is_some_and(|level| level != task.inherited())
    }

    /// The level that the task inherits now, if it is one that is meant.
    fn of(&self, task: &Ready) -> Option<u32> {
        let index = task.reference().wrapping_sub(self.range.0);
        let among = |tasks: &[u32]| tasks.binary_search(&index).is_ok();
        let meant = task.is_of(self.tag) && index < self.range.1 && self.tasks.is_none_or(among);
        // (The task is unfinished while its token is there.)
        meant.then(|| self.directory.inherited(task.reference(), Causes::All))
    }

    /// Gives a token the present urgency of its task. `true`: it was another one. A range check, mostly; O(log n) for one of n lifted tasks.
    pub fn apply(&self, task: &mut Ready) -> bool {
        self.of(task)
            .is_some_and(|level| task.inherit(level) != level)
    }
}

impl fmt::Debug for Lift<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lift")
            .field(
                "tasks",
                &self.tasks.map_or(self.range.1 as usize, <[_]>::len),
            )
            .finish_non_exhaustive()
    }
}
