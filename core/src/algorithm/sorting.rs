//! Sorts.
//!
//! The stable one parts from one side of a desk to the other. When workers have nothing to do as it begins, there are rows
//! for each of them, which are merged in the end, each merge by several. The unstable one parts in place.

use alloc::vec;
use core::cmp::Ordering::{self as Order, Less};

use super::Parallel;
use super::leaves::Leaves;
use super::moves::{Desk, spare_for};
use super::quicksort::Quicksort;
use super::sampling::{Sample, Trend};
use crate::error::RunError;

/// Elements that the library's own sort gets, unless the caller says how many.
const SHORT: usize = 4096;
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
        let len = elements.len();
        let short = self.short();
        let sort = |row: &mut [T]| row.sort_by(&compare);
        if len <= short {
            return self
                .by_leaf()
                .for_each(Leaves::of(elements, len.max(1), 1), sort);
        }
        let is_less = |one: &T, other: &T| compare(one, other) == Less;
        let mut spare = spare_for(len);
        let quicksort = Quicksort {
            parallel: self,
            compare: &compare,
            sort,
            short,
        };
        let mut rows = 1;
        if self.helpers() > 0 {
            let whole = Desk::new(elements, &mut spare);
            let sample = self.call(|| Sample::of(&whole, &is_less))?;
            if sample.trend == Trend::Mixed {
                rows = (2 * self.host.workers()).next_power_of_two();
            }
        }
        let row = len.div_ceil(rows).max(short);
        let desks = elements.chunks_mut(row).zip(spare.chunks_mut(row));
        quicksort.run(desks.map(|(row, spare)| Desk::new(row, spare)).collect())?;
        self.merge_rows(Desk::new(elements, &mut spare), row, &is_less)
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
    pub fn sort_unstable<T: Ord + Send + Sync>(self, elements: &mut [T]) -> Result<(), RunError> {
        self.sort_unstable_by(elements, T::cmp)
    }

    /// As [`sort_unstable`](Self::sort_unstable), by an order of the caller's.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    pub fn sort_unstable_by<T: Send + Sync>(
        self,
        elements: &mut [T],
        compare: impl Fn(&T, &T) -> Order + Sync,
    ) -> Result<(), RunError> {
        let quicksort = Quicksort {
            parallel: self,
            compare: &compare,
            sort: |row: &mut [T]| row.sort_unstable_by(&compare),
            short: self.short(),
        };
        quicksort.run(vec![elements])
    }

    fn short(self) -> usize {
        match self.partitioner.chunk() {
            0 => SHORT,
            chunk => chunk,
        }
    }

    /// Merges sorted rows of this length.
    fn merge_rows<T: Send>(
        self,
        mut desk: Desk<'_, T>,
        mut row: usize,
        is_less: &(impl Fn(&T, &T) -> bool + Sync),
    ) -> Result<(), RunError> {
        let len = desk.len();
        let part = (len / (8 * self.host.workers())).max(PART_MIN);
        while row < len {
            let mut merges = self.call(|| desk.merges(row, part, is_less))?;
            self.by_leaf()
                .for_each(&mut merges[..], |merge| merge.run(is_less))?;
            drop(merges);
            // SAFETY: (1) all merges were run: the call has ended well.
            unsafe { desk.turn() };
            row *= 2;
        }
        Ok(())
    }
}
