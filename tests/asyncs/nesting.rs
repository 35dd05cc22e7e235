//! Async tasks in loops, subflows and modules, with borrowed data, again and again.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use taskflow_core::{Executor as CoreExecutor, Manual};
use taskflow_std::{Executor, Module, RunError, Taskflow};

use crate::support::bell::Bell;
use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::watchdog::within_a_minute;

/// Pending once, woken by another thread.
async fn a_moment_elsewhere() {
    let bell = Bell::default();
    let ringer = bell.clone();
    thread::spawn(move || ringer.ring());
    bell.rung().await;
}

#[test]
fn futures_may_borrow_what_outlives_the_flow() {
    let mut words = vec!["b".to_owned(), "a".to_owned()];
    let count = AtomicUsize::new(0);
    {
        let flow = Taskflow::new();
        let words = &mut words;
        let count = &count;
        let first = flow.emplace_async(move || async move {
            a_moment_elsewhere().await;
            count.fetch_add(1, Ordering::Relaxed);
        });
        first.precede(flow.emplace(|| words.sort()));
        let executor = Executor::new(2);
        for _ in 0..10 {
            assert_eq!(executor.run_and_wait(&flow).unwrap().tasks, 2);
        }
    }
    assert_eq!(words, ["a", "b"]);
    assert_eq!(count.load(Ordering::Relaxed), 10);
}

#[test]
fn an_async_task_in_a_loop_makes_a_future_for_each_pass() {
    within_a_minute(|| {
        let (made, dropped) = (Counter::default(), Counter::default());
        let flow = Taskflow::new();
        let (makes, drops) = (made.clone(), dropped.clone());
        let body = flow.emplace_async(move || {
            makes.add();
            let dropped = Dropped(drops.clone());
            async move {
                let _dropped = dropped;
                a_moment_elsewhere().await;
            }
        });
        let mut pass = 0;
        let again = flow.repeat_while(
            move || {
                pass = (pass + 1) % 21;
                pass != 0
            },
            body,
        );
        flow.placeholder().precede(again.head());
        let executor = Executor::new(2);
        for round in 1..=5 {
            executor.run(&flow).wait().unwrap();
            assert_eq!((made.get(), dropped.get()), (round * 20, round * 20));
        }
    });
}

#[test]
fn async_tasks_run_in_subflows_and_modules() {
    within_a_minute(|| {
        let ended = Counter::default();
        let inner = Taskflow::new();
        let count = ended.clone();
        inner.emplace_async(move || {
            let count = count.clone();
            async move {
                a_moment_elsewhere().await;
                count.add();
            }
        });
        let module = Module::new(inner);
        let flow = Taskflow::new();
        let before = flow.composed_of(&module);
        let count = ended.clone();
        let parts = flow.emplace_subflow(move |parts| {
            for _ in 0..5 {
                let count = count.clone();
                parts.emplace_async(move || {
                    let count = count.clone();
                    async move {
                        a_moment_elsewhere().await;
                        count.add();
                    }
                });
            }
        });
        let count = ended.clone();
        let joined = flow.emplace_subflow(move |parts| {
            let count = count.clone();
            parts.emplace_async(move || {
                let count = count.clone();
                async move {
                    a_moment_elsewhere().await;
                    count.add();
                }
            });
            // On the task's own stack.
            parts.join().unwrap();
        });
        before.precede([parts, joined]);
        for workers in [1, 2] {
            let executor = Executor::new(workers);
            for _ in 0..20 {
                let before = ended.get();
                assert_eq!(executor.run(&flow).wait().unwrap().tasks, 10);
                assert_eq!(ended.get() - before, 7);
            }
        }
    });
}

#[test]
fn cancelling_reaches_futures_in_nested_graphs() {
    within_a_minute(|| {
        let (bell, dropped) = (Bell::default(), Counter::default());
        let pending = |flow: &Taskflow<'static>| {
            let (bell, dropped) = (bell.clone(), dropped.clone());
            flow.emplace_async(move || {
                let (bell, dropped) = (bell.clone(), Dropped(dropped.clone()));
                async move {
                    let _dropped = dropped;
                    bell.rung().await;
                }
            });
        };
        let inner = Taskflow::new();
        pending(&inner);
        let module = Module::new(inner);
        let flow = Taskflow::new();
        flow.composed_of(&module);
        let (bells, drops) = (bell.clone(), dropped.clone());
        flow.emplace_subflow(move |parts| {
            let (bell, dropped) = (bells.clone(), drops.clone());
            parts.emplace_async(move || {
                let (bell, dropped) = (bell.clone(), Dropped(dropped.clone()));
                async move {
                    let _dropped = dropped;
                    bell.rung().await;
                }
            });
        });
        let executor = Executor::new(1);
        for round in 1..=100 {
            let before = bell.polls();
            let run = executor.run(&flow);
            while bell.polls() < before + 2 {
                thread::yield_now();
            }
            run.cancel();
            let error = run.wait().unwrap_err();
            assert!(matches!(error, RunError::Cancelled { .. }), "{error:?}");
            assert_eq!(dropped.get(), round * 2);
        }
    });
}

#[test]
fn a_flow_of_nothing_but_async_tasks_runs_round_after_round() {
    let ended = Counter::default();
    let flow = Taskflow::new();
    let tasks: [_; 10] = core::array::from_fn(|_| {
        let ended = ended.clone();
        flow.emplace_async(move || {
            let ended = ended.clone();
            async move {
                ended.add();
            }
        })
    });
    flow.linearize(tasks);
    let executor = CoreExecutor::<Manual>::new(2);
    let stats = executor.run_n(&flow, 50).wait().unwrap();
    assert_eq!((stats.tasks, stats.rounds, ended.get()), (500, 50, 500));
    let enough = ended.clone();
    let until = executor.run_until(&flow, move || enough.get() >= 600);
    assert_eq!(until.wait().unwrap().rounds, 10);
}
