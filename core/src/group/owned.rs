//! A group as a value.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use super::Group;
use crate::cancellation::CancellationToken;
use crate::error::{RunError, TaskError};
use crate::host::Host;
use crate::job::child;
use crate::priority::Priority;
use crate::runtime::Preempted;
use crate::sync::Arc;
use crate::wait::Target;

/// Tasks that are waited for together and own what they use; made by
/// [`Executor::task_group`](crate::Executor::task_group).
///
/// Any number of threads may spawn into it and wait for it. It is used again after each wait. Dropping
/// it waits for its tasks, except inside one of them; errors that no wait gave go to the executor's
/// panic handler then. For tasks that borrow there is [`Scope::spawn`](crate::Scope::spawn).
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use taskflow_core::{Executor, Manual};
///
/// let executor = Executor::<Manual>::new(1);
/// let group = executor.task_group();
/// let sum = Arc::new(AtomicU32::new(0));
/// for number in 1..=4 {
///     let sum = Arc::clone(&sum);
///     group.spawn(move || {
///         sum.fetch_add(number, Ordering::Relaxed);
///     });
/// }
/// group.wait()?;
/// assert_eq!(sum.load(Ordering::Relaxed), 10);
/// # Ok::<(), taskflow_core::RunError>(())
/// ```
pub struct TaskGroup {
    group: Arc<Group>,
    host: Arc<dyn Host>,
}

impl TaskGroup {
    pub(crate) fn new(host: Arc<dyn Host>) -> Self {
        let group = Group::new(alloc::vec::Vec::new());
        Self { group, host }
    }

    /// Spawns a task. If the group is cancelled the closure is dropped instead.
    pub fn spawn(&self, closure: impl FnOnce() + Send + 'static) {
        self.spawn_with_priority(Priority::default(), closure);
    }

    /// As [`spawn`](Self::spawn), for a [`Scheduler`](crate::Scheduler) that looks at priorities.
    pub fn spawn_with_priority(&self, priority: Priority, closure: impl FnOnce() + Send + 'static) {
        let job = child(&*self.host, &self.group, priority, move |_| closure());
        self.host.spawn(job);
    }

    /// Spawns a task that can give up: its error is the group's, as a panic is. One that left by `?` since the group, or its
    /// token, was cancelled has not failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, RunError};
    ///
    /// let executor = Executor::<Manual>::new(1);
    /// let group = executor.task_group();
    /// for text in ["1", "two", "3"] {
    ///     group.try_spawn(move || {
    ///         text.parse::<u8>()?;
    ///         Ok(())
    ///     });
    /// }
    /// assert!(matches!(group.wait(), Err(RunError::Failed { task: None, .. })));
    /// ```
    pub fn try_spawn(&self, closure: impl FnOnce() -> Result<(), TaskError> + Send + 'static) {
        self.spawn(Group::giving_up(&self.group, closure));
    }

    /// Has the group cancelled whenever the token is, with the token's reason: as if it were cancelled itself, so its tasks that run
    /// end as they like, and the wait says so. While the token is cancelled nothing that is spawned begins, also after that wait; once it is
    /// reset the group goes on. The last token that is named counts.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{CancellationToken, Executor, Manual};
    ///
    /// let (executor, token) = (Executor::<Manual>::new(1), CancellationToken::new());
    /// let group = executor.task_group();
    /// group.token(&token);
    /// group.spawn(|| unreachable!("cancelled"));
    /// token.cancel_with("the user left");
    /// assert_eq!(group.wait().unwrap_err().to_string(), "the run was cancelled: the user left");
    /// group.spawn(|| unreachable!("the token is cancelled still"));
    /// assert!(group.wait().is_err());
    /// token.reset();
    /// group.spawn(|| {});
    /// group.wait()?;
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn token(&self, token: &CancellationToken) {
        Group::follow(&self.group, token);
    }

    /// Waits for all tasks, but no longer than `timeout` (longer only while a task that the calling thread took up is running).
    /// `None`: the group goes on.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait), but for the deadlock, which ends with the time.
    pub fn wait_timeout(&self, timeout: Duration) -> Option<Result<(), RunError>> {
        let target = Target::Group(&self.group);
        let done = self.host.wait(target, None, Some(timeout));
        done.then(|| self.group.take_outcome())
    }

    /// Waits for all tasks of the group. The calling thread runs those that have not begun, and no other
    /// task; outside of tasks on the seat of a worker that sleeps.
    ///
    /// # Errors
    ///
    /// [`RunError::Panicked`] or [`RunError::Failed`] with the first failure of a task (the others are in the stats that it
    /// carries), or [`RunError::Cancelled`] if the group was cancelled; once, to one of those that wait.
    /// [`RunError::Deadlock`] if the caller is a task of the group, or one that such a task waits for;
    /// nothing was changed then.
    pub fn wait(&self) -> Result<(), RunError> {
        self.host
            .await_end(Target::Group(&self.group))
            .map_err(|_| RunError::Deadlock)?;
        self.group.take_outcome()
    }

    /// Lets no task begin that has not: their closures are dropped, and so are those that are spawned
    /// from now on, until a wait has ended. Tasks that run already end as they like. `false`: the group was
    /// cancelled already.
    pub fn cancel(&self) -> bool {
        self.group.cancel(None)
    }

    /// As [`cancel`](Self::cancel), with a reason that the error will give.
    pub fn cancel_with(&self, reason: impl Into<String>) -> bool {
        self.group.cancel(Some(reason.into()))
    }

    /// Whether the group was cancelled since its last wait. A task that takes long may ask.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.group.is_cancelled()
    }

    /// As [`is_cancelled`](Self::is_cancelled), to be left by `?` in a task of [`try_spawn`](Self::try_spawn).
    ///
    /// # Errors
    ///
    /// The group was cancelled.
    pub fn check(&self) -> Result<(), Preempted> {
        self.group.check()
    }
}

impl Drop for TaskGroup {
    fn drop(&mut self) {
        // An error says that this is in a task of the group: it lets go.
        let _ = self.host.await_end(Target::Group(&self.group));
        self.group.detach(&*self.host);
    }
}

impl fmt::Debug for TaskGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskGroup")
            .field("done", &self.group.is_done())
            .finish_non_exhaustive()
    }
}
