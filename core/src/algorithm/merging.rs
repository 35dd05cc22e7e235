//! Merging sorted rows, a part at a time.

use core::cmp::Ordering::{self as Order, Less};

use super::leaves::Leaves;
use super::{Divisible, Parallel};
use crate::error::RunError;

impl Parallel<'_> {
    /// Writes clones of the elements of two sorted rows to `places`, sorted; of equal ones those of `left` first.
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
    /// let mut all = [0; 5];
    /// executor.parallel().merge(&[1, 4], &[2, 3, 5], &mut all)?;
    /// assert_eq!(all, [1, 2, 3, 4, 5]);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn merge<T: Ord + Clone + Send + Sync>(
        self,
        left: &[T],
        right: &[T],
        places: &mut [T],
    ) -> Result<(), RunError> {
        self.merge_by(left, right, places, T::cmp)
    }

    /// As [`merge`](Self::merge), of an order of the caller's.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    ///
    /// # Panics
    ///
    /// If there are not as many elements as places.
    pub fn merge_by<T: Clone + Send + Sync>(
        self,
        left: &[T],
        right: &[T],
        places: &mut [T],
        compare: impl Fn(&T, &T) -> Order + Sync,
    ) -> Result<(), RunError> {
        assert!(
            left.len() + right.len() == places.len(),
            "{} and {} elements for {} places; give as many places as elements",
            left.len(),
            right.len(),
            places.len()
        );
        let is_less = |one: &T, other: &T| compare(one, other) == Less;
        let leaves = Leaves::of(places, self.partitioner.chunk(), LEAF_MIN);
        let size = leaves.size();
        let numbered = (0..leaves.len(), leaves);
        self.by_leaf().for_each(numbered, |(number, places)| {
            let begin = number * size;
            let taken = rank_by(begin, left.len(), right.len(), |one, other| {
                is_less(&right[other], &left[one])
            });
            let (mut left, mut right) = (left[taken..].iter(), right[begin - taken..].iter());
            let (mut one, mut other) = (left.next(), right.next());
            for place in places {
                let is_right = match (one, other) {
                    (Some(one), Some(other)) => is_less(other, one),
                    (one, _) => one.is_none(),
                };
                let next = if is_right {
                    core::mem::replace(&mut other, right.next())
                } else {
                    core::mem::replace(&mut one, left.next())
                };
                // (There are as many as places, behind an order that changes its mind fewer.)
                if let Some(next) = next {
                    place.clone_from(next);
                }
            }
        })
    }
}

/// Places of a leaf at least, unless the caller says how many.
const LEAF_MIN: usize = 1024;

/// How many of the first `count` elements of two merged rows come from the left one. `is_right_first` compares one of
/// the left with one of the right, by their indices. O(log). Whatever it says, the answer is possible: at most `count`
/// and `left`, and `count` less at most `right`.
pub(super) fn rank_by(
    count: usize,
    left: usize,
    right: usize,
    is_right_first: impl Fn(usize, usize) -> bool,
) -> usize {
    let mut least = count.saturating_sub(right);
    let mut most = count.min(left);
    while least < most {
        let middle = least + (most - least) / 2;
        if is_right_first(middle, count - middle - 1) {
            most = middle;
        } else {
            least = middle + 1;
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_is_what_a_merge_takes_from_the_left() {
        let (left, right) = ([1, 3, 3, 7], [2, 3, 8]);
        let taken = [0, 1, 1, 2, 3, 3, 4, 4];
        for (count, taken) in taken.into_iter().enumerate() {
            let rank = rank_by(count, 4, 3, |one, other| right[other] < left[one]);
            assert_eq!(rank, taken, "{count}");
        }
    }

    #[test]
    fn a_rank_is_possible_whatever_the_order_says() {
        for bits in 0..1u32 << 10 {
            for count in 0..=12 {
                let asked = core::cell::Cell::new(0);
                let rank = rank_by(count, 5, 7, |_, _| {
                    asked.set(asked.get() + 1);
                    bits >> asked.get() & 1 == 1
                });
                assert!(rank <= count.min(5) && count - rank <= 7);
            }
        }
    }
}
