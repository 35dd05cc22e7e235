//! Numbers at equal distances.

use super::Divisible;

/// The numbers from a first one on, by a step of either sign.
///
/// # Examples
///
/// ```
/// use taskflow_core::{Divisible, Steps};
///
/// assert!(Steps::new(-4, 5, 4).items().eq([-4, 0, 4]));
/// assert!(Steps::new(3, -3, -2).items().eq([3, 1, -1]));
/// assert_eq!(Steps::new(0, 10, -1).len(), 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    next: i64,
    step: i64,
    left: usize,
}

impl Steps {
    /// The numbers from `first` on, as long as they are before `end`.
    ///
    /// # Panics
    ///
    /// If `step` is zero, and if there are more of them than a `usize` counts.
    #[must_use]
    pub fn new(first: i64, end: i64, step: i64) -> Self {
        assert!(step != 0, "a step of zero leads nowhere; give another");
        let distance = i128::from(end) - i128::from(first);
        let step_wide = i128::from(step);
        let whole = distance / step_wide;
        let count = (whole + i128::from(distance % step_wide != 0)).max(0);
        let count = if (distance < 0) == (step < 0) {
            count
        } else {
            0
        };
        Self {
            next: first,
            step,
            left: usize::try_from(count)
                .expect("there are more numbers than a usize counts; take fewer"),
        }
    }
}

impl Iterator for Steps {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        self.left = self.left.checked_sub(1)?;
        let number = self.next;
        self.next = number.wrapping_add(self.step);
        Some(number)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl Divisible for Steps {
    type Item = i64;
    type Items = Self;

    fn len(&self) -> usize {
        self.left
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        // (The number lies in the range, whatever wraps on the way; behind the last nobody asks for it.)
        #[expect(clippy::cast_possible_wrap, reason = "it wraps back")]
        let ahead = self.step.wrapping_mul(index as i64);
        let right = Self {
            next: self.next.wrapping_add(ahead),
            left: self.left - index,
            ..self
        };
        (
            Self {
                left: index,
                ..self
            },
            right,
        )
    }

    fn items(self) -> Self {
        self
    }
}
