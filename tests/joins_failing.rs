//! Joins whose closures panic: the panic leaves the join when all that has begun has ended.

use core::hint::black_box;
use core::sync::atomic::{AtomicBool, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::support::coming::come;
use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::throwing::throw;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Fork, RunError, Taskflow};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

fn fibonacci_on(executor: &Executor, n: u32) -> u32 {
    if n < 2 {
        return n;
    }
    let (a, b) = executor.join(
        || fibonacci_on(executor, n - 1),
        || fibonacci_on(executor, n - 2),
    );
    a + b
}

fn text_of(payload: &(dyn core::any::Any + Send)) -> Option<&str> {
    payload.downcast_ref::<String>().map(String::as_str)
}

#[test]
fn the_panic_of_a_first_closure_leaves_after_a_second_one_that_has_begun_has_ended() {
    within_a_minute(|| {
        for workers in WORKERS.into_iter().filter(|workers| *workers > 1) {
            let executor = Executor::new(workers);
            let mut elsewhere = 0;
            while elsewhere < 20 {
                let [begun, ended] = [(); 2].map(|()| AtomicBool::new(false));
                let drops = Counter::default();
                let captured = Dropped(drops.clone());
                let thrown = catch_unwind(AssertUnwindSafe(|| {
                    executor.join(
                        || {
                            come(&begun);
                            throw("the first")
                        },
                        || {
                            let captured = captured;
                            begun.store(true, Ordering::SeqCst);
                            for round in 0..10_000 {
                                black_box(round);
                            }
                            ended.store(true, Ordering::Relaxed);
                            captured
                        },
                    )
                }));
                let has_begun = begun.load(Ordering::Relaxed);
                assert_eq!(ended.load(Ordering::Relaxed), has_begun);
                elsewhere += usize::from(has_begun);
                assert_eq!(drops.get(), 1);
                let payload = thrown.map(drop).unwrap_err();
                assert_eq!(text_of(&*payload), Some("the first"));
            }
        }
    });
}

#[test]
fn after_a_panic_of_the_first_closure_the_second_is_not_begun_by_its_caller() {
    within_a_minute(|| {
        let executor = Executor::new(1);
        let (count, drops) = (Counter::default(), Counter::default());
        let captured = Dropped(drops.clone());
        let thrown = catch_unwind(AssertUnwindSafe(|| {
            executor.join(
                || throw("the first"),
                || {
                    count.add();
                    drop(captured);
                },
            )
        }));
        let payload = thrown.map(drop).unwrap_err();
        assert_eq!(text_of(&*payload), Some("the first"));
        assert_eq!((count.get(), drops.get()), (0, 1));
        assert_eq!(fibonacci_on(&executor, 12), 144);
    });
}

#[test]
fn the_panic_of_a_second_closure_is_that_of_the_join_whoever_ran_it() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let mut elsewhere = 0;
            while elsewhere < if workers > 1 { 20 } else { 1 } {
                let begun = AtomicBool::new(false);
                let mut came = workers == 1;
                let drops = Counter::default();
                let thrown = catch_unwind(AssertUnwindSafe(|| {
                    executor.join(
                        || {
                            came |= come(&begun);
                            Dropped(drops.clone())
                        },
                        || {
                            begun.store(true, Ordering::SeqCst);
                            throw("the second")
                        },
                    )
                }));
                let payload = thrown.map(drop).unwrap_err();
                assert_eq!(text_of(&*payload), Some("the second"));
                elsewhere += usize::from(came);
                assert_eq!(drops.get(), 1);
            }
        }
    });
}

fn throw_at(fork: Fork<'_>, leaves: core::ops::Range<usize>, fatal: usize, inside: &Counter) {
    if leaves.len() == 1 {
        if leaves.start == fatal {
            throw("a leaf");
        }
        return;
    }
    inside.add();
    let middle = usize::midpoint(leaves.start, leaves.end);
    fork.join(
        |fork| throw_at(fork, leaves.start..middle, fatal, inside),
        |fork| throw_at(fork, middle..leaves.end, fatal, inside),
    );
}

#[test]
fn a_panic_anywhere_in_a_tree_ends_the_task_that_grew_it_and_nothing_else() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for fatal in 0..64 {
                let inside = Counter::default();
                let flow = Taskflow::new();
                flow.emplace(|| executor.fork(|fork| throw_at(fork, 0..64, fatal, &inside)));
                let error = executor.run_and_wait(&flow).unwrap_err();
                assert!(
                    matches!(&error, RunError::Panicked { panic, .. } if panic.message() == Some("a leaf")),
                    "{error}"
                );
                drop(flow);
                let seen = inside.get();
                assert!((1..64).contains(&seen));
                assert_eq!(fibonacci_on(&executor, 8), 21);
                assert_eq!(inside.get(), seen, "the join has ended");
            }
        }
    });
}
