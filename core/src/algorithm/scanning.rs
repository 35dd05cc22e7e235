//! Prefix sums, whatever the sum: the same to the last bit whoever works on them.
//!
//! ```text
//!   items      a b c │ d e f │ g h
//!   sums        abc  │  def  │  -             of each leaf by itself; the last is not needed
//!   before       -   │  abc  │ abcdef         one after the other
//!   places     a ab abc │ abcd .. │ ..        each leaf from what comes before it on
//! ```
//!
//! Alone, a leaf's sum is built beside its places, in one pass, and what fits into one leaf costs one operation an item.
//! Together, all sums are built first, while the items are put into the places. Either way each sum and each place is
//! made by the same operations.

use alloc::vec::Vec;

use super::leaves::Leaves;
use super::{Divisible, Parallel};
use crate::error::RunError;

/// Items of a leaf at least, unless the caller says how many.
const LEAF_MIN: usize = 1024;

/// Which items the sum in a place is of.
trait Shape {
    /// Writes the sums of a leaf, from `before` on.
    fn write<T: Clone>(
        before: Option<&T>,
        items: impl Iterator<Item = T>,
        places: &mut [T],
        add: &impl Fn(&T, &T) -> T,
    );

    /// As `write`. Gives the sum of the leaf by itself.
    fn write_and_sum<T: Clone>(
        before: Option<&T>,
        items: impl Iterator<Item = T>,
        places: &mut [T],
        add: &impl Fn(&T, &T) -> T,
    ) -> Option<T>;

    /// As `write`, of items that lie in the places.
    fn write_in_place<T: Clone>(before: Option<&T>, places: &mut [T], add: &impl Fn(&T, &T) -> T);
}

/// Up to the item itself.
struct Inclusive;

/// Of those before the item.
struct Exclusive;

impl Shape for Inclusive {
    #[inline]
    fn write<T: Clone>(
        before: Option<&T>,
        items: impl Iterator<Item = T>,
        places: &mut [T],
        add: &impl Fn(&T, &T) -> T,
    ) {
        let mut last = before;
        for (item, place) in items.zip(places) {
            *place = match last {
                Some(last) => add(last, &item),
                None => item,
            };
            last = Some(place);
        }
    }

    #[inline]
    fn write_and_sum<T: Clone>(
        before: Option<&T>,
        items: impl Iterator<Item = T>,
        places: &mut [T],
        add: &impl Fn(&T, &T) -> T,
    ) -> Option<T> {
        let Some(before) = before else {
            // The last place is the sum.
            Self::write(None, items, places, add);
            return places.last().cloned();
        };
        let mut pairs = items.zip(places);
        let (mut sum, place) = pairs.next()?;
        *place = add(before, &sum);
        let mut last = place;
        for (item, place) in pairs {
            *place = add(last, &item);
            sum = add(&sum, &item);
            last = place;
        }
        Some(sum)
    }

    #[inline]
    fn write_in_place<T: Clone>(before: Option<&T>, places: &mut [T], add: &impl Fn(&T, &T) -> T) {
        let mut last = before;
        for place in places {
            if let Some(last) = last {
                *place = add(last, place);
            }
            last = Some(place);
        }
    }
}

/// (There is always something before.)
impl Shape for Exclusive {
    #[inline]
    fn write<T: Clone>(
        before: Option<&T>,
        items: impl Iterator<Item = T>,
        places: &mut [T],
        add: &impl Fn(&T, &T) -> T,
    ) {
        let Some(mut all) = before.cloned() else {
            return;
        };
        for (item, place) in items.zip(places) {
            let next = add(&all, &item);
            *place = core::mem::replace(&mut all, next);
        }
    }

    #[inline]
    fn write_and_sum<T: Clone>(
        before: Option<&T>,
        items: impl Iterator<Item = T>,
        places: &mut [T],
        add: &impl Fn(&T, &T) -> T,
    ) -> Option<T> {
        let mut all = before.cloned()?;
        let mut pairs = items.zip(places);
        let (mut sum, place) = pairs.next()?;
        let next = add(&all, &sum);
        *place = core::mem::replace(&mut all, next);
        for (item, place) in pairs {
            let next = add(&all, &item);
            *place = core::mem::replace(&mut all, next);
            sum = add(&sum, &item);
        }
        Some(sum)
    }

    #[inline]
    fn write_in_place<T: Clone>(before: Option<&T>, places: &mut [T], add: &impl Fn(&T, &T) -> T) {
        let Some(mut all) = before.cloned() else {
            return;
        };
        for place in places {
            let next = add(&all, place);
            *place = core::mem::replace(&mut all, next);
        }
    }
}

/// Puts what a leaf is made of into its places. Gives the sum of the leaf by itself.
#[inline]
fn put<T: Clone>(
    items: impl Iterator<Item = T>,
    places: &mut [T],
    add: &impl Fn(&T, &T) -> T,
) -> Option<T> {
    let mut sum: Option<T> = None;
    for (item, place) in items.zip(places) {
        *place = item;
        sum = Some(match &sum {
            Some(sum) => add(sum, place),
            None => place.clone(),
        });
    }
    sum
}

impl Parallel<'_> {
    /// Writes to each place the sum of the elements up to its own, by an associative operation, which need not be
    /// commutative.
    ///
    /// As with [`reduce`](Self::reduce), the result has the same bits for every number of workers. One operation for each
    /// of up to 1,024 elements, and two for each of more, in one pass as far as nobody helps.
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
        let last = items.len().saturating_sub(1);
        let by_leaf = self.by_leaf();
        let run = |first, (items, places): (Leaves<D>, Leaves<&mut [T]>)| {
            for (leaf, (items, places)) in (first..).zip(items.items().zip(places.items())) {
                let items = items.items().map(map);
                if leaf == last {
                    S::write(before.as_ref(), items, places, add);
                } else {
                    let sum = S::write_and_sum(before.as_ref(), items, places, add);
                    before = sum_of(before.take(), sum, add);
                }
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
            |((items, places), sum)| *sum = put(items.items().map(map), places, add),
        )?;
        self.call(|| {
            for sum in &mut sums {
                let next = sum_of(before.clone(), sum.take(), add);
                *sum = core::mem::replace(&mut before, next);
            }
        })?;
        let before = (Leaves::of(places, size, 1), &sums[..]);
        by_leaf.for_each(before, |(places, before)| {
            S::write_in_place(before.as_ref(), places, add);
        })
    }
}

fn sum_of<T>(before: Option<T>, sum: Option<T>, add: &impl Fn(&T, &T) -> T) -> Option<T> {
    match (before, sum) {
        (Some(before), Some(sum)) => Some(add(&before, &sum)),
        (before, sum) => before.or(sum),
    }
}
