//! Parallel sorts of many elements: what they give, who helps, and how they stop.

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use crate::support::gate::Gate;
use crate::support::scrambled::scrambled;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Manual, Parallel, Partitioner, RunError, Taskflow};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

/// As many numbers, in orders that sorts meet.
fn shapes(len: usize) -> Vec<Vec<u32>> {
    let random = scrambled(len);
    let rising: Vec<u32> = (0..).take(len).collect();
    let mut falling = rising.clone();
    falling.reverse();
    let mut nearly = rising.clone();
    if len > 10 {
        nearly.swap(len / 3, len - 2);
    }
    let pipe = rising.iter().zip(&falling).map(|(up, down)| *up.min(down));
    let few = random.iter().map(|number| number % 7);
    let mostly_one = random.iter().map(|number| number.saturating_sub(900));
    let teeth = rising.iter().map(|number| number % 1000);
    vec![
        pipe.collect(),
        few.collect(),
        mostly_one.collect(),
        teeth.collect(),
        vec![7; len],
        random,
        rising,
        falling,
        nearly,
    ]
}

#[track_caller]
fn assert_sorts(parallel: Parallel<'_>, given: &[u32]) {
    let mut expected = given.to_vec();
    expected.sort_unstable();
    let mut sorted = given.to_vec();
    parallel.sort_unstable(&mut sorted).expect("nothing panics");
    assert!(sorted == expected, "unstable, {} elements", given.len());
    let numbered: Vec<(u32, usize)> = given.iter().copied().zip(0..).collect();
    let mut expected = numbered.clone();
    expected.sort_by_key(|item| item.0);
    let mut sorted = numbered;
    parallel
        .sort_by(&mut sorted, |one, other| one.0.cmp(&other.0))
        .expect("nothing panics");
    assert!(sorted == expected, "stable, {} elements", given.len());
    let words: Vec<String> = given
        .iter()
        .take(5000)
        .map(|number| format!("{number:x}"))
        .collect();
    let mut expected = words.clone();
    expected.sort();
    for stable in [true, false] {
        let mut sorted = words.clone();
        if stable {
            parallel.sort(&mut sorted).expect("nothing panics");
        } else {
            parallel.sort_unstable(&mut sorted).expect("nothing panics");
        }
        assert!(sorted == expected, "{} words", words.len());
    }
}

#[test]
fn rows_of_every_shape_are_sorted_as_the_library_sorts_them() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let executor = Executor::new(workers);
            for len in [5000, 70_000] {
                for given in shapes(len) {
                    assert_sorts(executor.parallel(), &given);
                }
            }
        }
    });
}

#[test]
fn rows_are_sorted_whatever_is_called_short() {
    within_a_minute(|| {
        let manual = taskflow_core::Executor::<Manual>::new(3);
        let threads = Executor::new(3);
        for chunk in [1, 2, 3, 10, 100] {
            let dynamic = Partitioner::Dynamic { chunk };
            for len in [0, 1, 2, 3, 9, 200, 3000] {
                for given in shapes(len) {
                    assert_sorts(manual.parallel().with(dynamic), &given);
                    assert_sorts(threads.parallel().with(dynamic), &given);
                }
            }
        }
    });
}

#[test]
fn what_a_comparison_changes_within_the_elements_of_a_stable_sort_is_there_afterwards() {
    // (Not for the unstable one, which wants elements that threads may share.)
    for workers in WORKERS {
        let executor = Executor::new(workers);
        for len in [10, 5000, 100_000] {
            let numbers = scrambled(len).into_iter();
            let mut asked: Vec<(u32, Cell<usize>)> =
                numbers.map(|number| (number, Cell::new(0))).collect();
            let calls = AtomicUsize::new(0);
            let compare = |one: &(u32, Cell<usize>), other: &(u32, Cell<usize>)| {
                calls.fetch_add(1, Ordering::Relaxed);
                one.1.set(one.1.get() + 1);
                other.1.set(other.1.get() + 1);
                one.0.cmp(&other.0)
            };
            executor
                .sort_by(&mut asked, compare)
                .expect("nothing panics");
            assert!(asked.is_sorted_by_key(|element| element.0));
            let told: usize = asked.iter().map(|element| element.1.get()).sum();
            assert_eq!(told, 2 * calls.into_inner(), "{len} elements");
        }
    }
}

