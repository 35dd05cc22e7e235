//! Fork and join by hand: both closures end before the join does, whoever runs them.

use core::cell::Cell;
use core::hint::black_box;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::coming::come;
use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::gate::Gate;
use crate::support::watchdog::within_a_minute;
use taskflow_core::{Executor as CoreExecutor, Platform};
use taskflow_std::{Builder, Executor, Fork, Local, Manual, RunError, Taskflow};

fn with_local(f: &mut dyn FnMut(&Local)) {
    thread_local! {
        static LOCAL: Local = const { Local::new() };
    }
    LOCAL.with(|local| f(local));
}

const WORKERS: [usize; 4] = [1, 2, 4, 8];

fn fibonacci(fork: Fork<'_>, n: u32) -> u32 {
    if n < 2 {
        return n;
    }
    let (a, b) = fork.join(|fork| fibonacci(fork, n - 1), |fork| fibonacci(fork, n - 2));
    a + b
}

fn fibonacci_on<P: Platform>(executor: &CoreExecutor<P>, n: u32) -> u32 {
    if n < 2 {
        return n;
    }
    let (a, b) = executor.join(
        || fibonacci_on(executor, n - 1),
        || fibonacci_on(executor, n - 2),
    );
    a + b
}

#[test]
fn a_join_gives_what_both_closures_gave_wherever_it_is_called() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            assert_eq!(executor.fork(|fork| fibonacci(fork, 20)), 6765);
            assert_eq!(fibonacci_on(&executor, 20), 6765);
            let flow = Taskflow::new();
            let results: [AtomicUsize; 4] = Default::default();
            {
                let note = |place: usize, number| results[place].store(number, Ordering::Relaxed);
                let executor = &executor;
                let flow = Taskflow::new();
                flow.emplace(move || note(0, fibonacci_on(executor, 17) as usize));
                flow.emplace(move || note(1, executor.fork(|fork| fibonacci(fork, 17)) as usize));
                flow.emplace_runtime(move |rt| {
                    note(2, rt.fork(|fork| fibonacci(fork, 17)) as usize);
                });
                flow.emplace_subflow(move |sf| {
                    sf.emplace(move || note(3, fibonacci_on(executor, 17) as usize));
                });
                executor.run_and_wait(&flow).unwrap();
            }
            assert_eq!(results.map(AtomicUsize::into_inner), [1597; 4]);
            let inner = Arc::clone(&executor);
            let spawned = executor.spawn(move || fibonacci_on(&inner, 17));
            assert_eq!(spawned.wait().unwrap(), 1597);
            executor.run(&flow).wait().unwrap();
        }
    });
}

#[test]
fn many_threads_join_on_one_executor_at_once() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        for _ in 0..20 {
                            assert_eq!(fibonacci_on(&executor, 12), 144);
                            assert_eq!(executor.fork(|fork| fibonacci(fork, 12)), 144);
                        }
                    });
                }
            });
        }
    });
}

#[test]
fn a_join_of_another_executor_in_a_task_is_one_of_that_executor() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (outer, inner) = (Executor::new(workers), Executor::new(workers));
            let sum = outer.fork(|fork| {
                let (a, b) = fork.join(
                    |_| fibonacci_on(&inner, 15),
                    |fork| {
                        let inside = inner.join(|| fibonacci_on(&outer, 10), || 0).0;
                        inside + fibonacci(fork, 15)
                    },
                );
                a + b
            });
            assert_eq!(sum, 610 + 55 + 610);
        }
    });
}

/// A tree whose shape the numbers give.
fn grow(fork: Fork<'_>, seed: u64, depth: u32, count: &Counter, drops: &Counter) {
    count.add();
    if depth == 0 || seed & 7 == 0 {
        return;
    }
    let next = |salt: u64| {
        (seed ^ salt)
            .wrapping_mul(6_364_136_223_846_793_005)
            .rotate_left(17)
    };
    let captured = Dropped(drops.clone());
    let value = fork
        .join(
            |fork| grow(fork, next(1), depth - 1, count, drops),
            |fork| {
                let captured = captured;
                grow(fork, next(2), depth - 1, count, drops);
                captured
            },
        )
        .1;
    drop(value);
}

