//! User code runs in the engine's middle too: predicates, handlers, wakers, drops. It may wait, start runs
//! and panic there, and nobody else's work is lost by it.

use std::future::Future;
use std::panic::panic_any;
use std::pin::pin;
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use crate::support::counted_flow::counted;
use crate::support::counter::Counter;
use crate::support::gate::Gate;
use crate::support::shared_flow::SharedFlow;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Manual, RunError, Step, Taskflow};

#[test]
fn a_predicate_that_waits_for_another_flow_loses_no_task() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let (executor, ran, inner) = (
                Executor::new(workers),
                Counter::default(),
                Counter::default(),
            );
            let executor = Arc::new(executor);
            let flow = counted(1000, &ran);
            let other = SharedFlow::of(counted(3, &inner));
            let (mut rounds, host) = (0, Arc::clone(&executor));
            let run = executor.run_until(&flow, move || {
                other.start(&host).wait().expect("nothing fails");
                rounds += 1;
                rounds == 5
            });
            assert_eq!(run.wait().expect("nothing fails").tasks, 5000);
            assert_eq!((ran.get(), inner.get()), (5000, 15));
        }
    });
}

#[test]
fn a_predicate_that_helps_a_task_which_gives_the_seat_away_loses_no_source() {
    within_a_minute(|| {
        let (executor, elsewhere) = (Arc::new(Executor::new(1)), Arc::new(Executor::new(1)));
        let (ran, flow) = (Counter::default(), Taskflow::new());
        for _ in 0..3 {
            let ran = ran.clone();
            flow.emplace(move || {
                ran.add();
            });
        }
        let slow = Taskflow::new();
        slow.emplace(|| {});
        let inner = Taskflow::new();
        inner.emplace(move || {
            elsewhere.run(&slow).wait().expect("it has one empty task");
        });
        let (here, mut rounds) = (Arc::downgrade(&executor), 0);
        let run = executor.run_until(&flow, move || {
            let executor = here.upgrade().expect("it waits");
            executor
                .run(&inner)
                .wait()
                .expect("the other executor is idle");
            rounds += 1;
            rounds == 20
        });
        run.wait().expect("nothing fails");
        assert_eq!(ran.get(), 60);
    });
}

#[test]
fn a_handler_that_waits_for_another_flow_loses_no_task() {
    within_a_minute(|| {
        for workers in [1, 2] {
            let (heard, ran) = (Counter::default(), Counter::default());
            // (Weak: an executor that its own handler holds is never dropped.)
            let host: Arc<OnceLock<Weak<Executor>>> = Arc::default();
            let (handler_host, handler_heard) = (Arc::clone(&host), heard.clone());
            let inner = SharedFlow::of(counted(3, &ran));
            let executor = Executor::builder()
                .workers(workers)
                .panic_handler(move |_| {
                    let executor = handler_host.get().and_then(Weak::upgrade);
                    let executor = executor.expect("set before any run, and waited for");
                    inner.start(&executor).wait().expect("nothing fails");
                    handler_heard.add();
                })
                .build()
                .expect("threads can be had");
            let executor = Arc::new(executor);
            host.set(Arc::downgrade(&executor)).expect("set once");
            let failing = Taskflow::new();
            failing.try_emplace(|| Err(std::io::Error::other("on purpose").into()));
            let many = counted(500, &ran);
            for _ in 0..50 {
                let run = executor.run(&many);
                drop(executor.run(&failing));
                run.wait().expect("nothing fails");
            }
            executor.wait_for_all().expect("this is no task");
            assert_eq!((heard.get(), ran.get()), (50, 50 * 503));
        }
    });
}

/// A payload that panics again when it is dropped.
struct Evil;

impl Drop for Evil {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic_any("the drop of a payload");
        }
    }
}

struct EvilWaker;

impl Wake for EvilWaker {
    fn wake(self: Arc<Self>) {
        panic_any(Evil);
    }
}

