//! Why a task that waits could not be made more urgent, or taken out.

use core::fmt;

use crate::task::TaskId;

/// Why a task's level was not changed, or the task not taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PriorityError {
    /// It is not ready yet, runs or has run, was taken out, or is no task of this scheduler's executor.
    NotQueued {
        /// The task.
        task: TaskId,
    },
    /// It runs, or has run.
    Started {
        /// The task.
        task: TaskId,
    },
    /// It was taken out.
    Removed {
        /// The task.
        task: TaskId,
    },
    /// The scheduler of the handle is gone.
    Gone,
}

impl fmt::Display for PriorityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotQueued { task } => {
                write!(
                    f,
                    "task {task} is not queued; it must be ready and not have begun"
                )
            }
            Self::Started { task } => write!(f, "task {task} has begun; cancel it instead"),
            Self::Removed { task } => write!(f, "task {task} was removed; run its flow again"),
            Self::Gone => f.write_str("the scheduler of the handle is gone; ask a living one"),
        }
    }
}

impl core::error::Error for PriorityError {}
