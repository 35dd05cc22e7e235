//! What a run does when a task of it fails.

use crate::flow::{COLLECT_ALL, KEEP_INDEPENDENT};

/// What a run does when a task of it panics or returns an error. Whatever it does, the run ends with the
/// first failure, and its [stats](crate::RunError::stats) have the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailurePolicy {
    /// No further task is started.
    #[default]
    StopAtFirst,
    /// What comes after a failed task, directly or over others, is skipped in that round; the rest runs.
    /// A condition that fails or is skipped chooses nothing.
    KeepIndependent,
    /// Everything runs; only what needs a value that a failed task did not give is skipped.
    CollectAll,
}

impl FailurePolicy {
    /// What the tasks of a run must know of it.
    pub(crate) fn attention(self) -> u32 {
        match self {
            Self::StopAtFirst => 0,
            Self::KeepIndependent => KEEP_INDEPENDENT,
            Self::CollectAll => COLLECT_ALL,
        }
    }

    /// The policy of a run whose tasks know this of it.
    pub(crate) fn of_attention(attention: u32) -> Self {
        if attention & KEEP_INDEPENDENT != 0 {
            Self::KeepIndependent
        } else if attention & COLLECT_ALL != 0 {
            Self::CollectAll
        } else {
            Self::StopAtFirst
        }
    }
}

/// How a run is to go, for [`Executor::run_with`](crate::Executor::run_with).
///
/// # Examples
///
/// ```
/// use taskflow_core::{Executor, FailurePolicy, Manual, RunOptions, Taskflow};
///
/// let flow = Taskflow::new();
/// for text in ["1", "two", "3", "four"] {
///     flow.try_emplace(move || {
///         text.parse::<u8>()?;
///         Ok(())
///     });
/// }
/// let executor = Executor::<Manual>::new(1);
/// let options = RunOptions::new().on_failure(FailurePolicy::CollectAll);
/// let error = executor.run_with(&flow, options).wait().unwrap_err();
/// let stats = error.stats().expect("the run was started");
/// assert_eq!((stats.tasks, stats.suppressed.len()), (4, 1));
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct RunOptions {
    pub(crate) rounds: u64,
    pub(crate) policy: FailurePolicy,
}

impl RunOptions {
    /// One round, stopped by the first failure.
    pub const fn new() -> Self {
        Self {
            rounds: 1,
            policy: FailurePolicy::StopAtFirst,
        }
    }

    /// How many rounds.
    pub const fn rounds(mut self, rounds: u64) -> Self {
        self.rounds = rounds;
        self
    }

    /// What to do when a task fails.
    pub const fn on_failure(mut self, policy: FailurePolicy) -> Self {
        self.policy = policy;
        self
    }
}

impl Default for RunOptions {
    fn default() -> Self {
        Self::new()
    }
}
