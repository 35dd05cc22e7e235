//! What tasks borrow is touched no more when the call that ran them has returned, and what they own is
//! dropped exactly once.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Waker};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::blocked_flow::BlockedFlow;
use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::forgotten::forget;
use crate::support::gate::Gate;
use crate::support::panics::panic_of;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, RunError, Taskflow};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

/// Waits until so many drops were counted. That there are not more is for the caller to see at the end.
fn settle(drops: &Counter, expected: usize) {
    while drops.get() < expected {
        thread::yield_now();
    }
    assert_eq!(drops.get(), expected);
}

#[test]
fn borrowed_data_is_complete_when_run_and_wait_returns() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for round in 0..500 {
                let mut slots = [0_usize; 20];
                let flow = Taskflow::new();
                for (at, slot) in slots.iter_mut().enumerate() {
                    flow.emplace(move || *slot = at + round);
                }
                executor.run_and_wait(&flow).unwrap();
                drop(flow);
                assert!((0..20).all(|at| slots[at] == at + round));
            }
        }
    });
}

#[test]
fn a_scope_waits_for_runs_whose_handles_were_dropped_or_forgotten() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for _ in 0..200 {
                let mut values = [0; 4];
                {
                    let [a, b, c, d] = &mut values;
                    let flows = [(); 4].map(|()| Taskflow::new());
                    flows[0].emplace(|| *a += 1);
                    flows[1].emplace(|| *b += 1);
                    flows[2].emplace(|| *c += 1);
                    flows[3].emplace(|| *d += 1);
                    let answer = executor.scope(|scope| {
                        drop(scope.run_n(&flows[0], 3));
                        forget(scope.run_n(&flows[1], 3));
                        forget(scope.run(&flows[2]).canceller());
                        forget(scope.run(&flows[3]));
                        scope.run(&flows[3]).wait().unwrap();
                        7
                    });
                    assert_eq!(answer.unwrap(), 7);
                }
                assert_eq!(values, [3, 3, 1, 2]);
            }
        }
    });
}

#[test]
fn nested_scopes_wait_for_their_own_runs() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let (mut outer_sum, mut inner_sum) = (0, 0);
            let outer = Taskflow::new();
            outer.emplace(|| outer_sum += 1);
            executor
                .scope(|scope| {
                    forget(scope.run_n(&outer, 10));
                    let inner = Taskflow::new();
                    inner.emplace(|| inner_sum += 1);
                    executor
                        .scope(|nested| forget(nested.run_n(&inner, 5)))
                        .unwrap();
                    drop(inner);
                    assert_eq!(inner_sum, 5);
                })
                .unwrap();
            drop(outer);
            assert_eq!(outer_sum, 10);
        }
    });
}

#[test]
fn a_scope_whose_body_panics_waits_all_the_same() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let mut sum = 0;
            let flow = Taskflow::new();
            flow.emplace(|| sum += 1);
            let text = panic_of(|| {
                executor.scope(|scope| {
                    forget(scope.run_n(&flow, 1000));
                    resume_unwind(Box::new("the body"));
                })
            });
            assert_eq!(text, "the body");
            assert_eq!(executor.run_and_wait(&flow).unwrap().tasks, 1);
            drop(flow);
            assert_eq!(sum, 1001);
        }
    });
}

#[test]
fn a_scope_gives_the_error_of_a_run_that_nobody_waited_for() {
    let executor = Executor::new(2);
    let flow = Taskflow::new();
    flow.emplace(|| resume_unwind(Box::new("a task")))
        .name("bad");
    let refused = executor.scope(|scope| {
        scope.run(&flow);
        7
    });
    assert!(
        matches!(refused, Err(RunError::Panicked { .. })),
        "{refused:?}"
    );
    let taken = executor.scope(|scope| scope.run(&flow).wait().is_err());
    assert!(taken.unwrap());
}

#[test]
fn a_panicking_task_unwinds_nothing_that_is_borrowed_too_early() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for _ in 0..100 {
                let mut slots = [false; 50];
                let flow = Taskflow::new();
                for (at, slot) in slots.iter_mut().enumerate() {
                    flow.emplace(move || {
                        *slot = true;
                        if at % 10 == 3 {
                            resume_unwind(Box::new("three"));
                        }
                    });
                }
                let error = executor.run_and_wait(&flow).unwrap_err();
                let ran = error.stats().unwrap().tasks;
                drop(flow);
                assert_eq!(slots.iter().filter(|ran| **ran).count() as u64, ran);
            }
        }
    });
}

#[test]
fn forgotten_handles_let_their_runs_go_on() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, drops) = (Executor::new(workers), Counter::default());
            let count = Counter::default();
            for _ in 0..200 {
                let flow = Taskflow::new();
                let (dropped, counted) = (Dropped(drops.clone()), count.clone());
                flow.emplace(move || {
                    let _kept = &dropped;
                    counted.add();
                });
                let mut run = executor.run_n(&flow, 2);
                let _ = Pin::new(&mut run).poll(&mut Context::from_waker(Waker::noop()));
                forget(run.canceller());
                forget(run);
            }
            executor.wait_for_all().unwrap();
            assert_eq!(count.get(), 400);
            settle(&drops, 200);
        }
    });
}

#[test]
fn ten_thousand_flows_dropped_while_they_run_drop_each_capture_once() {
    within_a_minute(|| {
        let (executor, drops) = (Executor::new(2), Counter::default());
        for round in 0..10_000 {
            let flow = Taskflow::new();
            let tasks = [(); 4].map(|()| {
                let dropped = Dropped(drops.clone());
                flow.emplace(move || {
                    let _kept = &dropped;
                })
            });
            match round % 3 {
                0 => flow.linearize(tasks),
                1 => drop(tasks[0].precede(&tasks[1..]).label()),
                _ => {}
            }
            let run = executor.run(&flow);
            drop(flow);
            if round % 2 == 0 {
                run.wait().unwrap();
            }
        }
        executor.wait_for_all().unwrap();
        settle(&drops, 40_000);
        drop(executor);
        assert_eq!(drops.get(), 40_000);
    });
}

