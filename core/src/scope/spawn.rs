//! Spawned tasks that borrow, held within a call.

use core::fmt;

use super::Scope;
use crate::cancellation::CancellationToken;
use crate::error::TaskError;
use crate::group::Group;
use crate::host::Host;
use crate::job::{Head, Job, JobCell, JobOf, JoinError, Owned, cancel, child, follow};
use crate::priority::Priority;
use crate::sync::{Arc, erase};
use crate::wait::Target;

/// A task that was spawned in a scope.
///
/// Forgetting it, or dropping it, changes nothing: the scope waits for the task all the same. The panic
/// of a task whose handle was dropped is the scope's.
pub struct ScopedHandle<'scope, T> {
    /// The same job twice, as the engine and as its owner know it.
    job: Arc<dyn Job>,
    result: Owned<'scope, T>,
    host: &'scope Arc<dyn Host>,
    group: &'scope Arc<Group>,
    taken: bool,
}

impl<'scope> Scope<'scope, '_> {
    /// Spawns a task, which may borrow what outlives the scope.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual};
    ///
    /// let executor = Executor::<Manual>::new(1);
    /// let words = ["to", "be", "or", "not"];
    /// let length = executor.scope(|scope| {
    ///     let left = scope.spawn(|| words[..2].concat().len());
    ///     let right = scope.spawn(|| words[2..].concat().len());
    ///     Ok::<_, taskflow_core::JoinError>(left.wait()? + right.wait()?)
    /// })??;
    /// assert_eq!(length, 9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// What is borrowed outlives the scope:
    ///
    /// ```compile_fail,E0373
    /// use taskflow_core::{Executor, Manual};
    ///
    /// let executor = Executor::<Manual>::new(1);
    /// executor.scope(|scope| {
    ///     let number = 7;
    ///     scope.spawn(|| assert_eq!(number, 7));
    /// }).unwrap();
    /// ```
    pub fn spawn<T, F>(&'scope self, closure: F) -> ScopedHandle<'scope, T>
    where
        T: Send + 'scope,
        F: FnOnce() -> T + Send + 'scope,
    {
        self.spawn_with_priority(Priority::default(), closure)
    }

    /// As [`spawn`](Self::spawn), for a [`Scheduler`](crate::Scheduler) that looks at priorities.
    pub fn spawn_with_priority<T, F>(
        &'scope self,
        priority: Priority,
        closure: F,
    ) -> ScopedHandle<'scope, T>
    where
        T: Send + 'scope,
        F: FnOnce() -> T + Send + 'scope,
    {
        let head = Head::of_child(&*self.host, Some(Arc::clone(&self.group)), priority);
        let result = Arc::new(JobCell::new(head, move |_: &Head| closure()));
        let job = lasting(erase!(Arc::clone(&result) => dyn Job + 'scope));
        let result = erase!(result => dyn JobOf<T> + 'scope);
        // Unwind: a value that comes although the host has failed is dropped before the task counts as ended.
        let handle = ScopedHandle {
            job: Arc::clone(&job),
            // SAFETY: (1) the job was made here.
            result: unsafe { Owned::of(result) },
            host: &self.host,
            group: &self.group,
            taken: false,
        };
        self.host.spawn(job);
        handle
    }

    /// Spawns a task without a handle.
    pub(crate) fn spawn_child(
        &'scope self,
        priority: Priority,
        closure: impl FnOnce() + Send + 'scope,
    ) -> Arc<dyn Job> {
        let closure = move |_: &Head| closure();
        let job = lasting(child(&*self.host, &self.group, priority, closure));
        self.host.spawn(Arc::clone(&job));
        job
    }

    /// The same, which can give up.
    pub(crate) fn try_spawn_child(
        &'scope self,
        closure: impl FnOnce() -> Result<(), TaskError> + Send + 'scope,
    ) {
        self.spawn_child(Priority::default(), Group::giving_up(&self.group, closure));
    }
}

/// A task of a scope as the engine has it.
fn lasting<'scope>(job: Arc<dyn Job + 'scope>) -> Arc<dyn Job> {
    // SAFETY: only the lifetime changes. The engine uses the closure and the value of a job before it
    // counts the job as ended (`conclude`), and never afterwards: what it may still hold then is an
    // empty cell. Each scope is made by a function that does not return, or unwind, before the
    // group of the scope is done (`AllEnded`), and 'scope does not end before. The value lies in the
    // cell until the handle takes or drops it, which the type of the handle confines to 'scope; if
    // the handle is forgotten the cell is never dropped.
    unsafe { core::mem::transmute::<Arc<dyn Job + 'scope>, Arc<dyn Job>>(job) }
}

impl<T> ScopedHandle<'_, T> {
    /// Waits for the value, as [`JoinHandle::wait`](crate::JoinHandle::wait).
    ///
    /// # Errors
    ///
    /// Why there is no value.
    pub fn wait(mut self) -> Result<T, JoinError> {
        self.host
            .await_end(Target::Job(&self.job))
            .map_err(|_| JoinError::Deadlock)?;
        self.taken = true;
        self.result.take().unwrap_or(Err(JoinError::Taken))
    }

    /// Whether the task has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.job.head().is_done()
    }

    /// As [`JoinHandle::token`](crate::JoinHandle::token).
    #[must_use = "dropping the handle leaves the task to the scope"]
    pub fn token(self, token: &CancellationToken) -> Self {
        follow(&self.job, token);
        self
    }

    /// As [`JoinHandle::cancel`](crate::JoinHandle::cancel).
    pub fn cancel(&self) -> bool {
        cancel(&self.job, None)
    }
}

impl<T> Drop for ScopedHandle<'_, T> {
    fn drop(&mut self) {
        if !self.taken {
            self.result.let_go(Some(self.group));
        }
    }
}

impl<T> fmt::Debug for ScopedHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedHandle")
            .field("done", &self.is_done())
            .finish_non_exhaustive()
    }
}
