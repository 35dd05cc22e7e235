//! Runs that are stopped, and futures that fail.

use core::cell::Cell;
use core::future::{Future, pending};
use core::pin::Pin;
use core::task::{Context, Poll};
use std::panic::resume_unwind;
use std::thread;

use taskflow_core::{Executor as CoreExecutor, Manual};
use taskflow_std::{Executor, FailurePolicy, RunError, RunOptions, Taskflow};

use crate::support::bell::Bell;
use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::watchdog::within_a_minute;

#[test]
fn cancelling_drops_what_is_pending_and_makes_nothing_new() {
    within_a_minute(|| {
        for workers in [1, 2] {
            let executor = Executor::new(workers);
            let flow = Taskflow::new();
            let (bell, dropped, made) = (Bell::default(), Counter::default(), Counter::default());
            for _ in 0..10 {
                let (bell, dropped) = (bell.clone(), dropped.clone());
                let first = flow.emplace_async(move || {
                    let (bell, dropped) = (bell.clone(), Dropped(dropped.clone()));
                    async move {
                        bell.rung().await;
                        drop(dropped);
                    }
                });
                let made = made.clone();
                first.precede(flow.emplace_async(move || {
                    made.add();
                    async {}
                }));
            }
            for round in 1..=50 {
                let before = bell.polls();
                let run = executor.run(&flow);
                while bell.polls() < before + 10 {
                    thread::yield_now();
                }
                assert!(run.cancel());
                let error = run.wait().unwrap_err();
                assert!(matches!(error, RunError::Cancelled { .. }), "{error:?}");
                let stats = error.stats().unwrap();
                assert_eq!((stats.tasks, stats.skipped), (10, 10));
                assert_eq!((dropped.get(), made.get()), (round * 10, 0));
            }
            bell.ring();
            assert_eq!(executor.run(&flow).wait().unwrap().tasks, 20);
            assert_eq!((dropped.get(), made.get()), (510, 10));
        }
    });
}

#[test]
fn a_run_cancelled_before_it_begins_makes_no_future() {
    let flow = Taskflow::new();
    flow.emplace_async(|| -> core::future::Ready<()> { unreachable!("the run was cancelled") });
    let executor = CoreExecutor::<Manual>::new(1);
    let run = executor.run(&flow);
    run.cancel();
    let error = run.wait().unwrap_err();
    assert_eq!(error.stats().unwrap().skipped, 1);
}

#[test]
fn a_stop_reaches_a_task_that_is_being_woken() {
    within_a_minute(|| {
        let executor = Executor::new(1);
        let flow = Taskflow::new();
        let (bell, dropped) = (Bell::default(), Counter::default());
        let (waiter, count) = (bell.clone(), dropped.clone());
        flow.emplace_async(move || {
            let (bell, dropped) = (waiter.clone(), Dropped(count.clone()));
            async move {
                let _dropped = dropped;
                loop {
                    bell.rung().await;
                }
            }
        });
        for round in 1..=5000 {
            let before = bell.polls();
            let run = executor.run(&flow);
            while bell.polls() == before {
                core::hint::spin_loop();
            }
            bell.shake_last();
            // The worker takes the task up at this moment.
            for _ in 0..round % 600 {
                core::hint::spin_loop();
            }
            run.cancel();
            assert!(run.wait().is_err());
            assert_eq!(dropped.get(), round);
        }
    });
}

#[test]
fn a_failure_elsewhere_drops_what_is_pending() {
    within_a_minute(|| {
        let executor = Executor::new(2);
        for policy in [FailurePolicy::StopAtFirst, FailurePolicy::KeepIndependent] {
            let flow = Taskflow::new();
            let (bell, dropped) = (Bell::default(), Counter::default());
            let (waiter, count) = (bell.clone(), dropped.clone());
            flow.emplace_async(move || {
                let (bell, dropped) = (waiter.clone(), Dropped(count.clone()));
                async move {
                    let _dropped = dropped;
                    bell.rung().await;
                }
            });
            let ready = bell.clone();
            flow.try_emplace(move || {
                while ready.polls() == 0 {
                    thread::yield_now();
                }
                Err(core::fmt::Error.into())
            });
            let run = executor.run_with(&flow, RunOptions::new().on_failure(policy));
            if policy == FailurePolicy::KeepIndependent {
                while bell.polls() == 0 {
                    thread::yield_now();
                }
                bell.ring();
            }
            let error = run.wait().unwrap_err();
            assert!(matches!(error, RunError::Failed { .. }), "{error:?}");
            assert_eq!(dropped.get(), 1, "{policy:?}");
        }
    });
}

