//! What a run does when a task of it fails.

use core::time::Duration;

use crate::cancellation::CancellationToken;
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
#[derive(Clone, Debug)]
#[must_use]
pub struct RunOptions {
    pub(crate) rounds: u64,
    pub(crate) policy: FailurePolicy,
    pub(crate) token: Option<CancellationToken>,
    pub(crate) deadline: Option<Duration>,
}

impl RunOptions {
    /// One round, stopped by the first failure.
    pub const fn new() -> Self {
        Self {
            rounds: 1,
            policy: FailurePolicy::StopAtFirst,
            token: None,
            deadline: None,
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

    /// Has the run cancelled when the token is. If it is cancelled already, nothing of the run is started. The last token that is
    /// named counts; a [`child`](CancellationToken::child) hears several by being below them.
    pub fn token(mut self, token: &CancellationToken) -> Self {
        self.token = Some(token.clone());
        self
    }

    /// Has the run cancelled when so much time has passed since it was submitted, waiting for earlier runs of its flow included, by
    /// the clock of the executor's host; with the reason "its deadline has passed".
    ///
    /// It is a cancel like any other: tasks that run already end as they like, and those that ask
    /// ([`Runtime::check`](crate::Runtime::check)) are told. Tasks of such a run, and of graphs nested in it, cost a look at the
    /// clock each; an executor wakes up for it once, and not at all for runs without one. O(log n) in the deadlines that are armed.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::time::Duration;
    /// use taskflow_core::{Executor, Manual, RunError, RunOptions, Taskflow};
    ///
    /// let executor = Executor::<Manual>::new(1);
    /// let flow = Taskflow::new();
    /// flow.emplace_async(|| std::future::pending());
    /// let options = RunOptions::new().deadline(Duration::from_millis(20));
    /// let run = executor.run_with(&flow, options);
    /// executor.platform().step_all();
    /// assert!(!run.is_done());
    /// executor.platform().advance(Duration::from_millis(20));
    /// executor.platform().step_all();
    /// let error = run.wait().unwrap_err();
    /// assert_eq!(error.to_string(), "the run was cancelled: its deadline has passed");
    /// ```
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }
}

impl Default for RunOptions {
    fn default() -> Self {
        Self::new()
    }
}
