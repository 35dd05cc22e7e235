//! Parallel algorithms when operations panic, and when orders are none.

use core::cmp::Ordering as Order;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::panics::panic_of;
use crate::support::partitioners::partitioners;
use crate::support::scrambled::scrambled;
use crate::support::throwing::throw;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Partitioner, RunError};

const WORKERS: [usize; 4] = [1, 2, 4, 8];
const CHUNKS: [usize; 3] = [0, 1, 7];

/// An element with its own memory and a count of its drops.
struct Element(
    Box<u32>,
    #[expect(dead_code, reason = "its drop counts")] Dropped,
);

fn elements(len: usize, drops: &Counter) -> Vec<Element> {
    let numbers = scrambled(len).into_iter();
    numbers
        .map(|number| Element(Box::new(number), Dropped(drops.clone())))
        .collect()
}

/// Whether these are the elements that `elements` made, in any order.
fn are_all_there(elements: &[Element], len: usize) -> bool {
    let mut numbers: Vec<u32> = elements.iter().map(|element| *element.0).collect();
    let mut expected = scrambled(len);
    numbers.sort_unstable();
    expected.sort_unstable();
    numbers == expected
}

/// Sorts, stable or not, by this order; says whether it ended well. The elements must all be there, and dropped once.
#[track_caller]
fn sort(
    executor: &Executor,
    chunk: usize,
    len: usize,
    compare: impl Fn(&u32, &u32) -> Order + Sync,
) -> [bool; 2] {
    let parallel = executor.parallel().with(Partitioner::Dynamic { chunk });
    let compare = |one: &Element, other: &Element| compare(&one.0, &other.0);
    [true, false].map(|stable| {
        let drops = Counter::default();
        let mut elements = elements(len, &drops);
        let result = if stable {
            parallel.sort_by(&mut elements, compare)
        } else {
            parallel.sort_unstable_by(&mut elements, compare)
        };
        assert!(
            are_all_there(&elements, len),
            "{len} by {chunk}: elements are lost"
        );
        drop(elements);
        assert_eq!(drops.get(), len);
        result.is_ok()
    })
}

#[test]
fn a_sort_keeps_its_elements_when_a_comparison_panics() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for chunk in CHUNKS {
                for fatal in [0, 1, 10, 100, 1000, 5000, 9000] {
                    let calls = AtomicUsize::new(0);
                    let ended_well = sort(&executor, chunk, 1000, |one, other| {
                        if calls.fetch_add(1, Ordering::Relaxed) == fatal {
                            throw("no order");
                        }
                        one.cmp(other)
                    });
                    assert!(fatal > 1000 || !ended_well[0], "{fatal}");
                }
            }
        }
    });
}

#[test]
fn a_sort_keeps_its_elements_whatever_comparisons_say() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for (chunk, len) in [(0, 100), (0, 10_000), (1, 300), (7, 1000), (64, 10_000)] {
                // (std's sorts may panic when they notice.)
                let calls = AtomicUsize::new(1);
                sort(&executor, chunk, len, |_, _| {
                    let call = calls.fetch_add(1, Ordering::Relaxed);
                    let dice = call.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 61;
                    [Order::Less, Order::Equal, Order::Greater][dice % 3]
                });
                sort(&executor, chunk, len, |_, _| Order::Less);
                sort(&executor, chunk, len, |_, _| Order::Greater);
                let [stable, unstable] = sort(&executor, chunk, len, |_, _| Order::Equal);
                assert!(stable && unstable);
            }
        }
    });
}

#[test]
fn a_partition_keeps_its_elements_when_its_predicate_panics_or_changes_its_mind() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for partitioner in partitioners() {
                let parallel = executor.parallel().with(partitioner);
                let drops = Counter::default();
                let mut parted = elements(500, &drops);
                let calls = Counter::default();
                let such = parallel.partition(&mut parted, |_| calls.add() % 3 == 0);
                assert_eq!(such.unwrap(), 167);
                assert!(are_all_there(&parted, 500));
                let order: Vec<u32> = parted.iter().map(|element| *element.0).collect();
                let calls = Counter::default();
                let result = parallel.partition(&mut parted, |_| calls.add() != 250 || throw("no"));
                assert!(matches!(result, Err(RunError::Panicked { .. })));
                assert!(
                    parted.iter().map(|element| *element.0).eq(order),
                    "it has moved some"
                );
                drop(parted);
                assert_eq!(drops.get(), 500);
            }
        }
    });
}

#[test]
fn the_first_panic_is_the_result_and_the_executor_is_as_good_as_new() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for partitioner in partitioners() {
                let parallel = executor.parallel().with(partitioner);
                for fatal in [0, 1, 50, 99] {
                    let result = parallel.for_each(0..100, |index| {
                        if index == fatal {
                            throw("a wrong item");
                        }
                    });
                    match result {
                        Err(RunError::Panicked {
                            panic, task: None, ..
                        }) => {
                            let payload = panic.into_payload().downcast::<String>();
                            assert_eq!(*payload.unwrap(), "a wrong item");
                        }
                        other => panic!("{other:?}"),
                    }
                }
                let sum = parallel.reduce(&scrambled(100), 0, |_, _| throw("no sum"));
                assert!(matches!(sum, Err(RunError::Panicked { .. })));
                let found = parallel.find_if(0..100, |_| throw("no such"));
                assert!(matches!(found, Err(RunError::Panicked { .. })));
                assert_eq!(parallel.count(0..100, |_| true).unwrap(), 100);
            }
        }
    });
}

#[test]
fn values_of_a_reduction_and_of_scans_are_dropped_once_also_when_it_panics() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for partitioner in partitioners() {
                let parallel = executor.parallel().with(partitioner);
                for fatal in [0, 3, 90, 1_000_000] {
                    let (made, drops, calls) =
                        (Counter::default(), Counter::default(), Counter::default());
                    let make = |_| {
                        made.add();
                        Dropped(drops.clone())
                    };
                    let merge = |one: Dropped, _: Dropped| {
                        if calls.add() == fatal {
                            throw("no sum");
                        }
                        one
                    };
                    let init = make(0);
                    let result = parallel.transform_reduce(0..100, init, make, merge);
                    assert_eq!(result.is_ok(), fatal > 100);
                    drop(result);
                    assert_eq!(made.get(), drops.get());
                }
            }
        }
    });
}

#[test]
fn outputs_of_another_length_are_refused() {
    let executor = Executor::new(2);
    let text = panic_of(|| executor.transform(0..3, &mut [0; 2], |index| index));
    assert!(text.contains("3 items for 2 places"), "{text}");
}
