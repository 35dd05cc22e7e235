//! What algorithms work on.

use core::ops::Range;

/// Items in an order that can be cut in two anywhere.
///
/// Slices, shared or not, ranges of integers, [`Steps`](crate::Steps), [`IndexBox`](crate::IndexBox) and pairs of
/// these are divisible; so is any container of yours that implements this. A wrong implementation gives wrong
/// answers, never unsound ones.
///
/// # Examples
///
/// ```
/// use core::sync::atomic::{AtomicU32, Ordering};
/// use taskflow_core::{Divisible, Executor, Manual};
///
/// /// The letters of an ASCII text.
/// struct Letters<'t>(&'t str);
///
/// impl<'t> Divisible for Letters<'t> {
///     type Item = char;
///     type Items = core::str::Chars<'t>;
///     fn len(&self) -> usize { self.0.len() }
///     fn split_at(self, index: usize) -> (Self, Self) {
///         let (left, right) = self.0.split_at(index);
///         (Self(left), Self(right))
///     }
///     fn items(self) -> Self::Items { self.0.chars() }
/// }
///
/// let vowels = AtomicU32::new(0);
/// Executor::<Manual>::new(1).for_each(Letters("divisible"), |letter| {
///     vowels.fetch_add(u32::from("aeiou".contains(letter)), Ordering::Relaxed);
/// })?;
/// assert_eq!(vowels.into_inner(), 4);
/// # Ok::<(), taskflow_core::RunError>(())
/// ```
pub trait Divisible: Sized + Send {
    /// What it holds.
    type Item;

    /// Gives them in their order.
    type Items: Iterator<Item = Self::Item>;

    /// How many items there are. O(1).
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first `index` items, which are at most all, and the others. Called for each chunk: O(1), or nearly.
    /// Must not wait.
    fn split_at(self, index: usize) -> (Self, Self);

    /// The items, one after another.
    fn items(self) -> Self::Items;
}

impl<'a, T: Sync> Divisible for &'a [T] {
    type Item = &'a T;
    type Items = core::slice::Iter<'a, T>;

    fn len(&self) -> usize {
        <[T]>::len(self)
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        <[T]>::split_at(self, index)
    }

    fn items(self) -> Self::Items {
        self.iter()
    }
}

impl<'a, T: Send> Divisible for &'a mut [T] {
    type Item = &'a mut T;
    type Items = core::slice::IterMut<'a, T>;

    fn len(&self) -> usize {
        <[T]>::len(self)
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        self.split_at_mut(index)
    }

    fn items(self) -> Self::Items {
        self.iter_mut()
    }
}

/// Both at once, as far as the shorter goes.
impl<A: Divisible, B: Divisible> Divisible for (A, B) {
    type Item = (A::Item, B::Item);
    type Items = core::iter::Zip<A::Items, B::Items>;

    fn len(&self) -> usize {
        self.0.len().min(self.1.len())
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let (left, right) = self.0.split_at(index);
        let (below, above) = self.1.split_at(index);
        ((left, below), (right, above))
    }

    fn items(self) -> Self::Items {
        self.0.items().zip(self.1.items())
    }
}

macro_rules! range {
    ($($integer:ty)*) => {$(
        impl Divisible for Range<$integer> {
            type Item = $integer;
            type Items = Self;

            /// # Panics
            ///
            /// If a `usize` is too short for it.
            fn len(&self) -> usize {
                if self.start >= self.end {
                    return 0;
                }
                let len = i128::from(self.end) - i128::from(self.start);
                usize::try_from(len).expect("a range has at most usize::MAX items")
            }

            // (The cut lies in the range, whatever wraps on the way to it.)
            fn split_at(self, index: usize) -> (Self, Self) {
                let cut = self.start.wrapping_add(index as $integer);
                (self.start..cut, cut..self.end)
            }

            fn items(self) -> Self::Items {
                self
            }
        }
    )*};
}

range!(u8 u16 u32 u64 i8 i16 i32 i64);

impl Divisible for Range<usize> {
    type Item = usize;
    type Items = Self;

    fn len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let cut = self.start + index;
        (self.start..cut, cut..self.end)
    }

    fn items(self) -> Self::Items {
        self
    }
}

impl Divisible for Range<isize> {
    type Item = isize;
    type Items = Self;

    fn len(&self) -> usize {
        if self.start >= self.end {
            return 0;
        }
        self.end.abs_diff(self.start)
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let cut = self.start.wrapping_add_unsigned(index);
        (self.start..cut, cut..self.end)
    }

    fn items(self) -> Self::Items {
        self
    }
}
