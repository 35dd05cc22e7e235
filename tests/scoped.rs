//! Spawned tasks that borrow.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use crate::support::counter::Counter;
use crate::support::forgotten::forget;
use crate::support::gate::Gate;
use crate::support::panics::panic_of;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, JoinError, RunError, Scope};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

#[test]
fn a_task_and_the_scope_that_waits_for_it_do_not_wait_for_one_another() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let (give, take) = mpsc::channel::<taskflow_std::JoinHandle<()>>();
            let inner = Arc::clone(&executor);
            let outer = executor.spawn(move || {
                let begun = Gate::default();
                let result = inner.scope(|scope| {
                    let begins = begun.clone();
                    scope.spawn(move || {
                        begins.open();
                        let outer = take.recv().expect("it comes");
                        assert!(matches!(outer.wait(), Err(JoinError::Deadlock)));
                    });
                    if workers > 1 {
                        // On another stack.
                        begun.pass();
                    }
                });
                result.unwrap();
            });
            let done = outer.done();
            give.send(outer).expect("the task listens");
            executor.wait_for_all().unwrap();
            assert!(done.is_done());
        }
    });
}

/// Fibonacci, each call a scope.
fn fib(executor: &Executor, n: u32) -> u32 {
    if n < 2 {
        return n;
    }
    let sum = executor.scope(|scope| {
        let left = scope.spawn(|| fib(executor, n - 1));
        let right = fib(executor, n - 2);
        left.wait().map(|left| left + right)
    });
    sum.expect("no panic").expect("no panic")
}

#[test]
fn scopes_in_tasks_in_scopes_compute_fibonacci() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            assert_eq!(fib(&executor, 17), 1597);
            let inside = executor.scope(|scope| scope.spawn(|| fib(&executor, 17)).wait());
            assert_eq!(inside.unwrap().unwrap(), 1597);
        }
    });
}

/// Sums by halves, which borrow.
fn sum<'scope>(
    scope: &'scope Scope<'scope, '_>,
    numbers: &'scope [u64],
    total: &'scope AtomicUsize,
) {
    if numbers.len() < 100 {
        let part: u64 = numbers.iter().sum();
        let part = usize::try_from(part).expect("small");
        total.fetch_add(part, Ordering::Relaxed);
        return;
    }
    let (left, right) = numbers.split_at(numbers.len() / 2);
    scope.spawn(move || sum(scope, left, total));
    sum(scope, right, total);
}

#[test]
fn scoped_tasks_borrow_and_spawn_into_the_same_scope() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let numbers: Vec<u64> = (0..10_000).collect();
            let total = AtomicUsize::new(0);
            executor
                .scope(|scope| sum(scope, &numbers, &total))
                .unwrap();
            assert_eq!(total.into_inner(), 49_995_000);
        }
    });
}

#[test]
fn scoped_tasks_write_to_disjoint_parts() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let mut numbers = vec![0; 1000];
            let result = executor.scope(|scope| {
                for (at, part) in numbers.chunks_mut(10).enumerate() {
                    scope.spawn(move || part.fill(at));
                }
            });
            result.unwrap();
            assert!(numbers.iter().enumerate().all(|(at, n)| *n == at / 10));
        }
    });
}

#[test]
fn forgetting_the_handles_of_scoped_tasks_is_harmless() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let count = AtomicUsize::new(0);
            let text = String::from("borrowed");
            let result = executor.scope(|scope| {
                for _ in 0..100 {
                    forget(scope.spawn(|| {
                        count.fetch_add(1, Ordering::Relaxed);
                        text.as_str()
                    }));
                }
            });
            result.unwrap();
            drop(text);
            assert_eq!(count.into_inner(), 100);
        }
    });
}

#[test]
fn a_scope_ends_with_the_panic_of_a_task_whose_handle_was_dropped() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let ended = AtomicUsize::new(0);
            let result = executor.scope(|scope| {
                let taken = scope.spawn(|| panic!("taken"));
                scope.spawn(|| panic!("dropped"));
                for _ in 0..10 {
                    scope.spawn(|| ended.fetch_add(1, Ordering::Relaxed));
                }
                assert!(matches!(taken.wait(), Err(JoinError::Panicked(_))));
            });
            match result {
                Err(RunError::Panicked { panic, stats, .. }) => {
                    assert_eq!(panic.message(), Some("dropped"));
                    assert!(stats.suppressed.is_empty());
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(ended.into_inner(), 10);
        }
    });
}

#[test]
fn a_scope_whose_body_panics_waits_for_its_tasks() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let count = Counter::default();
            let text = panic_of(|| {
                executor.scope(|scope| {
                    for _ in 0..100 {
                        scope.spawn(|| count.add());
                    }
                    panic!("the body");
                })
            });
            assert_eq!((text.as_str(), count.get()), ("the body", 100));
        }
    });
}