#[test]
fn every_second_closure_runs_once_and_its_captures_are_dropped_once() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for seed in 1..20 {
                let (count, drops) = (Counter::default(), Counter::default());
                executor.fork(|fork| grow(fork, seed, 10, &count, &drops));
                // Each join begets two nodes.
                assert_eq!(count.get(), 1 + 2 * drops.get());
            }
        }
    });
}

#[test]
fn a_worker_that_has_nothing_to_do_takes_the_second_closure() {
    within_a_minute(|| {
        for workers in WORKERS.into_iter().filter(|workers| *workers > 1) {
            let executor = Executor::new(workers);
            let mut elsewhere = 0;
            while elsewhere < 20 {
                let begun = AtomicBool::new(false);
                let (came, there) = executor.join(
                    || come(&begun),
                    || {
                        begun.store(true, Ordering::SeqCst);
                        thread::current().id()
                    },
                );
                let is_elsewhere = there != thread::current().id();
                // (It may come when it is not waited for any more.)
                assert!(is_elsewhere || !came);
                elsewhere += usize::from(is_elsewhere);
            }
        }
    });
}

/// A tree of joins, so deep, with this in its leaves.
fn branch(fork: Fork<'_>, depth: u32, leaf: &(dyn Fn() + Sync)) {
    if depth == 0 {
        return leaf();
    }
    fork.join(
        |fork| branch(fork, depth - 1, leaf),
        |fork| branch(fork, depth - 1, leaf),
    );
}

#[test]
fn all_workers_come_to_help_with_one_tree() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let seen = Mutex::new(BTreeSet::new());
            let note = || {
                let mut seen = seen.lock().expect("nothing panics");
                seen.insert(executor.current_worker());
                seen.len()
            };
            // Each keeps its worker for a while, so that the next leaf is for another one.
            let leaf = || {
                (0..1000).find(|_| {
                    thread::yield_now();
                    note() == workers
                });
            };
            executor.fork(|fork| {
                while note() < workers {
                    branch(fork, 5, &leaf);
                }
            });
        }
    });
}

#[test]
fn a_stepped_worker_takes_the_second_closure_or_its_caller_does() {
    for workers in WORKERS {
        let builder = Builder::new(Manual::with_local(with_local)).workers(workers);
        let executor = builder.build().expect("no thread is needed");
        let begun = Cell::new(false);
        let seconds = AtomicUsize::new(0);
        executor.join(
            || {
                begun.set(true);
                executor.platform().step_all();
                // The caller has one seat.
                assert_eq!(seconds.load(Ordering::Relaxed), usize::from(workers > 1));
            },
            || seconds.fetch_add(1, Ordering::Relaxed),
        );
        assert!(begun.get());
        assert_eq!(seconds.load(Ordering::Relaxed), 1);
        assert_eq!(fibonacci_on(&executor, 12), 144);
        let spawned = executor.spawn(|| 7);
        assert_eq!(spawned.wait().unwrap(), 7);
    }
}

#[test]
fn a_host_that_does_not_know_its_threads_joins_as_well() {
    for workers in WORKERS {
        let executor = CoreExecutor::<Manual>::new(workers);
        assert_eq!(fibonacci_on(&executor, 12), 144);
        let flow = Taskflow::new();
        let number = AtomicUsize::new(0);
        flow.emplace_runtime(|rt| {
            number.store(
                rt.fork(|fork| fibonacci(fork, 12)) as usize,
                Ordering::Relaxed,
            );
        });
        executor.run_and_wait(&flow).unwrap();
        drop(flow);
        assert_eq!(number.into_inner(), 144);
    }
}

