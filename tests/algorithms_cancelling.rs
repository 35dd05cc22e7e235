//! Parallel algorithms whose own operations cancel the run that they are part of.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::support::counter::Counter;
use crate::support::scrambled::scrambled;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{
    CancellationToken, Executor, Parallel, Partitioner, RunError, RunOptions, Taskflow,
};

const WORKERS: [usize; 3] = [1, 2, 4];
const LEN: usize = 100_000;
const CHUNK: usize = 64;

const PARTITIONERS: [Partitioner; 4] = [
    Partitioner::Adaptive { chunk: CHUNK },
    Partitioner::Static { chunk: CHUNK },
    Partitioner::Dynamic { chunk: CHUNK },
    Partitioner::Guided { chunk: CHUNK },
];

/// What an operation calls, which cancels the run when it was called so often.
struct Stop {
    token: CancellationToken,
    at: usize,
    calls: AtomicUsize,
    is_cancelled: AtomicBool,
    /// Calls that began when the cancel had returned.
    later: AtomicUsize,
}

impl Stop {
    fn call(&self) {
        if self.is_cancelled.load(Ordering::SeqCst) {
            self.later.fetch_add(1, Ordering::SeqCst);
        }
        if self.calls.fetch_add(1, Ordering::SeqCst) == self.at {
            assert!(self.token.cancel_with("enough"));
            self.is_cancelled.store(true, Ordering::SeqCst);
        }
    }
}

