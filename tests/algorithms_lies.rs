//! Orders that are none, and predicates that change their minds: what they are asked by ends, and loses and invents nothing.

use core::cmp::Ordering as Order;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::support::owned::{Ledger, Owned};
use crate::support::partitioners::partitioners;
use crate::support::scrambled::scrambled;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Parallel, Partitioner};

const WORKERS: [usize; 3] = [1, 2, 4];
const LENGTHS: [usize; 5] = [0, 1, 2, 99, 3000];

/// What a comparison says, by the number of its call.
const LIES: [fn(usize) -> Order; 5] = [
    |call| {
        let dice = call.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        [Order::Less, Order::Equal, Order::Greater][dice % 3]
    },
    |_| Order::Less,
    |_| Order::Greater,
    |_| Order::Equal,
    |call| [Order::Less, Order::Greater][call % 2],
];

/// Calls `work` with each lie, and expects that all that it made is dropped once.
#[track_caller]
fn assert_it_ends(
    work: impl for<'l> Fn(Parallel<'_>, &'l Ledger, &(dyn Fn() -> Order + Sync), usize),
) {
    for workers in WORKERS {
        let executor = Executor::new(workers);
        let few = partitioners().filter(|partitioner| matches!(partitioner.chunk(), 0 | 7));
        for partitioner in few.chain([Partitioner::Dynamic { chunk: 1024 }]) {
            for lie in LIES {
                for len in LENGTHS {
                    let (ledger, calls) = (Ledger::default(), AtomicUsize::new(1));
                    let say = || lie(calls.fetch_add(1, Ordering::Relaxed));
                    work(executor.parallel().with(partitioner), &ledger, &say, len);
                    assert_eq!(ledger.alive(), 0, "{len} by {partitioner:?}");
                }
            }
        }
    }
}

fn numbers(elements: &[Owned<'_>]) -> Vec<usize> {
    elements.iter().map(Owned::number).collect()
}

#[test]
fn a_merge_ends_whatever_comparisons_say_and_writes_what_it_was_given() {
    within_a_minute(|| {
        assert_it_ends(|parallel, ledger, say, len| {
            let (left, right) = (ledger.make_all(0..len / 3), ledger.make_all(len / 3..len));
            let mut places = ledger.make_all((0..len).map(|_| len));
            let result = parallel.merge_by(&left, &right, &mut places, |_, _| say());
            result.expect("nothing panics");
            assert_eq!(ledger.alive(), 2 * len);
            // (Leaves that are told different things may take the same element.)
            let merged = numbers(&places);
            assert!(merged.iter().all(|number| *number < len), "{len}");
        });
    });
}

#[test]
fn a_merge_by_one_leaf_loses_nothing_whatever_comparisons_say() {
    within_a_minute(|| {
        assert_it_ends(|parallel, ledger, say, len| {
            let whole = parallel.with(Partitioner::Static { chunk: len.max(1) });
            let (left, right) = (ledger.make_all(0..len / 3), ledger.make_all(len / 3..len));
            let mut places = ledger.make_all((0..len).map(|_| len));
            let result = whole.merge_by(&left, &right, &mut places, |_, _| say());
            result.expect("nothing panics");
            let mut merged = numbers(&places);
            merged.sort_unstable();
            assert!(merged.into_iter().eq(0..len), "{len}");
        });
    });
}

#[test]
fn the_least_and_the_greatest_are_elements_whatever_comparisons_say() {
    within_a_minute(|| {
        assert_it_ends(|parallel, ledger, say, len| {
            let elements = ledger.make_all(0..len);
            let least = parallel.min_element_by(&elements, |_, _| say());
            let most = parallel.max_element_by(&elements, |_, _| say());
            for found in [least, most] {
                let found = found.expect("nothing panics");
                assert_eq!(found.is_some(), len > 0);
                assert!(found.is_none_or(|index| index < len), "{found:?}");
            }
            assert!(numbers(&elements).into_iter().eq(0..len));
        });
    });
}

#[test]
fn a_sort_of_elements_that_own_something_loses_none_whatever_comparisons_say() {
    within_a_minute(|| {
        assert_it_ends(|parallel, ledger, say, len| {
            for stable in [true, false] {
                let mut elements = ledger.make_all(0..len);
                // (The sorts of the library below may panic when they notice.)
                let _ = if stable {
                    parallel.sort_by(&mut elements, |_, _| say())
                } else {
                    parallel.sort_unstable_by(&mut elements, |_, _| say())
                };
                let mut sorted = numbers(&elements);
                sorted.sort_unstable();
                assert!(sorted.into_iter().eq(0..len), "{len}, stable: {stable}");
            }
        });
    });
}

#[test]
fn what_chooses_asks_once_and_keeps_to_the_answer() {
    within_a_minute(|| {
        assert_it_ends(|parallel, ledger, say, len| {
            // Of each element how often it was asked about, and then how often it was called such.
            let told =
                || -> Vec<[AtomicUsize; 2]> { (0..len).map(|_| Default::default()).collect() };
            let is_such = |told: &[[AtomicUsize; 2]], element: &Owned<'_>| {
                let is_such = say() == Order::Less;
                let [asked, such] = &told[element.number()];
                asked.fetch_add(1, Ordering::Relaxed);
                such.fetch_add(is_such.into(), Ordering::Relaxed);
                is_such
            };
            let such_of = |told: Vec<[AtomicUsize; 2]>| -> Vec<usize> {
                let told = told
                    .into_iter()
                    .map(|told| told.map(AtomicUsize::into_inner));
                let told = told.inspect(|[asked, _]| assert_eq!(*asked, 1)).enumerate();
                let such = told.filter(|(_, [_, such])| *such == 1);
                such.map(|(number, _)| number).collect()
            };
            let (mut elements, first) = (ledger.make_all(0..len), told());
            let such = parallel.partition(&mut elements, |element| is_such(&first, element));
            let (such, mut parted) = (such.expect("nothing panics"), numbers(&elements));
            assert_eq!(parted[..such], such_of(first));
            assert!(parted[such..].is_sorted());
            parted.sort_unstable();
            assert!(parted.into_iter().eq(0..len), "{len}");

            let (elements, second) = (ledger.make_all(0..len), told());
            let mut places = ledger.make_all((0..len).map(|_| len));
            let count = parallel.copy_if(&elements, &mut places, |it| is_such(&second, it));
            let (count, copied) = (count.expect("nothing panics"), numbers(&places));
            assert_eq!(copied[..count], such_of(second));
            assert!(copied[count..].iter().all(|number| *number == len));
        });
    });
}

#[test]
fn what_compares_as_it_likes_in_one_of_a_hundred_calls_is_sorted_all_the_same_set() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for len in [5000, 60_000] {
                let (given, calls) = (scrambled(len), AtomicUsize::new(0));
                let compare = |one: &u32, other: &u32| {
                    let call = calls.fetch_add(1, Ordering::Relaxed);
                    if call % 100 == 99 {
                        other.cmp(one)
                    } else {
                        one.cmp(other)
                    }
                };
                let mut expected = given.clone();
                expected.sort_unstable();
                for stable in [true, false] {
                    let mut sorted = given.clone();
                    let _ = if stable {
                        executor.sort_by(&mut sorted, compare)
                    } else {
                        executor.sort_unstable_by(&mut sorted, compare)
                    };
                    sorted.sort_unstable();
                    assert!(sorted == expected, "{len}, stable: {stable}");
                }
            }
        }
    });
}
