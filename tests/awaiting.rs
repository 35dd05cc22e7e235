//! A run is a future: any executor of futures can await it, and is woken when it has ended.

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod blocked_flow;
    pub(crate) mod counter;
    pub(crate) mod forgotten;
    pub(crate) mod gate;
    pub(crate) mod watchdog;
}

use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::task::Wake;
use std::thread::{self, Thread};

use support::blocked_flow::BlockedFlow;
use support::counter::Counter;
use support::forgotten::forget;
use support::watchdog::within_a_minute;
use taskflow_std::{Executor, RunError, Taskflow};

/// Wakes a thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return result;
        }
        thread::park();
    }
}

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
