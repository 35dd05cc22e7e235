//! Rows of items that are to be sorted, and how they are parted: in place, or from one side of a desk to the other.

use super::Parallel;
use super::driving::cancelled;
use super::moves::Desk;
use super::parting::{sift, sift_together};
use crate::error::RunError;

/// Items of a row at least that several workers part, or look through.
pub(super) const WORTH_HELP: usize = 1 << 16;

/// Items in a row, each in its place of an order.
pub(super) trait Row<T>: Sized + Send {
    /// The items, and whether the last comes first.
    fn items(&self) -> (&[T], bool);

    fn len(&self) -> usize {
        self.items().0.len()
    }

    /// The item in this place.
    fn item(&self, at: usize) -> &T {
        let (items, reversed) = self.items();
        if reversed {
            &items[items.len() - 1 - at]
        } else {
            &items[at]
        }
    }

    /// The items in their order, in the slice that is sorted.
    fn settle(&mut self) -> &mut [T];

    /// Parts the row by the item in the place `pivot`. Gives two rows that are to be sorted still; what is left out lies
    /// where it belongs.
    ///
    /// # Errors
    ///
    /// Stopped, or an operation of a helper panicked. The items are in some order.
    fn part(
        self,
        pivot: usize,
        is_less: &(impl Fn(&T, &T) -> bool + Sync),
        goes_on: &dyn Fn() -> bool,
        helpers: Option<Parallel<'_>>,
    ) -> Result<[Self; 2], RunError>;
}

/// In place: not stable.
impl<T: Send + Sync> Row<T> for &mut [T] {
    fn items(&self) -> (&[T], bool) {
        (self, false)
    }

    fn settle(&mut self) -> &mut [T] {
        self
    }

    fn part(
        self,
        pivot: usize,
        is_less: &(impl Fn(&T, &T) -> bool + Sync),
        goes_on: &dyn Fn() -> bool,
        helpers: Option<Parallel<'_>>,
    ) -> Result<[Self; 2], RunError> {
        let helpers = helpers.filter(|_| <[T]>::len(self) >= WORTH_HELP);
        self.swap(0, pivot);
        let Some((pivot, rest)) = self.split_first_mut() else {
            return Ok([&mut [], &mut []]);
        };
        let pivot = &*pivot;
        let is_left = |item: &T| is_less(item, pivot);
        let less = match helpers {
            Some(helpers) => sift_together(helpers, rest, is_left)?,
            None => sift(rest, is_left, goes_on).ok_or_else(cancelled)?,
        };
        if less > 0 {
            self.swap(0, less);
            let (left, right) = self.split_at_mut(less);
            return Ok([left, &mut right[1..]]);
        }
        let is_left = |item: &T| !is_less(pivot, item);
        let equal = match helpers {
            Some(helpers) => sift_together(helpers, rest, is_left)?,
            None => sift(rest, is_left, goes_on).ok_or_else(cancelled)?,
        };
        Ok([&mut [], &mut self[1 + equal..]])
    }
}

/// Stable.
impl<T: Send> Row<T> for Desk<'_, T> {
    fn items(&self) -> (&[T], bool) {
        Desk::items(self)
    }

    fn settle(&mut self) -> &mut [T] {
        Desk::settle(self)
    }

    fn part(
        self,
        pivot: usize,
        is_less: &(impl Fn(&T, &T) -> bool + Sync),
        goes_on: &dyn Fn() -> bool,
        _: Option<Parallel<'_>>,
    ) -> Result<[Self; 2], RunError> {
        let parted = Desk::part(self, pivot, is_less, goes_on);
        let [less, others] = parted.ok_or_else(cancelled)?;
        if less.len() > 0 {
            return Ok([less, others]);
        }
        // None has come before the others, so the pivot is where it was.
        let parted = others.part(pivot, |item, pivot| !is_less(pivot, item), goes_on);
        let [mut equal, greater] = parted.ok_or_else(cancelled)?;
        equal.settle();
        Ok([less, greater])
    }
}
