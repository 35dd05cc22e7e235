//! What a run did.

use alloc::vec::Vec;
use core::time::Duration;

use crate::error::{SemaphoreLabel, TaskError, TaskLabel};
use crate::panic::Panic;

/// What a run did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct RunStats {
    /// Rounds that were begun.
    pub rounds: u64,
    /// Tasks that were started, over all rounds.
    pub tasks: u64,
    /// Tasks that were not started, since the run was stopped before.
    pub skipped: u64,
    /// From the run's begin to its end, by the host's clock. A run begins when the runs of its flow
    /// that were submitted before it have ended.
    pub elapsed: Duration,
    /// Tasks that ended after their [deadline](crate::TaskHandle::deadline), over all rounds and nested graphs.
    pub missed_deadlines: u64,
    /// Calls of tasks that took their [budget](crate::TaskHandle::budget) or longer, over all rounds and nested graphs.
    pub overruns: u64,
    /// Failures after the first, which is the run's error.
    pub suppressed: Vec<Suppressed>,
}

/// A failure that another one came before.
#[derive(Debug)]
#[non_exhaustive]
pub struct Suppressed {
    /// The task, or `None` for the predicate of `run_until` and for spawned tasks.
    pub task: Option<TaskLabel>,
    /// What happened.
    pub failure: Failure,
}

/// How a task can fail.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// It panicked.
    Panicked(Panic),
    /// It returned an error.
    Failed(TaskError),
    /// It was started while it was scheduled or running already.
    TaskRace,
    /// It was made by [`emplace_once`](crate::Taskflow::emplace_once) and was started again.
    Again,
    /// The executor's [`Scheduler`](crate::Scheduler) lost it; it was not begun.
    Lost,
    /// It gave a semaphore more back than there is.
    SemaphoreOverflow(SemaphoreLabel),
}
