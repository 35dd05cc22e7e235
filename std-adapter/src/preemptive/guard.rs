//! A deadline for a scope.

use std::time::{Duration, Instant};

use taskflow_core::TokenCanceller;

use super::{PreemptiveCancellationToken, timer};

/// A deadline that its drop disarms; made by [`PreemptiveCancellationToken::deadline_guard`].
///
/// Dropped in time, it leaves the token as it is. Dropped too late, it leaves it cancelled: the token does not change
/// by this deadline once the guard is gone.
#[must_use = "dropping the guard disarms the deadline"]
#[derive(Debug)]
pub struct DeadlineGuard {
    canceller: TokenCanceller,
    /// `None`: it is beyond all times.
    at: Option<Instant>,
    reason: String,
    armed: Option<timer::Key>,
}

impl DeadlineGuard {
    pub(super) fn new(token: &PreemptiveCancellationToken, budget: Duration) -> Self {
        let canceller = token.canceller();
        let at = Instant::now().checked_add(budget);
        let reason = format!("the deadline of {budget:?} has passed");
        let armed = at.and_then(|at| token.arm(at, || reason.clone()));
        Self {
            canceller,
            at,
            reason,
            armed,
        }
    }

    /// The time that is left; none if the deadline has passed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.at.map_or(Duration::MAX, |at| {
            at.saturating_duration_since(Instant::now())
        })
    }

    /// Whether the deadline has passed.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.remaining().is_zero()
    }
}

impl Drop for DeadlineGuard {
    fn drop(&mut self) {
        // (Taken back whatever the time is.)
        let taken = self.armed.take().is_some_and(|key| !timer::disarm(key));
        if taken || self.is_expired() {
            // The timer may not have come to cancel yet. Twice is once.
            self.canceller
                .cancel_with(core::mem::take(&mut self.reason));
        }
    }
}
