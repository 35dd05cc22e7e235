//! Reductions, the same to the last bit whoever works on them.

use super::leaves::Leaves;
use super::tree::{Stack, Tree};
use super::work::Work;
use super::{Divisible, Parallel};
use crate::error::RunError;

/// Folds leaves, and leaves what came of them in the tree.
struct Fold<'f, T, M, O> {
    tree: Tree<T>,
    map: &'f M,
    merge: &'f O,
}

/// Folds leaves, of which the first is the `first`-th.
#[inline]
fn fold_leaves<D, T>(
    stack: &mut Stack<T>,
    first: usize,
    leaves: Leaves<D>,
    map: &impl Fn(D::Item) -> T,
    merge: &impl Fn(T, T) -> T,
) where
    D: Divisible,
{
    for (index, leaf) in leaves.items().enumerate() {
        if let Some(value) = leaf.items().map(map).reduce(merge) {
            stack.push(first + index, value, merge);
        }
    }
}

impl<D, T, M, O> Work<Leaves<D>> for Fold<'_, T, M, O>
where
    D: Divisible,
    T: Send,
    M: Fn(D::Item) -> T + Sync,
    O: Fn(T, T) -> T + Sync,
{
    type Local = Stack<T>;

    fn begin(&self) -> Stack<T> {
        Stack::new()
    }

    fn run(&self, stack: &mut Stack<T>, first: usize, leaves: Leaves<D>) {
        fold_leaves(stack, first, leaves, self.map, self.merge);
    }

    fn end(&self, stack: Stack<T>, goes_on: &dyn Fn() -> bool) {
        self.tree.take_in(stack, self.merge, goes_on);
    }
}

impl Parallel<'_> {
    /// All elements, and `init` before the first, made one by `merge`: an associative operation, which need not be
    /// commutative.
    ///
    /// Elements are grouped by their number alone, or by that and the chunk of the
    /// [partitioner](crate::Partitioner): the result has the same bits for every number of workers and in every run,
    /// also of sums of floating-point numbers.
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
    /// let words = ["to", "be", "or", "not"].map(String::from);
    /// let text = executor.parallel().reduce(&words, String::from("> "), |a, b| a + &b)?;
    /// assert_eq!(text, "> tobeornot");
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn reduce<T: Clone + Send + Sync>(
        self,
        elements: &[T],
        init: T,
        merge: impl Fn(T, T) -> T + Sync,
    ) -> Result<T, RunError> {
        self.transform_reduce(elements, init, T::clone, merge)
    }

    /// As [`reduce`](Self::reduce), of what `map` makes of each item.
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
    /// let (a, b) = ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]);
    /// let dot = executor.parallel().transform_reduce((&a[..], &b[..]), 0.0, |(a, b)| a * b, |a, b| a + b)?;
    /// assert_eq!(dot, 32.0);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn transform_reduce<D: Divisible, T: Send>(
        self,
        items: D,
        init: T,
        map: impl Fn(D::Item) -> T + Sync,
        merge: impl Fn(T, T) -> T + Sync,
    ) -> Result<T, RunError> {
        match self.fold(items, map, &merge)? {
            Some(all) => self.call(|| merge(init, all)),
            None => Ok(init),
        }
    }

    /// What `merge` makes of all, if there are any.
    pub(super) fn fold<D: Divisible, T: Send>(
        self,
        items: D,
        map: impl Fn(D::Item) -> T + Sync,
        merge: impl Fn(T, T) -> T + Sync,
    ) -> Result<Option<T>, RunError> {
        let leaves = Leaves::of(items, self.partitioner.chunk(), 1);
        let count = leaves.len();
        let mut stack = Stack::new();
        let by_leaf = self.by_leaf();
        let run = |first, leaves| fold_leaves(&mut stack, first, leaves, &map, &merge);
        let Some(rest) = by_leaf.alone(leaves, run, |_| false)? else {
            return self.call(|| stack.finish(&merge));
        };
        let fold = Fold {
            tree: Tree::new(count),
            map: &map,
            merge: &merge,
        };
        self.call(|| fold.tree.take_in(stack, &merge, &|| true))?;
        by_leaf.together(rest, &fold)?;
        Ok(fold.tree.finish())
    }
}