/// A future that fails in one place.
struct Sour {
    at: &'static str,
    polled: Cell<bool>,
    _dropped: Dropped,
}

fn panic_at(place: &str, at: &str) {
    if place == at {
        resume_unwind(Box::new(format!("in {at}")));
    }
}

impl Future for Sour {
    type Output = Result<(), taskflow_std::TaskError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        panic_at("poll", self.at);
        if !self.polled.replace(true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        panic_at("second poll", self.at);
        if self.at == "result" {
            return Poll::Ready(Err(core::fmt::Error.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for Sour {
    fn drop(&mut self) {
        panic_at("drop", self.at);
    }
}

#[test]
fn a_future_that_fails_anywhere_is_dropped_once_and_names_its_task() {
    within_a_minute(|| {
        for at in ["make", "poll", "second poll", "result", "drop"] {
            let (captures, futures) = (Counter::default(), Counter::default());
            let executor = Executor::new(1);
            let flow = Taskflow::new();
            let (capture, count) = (Dropped(captures.clone()), futures.clone());
            let task = flow.try_emplace_async(move || {
                let _capture = &capture;
                let _dropped = Dropped(count.clone());
                panic_at("make", at);
                Sour {
                    at,
                    polled: Cell::new(false),
                    _dropped,
                }
            });
            task.name("sour").precede(flow.emplace(|| {}));
            for round in 1..=20 {
                let error = executor.run(&flow).wait().unwrap_err();
                let (task, text) = match &error {
                    RunError::Panicked { task, panic, .. } => (
                        task.clone().unwrap(),
                        panic.message().unwrap_or("").to_owned(),
                    ),
                    RunError::Failed {
                        task: Some(task), ..
                    } => (task.clone(), "in result".to_owned()),
                    other => panic!("{other:?}"),
                };
                assert_eq!(task.name.as_deref(), Some("sour"));
                assert_eq!(text, format!("in {at}"));
                let stats = error.stats().unwrap();
                assert_eq!((stats.tasks, stats.skipped), (1, 1));
                assert_eq!(futures.get(), round, "{at}");
            }
            assert_eq!(captures.get(), 0);
            drop(flow);
            assert_eq!((captures.get(), futures.get()), (1, 20));
        }
    });
}

#[test]
fn a_future_whose_drop_panics_when_its_run_is_stopped_fails_the_run() {
    struct Loud;
    impl Drop for Loud {
        fn drop(&mut self) {
            resume_unwind(Box::new("loud"));
        }
    }
    let flow = Taskflow::new();
    let task = flow.emplace_async(|| {
        let loud = Loud;
        async move {
            pending::<()>().await;
            drop(loud);
        }
    });
    task.name("loud");
    within_a_minute(move || {
        let executor = Executor::new(1);
        for _ in 0..100 {
            let run = executor.run(&flow);
            let _ = run.stats();
            run.cancel();
            match run.wait().unwrap_err() {
                RunError::Panicked { task, .. } => {
                    assert_eq!(task.unwrap().name.as_deref(), Some("loud"));
                }
                RunError::Cancelled { stats, .. } => assert_eq!(stats.skipped, 1),
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn an_executor_that_is_dropped_waits_for_what_is_pending() {
    within_a_minute(|| {
        let bell = Bell::default();
        let (waiter, dropped) = (bell.clone(), Counter::default());
        let (flow, count) = (Taskflow::new(), dropped.clone());
        flow.emplace_async(move || {
            let (bell, dropped) = (waiter.clone(), Dropped(count.clone()));
            async move {
                let _dropped = dropped;
                bell.rung().await;
            }
        });
        let executor = Executor::new(1);
        drop(executor.run(&flow));
        // Its captures live until the run has ended.
        drop(flow);
        let ringer = bell.clone();
        let ringing = thread::spawn(move || {
            while ringer.polls() == 0 {
                thread::yield_now();
            }
            ringer.ring();
        });
        drop(executor);
        assert_eq!(dropped.get(), 1);
        ringing.join().unwrap();
    });
}
