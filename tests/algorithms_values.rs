//! Elements that own something are dropped once by parallel algorithms, and are whole whatever panics.

use core::sync::atomic::{AtomicUsize, Ordering};

use crate::support::owned::{Ledger, Owned};
use crate::support::partitioners::partitioners;
use crate::support::throwing::throw;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Parallel, Partitioner, RunError};

const WORKERS: [usize; 3] = [1, 2, 4];
const LEN: usize = 500;
const OLD: usize = 1_000_000;

/// The call of an operation that panics, of which the last is never reached.
const FATAL: [usize; 5] = [0, 1, 99, LEN - 1, usize::MAX];

/// Counts calls, and panics in one of them.
struct Fuse {
    calls: AtomicUsize,
    fatal: usize,
}

impl Fuse {
    fn pass(&self) {
        if self.calls.fetch_add(1, Ordering::Relaxed) == self.fatal {
            throw("as told");
        }
    }
}

/// Calls `work` with each way of sharing out and with each call that may panic, and expects that it says so, if one did, and
/// that all that it made is dropped.
#[track_caller]
fn assert_dropped_once(
    work: impl for<'l> Fn(Parallel<'_>, &'l Ledger, &Fuse) -> Result<(), RunError>,
) {
    for workers in WORKERS {
        let executor = Executor::new(workers);
        let large = Partitioner::Dynamic { chunk: 1024 };
        for partitioner in partitioners().chain([large]) {
            for fatal in FATAL {
                let fuse = Fuse {
                    calls: AtomicUsize::new(0),
                    fatal,
                };
                let ledger = Ledger::default();
                let result = work(executor.parallel().with(partitioner), &ledger, &fuse);
                let what = format!("{fatal} by {partitioner:?}, {workers} workers: {result:?}");
                let panicked = matches!(result, Err(RunError::Panicked { .. }));
                assert_eq!(panicked, fuse.calls.into_inner() > fatal, "{what}");
                assert!(panicked || result.is_ok(), "{what}");
                assert_eq!(ledger.alive(), 0, "{what}");
            }
        }
    }
}

fn numbers<'o>(elements: &'o [Owned<'_>]) -> impl Iterator<Item = usize> + Clone + 'o {
    elements.iter().map(Owned::number)
}

#[test]
fn values_of_scans_are_dropped_once() {
    within_a_minute(|| {
        assert_dropped_once(|parallel, ledger, fuse| {
            let elements = ledger.make_all(0..LEN);
            let mut places = ledger.make_all([OLD; LEN]);
            let add = |one: &Owned<'_>, other: &Owned<'_>| {
                fuse.pass();
                ledger.make(one.number() + other.number())
            };
            let result = parallel.inclusive_scan(&elements, &mut places, add);
            assert_eq!(ledger.alive(), 2 * LEN);
            assert!(numbers(&elements).eq(0..LEN));
            if result.is_ok() {
                let sums = (0..LEN).map(|number| number * (number + 1) / 2);
                assert!(numbers(&places).eq(sums));
            }
            result
        });
        assert_dropped_once(|parallel, ledger, fuse| {
            let mut places = ledger.make_all([OLD; LEN]);
            let map = |number| {
                fuse.pass();
                ledger.make(number)
            };
            let add =
                |one: &Owned<'_>, other: &Owned<'_>| ledger.make(one.number() + other.number());
            let init = ledger.make(9);
            let result = parallel.transform_exclusive_scan(0..LEN, &mut places, init, map, add);
            assert_eq!(ledger.alive(), LEN);
            if result.is_ok() {
                let sums = (0..LEN).map(|number| 9 + number * number.saturating_sub(1) / 2);
                assert!(numbers(&places).eq(sums));
            }
            result
        });
    });
}

#[test]
fn values_of_reductions_are_dropped_once() {
    within_a_minute(|| {
        assert_dropped_once(|parallel, ledger, fuse| {
            let elements = ledger.make_all(0..LEN);
            let merge = |one: Owned<'_>, other: Owned<'_>| {
                fuse.pass();
                ledger.make(one.number() + other.number())
            };
            // (Of the last calls one makes the sum of `init` and all others.)
            let sum = parallel.reduce(&elements, ledger.make(1), merge)?;
            assert_eq!(sum.number(), 1 + LEN * (LEN - 1) / 2);
            assert_eq!(ledger.alive(), LEN + 1);
            Ok(())
        });
    });
}

#[test]
fn values_of_a_transformation_are_dropped_once_and_are_old_or_new() {
    within_a_minute(|| {
        assert_dropped_once(|parallel, ledger, fuse| {
            let elements = ledger.make_all(0..LEN);
            let mut places = ledger.make_all([OLD; LEN]);
            let result = parallel.transform(&elements[..], &mut places, |element| {
                fuse.pass();
                ledger.make(2 * element.number())
            });
            assert_eq!(ledger.alive(), 2 * LEN);
            let news = numbers(&places).zip(0..).filter(|(place, _)| *place != OLD);
            assert!(news.clone().all(|(place, index)| place == 2 * index));
            let passed = fuse.calls.load(Ordering::Relaxed);
            let thrown = usize::from(passed > fuse.fatal);
            assert_eq!(news.clone().count(), passed - thrown);
            assert!(result.is_err() || news.count() == LEN);
            result
        });
        assert_dropped_once(|parallel, ledger, fuse| {
            let mut elements = ledger.make_all(0..LEN);
            let result = parallel.for_each(&mut elements[..], |element| {
                fuse.pass();
                *element = ledger.make(OLD + element.number());
            });
            assert_eq!(ledger.alive(), LEN);
            assert!(numbers(&elements).map(|number| number % OLD).eq(0..LEN));
            assert!(result.is_err() || numbers(&elements).all(|number| number >= OLD));
            result
        });
    });
}

/// An element whose clones are counted by a fuse.
struct Fragile<'l>(Owned<'l>, &'l Fuse);

impl Clone for Fragile<'_> {
    fn clone(&self) -> Self {
        self.1.pass();
        Self(self.0.clone(), self.1)
    }
}

