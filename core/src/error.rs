//! What was wrong with a graph, and how a run ended.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

use crate::panic::Panic;
use crate::stats::RunStats;
use crate::task::TaskId;

/// A task as errors speak of it: its id, and its name if it has one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TaskLabel {
    /// The identity.
    pub id: TaskId,
    /// The name given with [`TaskHandle::name`](crate::TaskHandle::name).
    pub name: Option<Box<str>>,
}

impl fmt::Display for TaskLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "task {} ({name:?})", self.id),
            None => write!(f, "task {}", self.id),
        }
    }
}

/// Why a graph cannot run. Nothing of it has been started.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskflowError {
    /// Tasks wait for one another in a circle.
    Cycle {
        /// The tasks of the circle, each before the one that waits for it.
        tasks: Vec<TaskLabel>,
    },
    /// A task waits for itself.
    SelfDependency {
        /// The task.
        task: TaskLabel,
    },
    /// An edge was asked for between tasks of two flows; it was not made.
    Foreign {
        /// The end in this flow.
        task: TaskLabel,
        /// The end in the other flow.
        foreign: TaskId,
    },
    /// A handle was used after its task was removed; nothing was done.
    Stale {
        /// The removed task.
        task: TaskId,
    },
    /// A task made by `emplace_once` would run in a second round.
    Once {
        /// The task.
        task: TaskLabel,
    },
    /// The graph, or all graphs of the executor together, have more tasks or edges than 32 bits count.
    TooLarge,
}

impl fmt::Display for TaskflowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cycle { tasks } => {
                write!(f, "tasks wait for one another in a cycle: ")?;
                for task in tasks {
                    write!(f, "{task} -> ")?;
                }
                match tasks.first() {
                    Some(first) => write!(f, "{first}; remove one of these edges"),
                    None => Ok(()),
                }
            }
            Self::SelfDependency { task } => write!(f, "{task} depends on itself; remove the edge"),
            Self::Foreign { task, foreign } => write!(
                f,
                "an edge between {task} and task {foreign} of another flow was refused; \
                 connect tasks of one flow, or run the flows one after the other"
            ),
            Self::Stale { task } => write!(
                f,
                "a handle of the removed task {task} was used; drop handles when removing a task"
            ),
            Self::Once { task } => write!(
                f,
                "{task} can run once only and would run again; use `emplace` for a graph that runs \
                 more than one round"
            ),
            Self::TooLarge => write!(
                f,
                "more tasks or edges than an executor can count (2^32 tasks, 2^32 edges, 2^26 edges \
                 into one task); split the graph"
            ),
        }
    }
}

impl Error for TaskflowError {}

/// Something odd that a graph may run with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lint {
    /// The same edge was made more than once; it counts once.
    DuplicateEdge {
        /// The task before.
        from: TaskLabel,
        /// The task after.
        to: TaskLabel,
    },
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateEdge { from, to } => {
                write!(f, "the edge from {from} to {to} was made more than once")
            }
        }
    }
}

/// The error of a task that gave up, made from any error by `?`.
///
/// It is no [`Error`] itself, so that every error converts into it.
pub struct TaskError(Box<dyn Error + Send + Sync>);

impl TaskError {
    /// The error the task ended with.
    #[must_use]
    pub fn into_inner(self) -> Box<dyn Error + Send + Sync> {
        self.0
    }

    /// The error the task ended with.
    #[must_use]
    pub fn get(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for TaskError {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Debug for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a run ended that did not end well.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// The graph was refused; nothing ran.
    Invalid(TaskflowError),
    /// A task panicked first.
    Panicked {
        /// The task, or `None` for the predicate of `run_until`.
        task: Option<TaskLabel>,
        /// The payload.
        panic: Panic,
        /// What ran all the same.
        stats: Box<RunStats>,
    },
    /// A task returned an error first.
    Failed {
        /// The task.
        task: TaskLabel,
        /// The error.
        error: TaskError,
        /// What ran all the same.
        stats: Box<RunStats>,
    },
    /// The run was cancelled before it ended, and no task of it failed.
    Cancelled {
        /// The reason, if one was given.
        reason: Option<String>,
        /// What ran all the same.
        stats: Box<RunStats>,
    },
    /// Waiting would never end: the waiting task is part of what it waits for. The run itself goes on.
    Deadlock,
    /// The result was taken before, by an earlier call.
    Taken,
}

impl RunError {
    /// What ran all the same. `None` if nothing was started by the call that failed.
    #[must_use]
    pub fn stats(&self) -> Option<&RunStats> {
        match self {
            Self::Panicked { stats, .. }
            | Self::Failed { stats, .. }
            | Self::Cancelled { stats, .. } => Some(stats),
            Self::Invalid(_) | Self::Deadlock | Self::Taken => None,
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => write!(f, "the graph cannot run: {error}"),
            Self::Panicked {
                task: Some(task),
                panic,
                ..
            } => write!(f, "{task} panicked: {panic}"),
            Self::Panicked {
                task: None, panic, ..
            } => write!(
                f,
                "a spawned task or the predicate of a run panicked: {panic}"
            ),
            Self::Failed { task, error, .. } => write!(f, "{task} failed: {error}"),
            Self::Cancelled {
                reason: Some(reason),
                ..
            } => write!(f, "the run was cancelled: {reason}"),
            Self::Cancelled { reason: None, .. } => write!(f, "the run was cancelled"),
            Self::Deadlock => write!(
                f,
                "a task waits for what can only end after it; wait outside the task, or make the \
                 rest of its work a successor"
            ),
            Self::Taken => write!(f, "the result of the run was taken before; keep the first"),
        }
    }
}

impl Error for RunError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Invalid(error) => Some(error),
            Self::Failed { error, .. } => Some(&*error.0),
            _ => None,
        }
    }
}

impl From<TaskflowError> for RunError {
    fn from(error: TaskflowError) -> Self {
        Self::Invalid(error)
    }
}
