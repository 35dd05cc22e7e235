//! Counting items, and finding the least and the greatest.

use core::cmp::Ordering::{self as Order, Greater, Less};

use super::work::Work;
use super::{Divisible, Parallel};
use crate::error::RunError;
use crate::sync::{AtomicUsize, Ordering};

/// Counts the items that are such.
struct Count<F> {
    is_such: F,
    all: AtomicUsize,
}

impl<D: Divisible, F: Fn(D::Item) -> bool + Sync> Work<D> for Count<F> {
    type Local = usize;

    fn begin(&self) -> usize {
        0
    }

    #[inline]
    fn run(&self, count: &mut usize, _: usize, items: D) {
        *count += items
            .items()
            .map(&self.is_such)
            .map(usize::from)
            .sum::<usize>();
    }

    fn end(&self, count: usize, _: &dyn Fn() -> bool) {
        // Ordering: Relaxed; a sum, the end of the call orders the last look at it.
        self.all.fetch_add(count, Ordering::Relaxed);
    }
}

impl Parallel<'_> {
    /// How many items are such.
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
    /// assert_eq!(executor.parallel().count(0..100u32, |number| number % 7 == 0)?, 15);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn count<D: Divisible>(
        self,
        items: D,
        is_such: impl Fn(D::Item) -> bool + Sync,
    ) -> Result<usize, RunError> {
        let all = AtomicUsize::new(0);
        let count = Count { is_such, all };
        self.drive(items, &count)?;
        // Ordering: Relaxed; as in `end`.
        Ok(count.all.load(Ordering::Relaxed))
    }

    /// The index of the least element, of the first of equal ones. `None`: there is no element.
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
    /// assert_eq!(executor.parallel().min_element(&[3, 1, 2, 1])?, Some(1));
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn min_element<T: Ord + Sync>(self, elements: &[T]) -> Result<Option<usize>, RunError> {
        self.min_element_by(elements, T::cmp)
    }

    /// As [`min_element`](Self::min_element), of an order of the caller's.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    pub fn min_element_by<T: Sync>(
        self,
        elements: &[T],
        compare: impl Fn(&T, &T) -> Order + Sync,
    ) -> Result<Option<usize>, RunError> {
        self.best(elements, |best, next| compare(next, best) == Less)
    }

    /// The index of the greatest element, of the first of equal ones. `None`: there is no element.
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
    /// assert_eq!(executor.parallel().max_element(&[3, 1, 3, 1])?, Some(0));
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn max_element<T: Ord + Sync>(self, elements: &[T]) -> Result<Option<usize>, RunError> {
        self.max_element_by(elements, T::cmp)
    }

    /// As [`max_element`](Self::max_element), of an order of the caller's.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    pub fn max_element_by<T: Sync>(
        self,
        elements: &[T],
        compare: impl Fn(&T, &T) -> Order + Sync,
    ) -> Result<Option<usize>, RunError> {
        self.best(elements, |best, next| compare(next, best) == Greater)
    }

    fn best<T: Sync>(
        self,
        elements: &[T],
        is_better: impl Fn(&T, &T) -> bool + Sync,
    ) -> Result<Option<usize>, RunError> {
        self.fold(
            0..elements.len(),
            |index| index,
            |best, next| {
                if is_better(&elements[best], &elements[next]) {
                    next
                } else {
                    best
                }
            },
        )
    }
}
