//! Parallel algorithms that end early: found, or cancelled.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use crate::support::counter::Counter;
use crate::support::gate::Gate;
use crate::support::partitioners::partitioners;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Parallel, Partitioner, RunError, Taskflow, checkpoint};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

/// Runs `work` in a task of a run, and cancels that once the work has begun.
#[track_caller]
fn assert_cancelled(
    executor: &Executor,
    mut work: impl FnMut(Parallel<'_>, &(dyn Fn() + Sync)) -> Result<(), RunError> + Send + 'static,
) {
    let (begun, told) = (Gate::default(), Counter::default());
    let flow = Taskflow::new();
    let (open, tell) = (begun.clone(), told.clone());
    flow.emplace_parallel(move |parallel| {
        let begun = AtomicUsize::new(0);
        let begin = || {
            if begun.load(Ordering::Relaxed) == 0 {
                begun.store(1, Ordering::Relaxed);
                open.open();
            }
        };
        let result = work(parallel, &begin);
        assert!(
            matches!(result, Err(RunError::Cancelled { .. })),
            "{result:?}"
        );
        tell.add();
        result
    });
    let run = executor.run(&flow);
    begun.pass();
    assert!(run.cancel());
    assert!(matches!(run.wait(), Err(RunError::Cancelled { .. })));
    assert_eq!(told.get(), 1);
}

#[test]
fn a_cancelled_loop_over_a_billion_indices_ends_soon() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for chunk in [0, 1000] {
                for partitioner in [
                    Partitioner::Adaptive { chunk },
                    Partitioner::Static { chunk },
                    Partitioner::Dynamic { chunk },
                    Partitioner::Guided { chunk },
                ] {
                    assert_cancelled(&executor, move |parallel, begin| {
                        let sum = AtomicUsize::new(0);
                        parallel
                            .with(partitioner)
                            .for_each(0..1_000_000_000usize, |index| {
                                begin();
                                if index == usize::MAX {
                                    sum.fetch_add(1, Ordering::Relaxed);
                                }
                            })
                    });
                }
            }
        }
    });
}

#[test]
fn a_cancelled_run_ends_what_its_helpers_call_in_turn() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            assert_cancelled(&executor, |parallel, begin| {
                parallel.for_each(0..usize::MAX, |_| {
                    let inner = parallel.for_each(0..usize::MAX, |_| begin());
                    assert!(inner.is_err());
                })
            });
        }
    });
}

#[test]
fn an_operation_that_asks_hears_that_an_outer_call_was_stopped() {
    within_a_minute(|| {
        for workers in [2, 4, 8] {
            let executor = Executor::new(workers);
            for _ in 0..20 {
                assert_cancelled(&executor, |parallel, begin| {
                    parallel.for_each(0..2, |_| {
                        let inner = parallel.for_each(0..2, |_| {
                            begin();
                            while checkpoint().is_ok() {}
                        });
                        assert!(inner.is_err());
                    })
                });
            }
        }
    });
}

#[test]
fn an_algorithm_of_a_run_that_was_cancelled_before_calls_nothing() {
    let executor = Executor::new(2);
    let (at_gate, go_on) = (Gate::default(), Gate::default());
    let called = Arc::new(AtomicUsize::new(0));
    let flow = Taskflow::new();
    let (open, pass, count) = (at_gate.clone(), go_on.clone(), Arc::clone(&called));
    flow.emplace_parallel(move |parallel| {
        open.open();
        pass.pass();
        parallel.for_each(0..100, |_| {
            count.fetch_add(1, Ordering::Relaxed);
        })
    });
    let run = executor.run(&flow);
    at_gate.pass();
    assert!(run.cancel());
    go_on.open();
    assert!(matches!(run.wait(), Err(RunError::Cancelled { .. })));
    assert_eq!(called.load(Ordering::Relaxed), 0);
}

#[test]
fn a_search_whose_first_item_matches_looks_at_few() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let looks = AtomicUsize::new(0);
            let found = executor.find_if(0..50_000_000u32, |number| {
                looks.fetch_add(1, Ordering::Relaxed);
                number == 0
            });
            assert_eq!(found.unwrap(), Some(0));
            assert!(looks.into_inner() < 500_000);
        }
    });
}

#[test]
fn a_search_gives_the_first_match_though_later_ones_are_found_first() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for partitioner in partitioners() {
                let parallel = executor.parallel().with(partitioner);
                for first in [0, 1, 50, 98, 99] {
                    let found = parallel.find_if(0..100usize, |index| {
                        if index < 60 {
                            std::thread::yield_now();
                        }
                        index >= first
                    });
                    assert_eq!(found.unwrap(), Some(first));
                }
            }
        }
    });
}
