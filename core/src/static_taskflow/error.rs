//! What is wrong with a static graph, and how its runs end.

use core::error::Error;
use core::fmt;

use super::StaticTask;

/// Why a [`StaticTaskflow`](crate::StaticTaskflow) refuses an edit, or cannot run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StaticGraphError {
    /// It has as many tasks as it has room for.
    TasksFull {
        /// How many.
        capacity: usize,
    },
    /// It has as many edges as it has room for.
    EdgesFull {
        /// How many.
        capacity: usize,
    },
    /// A task is another graph's.
    Foreign {
        /// The task.
        task: StaticTask,
    },
    /// A task was to run before itself.
    SelfDependency {
        /// The task.
        task: StaticTask,
    },
    /// Tasks wait for one another in a circle.
    Cycle {
        /// One of them.
        task: StaticTask,
    },
}

impl fmt::Display for StaticGraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TasksFull { capacity } => {
                write!(f, "the graph has room for {capacity} tasks; raise N")
            }
            Self::EdgesFull { capacity } => {
                write!(f, "the graph has room for {capacity} edges; raise E")
            }
            Self::Foreign { task } => {
                write!(f, "{task} is another graph's; use the handles of this one")
            }
            Self::SelfDependency { task } => write!(f, "{task} depends on itself; remove the edge"),
            Self::Cycle { task } => write!(
                f,
                "{task} is in a cycle of tasks that wait for one another; remove an edge of it"
            ),
        }
    }
}

impl Error for StaticGraphError {}

/// Why a run of a [`StaticTaskflow`](crate::StaticTaskflow) did not begin, or did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StaticRunError {
    /// The graph was edited after it was frozen last. Nothing has begun.
    NotFrozen,
    /// The graph runs already. Nothing more has begun.
    Running,
    /// A task panicked on a thread that helped. No task began after that.
    Panicked {
        /// The task; one of them, if several did.
        task: StaticTask,
    },
}

impl fmt::Display for StaticRunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFrozen => f.write_str("the graph was edited; freeze it before it runs"),
            Self::Running => f.write_str("the graph runs already; wait for the end of that run"),
            Self::Panicked { task } => write!(f, "{task} panicked on a thread that helped"),
        }
    }
}

impl Error for StaticRunError {}
