//! Prefix sums, whatever the sum: the same to the last bit whoever works on them.
//!
//! ```text
//!   items      a b c │ d e f │ g h
//!   local      a ab abc │ d de def │ g gh      each leaf by itself
//!   before       -   │  abc  │ abcdef         one after the other
//!   lifted     a ab abc │ abcd .. abcdef │ ..  each leaf by itself
//! ```
//!
//! Alone, a leaf is lifted as soon as it is done, while it is in the cache; together, all leaves are done first. Either
//! way each place is written by the same two operations.

use alloc::vec::Vec;

use super::leaves::Leaves;
use super::{Divisible, Parallel};
use crate::error::RunError;

/// Items of a leaf at least, unless the caller says how many.
const LEAF_MIN: usize = 1024;

/// Which items the sum in a place is of.
trait Shape {
    /// Writes the sums of a leaf by itself. Gives the sum of the leaf.
    fn local<T: Clone>(
        items: impl Iterator<Item = T>,
        places: &mut [T],
        add: &impl Fn(&T, &T) -> T,
    ) -> Option<T>;

    /// Adds what comes before the leaf.
    fn lift<T: Clone>(before: &T, places: &mut [T], add: &impl Fn(&T, &T) -> T);
}

/// Up to the item itself.
struct Inclusive;

/// Of those before the item.
struct Exclusive;

impl Shape for Inclusive {
    #[inline]
    fn local<T: Clone>(
        items: impl Iterator<Item = T>,
        places: &mut [T],
        add: &impl Fn(&T, &T) -> T,
    ) -> Option<T> {
        let mut last: Option<&mut T> = None;
        for (item, place) in items.zip(places) {
            *place = match last {
                Some(last) => add(last, &item),
                None => item,
            };
            last = Some(place);
        }
        last.cloned()
    }

    #[inline]
    fn lift<T: Clone>(before: &T, places: &mut [T], add: &impl Fn(&T, &T) -> T) {
        for place in places {
            *place = add(before, place);
        }
    }
}

impl Shape for Exclusive {
    /// (The first place is written by `lift`.)
    #[inline]
    fn local<T: Clone>(
        mut items: impl Iterator<Item = T>,
        places: &mut [T],
        add: &impl Fn(&T, &T) -> T,
    ) -> Option<T> {
        let mut sum = items.next()?;
        for (item, place) in items.zip(&mut places[1..]) {
            let next = add(&sum, &item);
            *place = core::mem::replace(&mut sum, next);
        }
        Some(sum)
    }

    #[inline]
    fn lift<T: Clone>(before: &T, places: &mut [T], add: &impl Fn(&T, &T) -> T) {
        if let Some((first, others)) = places.split_first_mut() {
            first.clone_from(before);
            Inclusive::lift(before, others, add);
        }
    }
}

