//! Closures that several tasks share.

use core::fmt;

use crate::sync::{Arc, erase};

/// Work that any number of tasks may do, at the same time as well: a closure that is shared instead of
/// moved. Cloning it gives another handle of the same closure.
///
/// `R` is what the closure returns: nothing for [`emplace`](crate::Taskflow::emplace), a `Result` for
/// [`try_emplace`](crate::Taskflow::try_emplace), a branch for
/// [`emplace_condition`](crate::Taskflow::emplace_condition), a value for
/// [`produce`](crate::Taskflow::produce).
///
/// # Examples
///
/// ```
/// use core::sync::atomic::{AtomicU32, Ordering};
/// use taskflow_core::{CloneableWork, Executor, Manual, Taskflow};
///
/// let calls = AtomicU32::new(0);
/// let step = CloneableWork::new(|| { calls.fetch_add(1, Ordering::Relaxed); });
/// let flow = Taskflow::new();
/// flow.linearize([flow.emplace(step.task()), flow.emplace(step.task())]);
/// Executor::<Manual>::new(1).run_and_wait(&flow)?;
/// assert_eq!(calls.load(Ordering::Relaxed), 2);
/// # Ok::<(), taskflow_core::RunError>(())
/// ```
///
/// What is shared must be fit for it:
///
/// ```compile_fail,E0594
/// let mut calls = 0;
/// taskflow_core::CloneableWork::new(|| calls += 1);
/// ```
pub struct CloneableWork<'env, R = ()> {
    work: Arc<dyn Fn() -> R + Send + Sync + 'env>,
}

impl<'env, R: 'env> CloneableWork<'env, R> {
    /// Work to be shared. Allocates.
    #[must_use]
    pub fn new(work: impl Fn() -> R + Send + Sync + 'env) -> Self {
        Self {
            work: erase!(Arc::new(work) => dyn Fn() -> R + Send + Sync + 'env),
        }
    }

    /// The work as the closure of one more task. Allocates nothing.
    pub fn task(&self) -> impl FnMut() -> R + Send + 'env + use<'env, R> {
        let work = Arc::clone(&self.work);
        move || work()
    }

    /// Does the work, here and now.
    pub fn call(&self) -> R {
        (self.work)()
    }
}

impl<R> Clone for CloneableWork<'_, R> {
    fn clone(&self) -> Self {
        Self {
            work: Arc::clone(&self.work),
        }
    }
}

impl<R> fmt::Debug for CloneableWork<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloneableWork").finish_non_exhaustive()
    }
}
