//! An executor, and how items are to be shared out among its workers.

use core::fmt;

use super::partitioner::Partitioner;
use crate::executor::Executor;
use crate::host::Host;
use crate::platform::Platform;
use crate::runtime::Runtime;

/// Parallel algorithms on the workers of an executor; from [`Executor::parallel`] or [`Runtime::parallel`].
///
/// A call returns when all is done, and borrows what it is given for that long. The calling thread does its part:
/// alone, until a worker has nothing to do and what is left is worth sharing; then as one of the executor's tasks
/// where it is one, and else on the seat of a worker that sleeps. While it waits at the end for those that have begun,
/// it runs nothing else.
///
/// # Errors
///
/// Each call ends with [`RunError::Panicked`](crate::RunError::Panicked) when an operation panics, where the host can
/// catch that: with the payload of the first; the others stop after their present chunk. Within a task of a run
/// that is cancelled or fails, it ends with [`RunError::Cancelled`](crate::RunError::Cancelled) after the present
/// chunk, which may be returned from the task. Slices that were being written hold valid values in either case, some
/// old and some new; those that were being sorted hold all their items.
///
/// # Examples
///
/// ```
/// use taskflow_core::{Executor, Manual, Partitioner};
///
/// let executor = Executor::<Manual>::new(2);
/// let mut numbers: Vec<u32> = (0..1000).rev().collect();
/// executor.sort(&mut numbers)?;
/// assert!(numbers.is_sorted());
/// let guided = executor.parallel().with(Partitioner::Guided { chunk: 0 });
/// guided.for_each(&mut numbers[..], |number| *number *= 2)?;
/// assert_eq!(guided.reduce(&numbers, 0, |a, b| a + b)?, 999_000);
/// # Ok::<(), taskflow_core::RunError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Parallel<'h> {
    pub(super) host: &'h dyn Host,
    pub(super) partitioner: Partitioner,
}

impl<'h> Parallel<'h> {
    pub(crate) fn new(host: &'h dyn Host) -> Self {
        Self {
            host,
            partitioner: Partitioner::default(),
        }
    }

    /// The same with items shared out in this way.
    #[must_use]
    pub fn with(self, partitioner: Partitioner) -> Self {
        Self {
            partitioner,
            ..self
        }
    }
}

impl<'h> Parallel<'h> {
    /// The same for items that are whole leaves: one at a time, at least.
    pub(super) fn by_leaf(self) -> Self {
        let chunk = usize::from(self.partitioner.chunk() > 0);
        self.with(self.partitioner.with_chunk(chunk))
    }
}

impl<P: Platform, S> Executor<P, S> {
    /// Parallel algorithms on this executor, of which there may be said [more](Parallel::with) than by the methods
    /// of the same names.
    #[must_use]
    pub fn parallel(&self) -> Parallel<'_> {
        Parallel::new(self.host_ref())
    }
}

impl Runtime<'_> {
    /// Parallel algorithms on the executor of this task, to be called in it.
    #[must_use]
    pub fn parallel(&self) -> Parallel<'_> {
        Parallel::new(self.host())
    }
}

impl fmt::Debug for Parallel<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Parallel").field(&self.partitioner).finish()
    }
}