#[test]
fn a_waker_whose_panic_panics_again_loses_no_task_of_another_flow() {
    within_a_minute(|| {
        for workers in [1, 2] {
            let (executor, ran) = (Executor::new(workers), Counter::default());
            let waker = Waker::from(Arc::new(EvilWaker));
            let mut context = Context::from_waker(&waker);
            let (small, large) = (counted(1, &ran), counted(200, &ran));
            for _ in 0..50 {
                let awaited = executor.run(&small);
                let mut awaited = pin!(awaited);
                let pending = awaited.as_mut().poll(&mut context).is_pending();
                executor.run(&large).wait().expect("nothing fails");
                executor.wait_for_all().expect("this is no task");
                let ended = awaited.as_mut().poll(&mut context);
                assert!(!pending || matches!(ended, Poll::Ready(Ok(_))));
            }
            assert_eq!(ran.get(), 50 * 201);
        }
    });
}

#[test]
fn a_queued_run_may_wait_for_the_flow_that_waited_for_the_run_before_it() {
    within_a_minute(|| {
        let executor = Arc::new(Executor::new(4));
        for _ in 0..500 {
            let (first, again) = (Gate::default(), Arc::new(OnceLock::<SharedFlow>::new()));
            let (gate, waiter, host) = (first.clone(), Arc::clone(&again), Arc::clone(&executor));
            let mut round = 0;
            let awaited = Taskflow::new();
            awaited.emplace(move || {
                round += 1;
                if round == 1 {
                    gate.pass();
                } else {
                    let waiter = waiter.get().expect("set before any run");
                    waiter.start(&host).wait().expect("no circle");
                }
            });
            let one = executor.run(&awaited);
            let one = Arc::new(std::sync::Mutex::new(Some(one)));
            let waiting = Taskflow::new();
            let gate = first.clone();
            waiting.emplace(move || {
                if let Some(run) = one.lock().expect("no panic").take() {
                    gate.open();
                    run.wait().expect("it does not fail");
                }
            });
            let waiting = SharedFlow::of(waiting);
            assert!(again.set(waiting.clone()).is_ok());
            let asking = waiting.start(&executor);
            let two = executor.run(&awaited);
            asking.wait().expect("it does not fail");
            two.wait().expect("it does not fail");
        }
    });
}

#[test]
fn a_task_that_waited_ends_while_the_only_worker_always_has_something() {
    within_a_minute(|| {
        let executor = Arc::new(Executor::new(1));
        let (far, gate) = (Arc::new(Executor::new(1)), Gate::default());
        let blocked = Taskflow::new();
        let key = gate.clone();
        blocked.emplace(move || key.pass());
        let blocked = SharedFlow::of(blocked);
        let waiting = Taskflow::new();
        let (far_host, begun) = (Arc::clone(&far), Gate::default());
        let at_work = begun.clone();
        waiting.emplace(move || {
            let run = blocked.start(&far_host);
            at_work.open();
            run.wait().expect("it does not fail");
        });
        let waited = executor.run(&waiting);
        begun.pass();
        let waited = Arc::new(waited);
        let (seen, busy) = (Arc::clone(&waited), counted(10, &Counter::default()));
        let endless = executor.run_until(&busy, move || seen.is_done());
        gate.open();
        endless.wait().expect("it ends when the other has ended");
        assert!(waited.is_done());
    });
}

#[test]
fn the_end_of_a_run_is_not_held_back_behind_a_task_of_another_flow() {
    within_a_minute(|| {
        let (executor, counter) = (Executor::new(1), Counter::default());
        for _ in 0..100 {
            let (short, gate) = (counted(1, &counter), Gate::default());
            let long = Taskflow::new();
            let key = gate.clone();
            long.emplace(move || key.pass());
            let first = executor.run(&short);
            let second = executor.run(&long);
            while !first.is_done() {
                thread::yield_now();
            }
            gate.open();
            second.wait().expect("it does not fail");
            first.wait().expect("it does not fail");
        }
    });
}

