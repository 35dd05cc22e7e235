//! A run is a future: any executor of futures can await it, and is woken when it has ended.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::task::Wake;
use std::thread;

use crate::support::block_on::block_on;
use crate::support::blocked_flow::BlockedFlow;
use crate::support::counter::Counter;
use crate::support::forgotten::forget;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, RunError, Taskflow};

/// Counts how often it is woken.
struct Counting(Counter);

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.0.add();
    }
}

#[test]
fn an_awaited_run_gives_its_result() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let executor = Executor::new(workers);
            let flow = Taskflow::new();
            flow.linearize([(); 3].map(|()| flow.emplace(|| {})));
            for _ in 0..2000 {
                let stats = block_on(executor.run(&flow)).unwrap();
                assert_eq!(stats.tasks, 3);
            }
            let sum = block_on(async {
                let first = executor.run_n(&flow, 2).await?;
                let second = executor.run_n(&flow, 3).await?;
                Ok::<_, RunError>(first.tasks + second.tasks)
            });
            assert_eq!(sum.unwrap(), 15);
        }
    });
}

#[test]
fn an_awaited_run_gives_its_error() {
    within_a_minute(|| {
        let executor = Executor::new(1);
        let flow = Taskflow::new();
        flow.try_emplace(|| Err(core::fmt::Error.into()));
        let error = block_on(executor.run(&flow)).unwrap_err();
        assert!(matches!(error, RunError::Failed { .. }), "{error:?}");
        let task = flow.tasks()[0];
        task.precede(task);
        let error = block_on(executor.run(&flow)).unwrap_err();
        assert!(matches!(error, RunError::Invalid(_)), "{error:?}");
        assert_eq!(
            block_on(executor.run_n(&Taskflow::new(), 0)).unwrap().tasks,
            0
        );
    });
}

#[test]
fn only_the_last_waker_is_woken_and_not_before_the_end() {
    within_a_minute(|| {
        let blocked = BlockedFlow::new("awaited");
        let executor = Executor::new(1);
        let mut run = executor.run(&blocked.flow);
        blocked.begun.pass();
        let woken = [Counter::default(), Counter::default()];
        for count in &woken {
            let waker = Waker::from(Arc::new(Counting(count.clone())));
            for _ in 0..3 {
                let polled = Pin::new(&mut run).poll(&mut Context::from_waker(&waker));
                assert!(polled.is_pending());
            }
        }
        assert_eq!((woken[0].get(), woken[1].get()), (0, 0));
        blocked.end.open();
        while woken[1].get() == 0 {
            thread::yield_now();
        }
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(result) = Pin::new(&mut run).poll(&mut context) else {
            panic!("woken before the end");
        };
        assert_eq!(result.unwrap().tasks, 1);
        assert_eq!((woken[0].get(), woken[1].get()), (0, 1));
    });
}

#[test]
fn a_future_dropped_after_a_poll_lets_its_run_go_on() {
    within_a_minute(|| {
        let blocked = BlockedFlow::new("dropped");
        let executor = Executor::new(1);
        let mut run = executor.run(&blocked.flow);
        blocked.begun.pass();
        let woken = Counter::default();
        let waker = Waker::from(Arc::new(Counting(woken.clone())));
        let polled = Pin::new(&mut run).poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        drop(run);
        blocked.end.open();
        assert_eq!(executor.run(&blocked.flow).wait().unwrap().tasks, 1);
    });
}

#[test]
fn a_dropped_future_cancels_its_run_if_it_was_told_to() {
    within_a_minute(|| {
        for polled in [false, true] {
            let blocked = BlockedFlow::new("cancelled");
            let after = Counter::default();
            let count = after.clone();
            let next = blocked.flow.emplace(move || {
                count.add();
            });
            blocked.flow.tasks()[0].precede(next);
            let executor = Executor::new(1);
            let mut run = executor.run(&blocked.flow).cancel_on_drop();
            blocked.begun.pass();
            if polled {
                let mut context = Context::from_waker(Waker::noop());
                assert!(Pin::new(&mut run).poll(&mut context).is_pending());
            }
            drop(run);
            blocked.end.open();
            executor.wait_for_all().unwrap();
            assert_eq!(after.get(), 0, "the rest of the run was skipped");
            let run = executor.run(&blocked.flow).cancel_on_drop();
            assert_eq!(run.wait().unwrap().tasks, 2, "a wait is no drop");
            let run = executor.run(&blocked.flow).cancel_on_drop();
            assert_eq!(block_on(run).unwrap().tasks, 2);
            assert_eq!(after.get(), 2);
        }
    });
}

#[test]
fn a_future_forgotten_after_a_poll_breaks_nothing() {
    within_a_minute(|| {
        let executor = Executor::new(2);
        for _ in 0..100 {
            let blocked = BlockedFlow::new("forgotten");
            let mut run = executor.run(&blocked.flow);
            let mut context = Context::from_waker(Waker::noop());
            let _ = Pin::new(&mut run).poll(&mut context);
            forget(run);
            drop(blocked.flow);
            blocked.end.open();
        }
        executor.wait_for_all().unwrap();
    });
}

#[test]
fn runs_awaited_on_many_threads_at_once_all_wake() {
    within_a_minute(|| {
        let executor = Executor::new(2);
        let flow = Taskflow::new();
        flow.emplace(|| {});
        for _ in 0..50 {
            thread::scope(|threads| {
                for run in [(); 8].map(|()| executor.run(&flow)) {
                    threads.spawn(move || assert_eq!(block_on(run).unwrap().tasks, 1));
                }
            });
        }
    });
}

#[test]
fn a_waker_that_panics_kills_no_worker() {
    struct Sour;
    impl Wake for Sour {
        fn wake(self: Arc<Self>) {
            std::panic::resume_unwind(Box::new("sour"));
        }
    }
    within_a_minute(|| {
        let executor = Executor::new(1);
        let blocked = BlockedFlow::new("sour");
        let mut run = executor.run(&blocked.flow);
        blocked.begun.pass();
        let waker = Waker::from(Arc::new(Sour));
        let polled = Pin::new(&mut run).poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        blocked.end.open();
        while !run.is_done() {
            thread::yield_now();
        }
        for _ in 0..10 {
            assert_eq!(executor.run(&blocked.flow).wait().unwrap().tasks, 1);
        }
    });
}
