//! Tokens: one flag that tells any number of runs, groups, tasks and loops to stop.
//!
//! ```text
//!                 cancel: flag, reason, subscribers taken (one lock)        tell each subscriber (no lock)
//!   not cancelled ─────────────────────────────────────────────► cancelled ──────────────► ...
//!        ▲                                                          │
//!        └───────────── reset: the next generation ◄────────────────┘
//! ```
//!
//! **The flag is read alone** ([`CancellationToken::check`]); all else of a token changes under its lock: the
//! [subscribers](subscribers) (what it cancels), the reason, and the *generation*, which counts the resets. So of
//! a subscription and a cancel one is first: a cancel that is takes no subscriber that is not there, and the
//! subscription finds the flag; a subscription that is first is on the list that the cancel takes.
//!
//! **Nothing is called under a lock.** A cancel first sets the flags of all tokens below ([`spreading`]), locking one
//! after another, and then tells the subscribers, wakers last. What it has taken off a list it tells, whatever
//! happens meanwhile: a run that has ended refuses, and a token below that was reset does not answer for its earlier generation.
//!
//! **Two locks at once** are taken in one place, upwards: a token that is reset looks whether the one above is cancelled.
//!
//! A token keeps the tokens above it, and knows those below without keeping them. A chain of tokens is let go in a loop.

use alloc::string::String;
use core::error::Error;
use core::fmt;

mod node;
mod spreading;
mod subscribers;
mod waiting;

pub use waiting::CancelledFuture;

pub(crate) use node::Subscription;
pub(crate) use subscribers::Subscriber;

use crate::sync::Arc;
use node::Node;
use spreading::spread;

/// Tells runs, groups, tasks and loops to stop; cloned and sent freely. All clones are the same token.
///
/// A run takes one by [`RunOptions::token`](crate::RunOptions::token), a group by
/// [`TaskGroup::token`](crate::TaskGroup::token), a spawned task by [`JoinHandle::token`](crate::JoinHandle::token), a
/// task of a flow, a module among them, by [`TaskHandle::token`](crate::TaskHandle::token). A loop asks
/// [`check`](Self::check). What a token cancels ends as if it had been cancelled itself, with the token's reason.
///
/// Tokens form trees: a [`child`](Self::child) is cancelled with its parent, and not the other way round.
///
/// # Examples
///
/// ```
/// use taskflow_core::{CancellationToken, Executor, Manual, RunError, RunOptions, Taskflow};
///
/// let (executor, token) = (Executor::<Manual>::new(1), CancellationToken::new());
/// let (first, second) = (Taskflow::new(), Taskflow::new());
/// first.emplace(|| unreachable!("cancelled"));
/// second.emplace(|| unreachable!("cancelled"));
/// let runs = [&first, &second].map(|flow| executor.run_with(flow, RunOptions::new().token(&token)));
/// assert!(token.cancel_with("the user left"));
/// for run in runs {
///     let error = run.wait().unwrap_err();
///     assert!(matches!(error, RunError::Cancelled { reason: Some(why), .. } if why == "the user left"));
/// }
/// ```
#[derive(Clone)]
pub struct CancellationToken {
    node: Arc<Node>,
}

/// Cancels one generation of a token: after a [reset](CancellationToken::reset) it does nothing. What a timer, or a
/// guard, is given. It keeps no token alive.
///
/// # Examples
///
/// ```
/// use taskflow_core::CancellationToken;
///
/// let token = CancellationToken::new();
/// let late = token.canceller();
/// token.reset();
/// assert!(!late.cancel() && token.canceller().cancel());
/// ```
#[derive(Clone)]
pub struct TokenCanceller {
    node: crate::sync::Weak<Node>,
    generation: u64,
}

/// A token was cancelled. Returned by a task of a run that the token cancels, it is no failure: the task counts as
/// cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancelled {
    reason: Option<Arc<str>>,
}

impl CancellationToken {
    /// A token that is not cancelled, below no other.
    #[must_use]
    pub fn new() -> Self {
        Self { node: Node::new() }
    }

