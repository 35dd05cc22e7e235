//! The handles of a spawned task.

use alloc::string::String;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use super::{Claimed, End, Job, JoinError, Owned, end_elsewhere};
use crate::cancellation::{CancellationToken, Subscriber};
use crate::sync::Arc;
use crate::wait::Target;

/// A task that was spawned: wait for its value, await it, cancel it, name it as a dependency, or drop
/// the handle and let the task go on.
///
/// It is a [`Future`] that needs no runtime: it is woken by the thread that ends the task. The panic of
/// a task whose handle was dropped goes to the executor's panic handler.
#[must_use = "dropping the handle lets the task go on; its panic goes to the executor's panic handler"]
pub struct JoinHandle<T> {
    job: Owned<'static, T>,
}

/// The end of a spawned task, whatever its type: a dependency of others.
#[derive(Clone)]
pub struct Done {
    job: Arc<dyn Job>,
}

impl<T> JoinHandle<T> {
    pub(crate) fn new(job: Owned<'static, T>) -> Self {
        Self { job }
    }

    /// Waits for the value. If the task has not begun, the calling thread runs it, or what it waits for;
    /// outside of tasks on the seat of a worker that sleeps. Inside a task it gives its own seat to a
    /// substitute when nothing of that is ready.
    ///
    /// # Errors
    ///
    /// Why there is no value. [`JoinError::Deadlock`] if the caller is a task that the awaited one waits
    /// for.
    pub fn wait(mut self) -> Result<T, JoinError> {
        let job = self.job.job();
        if let Some(host) = job.head().host() {
            host.await_end(Target::Job(&job))
                .map_err(|_| JoinError::Deadlock)?;
        }
        self.take()
    }

    /// Whether the task has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.job.head().is_done()
    }

    /// Ends the task with [`JoinError::Cancelled`] if it has not begun; its closure is dropped, and those
    /// that depend on it end with [`JoinError::Dependency`]. `false`: it has begun, and goes on.
    pub fn cancel(&self) -> bool {
        cancel(&self.done().job, None)
    }

    /// As [`cancel`](Self::cancel), with a reason that the error will give.
    pub fn cancel_with(&self, reason: impl Into<String>) -> bool {
        cancel(&self.done().job, Some(reason.into()))
    }

    /// Waits for the value, but no longer than `timeout` (longer only while a task that the calling thread took up is
    /// running). `None`: the task goes on, and so does the handle.
    ///
    /// # Errors
    ///
    /// Why there is no value. It is given once: a later call answers [`JoinError::Taken`].
    ///
    /// # Examples
    ///
    /// ```
    /// use core::time::Duration;
    /// use taskflow_core::{Executor, Manual};
    ///
    /// let executor = Executor::<Manual>::new(1);
    /// let mut answer = executor.spawn(|| 6 * 7);
    /// assert!(answer.wait_timeout(Duration::ZERO).is_none());
    /// let answer = answer.wait_timeout(Duration::from_secs(1)).expect("it takes no second");
    /// assert_eq!(answer?, 42);
    /// # Ok::<(), taskflow_core::JoinError>(())
    /// ```
    pub fn wait_timeout(&mut self, timeout: Duration) -> Option<Result<T, JoinError>> {
        let job = self.job.job();
        if let Some(host) = job.head().host()
            && !host.wait(Target::Job(&job), None, Some(timeout))
        {
            return None;
        }
        Some(self.take())
    }

    /// Has the task cancelled when the token is, if it has not begun by then; at once if the token is cancelled already. One that has begun goes on, and
    /// can ask ([`Executor::checkpoint`](crate::Executor::checkpoint)). It may be under several. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{CancellationToken, Executor, JoinError, Manual};
    ///
    /// let (executor, token) = (Executor::<Manual>::new(1), CancellationToken::new());
    /// let task = executor.spawn(|| unreachable!("cancelled")).token(&token);
    /// token.cancel_with("the user left");
    /// let error = task.wait().unwrap_err();
    /// assert!(matches!(error, JoinError::Cancelled { reason: Some(why) } if why == "the user left"));
    /// ```
    pub fn token(self, token: &CancellationToken) -> Self {
        follow(&self.done().job, token);
        self
    }

    fn take(&mut self) -> Result<T, JoinError> {
        self.job.take().unwrap_or(Err(JoinError::Taken))
    }

    /// The end of the task without its type, so that tasks of several types can be named in one array.
    #[must_use]
    pub fn done(&self) -> Done {
        Done {
            job: self.job.job(),
        }
    }
}

/// Has a job cancelled when the token is.
pub(crate) fn follow(job: &Arc<dyn Job>, token: &CancellationToken) {
    match token.subscribe(Subscriber::Job(Arc::clone(job))) {
        Ok(subscription) => job.head().tie(subscription),
        Err(verdict) => {
            cancel(job, verdict.into_reason());
        }
    }
}

/// Cancels a job that was not started.
pub(crate) fn cancel(job: &Arc<dyn Job>, reason: Option<String>) -> bool {
    let Some(claimed) = Claimed::unstarted(job) else {
        return false;
    };
    end_elsewhere(claimed, End::Cancelled(reason));
    true
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if !self.is_done() && self.job.head().set_waker(context.waker()) {
            return Poll::Pending;
        }
        Poll::Ready(self.take())
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        self.job.let_go(None);
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("done", &self.is_done())
            .finish_non_exhaustive()
    }
}

impl Done {
    pub(super) fn job(&self) -> &Arc<dyn Job> {
        &self.job
    }

    /// Whether the task has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.job.head().is_done()
    }
}

impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Done").field(&self.is_done()).finish()
    }
}
