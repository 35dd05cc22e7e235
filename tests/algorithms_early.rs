//! Searches of many workers end when one of them has found what is looked for.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Parallel, Partitioner, RunError};

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

/// Looks at indices for one that is `first` or more, and counts the looks. Who looks far behind gives way to the others.
fn search<R>(
    first: usize,
    search: impl FnOnce(&(dyn Fn(usize) -> bool + Sync)) -> Result<R, RunError>,
) -> (R, usize) {
    let looks = AtomicUsize::new(0);
    let found = search(&|index| {
        looks.fetch_add(1, Ordering::Relaxed);
        if index > FEW {
            thread::yield_now();
        }
        index >= first && index <= FEW
    });
    (found.expect("nothing panics"), looks.into_inner())
}

#[test]
fn a_search_with_a_match_near_the_begin_looks_at_few_whatever_asks() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for partitioner in PARTITIONERS {
                let parallel = executor.parallel().with(partitioner);
                for first in [0, 1, 77, 5000] {
                    let what = format!("{first} by {partitioner:?}, {workers} workers");
                    let (found, looks) = search(first, |is_it| parallel.find_if(0..INDICES, is_it));
                    assert_eq!(found, Some(first), "{what}");
                    assert!(looks < FEW, "{looks} looks for {what}");
                    let (found, looks) = search(first, |is_it| parallel.any(0..INDICES, is_it));
                    assert!(found && looks < FEW, "{looks} looks for any, {what}");
                    let (none, looks) = search(first, |is_it| {
                        parallel.all(0..INDICES, |index| !is_it(index))
                    });
                    assert!(!none && looks < FEW, "{looks} looks for all, {what}");
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
            thread::yield_now();
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
            let executor = Executor::new(workers);
            for partitioner in [
                Partitioner::Adaptive { chunk: 0 },
                Partitioner::Static { chunk: 0 },
                Partitioner::Static { chunk: 50 },
                Partitioner::Guided { chunk: 50 },
            ] {
                let parallel = executor.parallel().with(partitioner);
                // Near the begin, yet behind what the caller looks at before it shares the rest. Whoever comes may be
                // late, so it is tried again.
                let looks = loop {
                    if let Some(looks) = found_behind_the_back(parallel, 3000) {
                        break looks;
                    }
                };
                let what = format!("{partitioner:?}, {workers} workers");
                assert!(looks < FEW, "{looks} looks: {what}");
            }
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
