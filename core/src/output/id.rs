//! Outputs as identities, which travel.

use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;

use crate::task::TaskId;

/// The identity of an output: plain, `Copy`, and `Send`; [`Taskflow::output`](crate::Taskflow::output) leads back to the value.
pub struct OutputId<T> {
    task: TaskId,
    /// Invariant: it stands for a place that a `T` goes in and comes out of.
    _value: PhantomData<fn(T) -> T>,
}

impl<T> OutputId<T> {
    /// `task` is one that makes a `T`.
    pub(super) fn new(task: TaskId) -> Self {
        Self {
            task,
            _value: PhantomData,
        }
    }

    /// The identity of the task that makes the value.
    #[must_use]
    pub fn task(self) -> TaskId {
        self.task
    }
}

impl<T> Clone for OutputId<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for OutputId<T> {}

impl<T> PartialEq for OutputId<T> {
    fn eq(&self, other: &Self) -> bool {
        self.task == other.task
    }
}

impl<T> Eq for OutputId<T> {}

impl<T> Hash for OutputId<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.task.hash(state);
    }
}

impl<T> fmt::Debug for OutputId<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OutputId").field(&self.task).finish()
    }
}