/// Runs `work` in a task of a run, once for each partitioner and number of workers, and expects that it ends soon after its
/// operation has cancelled that: each worker may call it `more` times after it.
#[track_caller]
fn assert_it_ends_itself(
    more: usize,
    work: impl Fn(Parallel<'_>, &Stop) -> Result<(), RunError> + Send + Sync,
) {
    for workers in WORKERS {
        let executor = Executor::new(workers);
        for partitioner in PARTITIONERS {
            for at in [0, 1000, 20_000] {
                let stop = Stop {
                    token: CancellationToken::new(),
                    at,
                    calls: AtomicUsize::new(0),
                    is_cancelled: AtomicBool::new(false),
                    later: AtomicUsize::new(0),
                };
                let (told, behind) = (Counter::default(), Counter::default());
                let flow = Taskflow::new();
                flow.emplace_parallel(|parallel| {
                    let result = work(parallel.with(partitioner), &stop);
                    assert!(
                        matches!(result, Err(RunError::Cancelled { .. })),
                        "{result:?}"
                    );
                    told.add();
                    result
                })
                .precede(flow.emplace(|| {
                    behind.add();
                }));
                let options = RunOptions::new().token(&stop.token);
                let what = format!("{partitioner:?}, {workers} workers, stopped by call {at}");
                match executor.run_and_wait_with(&flow, options) {
                    Err(RunError::Cancelled { reason, .. }) => {
                        assert_eq!(reason.as_deref(), Some("enough"), "{what}");
                    }
                    other => panic!("{other:?}: {what}"),
                }
                drop(flow);
                assert_eq!((told.get(), behind.get()), (1, 0), "{what}");
                let later = stop.later.into_inner();
                assert!(later <= workers * more, "{later} calls later: {what}");
            }
        }
    }
}

#[test]
fn loops_that_cancel_their_run_end_after_the_chunks_that_have_begun() {
    within_a_minute(|| {
        assert_it_ends_itself(CHUNK, |parallel, stop| {
            parallel.for_each(0..LEN, |_| stop.call())
        });
        assert_it_ends_itself(CHUNK, |parallel, stop| {
            let count = parallel.count(0..LEN, |_| {
                stop.call();
                true
            });
            count.map(drop)
        });
    });
}

#[test]
fn what_writes_and_cancels_its_run_leaves_old_and_new_values() {
    within_a_minute(|| {
        assert_it_ends_itself(CHUNK, |parallel, stop| {
            let mut places = vec![usize::MAX; LEN];
            let result = parallel.transform(0..LEN, &mut places, |index| {
                stop.call();
                index
            });
            let written = places.iter().zip(0..).filter(|(place, _)| **place < LEN);
            assert!(written.clone().all(|(place, index)| *place == index));
            assert_eq!(written.count(), stop.calls.load(Ordering::SeqCst));
            result
        });
        assert_it_ends_itself(CHUNK, |parallel, stop| {
            let mut places = vec![usize::MAX; LEN];
            parallel.generate(&mut places, |index| {
                stop.call();
                index
            })
        });
    });
}

#[test]
fn reductions_that_cancel_their_run_end_after_the_leaves_that_have_begun() {
    // (Behind the present leaf a worker may merge what it has of leaves that lie apart.)
    const MORE: usize = CHUNK + LEN / CHUNK;
    within_a_minute(|| {
        let numbers = scrambled(LEN);
        assert_it_ends_itself(MORE, move |parallel, stop| {
            let sum = parallel.reduce(&numbers, 0, |one, other| {
                stop.call();
                one + other
            });
            sum.map(drop)
        });
        assert_it_ends_itself(CHUNK, |parallel, stop| {
            let map = |index| {
                stop.call();
                index
            };
            let sum = parallel.transform_reduce(0..LEN, 0, map, |one, other| one + other);
            sum.map(drop)
        });
        let numbers = scrambled(LEN);
        assert_it_ends_itself(MORE, move |parallel, stop| {
            let least = parallel.min_element_by(&numbers, |one, other| {
                stop.call();
                one.cmp(other)
            });
            least.map(drop)
        });
    });
}

#[test]
fn scans_that_cancel_their_run_end_after_the_leaves_that_have_begun() {
    // An item of a leaf may cost two calls, the seam one.
    const MORE: usize = 2 * CHUNK + 2;
    within_a_minute(|| {
        for inclusive in [true, false] {
            let numbers = scrambled(LEN);
            assert_it_ends_itself(MORE, move |parallel, stop| {
                let mut places = vec![0; LEN];
                let add = |one: &u32, other: &u32| {
                    stop.call();
                    one + other
                };
                if inclusive {
                    parallel.inclusive_scan(&numbers, &mut places, add)
                } else {
                    parallel.exclusive_scan(&numbers, &mut places, 0, add)
                }
            });
        }
    });
}

#[test]
fn searches_that_cancel_their_run_end_after_the_chunks_that_have_begun() {
    within_a_minute(|| {
        assert_it_ends_itself(CHUNK, |parallel, stop| {
            let found = parallel.find_if(0..LEN, |_| {
                stop.call();
                false
            });
            found.map(drop)
        });
        assert_it_ends_itself(CHUNK, |parallel, stop| {
            let all = parallel.all(0..LEN, |_| {
                stop.call();
                true
            });
            all.map(drop)
        });
    });
}

#[test]
fn what_chooses_and_cancels_its_run_has_written_and_moved_nothing() {
    within_a_minute(|| {
        let numbers = scrambled(LEN);
        assert_it_ends_itself(CHUNK, move |parallel, stop| {
            let mut places = vec![7777; LEN];
            let result = parallel.copy_if(&numbers, &mut places, |_| {
                stop.call();
                true
            });
            assert!(places.iter().all(|place| *place == 7777));
            result.map(drop)
        });
        let numbers = scrambled(LEN);
        assert_it_ends_itself(CHUNK, move |parallel, stop| {
            let mut parted = numbers.clone();
            let result = parallel.partition(&mut parted, |number| {
                stop.call();
                number % 2 == 0
            });
            assert!(parted == numbers);
            result.map(drop)
        });
    });
}

#[test]
fn a_merge_that_cancels_its_run_ends_after_the_leaves_that_have_begun() {
    // A leaf is compared place by place, and found by halving.
    const MORE: usize = CHUNK + 20;
    within_a_minute(|| {
        let mut left = scrambled(LEN / 2);
        left.sort_unstable();
        let right = left.clone();
        assert_it_ends_itself(MORE, move |parallel, stop| {
            let mut merged = vec![0; LEN];
            parallel.merge_by(&left, &right, &mut merged, |one, other| {
                stop.call();
                one.cmp(other)
            })
        });
    });
}

#[test]
fn sorts_that_cancel_their_run_keep_their_elements() {
    within_a_minute(|| {
        let mut expected = scrambled(LEN);
        expected.sort_unstable();
        for stable in [true, false] {
            let expected = expected.clone();
            // (How soon a sort ends is asked elsewhere.)
            assert_it_ends_itself(usize::MAX / 8, move |parallel, stop| {
                let mut numbers = scrambled(LEN);
                let compare = |one: &u32, other: &u32| {
                    stop.call();
                    one.cmp(other)
                };
                let result = if stable {
                    parallel.sort_by(&mut numbers, compare)
                } else {
                    parallel.sort_unstable_by(&mut numbers, compare)
                };
                numbers.sort_unstable();
                assert!(numbers == expected, "elements are lost");
                result
            });
        }
    });
}
