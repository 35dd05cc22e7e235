//! Why a task that waits could not be made more urgent, or taken out.

use core::fmt;

use crate::task::TaskId;

/// Why a task's level was not changed, or the task not taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PriorityError {
    /// It waits for other tasks.
    NotReady {
        /// The task.
        task: TaskId,
    },
    /// It runs, or is suspended, or is on its way to a worker.
    Running {
        /// The task.
        task: TaskId,
    },
    /// It has ended in this round, or its last run has.
    Done {
        /// The task.
        task: TaskId,
    },
    /// It was taken out.
    Removed {
        /// The task.
        task: TaskId,
    },
    /// It is no task of a flow that runs, or ran last, on the executor of this scheduler.
    Foreign {
        /// The task.
        task: TaskId,
    },
    /// The scheduler of the handle is gone.
    Gone,
}

impl fmt::Display for PriorityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReady { task } => {
                write!(
                    f,
                    "task {task} waits for others; cancel it in its run instead"
                )
            }
            Self::Running { task } => write!(f, "task {task} has begun; cancel it instead"),
            Self::Done { task } => write!(f, "task {task} has ended; run its flow again"),
            Self::Removed { task } => write!(f, "task {task} was removed; run its flow again"),
            Self::Foreign { task } => write!(
                f,
                "task {task} is none of this scheduler's executor; ask the scheduler that it runs under"
            ),
            Self::Gone => f.write_str("the scheduler of the handle is gone; ask a living one"),
        }
    }
}

impl core::error::Error for PriorityError {}
