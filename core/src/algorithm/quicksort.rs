//! Sorting rows by parting them, alone as far as that goes, then together.
//!
//! A row that is not short is parted, and both parts go on a stack, the longer one first: so the stack is as high as the
//! logarithm of the row is, and what lies lowest is the longest. A short one is sorted by the library's own sort, and so
//! is one whose parts were uneven again and again. Between two steps, and within a long one, is asked whether to stop.
//!
//! Whoever sees a worker that has nothing to do hands the lowest row over; and if there is no other than the one that is
//! parted next, it is parted together.

use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Ordering::{self as Order, Less};

use super::Parallel;
use super::chains::{is_chain, reverse_together};
use super::crew::{hand_over, is_stopped, is_wanted, with_helpers};
use super::driving::cancelled;
use super::rows::{Row, WORTH_HELP};
use super::sampling::{Sample, Trend};
use crate::error::RunError;
use crate::group::GroupScope;
use crate::stats::Failure;
use crate::wait::Seated;

/// How rows are sorted.
pub(super) struct Quicksort<'s, C, S> {
    pub(super) parallel: Parallel<'s>,
    pub(super) compare: C,
    /// Sorts a short row.
    pub(super) sort: S,
    /// Items of a short row at most.
    pub(super) short: usize,
}

/// A row, and how many times more it may be parted.
struct Leg<R> {
    row: R,
    partings: u32,
}

impl<C, S> Quicksort<'_, C, S> {
    /// Sorts each of these rows.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    pub(super) fn run<'r, T: Send + 'r, R: Row<T> + 'r>(&self, rows: Vec<R>) -> Result<(), RunError>
    where
        C: Fn(&T, &T) -> Order + Sync,
        S: Fn(&mut [T]) + Sync,
    {
        let legs = rows.into_iter().map(|row| Leg {
            partings: 2 * row.len().max(1).ilog2(),
            row,
        });
        let mut legs: Option<Vec<Leg<R>>> = Some(legs.collect());
        let mut result = None;
        let parallel = self.parallel;
        parallel.call(|| {
            parallel.host.with_seated(&mut |seated| {
                if let Some(legs) = legs.take() {
                    result = Some(self.alone(seated, legs));
                }
            });
        })?;
        match result.unwrap_or_else(|| Err(cancelled()))? {
            Some(legs) => self.together(legs),
            None => Ok(()),
        }
    }

    /// Gives what is left when somebody could help with it.
    fn alone<T: Send, R: Row<T>>(
        &self,
        seated: Option<&dyn Seated>,
        mut legs: Vec<Leg<R>>,
    ) -> Result<Option<Vec<Leg<R>>>, RunError>
    where
        C: Fn(&T, &T) -> Order + Sync,
        S: Fn(&mut [T]) + Sync,
    {
        let host = self.parallel.host;
        let own = seated.is_some_and(|seated| self.parallel.is_own(seated));
        // Somebody besides the caller, who needs a seat itself.
        let needed = if own { 1 } else { 2 };
        let goes_on = || !seated.is_some_and(Seated::is_stopped);
        while let Some(lowest) = legs.first() {
            if !goes_on() {
                return Err(cancelled());
            }
            if host.workers() > 1 && host.hungry() >= needed && lowest.row.len() > self.short {
                return Ok(Some(legs));
            }
            self.step(&mut legs, &goes_on, None)?;
        }
        Ok(None)
    }

    #[cold]
    fn together<'r, T: Send + 'r, R: Row<T> + 'r>(&self, legs: Vec<Leg<R>>) -> Result<(), RunError>
    where
        C: Fn(&T, &T) -> Order + Sync,
        S: Fn(&mut [T]) + Sync,
    {
        let mut legs = Some(legs);
        self.parallel.enter(|scope, own| {
            if !own {
                if let Some(legs) = legs.take() {
                    hand_over(scope, move || self.work_off(scope, legs));
                }
                return;
            }
            with_helpers(self.parallel.host, scope.group(), &mut || {
                if let Some(legs) = legs.take() {
                    self.work_off(scope, legs);
                }
            });
        })
    }

    fn work_off<'scope, 'env, T, R>(
        &'env self,
        scope: &'scope GroupScope<'scope, 'env>,
        mut legs: Vec<Leg<R>>,
    ) where
        C: Fn(&T, &T) -> Order + Sync,
        S: Fn(&mut [T]) + Sync,
        T: Send + 'env,
        R: Row<T> + 'env,
    {
        let goes_on = || !scope.group().is_stopped();
        let mut last = None;
        while let Some(lowest) = legs.first() {
            if is_stopped(scope) {
                return;
            }
            let long = lowest.row.len() > self.short;
            let is_wanted = long && is_wanted(self.parallel.host, last.as_ref());
            if is_wanted && legs.len() > 1 {
                let lowest = vec![legs.remove(0)];
                last = Some(hand_over(scope, move || self.work_off(scope, lowest)));
                continue;
            }
            let helpers = is_wanted.then_some(self.parallel);
            if let Err(error) = self.step(&mut legs, &goes_on, helpers) {
                scope.group().cancel(None);
                if let RunError::Panicked { panic, .. } = error {
                    scope.group().fail(Failure::Panicked(panic));
                }
                return;
            }
        }
    }

    /// Sorts the last row if it is short, else parts it.
    fn step<T: Send, R: Row<T>>(
        &self,
        legs: &mut Vec<Leg<R>>,
        goes_on: &dyn Fn() -> bool,
        helpers: Option<Parallel<'_>>,
    ) -> Result<(), RunError>
    where
        C: Fn(&T, &T) -> Order + Sync,
        S: Fn(&mut [T]) + Sync,
    {
        let Some(Leg { mut row, partings }) = legs.pop() else {
            return Ok(());
        };
        if row.len() <= self.short || partings == 0 {
            (self.sort)(row.settle());
            return Ok(());
        }
        let is_less = |one: &T, other: &T| (self.compare)(one, other) == Less;
        let sample = Sample::of(&row, &is_less);
        let (rising, falling) = (Trend::Rising, Trend::Falling);
        let long = helpers.filter(|_| row.len() >= WORTH_HELP);
        let is_less = &is_less;
        let in_order = |one: &T, next: &T| !is_less(next, one);
        if sample.trend == rising && is_chain(&mut row, goes_on, long, in_order)? {
            row.settle();
            return Ok(());
        }
        let in_reverse = |one: &T, next: &T| is_less(next, one);
        if sample.trend == falling && is_chain(&mut row, goes_on, long, in_reverse)? {
            return match long {
                Some(helpers) => reverse_together(helpers, row.settle()),
                None => {
                    row.settle().reverse();
                    Ok(())
                }
            };
        }
        let mut parts = row.part(sample.pivot, is_less, goes_on, helpers)?;
        if parts[0].len() < parts[1].len() {
            parts.reverse();
        }
        legs.extend(parts.map(|row| Leg {
            row,
            partings: partings - 1,
        }));
        Ok(())
    }
}
