//! Searches of many workers end when one of them has found what is looked for.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Parallel, Partitioner, RunError, Taskflow};

const INDICES: usize = 10_000_000;
/// A hundredth of them.
const FEW: usize = INDICES / 100;
const WORKERS: [usize; 3] = [2, 3, 4];

const PARTITIONERS: [Partitioner; 6] = [
    Partitioner::Adaptive { chunk: 0 },
    Partitioner::Adaptive { chunk: 100 },
    Partitioner::Static { chunk: 0 },
    Partitioner::Static { chunk: 100 },
    Partitioner::Dynamic { chunk: 100 },
    Partitioner::Guided { chunk: 100 },
];

/// A look far behind what is searched for. It gives way to those before, whatever else they wait for.
fn look_far_behind() {
    for _ in 0..20 {
        thread::yield_now();
    }
}

/// Looks at indices for one that is `first` or a little more, and counts the looks.
fn search<R>(
    first: usize,
    search: impl FnOnce(&(dyn Fn(usize) -> bool + Sync)) -> Result<R, RunError>,
) -> (R, usize) {
    let looks = AtomicUsize::new(0);
    let found = search(&|index| {
        looks.fetch_add(1, Ordering::Relaxed);
        if index > FEW {
            look_far_behind();
        }
        index >= first && index <= FEW
    });
    (found.expect("nothing panics"), looks.into_inner())
}

/// All that searches looks at few, wherever near the begin the match is.
#[track_caller]
fn assert_few_looks(parallel: Parallel<'_>) {
    for first in [0, 1, 77, 5000] {
        let (found, looks) = search(first, |is_it| parallel.find_if(0..INDICES, is_it));
        assert_eq!(found, Some(first));
        assert!(looks < FEW, "{looks} looks for {first}, {parallel:?}");
        let (found, looks) = search(first, |is_it| parallel.any(0..INDICES, is_it));
        assert!(found && looks < FEW, "{looks} looks for any, {parallel:?}");
        let (none, looks) = search(first, |is_it| {
            parallel.all(0..INDICES, |index| !is_it(index))
        });
        assert!(!none && looks < FEW, "{looks} looks for all, {parallel:?}");
    }
}

/// Calls this in a task of an executor with so many workers, with each way of sharing out.
fn in_a_task(workers: usize, body: impl Fn(Parallel<'_>, Partitioner) + Sync) {
    let executor = Executor::new(workers);
    let flow = Taskflow::new();
    flow.emplace_parallel(|parallel| {
        for partitioner in PARTITIONERS {
            body(parallel.with(partitioner), partitioner);
        }
        Ok(())
    });
    executor.run_and_wait(&flow).expect("nothing fails");
}

#[test]
fn a_search_in_a_task_with_a_match_near_the_begin_looks_at_few_whatever_asks() {
    within_a_minute(|| {
        for workers in WORKERS {
            in_a_task(workers, |parallel, _| assert_few_looks(parallel));
        }
    });
}

#[test]
fn a_search_of_what_is_dealt_out_with_a_match_near_the_begin_looks_at_few() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for partitioner in PARTITIONERS {
                if !matches!(partitioner, Partitioner::Adaptive { .. }) {
                    assert_few_looks(executor.parallel().with(partitioner));
                }
            }
        }
    });
}

/// Looks for the first index, which is found when another worker has looked at one far behind. Gives how many looks there were, if
/// one came in time.
fn found_behind_the_back(parallel: Parallel<'_>, first: usize) -> Option<usize> {
    let (looks, met) = (AtomicUsize::new(0), AtomicBool::new(false));
    let is_such = |index: usize| {
        looks.fetch_add(1, Ordering::Relaxed);
        if index > FEW {
            met.store(true, Ordering::Relaxed);
            look_far_behind();
            return false;
        }
        if index != first {
            return false;
        }
        for _ in 0..10_000 {
            if met.load(Ordering::Relaxed) {
                break;
            }
            thread::yield_now();
        }
        true
    };
    let found = parallel.find_if(0..INDICES, is_such);
    assert_eq!(found.expect("nothing panics"), Some(first));
    met.into_inner().then(|| looks.into_inner())
}

#[test]
fn a_searcher_far_behind_ends_when_another_has_found_what_comes_before() {
    within_a_minute(|| {
        for workers in WORKERS {
            in_a_task(workers, |parallel, partitioner| {
                // Near the begin, yet behind what the caller looks at before it shares the rest. (Those who take one chunk
                // after another come there late.)
                if matches!(partitioner, Partitioner::Dynamic { .. }) {
                    return;
                }
                // Whoever comes may be late, so it is tried again.
                let looks = loop {
                    if let Some(looks) = found_behind_the_back(parallel, 3000) {
                        break looks;
                    }
                };
                assert!(
                    looks < FEW,
                    "{looks} looks: {parallel:?}, {workers} workers"
                );
            });
        }
    });
}

#[test]
fn a_search_that_finds_nothing_looks_at_all_once() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for partitioner in PARTITIONERS {
                let looks = AtomicUsize::new(0);
                let parallel = executor.parallel().with(partitioner);
                let found = parallel.find_if(0..FEW, |_| {
                    looks.fetch_add(1, Ordering::Relaxed);
                    false
                });
                assert_eq!((found.unwrap(), looks.into_inner()), (None, FEW));
            }
        }
    });
}
