//! Handles of tasks.

use core::fmt;
use core::panic::Location;

/// A task of a [`StaticTaskflow`](crate::StaticTaskflow).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StaticTask {
    pub(super) index: u16,
    /// That of its graph.
    pub(super) place: u32,
}

impl StaticTask {
    /// How many tasks were made before it.
    #[must_use]
    pub const fn index(self) -> usize {
        self.index as usize
    }
}

impl fmt::Display for StaticTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.index)
    }
}

/// A number for a place in the source, by which handles of different graphs are told apart: there is no counter that
/// could be counted up while the program is compiled.
pub(super) const fn place_of(at: &Location<'_>) -> u32 {
    let file = at.file().len() as u32;
    (at.line() << 12) ^ (file << 24) ^ at.column()
}
