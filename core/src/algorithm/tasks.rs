//! Algorithms as tasks of a flow.

use core::ops::Range;

use super::{Divisible, IndexBox, Parallel};
use crate::error::RunError;
use crate::graph::node::{Context, Outcome};
use crate::output::Output;
use crate::stats::Failure;
use crate::task::TaskHandle;
use crate::taskflow::Taskflow;

impl<'env> Taskflow<'env> {
    /// Adds a task that calls `work` with the parallel algorithms of the executor that runs it. An error that it
    /// returns is the task's.
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
    /// let mut numbers: Vec<u32> = (0..100).rev().collect();
    /// {
    ///     let flow = Taskflow::new();
    ///     flow.emplace_parallel(|parallel| {
    ///         parallel.sort(&mut numbers)?;
    ///         parallel.for_each(&mut numbers[..], |number| *number *= 2)
    ///     });
    ///     Executor::<Manual>::new(2).run_and_wait(&flow)?;
    /// }
    /// assert!(numbers.iter().copied().eq((0..200).step_by(2)));
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn emplace_parallel<F>(&self, mut work: F) -> TaskHandle<'_>
    where
        F: FnMut(Parallel<'_>) -> Result<(), RunError> + Send + 'env,
    {
        let (id, ends) = self.connect(());
        if ends.is_some() {
            self.add_step(id, |_, _| {
                move |context: &mut Context<'_>| {
                    let host = context.caller.host();
                    match work(Parallel::new(&*host)) {
                        Ok(()) => Outcome::Done,
                        Err(error) => context.fail(Failure::Failed(error.into())),
                    }
                }
            });
        }
        TaskHandle::new(self.owner(), id)
    }