#[test]
fn the_end_of_a_run_is_not_held_back_behind_a_spawned_task() {
    within_a_minute(|| {
        let (executor, counter) = (Executor::new(1), Counter::default());
        for _ in 0..100 {
            let (short, begin, end) = (counted(1, &counter), Gate::default(), Gate::default());
            // Both are queued when the worker comes to them.
            let gate = begin.clone();
            let busy = executor.spawn(move || gate.pass());
            let run = executor.run(&short);
            let gate = end.clone();
            let behind = executor.spawn(move || gate.pass());
            begin.open();
            while !run.is_done() {
                thread::yield_now();
            }
            end.open();
            for task in [busy, behind] {
                task.wait().expect("it does not fail");
            }
            run.wait().expect("it does not fail");
        }
    });
}

#[test]
fn waiting_for_all_below_a_task_of_another_executor_on_the_same_stack_is_refused() {
    within_a_minute(|| {
        let (outer, inner) = (Arc::new(Executor::new(1)), Arc::new(Executor::new(1)));
        let (refused, host, guest) = (Counter::default(), Arc::clone(&outer), Arc::clone(&inner));
        let seen = refused.clone();
        let flow = Taskflow::new();
        flow.emplace(move || {
            let (below, host, seen) = (Taskflow::new(), Arc::clone(&host), seen.clone());
            let here = thread::current().id();
            below.emplace(move || {
                // Only where the caller lent itself is the outer task on this very stack.
                let answer = (thread::current().id() == here).then(|| host.wait_for_all());
                if answer.is_none_or(|answer| matches!(answer, Err(RunError::Deadlock))) {
                    seen.add();
                }
            });
            guest.run_and_wait(&below).expect("it does not fail");
        });
        outer.run(&flow).wait().expect("it does not fail");
        assert_eq!(refused.get(), 1);
    });
}

#[test]
fn a_worker_that_is_polled_while_idle_does_not_hide_tasks_from_the_others() {
    let executor = taskflow_core::Executor::<Manual>::builder()
        .workers(2)
        .build()
        .expect("room");
    let counter = Counter::default();
    let flow = counted(4, &counter);
    for round in 1..=20 {
        // Idle polls must leave the books on searchers as they were.
        for _ in 0..5 {
            assert_eq!(executor.platform().step(0), Step::Idle);
        }
        let run = executor.run(&flow);
        executor.platform().step_all();
        assert!(run.is_done());
        assert_eq!(counter.get(), 4 * round);
    }
}

#[test]
fn a_wait_of_no_time_runs_no_task() {
    let executor = taskflow_core::Executor::<Manual>::new(1);
    let counter = Counter::default();
    let flow = counted(100, &counter);
    let mut run = executor.run(&flow);
    assert!(run.wait_timeout(Duration::ZERO).is_none());
    assert_eq!(counter.get(), 0);
    run.wait().expect("nothing fails");
    assert_eq!(counter.get(), 100);
}

#[test]
fn wide_flows_that_run_one_another_on_the_only_worker_run_each_task_once() {
    within_a_minute(|| {
        let (executor, outer, inner) = (
            Arc::new(Executor::new(1)),
            Counter::default(),
            Counter::default(),
        );
        let callers: Vec<_> = (0..3)
            .map(|_| {
                let (executor, outer, inner) =
                    (Arc::clone(&executor), outer.clone(), inner.clone());
                thread::spawn(move || {
                    let flow = Taskflow::new();
                    for index in 0..500 {
                        let (host, outer) = (Arc::clone(&executor), outer.clone());
                        let below = SharedFlow::of(counted(300, &inner));
                        flow.emplace(move || {
                            outer.add();
                            if index % 50 == 0 {
                                below.start(&host).wait().expect("it does not fail");
                            }
                        });
                    }
                    for _ in 0..5 {
                        executor.run(&flow).wait().expect("it does not fail");
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.join().expect("no task fails");
        }
        assert_eq!((outer.get(), inner.get()), (3 * 5 * 500, 3 * 5 * 10 * 300));
    });
}
