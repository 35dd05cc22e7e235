//! Tokens with deadlines: what a clock cancels.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use taskflow_core::{CancellationToken, CancelledFuture, Preempted, TokenCanceller};

mod guard;
mod timer;

pub use guard::DeadlineGuard;

/// A [`CancellationToken`] that time can cancel too; cloned and sent freely. All clones are the same token.
///
/// One thread of this process, `taskflow-timer`, looks after all deadlines. It is started with the first, and sleeps while
/// there is none. A deadline costs O(log n) and no thread, however many are armed. What a deadline cancels is told on
/// that thread, and so are wakers called and closures dropped: one that takes long holds the other deadlines up.
///
/// A deadline belongs to the generation of the token in which it was armed: after a [`reset`](Self::reset) it does
/// nothing. It keeps no token alive.
///
/// "Preemptive" says that the decision is the clock's. A task that runs is not interrupted: it asks, by
/// [`check`](Self::check), and a run under [the token](Self::token) starts no further task.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, Instant};
/// use taskflow_std::{Executor, PreemptiveCancellationToken, RunError, RunOptions, Taskflow};
///
/// let (executor, token) = (Executor::new(1), PreemptiveCancellationToken::new());
/// let flow = Taskflow::new();
/// let asks = token.clone();
/// flow.try_emplace(move || loop {
///     asks.check_and_yield()?;
/// });
/// token.cancel_after(Duration::from_millis(5));
/// let run = executor.run_with(&flow, RunOptions::new().token(token.token()));
/// assert!(matches!(run.wait(), Err(RunError::Cancelled { reason: Some(why), .. }) if why.contains("5ms")));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PreemptiveCancellationToken {
    token: CancellationToken,
}

impl PreemptiveCancellationToken {
    /// A token that is not cancelled, below no other.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The token without the clock: what runs, groups and tasks take.
    #[must_use]
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// As [`CancellationToken::child`].
    #[must_use]
    pub fn child(&self) -> Self {
        Self::from(self.token.child())
    }

    /// As [`CancellationToken::cancel`].
    pub fn cancel(&self) -> bool {
        self.token.cancel()
    }

    /// As [`CancellationToken::cancel_with`].
    pub fn cancel_with(&self, reason: impl Into<String>) -> bool {
        self.token.cancel_with(reason)
    }

    /// As [`CancellationToken::is_cancelled`]: one load, whatever is armed.
    #[inline]
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }

    /// As [`is_cancelled`](Self::is_cancelled), to be left by `?`.
    ///
    /// # Errors
    ///
    /// The token was cancelled.
    #[inline]
    pub fn check(&self) -> Result<(), Preempted> {
        Ok(self.token.check()?)
    }

    /// As [`check`](Self::check), and lets other threads of this machine go on.
    ///
    /// # Errors
    ///
    /// The token was cancelled.
    pub fn check_and_yield(&self) -> Result<(), Preempted> {
        self.check()?;
        thread::yield_now();
        self.check()
    }

    /// As [`CancellationToken::reset`]. Deadlines that were armed before do nothing any more.
    pub fn reset(&self) {
        self.token.reset();
    }

    /// As [`CancellationToken::cancel_count`].
    #[must_use]
    pub fn cancel_count(&self) -> u64 {
        self.token.cancel_count()
    }

    /// As [`CancellationToken::cancelled`].
    pub fn cancelled(&self) -> CancelledFuture {
        self.token.cancelled()
    }

    /// Cancels the token when so much time has passed: at once if that is none, never if it is beyond all times of the clock.
    /// Several may be armed; the first counts. O(log n) in the armed deadlines of the process.
    ///
    /// # Panics
    ///
    /// If the timer's thread cannot be started.
    pub fn cancel_after(&self, time: Duration) {
        if let Some(at) = Instant::now().checked_add(time) {
            self.arm(at, || format!("the deadline of {time:?} has passed"));
        }
    }

    /// Cancels the token at a time; at once if that has come.
    ///
    /// # Panics
    ///
    /// If the timer's thread cannot be started.
    pub fn cancel_at(&self, at: Instant) {
        self.arm(at, || "the deadline has passed".into());
    }

    /// As [`cancel_after`](Self::cancel_after), unless the guard is dropped before.
    ///
    /// # Panics
    ///
    /// If the timer's thread cannot be started.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use taskflow_std::PreemptiveCancellationToken;
    ///
    /// let token = PreemptiveCancellationToken::new();
    /// let guard = token.deadline_guard(Duration::from_secs(3600));
    /// assert!(guard.remaining() > Duration::from_secs(3500) && !guard.is_expired());
    /// drop(guard);
    /// let guard = token.deadline_guard(Duration::ZERO);
    /// assert!(guard.is_expired() && token.is_cancelled());
    /// ```
    pub fn deadline_guard(&self, budget: Duration) -> DeadlineGuard {
        DeadlineGuard::new(self, budget)
    }

    /// Calls `body`, which asks the token, under a [guard](Self::deadline_guard), and gives what it gives.
    ///
    /// # Errors
    ///
    /// That of `body`, when it was told to stop.
    ///
    /// # Panics
    ///
    /// If `body` does, or the timer's thread cannot be started.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use taskflow_std::PreemptiveCancellationToken;
    ///
    /// let token = PreemptiveCancellationToken::new();
    /// let quick = token.with_deadline(Duration::from_secs(3600), |_| Ok(42));
    /// assert_eq!(quick, Ok(42));
    /// let endless = token.with_deadline(Duration::from_millis(1), |token| {
    ///     loop {
    ///         token.check_and_yield()?;
    ///     }
    ///     #[expect(unreachable_code, reason = "what it would give")]
    ///     Ok(())
    /// });
    /// assert_eq!(endless.unwrap_err().reason(), Some("the deadline of 1ms has passed"));
    /// ```
    pub fn with_deadline<R>(
        &self,
        budget: Duration,
        body: impl FnOnce(&Self) -> Result<R, Preempted>,
    ) -> Result<R, Preempted> {
        let _guard = self.deadline_guard(budget);
        body(self)
    }

    /// Arms a deadline, or cancels if it has come.
    fn arm(&self, at: Instant, reason: impl FnOnce() -> String) -> Option<timer::Key> {
        let reason = reason();
        if at <= Instant::now() {
            self.token.cancel_with(reason);
            return None;
        }
        Some(timer::arm(at, self.token.canceller(), reason))
    }

    fn canceller(&self) -> TokenCanceller {
        self.token.canceller()
    }
}

impl From<CancellationToken> for PreemptiveCancellationToken {
    fn from(token: CancellationToken) -> Self {
        Self { token }
    }
}

impl fmt::Debug for PreemptiveCancellationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreemptiveCancellationToken")
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}
