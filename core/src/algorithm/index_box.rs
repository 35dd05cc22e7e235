//! Boxes of indices in several dimensions.

use core::ops::Range;

use super::Divisible;

/// All indices of a box, the last dimension fastest.
///
/// # Examples
///
/// ```
/// use taskflow_core::{Divisible, IndexBox};
///
/// let indices = IndexBox::new([0..2, 5..7]);
/// assert!(indices.items().eq([[0, 5], [0, 6], [1, 5], [1, 6]]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexBox<const N: usize> {
    begin: [usize; N],
    sides: [usize; N],
    /// Of all indices, one after another.
    part: Range<usize>,
}

/// The indices of an [`IndexBox`], one after another.
#[derive(Clone, Debug)]
pub struct Indices<const N: usize> {
    begin: [usize; N],
    end: [usize; N],
    next: [usize; N],
    left: usize,
}

impl<const N: usize> IndexBox<N> {
    /// The indices whose `d`-th component is in the `d`-th range. No dimension has one index.
    ///
    /// # Panics
    ///
    /// If there are more than `usize::MAX`.
    #[must_use]
    pub fn new(ranges: [Range<usize>; N]) -> Self {
        let sides = ranges.each_ref().map(Divisible::len);
        let count = if sides.contains(&0) {
            Some(0)
        } else {
            let mut sides = sides.iter();
            sides.try_fold(1usize, |count, side| count.checked_mul(*side))
        };
        let count = count.expect("a box has at most usize::MAX indices");
        Self {
            begin: ranges.map(|range| range.start),
            sides,
            part: 0..count,
        }
    }
}

impl<const N: usize> Divisible for IndexBox<N> {
    type Item = [usize; N];
    type Items = Indices<N>;

    fn len(&self) -> usize {
        Divisible::len(&self.part)
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let (left, right) = self.part.split_at(index);
        let left = Self { part: left, ..self };
        (
            left,
            Self {
                part: right,
                ..self
            },
        )
    }

    fn items(self) -> Indices<N> {
        let mut next = self.begin;
        let mut end = self.begin;
        let mut place = self.part.start;
        for dimension in (0..N).rev() {
            let side = self.sides[dimension];
            end[dimension] += side;
            // (A side of nothing: there is no index.)
            next[dimension] += place.checked_rem(side).unwrap_or(0);
            place = place.checked_div(side).unwrap_or(0);
        }
        Indices {
            begin: self.begin,
            end,
            next,
            left: Divisible::len(&self.part),
        }
    }
}

impl<const N: usize> Iterator for Indices<N> {
    type Item = [usize; N];

    #[inline]
    fn next(&mut self) -> Option<[usize; N]> {
        self.left = self.left.checked_sub(1)?;
        let index = self.next;
        for dimension in (0..N).rev() {
            self.next[dimension] += 1;
            if self.next[dimension] < self.end[dimension] {
                break;
            }
            self.next[dimension] = self.begin[dimension];
        }
        Some(index)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}