#[test]
fn both_closures_hear_that_their_run_was_stopped() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let (begun, stopped) = (Gate::default(), Counter::default());
            let flow = Taskflow::new();
            let (inner, gate, told) = (Arc::downgrade(&executor), begun.clone(), stopped.clone());
            flow.emplace(move || {
                let executor = inner.upgrade().expect("it waits for its runs");
                let until_told = || {
                    gate.open();
                    while executor.checkpoint().is_ok() {
                        thread::yield_now();
                    }
                    told.add();
                };
                executor.join(
                    || executor.join(until_told, until_told),
                    || executor.join(until_told, until_told),
                );
            });
            let run = executor.run(&flow);
            begun.pass();
            run.cancel();
            assert!(matches!(run.wait(), Err(RunError::Cancelled { .. })));
            assert_eq!(stopped.get(), 4, "a join calls both");
        }
    });
}

#[test]
fn a_join_that_waits_gets_no_unrelated_task_on_its_stack() {
    thread_local! {
        static JOINS: Cell<bool> = const { Cell::new(false) };
    }
    fn alone(fork: Fork<'_>, depth: u32) {
        if depth == 0 {
            for round in 0..2000 {
                black_box(round);
            }
            return;
        }
        let outer = JOINS.replace(true);
        fork.join(|fork| alone(fork, depth - 1), |fork| alone(fork, depth - 1));
        JOINS.set(outer);
    }
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let unrelated = Counter::default();
            let mut handles = Vec::new();
            for _ in 0..20 {
                for _ in 0..10 {
                    let count = unrelated.clone();
                    handles.push(executor.spawn(move || {
                        assert!(!JOINS.get(), "on the stack of a join");
                        count.add();
                    }));
                }
                let inner = Arc::downgrade(&executor);
                handles.push(executor.spawn(move || {
                    let executor = inner.upgrade().expect("it waits for its tasks");
                    executor.fork(|fork| alone(fork, 7));
                }));
                executor.fork(|fork| alone(fork, 5));
            }
            for handle in handles {
                handle.wait().unwrap();
            }
            assert_eq!(unrelated.get(), 200);
        }
    });
}

#[test]
fn joins_nest_as_deep_as_the_stack_allows() {
    fn descend(fork: Fork<'_>, depth: u32) -> u32 {
        if depth == 0 {
            return 0;
        }
        let (deep, one) = fork.join(|fork| descend(fork, depth - 1), |_| 1);
        deep + one
    }
    fn ascend(fork: Fork<'_>, depth: u32) -> u32 {
        if depth == 0 {
            return 0;
        }
        let (one, deep) = fork.join(|_| 1, |fork| ascend(fork, depth - 1));
        deep + one
    }
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            assert_eq!(executor.fork(|fork| descend(fork, 1000)), 1000);
            assert_eq!(executor.fork(|fork| ascend(fork, 1000)), 1000);
        }
    });
}

#[test]
fn a_closure_may_spawn_wait_and_run_graphs() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let work = |number: u32| {
                let spawned = executor.spawn(move || number);
                let flow = Taskflow::new();
                let ran = flow.produce(move || number);
                executor.run_and_wait(&flow).unwrap();
                spawned.wait().unwrap() + ran.take().unwrap()
            };
            for round in 0..50 {
                let ((a, b), (c, d)) = executor.join(
                    || executor.join(|| work(round), || work(1)),
                    || executor.join(|| work(2), || work(3)),
                );
                assert_eq!(a + b + c + d, 2 * (round + 6));
            }
        }
    });
}

#[test]
fn the_default_executor_joins_too() {
    let (a, b) = taskflow_std::join(|| 1, || taskflow_std::join(|| 2, || 3));
    assert_eq!((a, b), (1, (2, 3)));
}

#[test]
fn nobody_waits_for_a_join_from_outside_that_has_spawned_what_has_ended() {
    within_a_minute(|| {
        for workers in [2, 4, 8] {
            let (executor, gate, ran) =
                (Executor::new(workers), Gate::default(), Counter::default());
            thread::scope(|scope| {
                let (inner, held) = (ran.clone(), gate.clone());
                let executor = &executor;
                scope.spawn(move || {
                    executor.join(
                        move || {
                            drop(executor.spawn(move || {
                                inner.add();
                            }));
                            held.pass();
                        },
                        || (),
                    );
                });
                while ran.get() == 0 {
                    thread::yield_now();
                }
                executor.wait_for_all().unwrap();
                gate.open();
            });
        }
    });
}
