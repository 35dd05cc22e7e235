//! Groups under tokens, and children that give up.

use alloc::string::String;

use super::Group;
use crate::cancellation::{CancellationToken, Subscription};
use crate::error::TaskError;
use crate::runtime::Preempted;
use crate::stats::Failure;
use crate::sync::Arc;

impl Group {
    /// Has the group cancelled whenever the token is, in the place of the one before.
    pub(crate) fn follow(this: &Arc<Self>, token: &CancellationToken) {
        let (subscription, verdict) = token.subscribe_group(this);
        let before = this.state.lock().token.replace(subscription);
        drop(before);
        if let Some(verdict) = verdict {
            this.cancel(verdict.into_reason());
        }
    }

    /// A child's closure that can give up: its error is the group's, unless it left since the group was cancelled.
    pub(crate) fn giving_up<'c>(
        this: &Arc<Self>,
        closure: impl FnOnce() -> Result<(), TaskError> + Send + 'c,
    ) -> impl FnOnce() + Send + 'c {
        let group = Arc::clone(this);
        move || {
            let Err(error) = closure() else {
                return;
            };
            if error.is_preempted() {
                // The token that told the child may not have told the group yet.
                let coming = group
                    .state
                    .lock()
                    .token
                    .as_ref()
                    .and_then(Subscription::coming);
                if let Some(verdict) = coming {
                    group.cancel(verdict.into_reason());
                }
                if group.is_cancelled() {
                    return;
                }
            }
            group.fail(Failure::Failed(error));
        }
    }

    /// Whether the group was cancelled, or what it is part of was, to be left by `?`.
    pub(crate) fn check(&self) -> Result<(), Preempted> {
        if self.is_stopped() {
            return Err(Preempted::new(self.reason()));
        }
        Ok(())
    }

    /// Why it was cancelled, if a reason was given.
    fn reason(&self) -> Option<String> {
        self.state.lock().reason.clone()
    }
}