#[test]
fn values_of_a_merge_are_dropped_once_when_comparisons_or_clones_panic() {
    within_a_minute(|| {
        assert_dropped_once(|parallel, ledger, fuse| {
            let left = ledger.make_all((0..LEN).step_by(2));
            let right = ledger.make_all((1..LEN).step_by(2));
            let mut places = ledger.make_all([OLD; LEN]);
            let result = parallel.merge_by(&left, &right, &mut places, |one, other| {
                fuse.pass();
                one.number().cmp(&other.number())
            });
            assert_eq!(ledger.alive(), 2 * LEN);
            let mut written = numbers(&places).zip(0..);
            assert!(written.all(|(place, index)| place == OLD || place == index));
            assert!(result.is_err() || numbers(&places).eq(0..LEN));
            result
        });
        assert_dropped_once(|parallel, ledger, fuse| {
            let fragile = |owned| Fragile(owned, fuse);
            let all = |numbers| ledger.make_all(numbers).into_iter().map(fragile);
            let left: Vec<Fragile<'_>> = all((0..LEN).step_by(2)).collect();
            let right: Vec<Fragile<'_>> = all((1..LEN).step_by(2)).collect();
            let old = ledger.make_all([OLD; LEN]).into_iter();
            let mut places: Vec<Fragile<'_>> = old.map(fragile).collect();
            let order =
                |one: &Fragile<'_>, other: &Fragile<'_>| one.0.number().cmp(&other.0.number());
            let result = parallel.merge_by(&left, &right, &mut places, order);
            assert_eq!(ledger.alive(), 2 * LEN);
            let mut written = places.iter().map(|place| place.0.number()).zip(0..);
            assert!(written.all(|(place, index)| place == OLD || place == index));
            result
        });
    });
}

#[test]
fn values_of_a_fill_are_dropped_once_when_a_clone_panics() {
    within_a_minute(|| {
        assert_dropped_once(|parallel, ledger, fuse| {
            let old = ledger.make_all([OLD; LEN]).into_iter();
            let mut places: Vec<Fragile<'_>> = old.map(|owned| Fragile(owned, fuse)).collect();
            let result = parallel.fill(&mut places, Fragile(ledger.make(7), fuse));
            assert_eq!(ledger.alive(), LEN);
            let new = places.iter().filter(|place| place.0.number() == 7).count();
            assert!(result.is_err() || new == LEN);
            result
        });
    });
}

#[test]
fn values_that_are_copied_or_parted_are_dropped_once() {
    within_a_minute(|| {
        assert_dropped_once(|parallel, ledger, fuse| {
            let elements = ledger.make_all(0..LEN);
            let mut places = ledger.make_all([OLD; LEN]);
            let count = parallel.copy_if(&elements, &mut places, |element| {
                fuse.pass();
                element.number() % 3 == 0
            });
            assert_eq!(ledger.alive(), 2 * LEN);
            let chosen = count.as_ref().copied().unwrap_or(0);
            let thirds = (0..LEN).step_by(3);
            assert!(numbers(&places[..chosen]).eq(thirds.take(chosen)));
            assert!(numbers(&places[chosen..]).all(|number| number == OLD));
            count.map(|count| assert_eq!(count, LEN.div_ceil(3)))
        });
        assert_dropped_once(|parallel, ledger, fuse| {
            let mut elements = ledger.make_all(0..LEN);
            let such = parallel.partition(&mut elements, |element| {
                fuse.pass();
                element.number() % 3 == 0
            });
            assert_eq!(ledger.alive(), LEN);
            let thirds = (0..LEN).filter(|number| number % 3 == 0);
            let others = (0..LEN).filter(|number| number % 3 != 0);
            let parted = numbers(&elements).eq(thirds.chain(others));
            let moved = !numbers(&elements).eq(0..LEN);
            assert_eq!((parted, moved), (such.is_ok(), such.is_ok()));
            such.map(drop)
        });
    });
}
