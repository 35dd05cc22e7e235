//! Parallel algorithms in tasks, in one another, beside one another; and the same bits wherever.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::algorithms::assert_all_agree;
use crate::support::partitioners::partitioners;
use crate::support::scrambled::scrambled;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Manual, Partitioner, Taskflow};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

/// Longer than it takes to come, on a machine that is not loaded.
const PATIENCE: Duration = Duration::from_millis(100);

/// Calls itself in each item, `depth` deep.
fn nest(executor: &Executor, depth: usize, count: &AtomicUsize) {
    if depth == 0 {
        count.fetch_add(1, Ordering::Relaxed);
        return;
    }
    let nested = executor.for_each(0..3, |_| nest(executor, depth - 1, count));
    nested.expect("nothing panics");
}

#[test]
fn algorithms_in_algorithms_eight_deep_end() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let count = AtomicUsize::new(0);
            nest(&executor, 8, &count);
            assert_eq!(count.into_inner(), 6561);
            let inner = Arc::clone(&executor);
            let in_a_task = executor.spawn(move || {
                let count = AtomicUsize::new(0);
                nest(&inner, 8, &count);
                count.into_inner()
            });
            assert_eq!(in_a_task.wait().unwrap(), 6561);
        }
    });
}

#[test]
fn algorithms_in_tasks_give_the_sequential_answer() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let flow = Taskflow::new();
            for partitioner in partitioners().filter(|partitioner| partitioner.chunk() < 3) {
                flow.emplace_parallel(move |parallel| {
                    assert_all_agree(parallel.with(partitioner), 200, &|| {});
                    Ok(())
                });
            }
            flow.emplace_runtime(|rt| assert_all_agree(rt.parallel(), 200, &|| {}));
            executor.run_and_wait(&flow).unwrap();
        }
    });
}

#[test]
fn many_threads_share_one_executor() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        for partitioner in partitioners().step_by(3) {
                            assert_all_agree(executor.parallel().with(partitioner), 120, &|| {});
                        }
                    });
                }
            });
        }
    });
}

#[test]
fn a_caller_that_holds_a_lock_gets_nothing_else_run_on_its_stack() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let lock = Arc::new(Mutex::new(0));
            let flow = Taskflow::new();
            for _ in 0..20 {
                let lock = Arc::clone(&lock);
                flow.emplace_parallel(move |parallel| {
                    let mut count = lock.lock().unwrap();
                    let dynamic = parallel.with(Partitioner::Dynamic { chunk: 1 });
                    *count += dynamic.count(0..50, |_| {
                        thread::yield_now();
                        true
                    })?;
                    Ok(())
                });
            }
            executor.run_and_wait(&flow).unwrap();
            assert_eq!(*lock.lock().unwrap(), 1000);
        }
    });
}

#[test]
fn a_loop_of_long_items_runs_on_all_workers() {
    within_a_minute(|| {
        for workers in [2, 4] {
            let executor = Executor::new(workers);
            for partitioner in partitioners().filter(|partitioner| partitioner.chunk() <= 1) {
                // Each waits until as many are there as there are workers. A worker that is between two tasks when the
                // loop begins does not help at once, so it is tried again.
                let parallel = executor.parallel().with(partitioner);
                let all_came = || {
                    let (here, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
                    let begun = Instant::now();
                    let wait = |_| {
                        most.fetch_max(1 + here.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
                        while most.load(Ordering::SeqCst) < workers && begun.elapsed() < PATIENCE {
                            thread::yield_now();
                        }
                        here.fetch_sub(1, Ordering::SeqCst);
                    };
                    parallel.for_each(0..workers, wait).unwrap();
                    most.into_inner() == workers
                };
                while !all_came() {}
            }
        }
    });
}

#[test]
fn sums_of_floating_point_numbers_have_the_same_bits_for_every_number_of_workers() {
    within_a_minute(|| {
        for len in [10, 1000, 3000, 100_000] {
            let numbers: Vec<f64> = scrambled(len)
                .into_iter()
                .map(|n| 1.0 / f64::from(n + 1))
                .collect();
            let answers = |parallel: taskflow_std::Parallel<'_>| {
                let (mut after, mut before) = (vec![0.0; len], vec![0.0; len]);
                parallel
                    .inclusive_scan(&numbers, &mut after, |a, b| a + b)
                    .unwrap();
                parallel
                    .exclusive_scan(&numbers, &mut before, 0.1, |a, b| a + b)
                    .unwrap();
                let sum = parallel.reduce(&numbers, 0.1, |a, b| a + b).unwrap();
                let bits = after.iter().chain(&before).map(|number| number.to_bits());
                (sum.to_bits(), bits.collect::<Vec<_>>())
            };
            let manual = taskflow_core::Executor::<Manual>::new(3);
            let expected = answers(manual.parallel());
            for workers in WORKERS {
                let executor = Executor::new(workers);
                for _ in 0..3 {
                    assert!(
                        answers(executor.parallel()) == expected,
                        "{workers} workers"
                    );
                }
                for partitioner in partitioners().filter(|partitioner| partitioner.chunk() == 0) {
                    let parallel = executor.parallel().with(partitioner);
                    assert!(answers(parallel) == expected, "{partitioner:?}");
                }
            }
        }
    });
}