impl Parallel<'_> {
    /// Writes to each place the sum of the elements up to its own, by an associative operation, which need not be
    /// commutative.
    ///
    /// As with [`reduce`](Self::reduce), the result has the same bits for every number of workers. Two operations for
    /// each element.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    ///
    /// # Panics
    ///
    /// If there are not as many elements as places.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual};
    ///
    /// let executor = Executor::<Manual>::new(2);
    /// let mut sums = [0; 4];
    /// executor.parallel().inclusive_scan(&[1, 2, 3, 4], &mut sums, |a, b| a + b)?;
    /// assert_eq!(sums, [1, 3, 6, 10]);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn inclusive_scan<T: Clone + Send + Sync>(
        self,
        elements: &[T],
        places: &mut [T],
        add: impl Fn(&T, &T) -> T + Sync,
    ) -> Result<(), RunError> {
        self.transform_inclusive_scan(elements, places, T::clone, add)
    }

    /// As [`inclusive_scan`](Self::inclusive_scan), of what `map` makes of each item.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    ///
    /// # Panics
    ///
    /// If there are not as many items as places.
    pub fn transform_inclusive_scan<D: Divisible, T: Clone + Send + Sync>(
        self,
        items: D,
        places: &mut [T],
        map: impl Fn(D::Item) -> T + Sync,
        add: impl Fn(&T, &T) -> T + Sync,
    ) -> Result<(), RunError> {
        self.scan::<Inclusive, D, T>(items, places, None, &map, &add)
    }

    /// Writes to each place the sum of `init` and of the elements before its own, as
    /// [`inclusive_scan`](Self::inclusive_scan).
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    ///
    /// # Panics
    ///
    /// If there are not as many elements as places.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual};
    ///
    /// let executor = Executor::<Manual>::new(2);
    /// let mut sums = [0; 4];
    /// executor.parallel().exclusive_scan(&[1, 2, 3, 4], &mut sums, 10, |a, b| a + b)?;
    /// assert_eq!(sums, [10, 11, 13, 16]);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn exclusive_scan<T: Clone + Send + Sync>(
        self,
        elements: &[T],
        places: &mut [T],
        init: T,
        add: impl Fn(&T, &T) -> T + Sync,
    ) -> Result<(), RunError> {
        self.transform_exclusive_scan(elements, places, init, T::clone, add)
    }

    /// As [`exclusive_scan`](Self::exclusive_scan), of what `map` makes of each item.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    ///
    /// # Panics
    ///
    /// If there are not as many items as places.
    pub fn transform_exclusive_scan<D: Divisible, T: Clone + Send + Sync>(
        self,
        items: D,
        places: &mut [T],
        init: T,
        map: impl Fn(D::Item) -> T + Sync,
        add: impl Fn(&T, &T) -> T + Sync,
    ) -> Result<(), RunError> {
        self.scan::<Exclusive, D, T>(items, places, Some(init), &map, &add)
    }

    fn scan<S: Shape, D: Divisible, T: Clone + Send + Sync>(
        self,
        items: D,
        places: &mut [T],
        mut before: Option<T>,
        map: &(impl Fn(D::Item) -> T + Sync),
        add: &(impl Fn(&T, &T) -> T + Sync),
    ) -> Result<(), RunError> {
        assert!(
            items.len() == places.len(),
            "{} items for {} places; give as many of one as of the other",
            items.len(),
            places.len()
        );
        let items = Leaves::of(items, self.partitioner.chunk(), LEAF_MIN);
        let size = items.size();
        let by_leaf = self.by_leaf();
        let run = |_, (items, places): (Leaves<D>, Leaves<&mut [T]>)| {
            for (items, places) in items.items().zip(places.items()) {
                let sum = S::local(items.items().map(map), places, add);
                if let Some(before) = &before {
                    S::lift(before, places, add);
                }
                before = sum_of(before.take(), sum, add);
            }
        };
        let all = (items, Leaves::of(&mut *places, size, 1));
        let Some(rest) = by_leaf.alone(all, run, |_| false)? else {
            return Ok(());
        };
        let done = rest.first * size;
        let (items, _) = rest.items;
        let places = &mut places[done..];
        let mut sums: Vec<Option<T>> = (0..items.len()).map(|_| None).collect();
        by_leaf.for_each(
            ((items, Leaves::of(&mut *places, size, 1)), &mut sums[..]),
            |((items, places), sum)| *sum = S::local(items.items().map(map), places, add),
        )?;
        self.call(|| {
            for sum in &mut sums {
                let next = sum_of(before.clone(), sum.take(), add);
                *sum = core::mem::replace(&mut before, next);
            }
        })?;
        let lifted = (Leaves::of(places, size, 1), &sums[..]);
        by_leaf.for_each(lifted, |(places, before)| {
            if let Some(before) = before {
                S::lift(before, places, add);
            }
        })
    }
}

fn sum_of<T>(before: Option<T>, sum: Option<T>, add: &impl Fn(&T, &T) -> T) -> Option<T> {
    match (before, sum) {
        (Some(before), Some(sum)) => Some(add(&before, &sum)),
        (before, sum) => before.or(sum),
    }
}
