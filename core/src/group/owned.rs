//! A group as a value.

use alloc::string::String;
use core::fmt;

use super::Group;
use crate::error::RunError;
use crate::host::Host;
use crate::job::child;
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
        let job = child(&self.host, &self.group, closure);
        self.group.launch(&self.host, job);
    }

    /// Waits for all tasks of the group. The calling thread runs those that have not begun, and no other
    /// task; outside of tasks on the seat of a worker that sleeps.
    ///
    /// # Errors
    ///
    /// [`RunError::Panicked`] with the first panic of a task (the others are in the stats that it
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