#[test]
fn captures_are_dropped_once_in_every_way_to_run() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for way in 0..10 {
                let drops = Counter::default();
                let flow = Taskflow::new();
                let (kept, once, gone) = (
                    Dropped(drops.clone()),
                    Dropped(drops.clone()),
                    Dropped(drops.clone()),
                );
                flow.emplace(move || {
                    let _kept = &kept;
                });
                let tried = flow.try_emplace(move || {
                    let _kept = &gone;
                    Ok(())
                });
                if way < 5 {
                    flow.emplace_once(move || drop(once));
                } else {
                    flow.emplace(move || {
                        let _kept = &once;
                    });
                }
                flow.remove(tried);
                assert_eq!(drops.get(), 1);
                match way {
                    0 => drop(executor.run(&flow).wait().unwrap()),
                    1 => drop(executor.run_and_wait(&flow).unwrap()),
                    2 => drop(executor.run_many([&flow]).pop().unwrap().wait().unwrap()),
                    3 => executor.scope(|scope| drop(scope.run(&flow))).unwrap(),
                    4 | 5 => {}
                    6 => drop(executor.run_n(&flow, 5).wait().unwrap()),
                    7 => drop(executor.run_until(&flow, || true).wait().unwrap()),
                    8 => drop(executor.run_many_and_wait([&flow])),
                    _ => executor.scope(|scope| drop(scope.run_n(&flow, 3))).unwrap(),
                }
                let expected = if way < 4 { 2 } else { 1 };
                assert_eq!(drops.get(), expected, "after way {way}");
                drop(flow);
                settle(&drops, 3);
            }
        }
    });
}

#[test]
fn an_executor_dropped_with_runs_queued_runs_them_all() {
    within_a_minute(|| {
        for workers in WORKERS {
            let blocked = BlockedFlow::new("queued");
            let count = Counter::default();
            let counted = count.clone();
            blocked.flow.tasks()[0].precede(blocked.flow.emplace(move || {
                counted.add();
            }));
            let executor = Executor::new(workers);
            let runs: Vec<_> = (0..100).map(|_| executor.run(&blocked.flow)).collect();
            blocked.begun.pass();
            let dropping = thread::spawn(move || drop(executor));
            blocked.end.open();
            dropping.join().unwrap();
            assert_eq!(count.get(), 100);
            for run in runs {
                assert_eq!(run.wait().unwrap().tasks, 2);
            }
        }
    });
}

#[test]
fn an_executor_dropped_inside_its_own_task_lets_go() {
    within_a_minute(|| {
        for workers in WORKERS {
            let slot = Arc::new(Mutex::new(Some(Executor::new(workers))));
            let (flow, count, drops) = (Taskflow::new(), Counter::default(), Counter::default());
            let (own, ready) = (Arc::clone(&slot), Gate::default());
            let go = ready.clone();
            let dropped = Dropped(drops.clone());
            let first = flow.emplace(move || {
                let _kept = &dropped;
                go.pass();
                drop(own.lock().unwrap().take());
            });
            for _ in 0..100 {
                let count = count.clone();
                first.precede(flow.emplace(move || {
                    count.add();
                }));
            }
            let runs = [(); 3].map(|()| slot.lock().unwrap().as_ref().unwrap().run(&flow));
            ready.open();
            for run in runs {
                assert_eq!(run.wait().unwrap().tasks, 101);
            }
            assert_eq!(count.get(), 300);
            drop(flow);
            settle(&drops, 1);
        }
    });
}

#[test]
fn executors_nest_three_deep() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let count = Counter::default();
            let outer = Executor::new(workers);
            let flow = Taskflow::new();
            for _ in 0..4 {
                flow.emplace(|| {
                    let middle = Executor::new(workers);
                    let inside = Taskflow::new();
                    for _ in 0..4 {
                        inside.emplace(|| {
                            let inner = Executor::new(workers);
                            let deepest = Taskflow::new();
                            for _ in 0..4 {
                                deepest.emplace(|| {
                                    count.add();
                                });
                            }
                            inner.run_and_wait(&deepest).unwrap();
                        });
                    }
                    middle.run_and_wait(&inside).unwrap();
                });
            }
            outer.run_and_wait(&flow).unwrap();
            drop(flow);
            assert_eq!(count.get(), 64);
        }
    });
}

#[test]
fn a_flow_moves_to_another_thread_and_is_shared_behind_a_lock() {
    within_a_minute(|| {
        let (count, counted) = (Counter::default(), Counter::default());
        let flow = Taskflow::new();
        let inside = counted.clone();
        let id = flow
            .emplace(move || {
                inside.add();
            })
            .name("moved")
            .id();
        let executor = Arc::new(Executor::new(2));
        let far = Arc::clone(&executor);
        let flow = thread::spawn(move || {
            far.run(&flow).wait().unwrap();
            let extra = count.clone();
            flow.task(id).unwrap().precede(flow.emplace(move || {
                extra.add();
            }));
            flow
        });
        let flow = Arc::new(Mutex::new(flow.join().unwrap()));
        thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| {
                    for _ in 0..100 {
                        let run = executor.run(&flow.lock().unwrap());
                        assert_eq!(run.wait().unwrap().tasks, 2);
                    }
                });
            }
        });
        assert_eq!(counted.get(), 801);
    });
}
