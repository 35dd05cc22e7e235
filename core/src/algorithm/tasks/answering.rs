//! Tasks whose value tells something of items.

use core::cmp::Ordering;

use crate::algorithm::Divisible;
use crate::output::Output;
use crate::taskflow::Taskflow;

impl<'env> Taskflow<'env> {
    /// Adds a task that looks whether an item is such, as [`Parallel::any`](crate::Parallel::any).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let words = ["to", "be", "or", "not"];
    /// let flow = Taskflow::new();
    /// let long = flow.any(&words[..], |word| word.len() > 2);
    /// let short = flow.count(&words[..], |word| word.len() == 2);
    /// let last = flow.max_element(&words);
    /// Executor::<Manual>::new(2).run_and_wait(&flow)?;
    /// assert_eq!((long.take(), short.take()), (Some(true), Some(3)));
    /// assert_eq!(last.take(), Some(Some(0)));
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn any<D: Divisible + Clone + 'env>(
        &self,
        items: D,
        is_such: impl Fn(D::Item) -> bool + Send + Sync + 'env,
    ) -> Output<'_, 'env, bool> {
        self.produce_parallel(move |parallel| parallel.any(items.clone(), &is_such))
    }

    /// Adds a task that looks whether all items are such, as [`Parallel::all`](crate::Parallel::all).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn all<D: Divisible + Clone + 'env>(
        &self,
        items: D,
        is_such: impl Fn(D::Item) -> bool + Send + Sync + 'env,
    ) -> Output<'_, 'env, bool> {
        self.produce_parallel(move |parallel| parallel.all(items.clone(), &is_such))
    }

    /// Adds a task that counts the items that are such, as [`Parallel::count`](crate::Parallel::count).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn count<D: Divisible + Clone + 'env>(
        &self,
        items: D,
        is_such: impl Fn(D::Item) -> bool + Send + Sync + 'env,
    ) -> Output<'_, 'env, usize> {
        self.produce_parallel(move |parallel| parallel.count(items.clone(), &is_such))
    }

    /// Adds a task that looks for the least element, as [`Parallel::min_element`](crate::Parallel::min_element).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn min_element<T: Ord + Sync>(
        &self,
        elements: &'env [T],
    ) -> Output<'_, 'env, Option<usize>> {
        self.min_element_by(elements, T::cmp)
    }

    /// As [`min_element`](Self::min_element), of an order of the caller's.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn min_element_by<T: Sync>(
        &self,
        elements: &'env [T],
        compare: impl Fn(&T, &T) -> Ordering + Send + Sync + 'env,
    ) -> Output<'_, 'env, Option<usize>> {
        self.produce_parallel(move |parallel| parallel.min_element_by(elements, &compare))
    }

    /// Adds a task that looks for the greatest element, as [`Parallel::max_element`](crate::Parallel::max_element).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn max_element<T: Ord + Sync>(
        &self,
        elements: &'env [T],
    ) -> Output<'_, 'env, Option<usize>> {
        self.max_element_by(elements, T::cmp)
    }

    /// As [`max_element`](Self::max_element), of an order of the caller's.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn max_element_by<T: Sync>(
        &self,
        elements: &'env [T],
        compare: impl Fn(&T, &T) -> Ordering + Send + Sync + 'env,
    ) -> Output<'_, 'env, Option<usize>> {
        self.produce_parallel(move |parallel| parallel.max_element_by(elements, &compare))
    }

    /// Adds a task that brings the elements that are such before the others, and tells how many they are, as
    /// [`Parallel::partition`](crate::Parallel::partition).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn partition<T: Send>(
        &self,
        elements: &'env mut [T],
        is_such: impl Fn(&T) -> bool + Send + Sync + 'env,
    ) -> Output<'_, 'env, usize> {
        self.produce_parallel(move |parallel| parallel.partition(elements, &is_such))
    }

    /// Adds a task that writes clones of the elements that are such, and tells how many they are, as
    /// [`Parallel::copy_if`](crate::Parallel::copy_if).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn copy_if<T: Clone + Send + Sync>(
        &self,
        elements: &'env [T],
        places: &'env mut [T],
        is_such: impl Fn(&T) -> bool + Send + Sync + 'env,
    ) -> Output<'_, 'env, usize> {
        self.produce_parallel(move |parallel| parallel.copy_if(elements, places, &is_such))
    }
}
