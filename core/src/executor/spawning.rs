//! Tasks without a graph.

use super::Executor;
use crate::group::TaskGroup;
use crate::job::{self, Dependencies, JoinHandle};
use crate::platform::Platform;
use crate::priority::Priority;

impl<P: Platform, S> Executor<P, S> {
    /// Spawns a task. Returns at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual};
    ///
    /// let executor = Executor::<Manual>::new(1);
    /// let answer = executor.spawn(|| 6 * 7);
    /// assert_eq!(answer.wait()?, 42);
    /// # Ok::<(), taskflow_core::JoinError>(())
    /// ```
    pub fn spawn<T, F>(&self, closure: F) -> JoinHandle<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        job::spawn(self.host_ref(), Priority::default(), closure)
    }

    /// As [`spawn`](Self::spawn), for a [`Scheduler`](crate::Scheduler) that looks at priorities.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, Priority};
    ///
    /// let executor = Executor::<Manual>::new(1);
    /// let alarm = executor.spawn_with_priority(Priority::Critical, || "now");
    /// assert_eq!(alarm.wait()?, "now");
    /// # Ok::<(), taskflow_core::JoinError>(())
    /// ```
    pub fn spawn_with_priority<T, F>(&self, priority: Priority, closure: F) -> JoinHandle<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        job::spawn(self.host_ref(), priority, closure)
    }

    /// Spawns a task that begins when all of `after`, of this executor or others, have ended well. If one of
    /// them did not, this one is not run, and ends with
    /// [`JoinError::Dependency`](crate::JoinError::Dependency) when all have ended. O(`after`).
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, JoinError, Manual};
    ///
    /// let executor = Executor::<Manual>::new(1);
    /// let (number, text) = (executor.spawn(|| 7), executor.spawn(|| "seven"));
    /// let both = executor.spawn_after((&number, &text), || "done");
    /// assert_eq!(both.wait()?, "done");
    ///
    /// let first = executor.spawn(|| ());
    /// let second = executor.spawn_after([first.done()], || ());
    /// assert!(first.cancel());
    /// assert!(matches!(second.wait(), Err(JoinError::Dependency { index: 0, .. })));
    /// # Ok::<(), JoinError>(())
    /// ```
    pub fn spawn_after<T, F>(&self, after: impl Dependencies, closure: F) -> JoinHandle<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        job::spawn_after(&self.host(), &after, false, Priority::default(), closure)
    }

    /// As [`spawn_after`](Self::spawn_after), but runs the task however those before it have ended.
    pub fn spawn_after_any_outcome<T, F>(
        &self,
        after: impl Dependencies,
        closure: F,
    ) -> JoinHandle<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        job::spawn_after(&self.host(), &after, true, Priority::default(), closure)
    }

    /// As [`spawn_after`](Self::spawn_after), for a [`Scheduler`](crate::Scheduler) that looks at priorities. Over one that
    /// [inherits](crate::Scheduler::inherits), what is before it, over any number of such steps, is as urgent from now on, if that is more than
    /// `Normal`. O(those that are unfinished), and a pass over what is queued.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, Priority};
    ///
    /// let executor = Executor::<Manual>::new(1);
    /// let reading = executor.spawn(|| 7);
    /// let alarm = executor.spawn_after_with_priority(&reading, Priority::Critical, || "read");
    /// assert_eq!(alarm.wait()?, "read");
    /// # Ok::<(), taskflow_core::JoinError>(())
    /// ```
    pub fn spawn_after_with_priority<T, F>(
        &self,
        after: impl Dependencies,
        priority: Priority,
        closure: F,
    ) -> JoinHandle<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        job::spawn_after(&self.host(), &after, false, priority, closure)
    }

    /// A group of tasks that are waited for together.
    #[must_use]
    pub fn task_group(&self) -> TaskGroup {
        TaskGroup::new(self.host())
    }
}
