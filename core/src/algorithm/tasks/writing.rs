//! Tasks that write slices, or sort them.

use core::cmp::Ordering;

use crate::algorithm::Divisible;
use crate::task::TaskHandle;
use crate::taskflow::Taskflow;

impl<'env> Taskflow<'env> {
    /// Adds a task that writes a clone of `value` to each place, as [`Parallel::fill`](crate::Parallel::fill).
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
    /// let (mut left, mut right, mut all) = ([0; 2], [0; 3], [0; 5]);
    /// {
    ///     let flow = Taskflow::new();
    ///     flow.fill(&mut left, 7);
    ///     flow.generate(&mut right, |index| 6 * index);
    ///     Executor::<Manual>::new(2).run_and_wait(&flow)?;
    /// }
    /// {
    ///     let flow = Taskflow::new();
    ///     flow.merge(&left, &right, &mut all);
    ///     Executor::<Manual>::new(2).run_and_wait(&flow)?;
    /// }
    /// assert_eq!(all, [0, 6, 7, 7, 12]);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn fill<T: Clone + Send + Sync>(&self, places: &'env mut [T], value: T) -> TaskHandle<'_> {
        self.emplace_parallel(move |parallel| parallel.fill(places, value.clone()))
    }

    /// Adds a task that writes to each place what `make` makes of its index, as
    /// [`Parallel::generate`](crate::Parallel::generate).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn generate<T: Send>(
        &self,
        places: &'env mut [T],
        make: impl Fn(usize) -> T + Send + Sync + 'env,
    ) -> TaskHandle<'_> {
        self.emplace_parallel(move |parallel| parallel.generate(places, &make))
    }

    /// Adds a task that writes what `map` makes of the items of two inputs, as
    /// [`Parallel::transform_two`](crate::Parallel::transform_two).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn transform_two<A, B, T: Send>(
        &self,
        left: A,
        right: B,
        output: &'env mut [T],
        map: impl Fn(A::Item, B::Item) -> T + Send + Sync + 'env,
    ) -> TaskHandle<'_>
    where
        A: Divisible + Clone + 'env,
        B: Divisible + Clone + 'env,
    {
        self.emplace_parallel(move |parallel| {
            parallel.transform_two(left.clone(), right.clone(), output, &map)
        })
    }

    /// Adds a task that writes the sums of what `map` makes of the items up to each, as
    /// [`Parallel::transform_inclusive_scan`](crate::Parallel::transform_inclusive_scan).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn transform_inclusive_scan<D: Divisible + Clone + 'env, T: Clone + Send + Sync>(
        &self,
        items: D,
        places: &'env mut [T],
        map: impl Fn(D::Item) -> T + Send + Sync + 'env,
        add: impl Fn(&T, &T) -> T + Send + Sync + 'env,
    ) -> TaskHandle<'_> {
        self.emplace_parallel(move |parallel| {
            parallel.transform_inclusive_scan(items.clone(), places, &map, &add)
        })
    }

    /// Adds a task that writes the sums of `init` and of what `map` makes of the items before each, as
    /// [`Parallel::transform_exclusive_scan`](crate::Parallel::transform_exclusive_scan).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn transform_exclusive_scan<D: Divisible + Clone + 'env, T: Clone + Send + Sync>(
        &self,
        items: D,
        places: &'env mut [T],
        init: T,
        map: impl Fn(D::Item) -> T + Send + Sync + 'env,
        add: impl Fn(&T, &T) -> T + Send + Sync + 'env,
    ) -> TaskHandle<'_> {
        self.emplace_parallel(move |parallel| {
            parallel.transform_exclusive_scan(items.clone(), places, init.clone(), &map, &add)
        })
    }

    /// Adds a task that sorts by an order of the caller's, as [`Parallel::sort_by`](crate::Parallel::sort_by).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn sort_by<T: Send>(
        &self,
        elements: &'env mut [T],
        compare: impl Fn(&T, &T) -> Ordering + Send + Sync + 'env,
    ) -> TaskHandle<'_> {
        self.emplace_parallel(move |parallel| parallel.sort_by(elements, &compare))
    }

    /// Adds a task that sorts by an order of the caller's, as
    /// [`Parallel::sort_unstable_by`](crate::Parallel::sort_unstable_by).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn sort_unstable_by<T: Send + Sync>(
        &self,
        elements: &'env mut [T],
        compare: impl Fn(&T, &T) -> Ordering + Send + Sync + 'env,
    ) -> TaskHandle<'_> {
        self.emplace_parallel(move |parallel| parallel.sort_unstable_by(elements, &compare))
    }

    /// Adds a task that merges two sorted rows, as [`Parallel::merge`](crate::Parallel::merge).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn merge<T: Ord + Clone + Send + Sync>(
        &self,
        left: &'env [T],
        right: &'env [T],
        places: &'env mut [T],
    ) -> TaskHandle<'_> {
        self.merge_by(left, right, places, T::cmp)
    }

    /// Adds a task that merges two rows sorted by an order of the caller's, as
    /// [`Parallel::merge_by`](crate::Parallel::merge_by).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn merge_by<T: Clone + Send + Sync>(
        &self,
        left: &'env [T],
        right: &'env [T],
        places: &'env mut [T],
        compare: impl Fn(&T, &T) -> Ordering + Send + Sync + 'env,
    ) -> TaskHandle<'_> {
        self.emplace_parallel(move |parallel| parallel.merge_by(left, right, places, &compare))
    }
}
