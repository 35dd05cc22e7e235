//! Spawned tasks that depend on others: their order, and what becomes of those that depend on failed ones.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::gate::Gate;
use crate::support::size::share;
use crate::support::small_stack::{on_a_small_stack, small};
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Cause, Done, Executor, JoinError, JoinHandle};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

#[test]
fn a_task_that_depends_on_a_failed_one_does_not_run() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let ran = Counter::default();
            let well = executor.spawn(|| ());
            let fails = executor.spawn(|| panic!("boom"));
            let counter = ran.clone();
            let second = executor.spawn_after((&well, &fails), move || counter.add());
            let counter = ran.clone();
            let third = executor.spawn_after(&second, move || counter.add());
            let counter = ran.clone();
            let any = executor.spawn_after_any_outcome([fails.done(), third.done()], move || {
                counter.add();
            });
            match third.wait() {
                Err(JoinError::Dependency { index: 0, cause }) => {
                    let message = Some("boom".into());
                    assert_eq!(cause, Cause::Panicked { message });
                }
                other => panic!("{other:?}"),
            }
            let second = second.wait();
            assert!(matches!(
                second,
                Err(JoinError::Dependency { index: 1, .. })
            ));
            any.wait().unwrap();
            assert_eq!(ran.get(), 1);
            let late = executor.spawn_after(&fails, || ());
            assert!(matches!(late.wait(), Err(JoinError::Dependency { .. })));
        }
    });
}

#[test]
fn a_pending_task_is_cancelled_and_a_running_one_is_not() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let (begun, end, dropped) = (Gate::default(), Gate::default(), Counter::default());
            let (first, second) = (begun.clone(), end.clone());
            let running = executor.spawn(move || {
                first.open();
                second.pass();
            });
            begun.pass();
            let capture = Dropped(dropped.clone());
            let pending = executor.spawn_after(&running, move || drop(capture));
            let after = executor.spawn_after(&pending, || ());
            assert!(!running.cancel());
            assert!(pending.cancel_with("no need") && !pending.cancel());
            assert_eq!(dropped.get(), 1);
            match pending.wait() {
                Err(JoinError::Cancelled { reason }) => {
                    assert_eq!(reason.as_deref(), Some("no need"));
                }
                other => panic!("{other:?}"),
            }
            let after = after.wait();
            let cause = Cause::Cancelled;
            assert!(matches!(after, Err(JoinError::Dependency { cause: c, .. }) if c == cause));
            end.open();
            running.wait().unwrap();
        }
    });
}

/// A chain behind a closed gate: the gate, the first and the last.
fn chain(executor: &Executor, length: usize, ran: &Counter) -> (Gate, JoinHandle<()>, Done) {
    let gate = Gate::default();
    let opened = gate.clone();
    let first = executor.spawn(move || opened.pass());
    let mut last = first.done();
    for _ in 0..length {
        let ran = ran.clone();
        let next = executor.spawn_after(last, move || {
            ran.add();
        });
        last = next.done();
    }
    (gate, first, last)
}

#[test]
fn a_chain_of_a_million_dependents_takes_no_stack() {
    within_a_minute(|| {
        on_a_small_stack(|| {
            let length = share(1_000_000);
            for workers in [1, 4] {
                let executor = small(workers);
                let ran = Counter::default();
                let (gate, _first, last) = chain(&executor, length, &ran);
                gate.open();
                let all = executor.spawn_after(last, || ());
                all.wait().unwrap();
                assert_eq!(ran.get(), length);
            }
        });
    });
}

#[test]
fn a_chain_of_a_million_dependents_falls_without_recursion() {
    within_a_minute(|| {
        on_a_small_stack(|| {
            let length = share(1_000_000);
            let executor = small(2);
            let ran = Counter::default();
            let (gate, first, last) = chain(&executor, length, &ran);
            let head = executor.spawn_after(&first, || ());
            let second = executor.spawn_after(&head, || ());
            let mut end = second.done();
            for _ in 0..length {
                end = executor.spawn_after(end, || ()).done();
            }
            let end = executor.spawn_after(end, || ());
            assert!(head.cancel());
            assert!(matches!(end.wait(), Err(JoinError::Dependency { .. })));
            assert!(!last.is_done());
            gate.open();
            executor.wait_for_all().unwrap();
            assert_eq!(ran.get(), length);
        });
    });
}

#[test]
fn a_chain_of_a_hundred_thousand_runs_in_order() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let sum = Arc::new(AtomicUsize::new(0));
            let mut last: Option<Done> = None;
            let length = share(100_000);
            for n in 0..length {
                let sum = Arc::clone(&sum);
                let next = executor.spawn_after(Vec::from_iter(last), move || {
                    assert_eq!(sum.fetch_add(1, Ordering::Relaxed), n);
                });
                last = Some(next.done());
            }
            let last = executor.spawn_after(last.expect("some"), || ());
            last.wait().unwrap();
            assert_eq!(sum.load(Ordering::Relaxed), length);
        }
    });
}

/// 102 by 100 tasks, each behind three of the layer before.
fn layers(executor: &Executor, count: &Counter) {
    let mut layer: Vec<Done> = Vec::new();
    for _ in 0..102 {
        let next = (0..100).map(|at| {
            let before = layer.iter().cycle().skip(at).take(3.min(layer.len()));
            let before: Vec<Done> = before.cloned().collect();
            let count = count.clone();
            executor.spawn_after(before, move || count.add()).done()
        });
        layer = next.collect();
    }
}

#[test]
fn a_layered_graph_is_spawned_from_several_threads_and_from_workers() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let count = Counter::default();
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| layers(&executor, &count));
                }
                for _ in 0..2 {
                    let (inner, count) = (Arc::clone(&executor), count.clone());
                    drop(executor.spawn(move || layers(&inner, &count)));
                }
            });
            executor.wait_for_all().unwrap();
            assert_eq!(count.get(), 4 * 10_200);
        }
    });
}

#[test]
fn a_task_that_waits_for_one_that_waits_for_it_is_refused() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let (give, take) = mpsc::channel::<JoinHandle<()>>();
            let (done, outcome) = mpsc::channel();
            let first = executor.spawn(move || {
                let after: JoinHandle<()> = take.recv().expect("it comes");
                done.send(after.wait()).expect("the test listens");
            });
            let second = executor.spawn_after(&first, || ());
            let third = executor.spawn_after(&second, || ());
            give.send(third).expect("the task listens");
            assert!(matches!(outcome.recv(), Ok(Err(JoinError::Deadlock))));
            first.wait().unwrap();
            second.wait().unwrap();
        }
    });
}
