//! What became of a task.

use core::time::Duration;

use serde::Serialize;

/// How a task of a finished run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TaskStatus {
    /// It ran and succeeded.
    Done,
    /// It ran and did not succeed in any of its attempts.
    Failed,
    /// It did not start, because a task failed.
    Skipped,
    /// A cancel stopped it, or kept it from starting.
    Cancelled,
}

/// What is known of one task once the run is over.
#[derive(Clone, Debug)]
pub(crate) struct TaskRecord {
    pub(crate) status: TaskStatus,
    /// The worker that ran it; `None` if it never ran, or on a thread outside the pool.
    pub(crate) worker: Option<usize>,
    /// Start and end, counted from the start of the run; `None` if it never ran.
    pub(crate) interval: Option<(Duration, Duration)>,
    pub(crate) attempts: u32,
    pub(crate) error: Option<String>,
}

impl TaskRecord {
    pub(crate) fn never_ran(status: TaskStatus) -> Self {
        Self {
            status,
            worker: None,
            interval: None,
            attempts: 0,
            error: None,
        }
    }

    /// How long it ran, all attempts together; zero if it never did.
    pub(crate) fn duration(&self) -> Duration {
        self.interval
            .map_or(Duration::ZERO, |(start, end)| end.saturating_sub(start))
    }
}