    /// A token that is cancelled when this one is, and from the begin if this one is already.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::CancellationToken;
    ///
    /// let service = CancellationToken::new();
    /// let (one, two) = (service.child(), service.child());
    /// one.cancel();
    /// assert!(one.is_cancelled() && !two.is_cancelled() && !service.is_cancelled());
    /// service.cancel();
    /// assert!(two.is_cancelled() && service.child().is_cancelled());
    /// ```
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            node: Node::below(&self.node),
        }
    }

    /// Cancels this token and all below it: they say so before anything is told, and all that is under them is told before
    /// this returns, but for a token that another cancel has come to first, which goes on with it. Once per generation: `false` if it was cancelled already.
    ///
    /// Any thread, tasks of what is cancelled included. O(tokens below + what is under them). Wakers are called here.
    ///
    /// # Panics
    ///
    /// If a waker does, after all others were told; a second one that panics meanwhile aborts.
    pub fn cancel(&self) -> bool {
        spread(&self.node, None, None)
    }

    /// As [`cancel`](Self::cancel), with a reason that all errors will give.
    pub fn cancel_with(&self, reason: impl Into<String>) -> bool {
        spread(&self.node, None, Some(&Arc::from(reason.into())))
    }

    /// Whether this token was cancelled, or one above it. One load. Whoever sees it sees what came before the cancel.
    #[inline]
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.node.is_cancelled()
    }

    /// As [`is_cancelled`](Self::is_cancelled), to be left by `?`.
    ///
    /// # Errors
    ///
    /// The token was cancelled.
    #[inline]
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() {
            return Err(self.node.verdict());
        }
        Ok(())
    }

    /// How often this token was cancelled, by itself or through one above, over all generations.
    #[must_use]
    pub fn cancel_count(&self) -> u64 {
        self.node.cancels()
    }

    /// Begins the next generation: the token is not cancelled, and timers, guards and [cancellers](Self::canceller)
    /// of earlier ones do not touch it. Below a token that is cancelled it is cancelled at once, again.
    ///
    /// This token alone is reset. Tokens below that were cancelled with it stay so until they are reset; runs that were cancelled
    /// stay cancelled. What is under the token and was not cancelled stays under it.
    pub fn reset(&self) {
        Node::reset(&self.node);
    }

    /// What cancels this generation of the token and no later one.
    #[must_use]
    pub fn canceller(&self) -> TokenCanceller {
        TokenCanceller {
            node: Arc::downgrade(&self.node),
            generation: self.node.generation(),
        }
    }

    /// Ready when the token is cancelled: at once if it is, and also if a reset has followed since this call. Needs no
    /// runtime: it is woken by whoever cancels.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{CancellationToken, Executor, Manual, Taskflow};
    ///
    /// let (executor, token) = (Executor::<Manual>::new(1), CancellationToken::new());
    /// let flow = Taskflow::new();
    /// let heard = token.clone();
    /// flow.emplace_async(move || {
    ///     let heard = heard.clone();
    ///     async move {
    ///         assert_eq!(heard.cancelled().await.reason(), Some("enough"));
    ///     }
    /// });
    /// let run = executor.run(&flow);
    /// executor.platform().step_all();
    /// assert!(!run.is_done());
    /// token.cancel_with("enough");
    /// run.wait()?;
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn cancelled(&self) -> CancelledFuture {
        CancelledFuture::new(&self.node)
    }

    /// Has `subscriber` told when the token is cancelled, until what is returned is dropped. That is not to be dropped under a
    /// lock that the subscriber's own drop may take.
    ///
    /// # Errors
    ///
    /// The token is cancelled; the caller acts on that itself.
    pub(crate) fn subscribe(&self, subscriber: Subscriber) -> Result<Subscription, Cancelled> {
        Node::subscribe(&self.node, subscriber)
    }

    /// Has the group cancelled whenever the token is, until what is returned is dropped. Gives the verdict too, if the token is
    /// cancelled now.
    pub(crate) fn subscribe_group(
        &self,
        group: &Arc<crate::group::Group>,
    ) -> (Subscription, Option<Cancelled>) {
        Node::subscribe_group(&self.node, group)
    }
}

impl Default for CancellationToken {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CancellationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancellationToken")
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}

/// The same token.
impl PartialEq for CancellationToken {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.node, &other.node)
    }
}

impl Eq for CancellationToken {}

impl TokenCanceller {
    /// As [`CancellationToken::cancel`]. `false` also if the token was reset since, or is gone.
    pub fn cancel(&self) -> bool {
        let node = self.node.upgrade();
        node.is_some_and(|node| spread(&node, Some(self.generation), None))
    }

    /// As [`CancellationToken::cancel_with`]. `false` as there.
    pub fn cancel_with(&self, reason: impl Into<String>) -> bool {
        let node = self.node.upgrade();
        let reason = Arc::from(reason.into());
        node.is_some_and(|node| spread(&node, Some(self.generation), Some(&reason)))
    }

    /// Whether a cancel would still do something. It may not, a moment later.
    #[must_use]
    pub fn is_live(&self) -> bool {
        let node = self.node.upgrade();
        node.is_some_and(|node| !node.is_cancelled() && node.generation() == self.generation)
    }
}

impl fmt::Debug for TokenCanceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCanceller")
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

impl Cancelled {
    pub(crate) fn new(reason: Option<Arc<str>>) -> Self {
        Self { reason }
    }

    /// The reason that was given, if one was.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// The same, owned.
    pub(crate) fn into_reason(self) -> Option<String> {
        self.reason.map(|reason| String::from(&*reason))
    }
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Some(reason) => write!(f, "the token was cancelled: {reason}"),
            None => f.write_str("the token was cancelled"),
        }
    }
}

impl Error for Cancelled {}