#[test]
fn a_stop_is_seen_within_a_sort() {
    const LEN: usize = 200_000;
    // Of each worker: what it compares between two looks, and the sort of a short row.
    const MORE: usize = 200_000;
    within_a_minute(|| {
        for workers in WORKERS {
            for stable in [true, false] {
                let executor = Executor::new(workers);
                let (begun, stopped) = (Gate::default(), Gate::default());
                let more = Arc::new(AtomicUsize::new(0));
                let (open, pass, count) = (begun.clone(), stopped.clone(), Arc::clone(&more));
                let flow = Taskflow::new();
                flow.emplace_parallel(move |parallel| {
                    let calls = AtomicUsize::new(0);
                    let compare = |one: &u32, other: &u32| {
                        // The first of them ends when the run was cancelled.
                        if calls.fetch_add(1, Ordering::Relaxed) == 1000 {
                            open.open();
                            pass.pass();
                            count.store(calls.load(Ordering::Relaxed), Ordering::Relaxed);
                        }
                        one.cmp(other)
                    };
                    let mut numbers = scrambled(LEN);
                    let result = if stable {
                        parallel.sort_by(&mut numbers, compare)
                    } else {
                        parallel.sort_unstable_by(&mut numbers, compare)
                    };
                    assert!(matches!(result, Err(RunError::Cancelled { .. })));
                    let before = count.load(Ordering::Relaxed);
                    count.store(calls.into_inner() - before, Ordering::Relaxed);
                    numbers.sort_unstable();
                    let mut expected = scrambled(LEN);
                    expected.sort_unstable();
                    assert!(numbers == expected, "elements are lost");
                    result
                });
                let run = executor.run(&flow);
                begun.pass();
                assert!(run.cancel());
                stopped.open();
                assert!(matches!(run.wait(), Err(RunError::Cancelled { .. })));
                let more = more.load(Ordering::Relaxed);
                assert!(more < workers * MORE, "{more} comparisons after the stop");
            }
        }
    });
}

#[test]
fn a_sort_that_nobody_could_help_at_its_begin_is_joined_later() {
    within_a_minute(|| {
        for stable in [true, false] {
            // A worker that is let go is not always there before the sort has ended, so it is tried again.
            let was_joined = || {
                let executor = Arc::new(Executor::new(2));
                let (busy, free) = (Gate::default(), Gate::default());
                let (open, pass) = (busy.clone(), free.clone());
                let other = executor.spawn(move || {
                    open.open();
                    pass.pass();
                });
                busy.pass();
                let inner = Arc::clone(&executor);
                let sort = executor.spawn(move || {
                    let first = OnceLock::new();
                    let (calls, joined) = (AtomicUsize::new(0), AtomicBool::new(false));
                    let compare = |one: &u32, other: &u32| {
                        let me = thread::current().id();
                        if *first.get_or_init(|| me) != me {
                            joined.store(true, Ordering::Relaxed);
                        }
                        match calls.fetch_add(1, Ordering::Relaxed) {
                            100_000 => free.open(),
                            call if call % 10_000 == 0 => thread::yield_now(),
                            _ => {}
                        }
                        one.cmp(other)
                    };
                    let mut numbers = scrambled(300_000);
                    if stable {
                        inner.sort_by(&mut numbers, compare).unwrap();
                    } else {
                        inner.sort_unstable_by(&mut numbers, compare).unwrap();
                    }
                    assert!(numbers.is_sorted());
                    joined.into_inner()
                });
                let joined = sort.wait().unwrap();
                other.wait().unwrap();
                joined
            };
            while !was_joined() {}
        }
    });
}
