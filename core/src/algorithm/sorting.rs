//! Sorts: pieces by the library's own, merged pairwise, each merge by several workers.

use core::cmp::Ordering::{self as Order, Less};

use super::Parallel;
use super::leaves::Leaves;
use super::moves::Desk;
use crate::error::RunError;

/// Elements that are worth more than one worker.
const WORTH: usize = 4096;
/// Elements of a part of a merge at least.
const PART_MIN: usize = 2048;

impl Parallel<'_> {
    /// Sorts, and leaves equal elements in their order. O(n log n). Allocates as much again where others help.
    ///
    /// When a comparison panics, and when the order is none, the slice holds the same elements in some order.
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
    /// let mut words = ["to", "be", "or", "not"];
    /// executor.parallel().sort(&mut words)?;
    /// assert_eq!(words, ["be", "not", "or", "to"]);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn sort<T: Ord + Send>(self, elements: &mut [T]) -> Result<(), RunError> {
        self.sort_by(elements, T::cmp)
    }

    /// As [`sort`](Self::sort), by an order of the caller's.
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
    /// let mut words = ["to", "be", "or", "not"];
    /// executor.parallel().sort_by(&mut words, |a, b| a.len().cmp(&b.len()))?;
    /// assert_eq!(words, ["to", "be", "or", "not"]);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn sort_by<T: Send>(
        self,
        elements: &mut [T],
        compare: impl Fn(&T, &T) -> Order + Sync,
    ) -> Result<(), RunError> {
        self.sort_with(elements, &compare, |piece| piece.sort_by(&compare))
    }

    /// As [`sort`](Self::sort), but equal elements may come in another order.
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
    /// let mut numbers = [3, 1, 2];
    /// executor.parallel().sort_unstable(&mut numbers)?;
    /// assert_eq!(numbers, [1, 2, 3]);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn sort_unstable<T: Ord + Send>(self, elements: &mut [T]) -> Result<(), RunError> {
        self.sort_unstable_by(elements, T::cmp)
    }

    /// As [`sort_unstable`](Self::sort_unstable), by an order of the caller's.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    pub fn sort_unstable_by<T: Send>(
        self,
        elements: &mut [T],
        compare: impl Fn(&T, &T) -> Order + Sync,
    ) -> Result<(), RunError> {
        self.sort_with(elements, &compare, |piece| piece.sort_unstable_by(&compare))
    }

    fn sort_with<T: Send>(
        self,
        elements: &mut [T],
        compare: &(impl Fn(&T, &T) -> Order + Sync),
        sort: impl Fn(&mut [T]) + Sync,
    ) -> Result<(), RunError> {
        let workers = self.host.workers();
        let chunk = self.partitioner.chunk();
        let row = if chunk > 0 {
            chunk
        } else if elements.len() < WORTH || self.helpers() == 0 {
            elements.len().max(1)
        } else {
            let rows = (2 * workers).next_power_of_two();
            elements.len().div_ceil(rows)
        };
        let by_leaf = self.by_leaf();
        let rows = Leaves::of(&mut *elements, row, 1);
        by_leaf.for_each(rows, sort)?;
        let is_less = |one: &T, other: &T| compare(one, other) == Less;
        let part = (elements.len() / (8 * workers)).max(PART_MIN);
        let len = elements.len();
        let mut row = row;
        if row >= len {
            return Ok(());
        }
        let mut desk = Desk::new(elements);
        while row < len {
            let mut merges = self.call(|| desk.merges(row, part, &is_less))?;
            by_leaf.for_each(&mut merges[..], |merge| merge.run(&is_less))?;
            drop(merges);
            // SAFETY: (1) all merges were run: the call has ended well.
            unsafe { desk.turn() };
            row *= 2;
        }
        Ok(())
    }
}