    /// As [`emplace_parallel`](Self::emplace_parallel), with a task that makes a value.
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
    /// let flow = Taskflow::new();
    /// let squares = flow.produce_parallel(|parallel| {
    ///     parallel.transform_reduce(0..10, 0, |number| number * number, |a, b| a + b)
    /// });
    /// Executor::<Manual>::new(2).run_and_wait(&flow)?;
    /// assert_eq!(squares.take(), Some(285));
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn produce_parallel<T, F>(&self, mut work: F) -> Output<'_, 'env, T>
    where
        T: Send + 'env,
        F: FnMut(Parallel<'_>) -> Result<T, RunError> + Send + 'env,
    {
        self.add_producer((), move |(), context| {
            let host = context.caller.host();
            Some(work(Parallel::new(&*host)).map_err(Into::into))
        })
    }

    /// Adds a task that calls `work` once for each element, as [`Parallel::for_each`].
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
    /// let mut words = ["to", "be"].map(String::from);
    /// {
    ///     let flow = Taskflow::new();
    ///     flow.for_each(&mut words, |word| word.push('!'));
    ///     Executor::<Manual>::new(2).run_and_wait(&flow)?;
    /// }
    /// assert_eq!(words, ["to!", "be!"]);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn for_each<T: Send>(
        &self,
        elements: &'env mut [T],
        work: impl Fn(&mut T) + Send + Sync + 'env,
    ) -> TaskHandle<'_> {
        self.emplace_parallel(move |parallel| parallel.for_each(&mut *elements, &work))
    }

    /// Adds a task that calls `work` once for each index, as [`Parallel::for_each_index`]; or for each item of what
    /// else may be used again and again, such as a shared slice.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn for_each_index<D: Divisible + Clone + 'env>(
        &self,
        indices: D,
        work: impl Fn(D::Item) + Send + Sync + 'env,
    ) -> TaskHandle<'_> {
        self.emplace_parallel(move |parallel| parallel.for_each(indices.clone(), &work))
    }

    /// Adds a task that calls `work` once for each index of a box, as [`Parallel::for_each_by_index`].
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished; and if the box has more than `usize::MAX` indices.
    pub fn for_each_by_index<const N: usize>(
        &self,
        ranges: [Range<usize>; N],
        work: impl Fn([usize; N]) + Send + Sync + 'env,
    ) -> TaskHandle<'_> {
        self.for_each_index(IndexBox::new(ranges), work)
    }

    /// Adds a task that writes what `map` makes of each item to a slice, as [`Parallel::transform`].
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn transform<D: Divisible + Clone + 'env, T: Send>(
        &self,
        input: D,
        output: &'env mut [T],
        map: impl Fn(D::Item) -> T + Send + Sync + 'env,
    ) -> TaskHandle<'_> {
        self.emplace_parallel(move |parallel| parallel.transform(input.clone(), output, &map))
    }

    /// Adds a task that makes one of what `map` makes of each item, as [`Parallel::transform_reduce`].
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
    /// let length = flow.transform_reduce(&words[..], 0, |word| word.len(), |a, b| a + b);
    /// Executor::<Manual>::new(2).run_and_wait(&flow)?;
    /// assert_eq!(length.take(), Some(9));
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn transform_reduce<D: Divisible + Clone + 'env, T: Clone + Send + 'env>(
        &self,
        items: D,
        init: T,
        map: impl Fn(D::Item) -> T + Send + Sync + 'env,
        merge: impl Fn(T, T) -> T + Send + Sync + 'env,
    ) -> Output<'_, 'env, T> {
        self.produce_parallel(move |parallel| {
            parallel.transform_reduce(items.clone(), init.clone(), &map, &merge)
        })
    }

    /// Adds a task that makes one of all elements, as [`Parallel::reduce`].
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn reduce<T: Clone + Send + Sync>(
        &self,
        elements: &'env [T],
        init: T,
        merge: impl Fn(T, T) -> T + Send + Sync + 'env,
    ) -> Output<'_, 'env, T> {
        self.transform_reduce(elements, init, T::clone, merge)
    }

    /// Adds a task that writes the sums of the elements up to each, as [`Parallel::inclusive_scan`].
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn inclusive_scan<T: Clone + Send + Sync>(
        &self,
        elements: &'env [T],
        places: &'env mut [T],
        add: impl Fn(&T, &T) -> T + Send + Sync + 'env,
    ) -> TaskHandle<'_> {
        self.emplace_parallel(move |parallel| parallel.inclusive_scan(elements, places, &add))
    }

    /// Adds a task that writes the sums of `init` and the elements before each, as [`Parallel::exclusive_scan`].
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn exclusive_scan<T: Clone + Send + Sync>(
        &self,
        elements: &'env [T],
        places: &'env mut [T],
        init: T,
        add: impl Fn(&T, &T) -> T + Send + Sync + 'env,
    ) -> TaskHandle<'_> {
        self.emplace_parallel(move |parallel| {
            parallel.exclusive_scan(elements, places, init.clone(), &add)
        })
    }

    /// Adds a task that sorts, as [`Parallel::sort`].
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
    /// let mut numbers = [3, 1, 2];
    /// {
    ///     let flow = Taskflow::new();
    ///     flow.sort(&mut numbers);
    ///     Executor::<Manual>::new(2).run_and_wait(&flow)?;
    /// }
    /// assert_eq!(numbers, [1, 2, 3]);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn sort<T: Ord + Send>(&self, elements: &'env mut [T]) -> TaskHandle<'_> {
        self.emplace_parallel(move |parallel| parallel.sort(elements))
    }

    /// Adds a task that sorts, as [`Parallel::sort_unstable`].
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn sort_unstable<T: Ord + Send + Sync>(&self, elements: &'env mut [T]) -> TaskHandle<'_> {
        self.emplace_parallel(move |parallel| parallel.sort_unstable(elements))
    }

    /// Adds a task that looks for the first item that is such, as [`Parallel::find_if`].
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn find_if<D: Divisible + Clone + 'env>(
        &self,
        items: D,
        is_such: impl Fn(D::Item) -> bool + Send + Sync + 'env,
    ) -> Output<'_, 'env, Option<usize>> {
        self.produce_parallel(move |parallel| parallel.find_if(items.clone(), &is_such))
    }
}
