//! Calling an operation for each item.

use super::work::Work;
use super::{Divisible, IndexBox, Parallel};
use crate::error::RunError;

/// Calls it for each item.
struct Each<F>(F);

impl<D: Divisible, F: Fn(D::Item) + Sync> Work<D> for Each<F> {
    type Local = ();

    fn begin(&self) {}

    #[inline]
    fn run(&self, (): &mut (), _: usize, items: D) {
        items.items().for_each(&self.0);
    }

    fn end(&self, (): (), _: &dyn Fn() -> bool) {}
}

impl Parallel<'_> {
    /// Calls `work` once for each item, in any order.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual};
    ///
    /// let executor = Executor::<Manual>::new(2);
    /// let mut squares = [1, 2, 3, 4];
    /// executor.parallel().for_each(&mut squares[..], |number| *number *= *number)?;
    /// assert_eq!(squares, [1, 4, 9, 16]);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn for_each<D: Divisible>(
        self,
        items: D,
        work: impl Fn(D::Item) + Sync,
    ) -> Result<(), RunError> {
        self.drive(items, &Each(work))
    }

    /// Calls `work` once for each index: of a range, or of [`Steps`](crate::Steps).
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    ///
    /// # Examples
    ///
    /// ```
    /// use core::sync::atomic::{AtomicI64, Ordering};
    /// use taskflow_core::{Executor, Manual, Steps};
    ///
    /// let executor = Executor::<Manual>::new(2);
    /// let sum = AtomicI64::new(0);
    /// executor.parallel().for_each_index(Steps::new(10, 0, -3), |index| {
    ///     sum.fetch_add(index, Ordering::Relaxed);
    /// })?;
    /// assert_eq!(sum.into_inner(), 10 + 7 + 4 + 1);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn for_each_index<D: Divisible>(
        self,
        indices: D,
        work: impl Fn(D::Item) + Sync,
    ) -> Result<(), RunError> {
        self.for_each(indices, work)
    }

    /// Calls `work` once for each index of a box, in any order.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    ///
    /// # Panics
    ///
    /// If the box has more than `usize::MAX` indices.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::sync::atomic::{AtomicUsize, Ordering};
    /// use taskflow_core::{Executor, Manual};
    ///
    /// let executor = Executor::<Manual>::new(2);
    /// let sum = AtomicUsize::new(0);
    /// executor.parallel().for_each_by_index([0..3, 0..4], |[row, column]| {
    ///     sum.fetch_add(10 * row + column, Ordering::Relaxed);
    /// })?;
    /// assert_eq!(sum.into_inner(), 10 * 3 * 4 + 6 * 3);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn for_each_by_index<const N: usize>(
        self,
        ranges: [core::ops::Range<usize>; N],
        work: impl Fn([usize; N]) + Sync,
    ) -> Result<(), RunError> {
        self.for_each(IndexBox::new(ranges), work)
    }
}
