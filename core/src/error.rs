//! What was wrong with a graph, and how a run ended.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

use crate::cancellation::Cancelled;
use crate::panic::Panic;
use crate::runtime::Preempted;
use crate::stats::{Failure, RunStats, Suppressed};
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

/// A semaphore as errors speak of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SemaphoreLabel {
    /// Its number: semaphores are counted from one, in the order of their creation in this process.
    pub id: u64,
    /// Its name, if it has one.
    pub name: Option<Box<str>>,
}

impl fmt::Display for SemaphoreLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "semaphore {} ({name:?})", self.id),
            None => write!(f, "semaphore {}", self.id),
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
    /// Every task waits for something, so none can be the first.
    NoSource {
        /// The tasks, a few of them where there are many.
        tasks: Vec<TaskLabel>,
    },
    /// A branch leads to a task that has data inputs, which the task that chooses does not make.
    BranchOntoInput {
        /// The task.
        task: TaskLabel,
    },
    /// A module that a task uses cannot run.
    Module {
        /// The task.
        task: TaskLabel,
        /// What is wrong with the module.
        error: Box<TaskflowError>,
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
            Self::NoSource { tasks } => {
                write!(
                    f,
                    "no task can be the first, since an edge leads to each of "
                )?;
                for (place, task) in tasks.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(f, "{comma}{task}")?;
                }
                write!(f, "; add a task that leads to one of them")
            }
            Self::BranchOntoInput { task } => write!(
                f,
                "a branch leads to {task}, which waits for values; branch to what makes them"
            ),
            Self::Module { task, error } => {
                write!(f, "the module that {task} uses cannot run: {error}")
            }
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
                "more tasks or edges than an executor can count (2^32 tasks, 2^32 edges, 2^22 edges \
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
    /// A condition has no successor to choose.
    ConditionWithoutBranches {
        /// The condition.
        task: TaskLabel,
    },
    /// Nothing can ever start the task: no branch that may be taken leads to it, and not all that it waits for can run.
    NeverStarted {
        /// The task.
        task: TaskLabel,
    },
    /// When all tasks have run, too few units are left for each task that acquires the semaphore to run again,
    /// unless another flow releases some.
    SemaphoreNotReleased {
        /// The semaphore.
        semaphore: SemaphoreLabel,
    },
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateEdge { from, to } => {
                write!(f, "the edge from {from} to {to} was made more than once")
            }
            Self::ConditionWithoutBranches { task } => {
                write!(f, "the condition {task} has no successor to choose")
            }
            Self::NeverStarted { task } => {
                write!(f, "nothing can ever start {task}")
            }
            Self::SemaphoreNotReleased { semaphore } => {
                write!(f, "{semaphore} is acquired more often than it is released")
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

impl TaskError {
    /// Whether the task left since it was told to stop.
    pub(crate) fn is_preempted(&self) -> bool {
        self.0.is::<Preempted>() || self.0.is::<Cancelled>()
    }

    /// The error of a run, if it is one.
    pub(crate) fn into_run_error(self) -> Result<RunError, Self> {
        self.0
            .downcast::<RunError>()
            .map(|error| *error)
            .map_err(Self)
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
        /// The task, or `None` for a spawned one.
        task: Option<TaskLabel>,
        /// The error.
        error: TaskError,
        /// What ran all the same.
        stats: Box<RunStats>,
    },
    /// A task was to be started, by a branch or by its last predecessor, while it was scheduled or running
    /// already: two ways through the graph that nothing orders lead to it.
    TaskRace {
        /// The task.
        task: TaskLabel,
        /// What ran all the same.
        stats: Box<RunStats>,
    },
    /// A task made by `emplace_once` was started a second time in its round, by a loop.
    Again {
        /// The task.
        task: TaskLabel,
        /// What ran all the same.
        stats: Box<RunStats>,
    },
    /// The executor's [`Scheduler`](crate::Scheduler) dropped a ready task, or gave it to another executor.
    Lost {
        /// The task; it was not begun.
        task: TaskLabel,
        /// What ran all the same.
        stats: Box<RunStats>,
    },
    /// A task gave a semaphore more back than there is.
    SemaphoreOverflow {
        /// The semaphore.
        semaphore: SemaphoreLabel,
        /// The task.
        task: TaskLabel,
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
            | Self::TaskRace { stats, .. }
            | Self::Again { stats, .. }
            | Self::Lost { stats, .. }
            | Self::SemaphoreOverflow { stats, .. }
            | Self::Cancelled { stats, .. } => Some(stats),
            Self::Invalid(_) | Self::Deadlock | Self::Taken => None,
        }
    }
}

impl RunError {
    /// The error of a run whose first failure this is.
    pub(crate) fn of_failure(first: Suppressed, stats: RunStats) -> Self {
        let stats = Box::new(stats);
        let Suppressed { task, failure } = first;
        match (failure, task) {
            (Failure::Panicked(panic), task) => Self::Panicked { task, panic, stats },
            (Failure::Failed(error), task) => Self::Failed { task, error, stats },
            (Failure::TaskRace, Some(task)) => Self::TaskRace { task, stats },
            (Failure::Again, Some(task)) => Self::Again { task, stats },
            (Failure::Lost, Some(task)) => Self::Lost { task, stats },
            (Failure::SemaphoreOverflow(semaphore), Some(task)) => Self::SemaphoreOverflow {
                semaphore,
                task,
                stats,
            },
            // Only panics and errors come without a task: those of spawned ones, and of the predicate of a run.
            (_, None) => Self::Cancelled {
                reason: None,
                stats,
            },
        }
    }

    /// The failures that the error of a nested run is for the task that it is part of. A cancelled run is
    /// none.
    pub(crate) fn into_failures(self) -> Vec<Suppressed> {
        let (task, failure, stats) = match self {
            Self::Panicked { task, panic, stats } => (task, Failure::Panicked(panic), stats),
            Self::Failed { task, error, stats } => (task, Failure::Failed(error), stats),
            Self::TaskRace { task, stats } => (Some(task), Failure::TaskRace, stats),
            Self::Again { task, stats } => (Some(task), Failure::Again, stats),
            Self::Lost { task, stats } => (Some(task), Failure::Lost, stats),
            Self::SemaphoreOverflow {
                semaphore,
                task,
                stats,
            } => (Some(task), Failure::SemaphoreOverflow(semaphore), stats),
            Self::Cancelled { .. } => return Vec::new(),
            other => (
                None,
                Failure::Failed(TaskError::from(other)),
                Box::default(),
            ),
        };
        let mut failures = Vec::from([Suppressed { task, failure }]);
        failures.extend(stats.suppressed);
        failures
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
            Self::Failed {
                task: Some(task),
                error,
                ..
            } => write!(f, "{task} failed: {error}"),
            Self::Failed {
                task: None, error, ..
            } => write!(f, "a spawned task failed: {error}"),
            Self::TaskRace { task, .. } => write!(
                f,
                "{task} was started while it was scheduled or running already; order what leads to it"
            ),
            Self::Again { task, .. } => write!(
                f,
                "{task} can run once only and was started again; use `emplace` in a loop"
            ),
            Self::Lost { task, .. } => write!(
                f,
                "{task} was lost by the executor's scheduler; give back each task that was pushed, once"
            ),
            Self::SemaphoreOverflow {
                semaphore, task, ..
            } => write!(
                f,
                "{task} gave {semaphore} more back than there is; release what was acquired only"
            ),
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
