//! Awaiting a token.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::Cancelled;
use super::node::{Node, Subscription};
use super::subscribers::Subscriber;
use crate::sync::Arc;

/// Ready when a token is cancelled; see [`CancellationToken::cancelled`](crate::CancellationToken::cancelled). It keeps
/// the token.
#[must_use = "a future does nothing before it is awaited"]
pub struct CancelledFuture {
    node: Arc<Node>,
    /// How often the token had been cancelled when this was made, the cancel that lasts not counted.
    before: u64,
    subscription: Option<Subscription>,
}

impl CancelledFuture {
    pub(super) fn new(node: &Arc<Node>) -> Self {
        Self {
            before: node.cancels_before(),
            node: Arc::clone(node),
            subscription: None,
        }
    }
}

impl Future for CancelledFuture {
    type Output = Cancelled;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Cancelled> {
        let waker = || Subscriber::Waker(context.waker().clone());
        loop {
            // (A cancel that a reset has followed was a cancel.)
            if self.node.is_cancelled() || self.node.cancels() != self.before {
                self.subscription = None;
                return Poll::Ready(self.node.verdict());
            }
            match &self.subscription {
                Some(subscription) if subscription.renew(waker()) => return Poll::Pending,
                _ => match Node::subscribe(&self.node, waker()) {
                    // A cancel and a reset may have come between the look and the subscription.
                    Ok(subscription) => self.subscription = Some(subscription),
                    Err(verdict) => return Poll::Ready(verdict),
                },
            }
        }
    }
}

impl fmt::Debug for CancelledFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelledFuture")
            .field("cancelled", &self.node.is_cancelled())
            .finish_non_exhaustive()
    }
}
