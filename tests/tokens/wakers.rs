//! Who awaits a token is woken, whatever its waker does.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::Wake;
use std::thread;

use taskflow_std::{CancellationToken, RunOptions, Taskflow};

use crate::support::block_on::block_on;
use crate::support::counter::Counter;
use crate::support::rig::on_each_rig;
use crate::support::watchdog::within_a_minute;

/// Calls this when it wakes.
struct Calls<F>(F);

impl<F: Fn() + Send + Sync + 'static> Wake for Calls<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

fn calling(f: impl Fn() + Send + Sync + 'static) -> Waker {
    Waker::from(Arc::new(Calls(f)))
}

#[test]
fn a_token_is_awaited_on_any_thread() {
    within_a_minute(|| {
        for _ in 0..100 {
            let token = CancellationToken::new();
            let below = token.child();
            let waits = thread::spawn(move || block_on(below.cancelled()));
            token.cancel_with("heard");
            assert_eq!(waits.join().unwrap().reason(), Some("heard"));
        }
    });
}

#[test]
fn an_async_task_is_woken_by_a_token() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (flow, token, polls) = (
                Taskflow::new(),
                CancellationToken::new(),
                Counter::default(),
            );
            let (inside, polled) = (token.clone(), polls.clone());
            flow.emplace_async(move || {
                polled.add();
                let heard = inside.cancelled();
                async move {
                    heard.await;
                }
            });
            let run = rig.start(&flow);
            while polls.get() == 0 {
                rig.step();
            }
            token.cancel();
            assert_eq!(rig.finish(run).unwrap().tasks, 1);
        });
    });
}

#[test]
fn a_cancel_between_two_polls_is_heard_though_a_reset_followed() {
    let token = CancellationToken::new();
    let woken = Counter::default();
    let counted = woken.clone();
    let waker = calling(move || {
        counted.add();
    });
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(token.cancelled());
    assert!(future.as_mut().poll(&mut context).is_pending());
    assert!(future.as_mut().poll(&mut context).is_pending());
    token.cancel();
    token.reset();
    assert_eq!(woken.get(), 1);
    assert!(future.as_mut().poll(&mut context).is_ready());
    let mut late = pin!(token.cancelled());
    assert!(late.as_mut().poll(&mut context).is_pending());
    // One that was made under a cancelled token needs no more.
    token.cancel();
    let mut made_before = pin!(token.cancelled());
    token.reset();
    assert!(made_before.as_mut().poll(&mut context).is_ready());
}

#[test]
fn a_future_that_is_given_up_wakes_nobody() {
    let token = CancellationToken::new();
    let waker = calling(|| unreachable!("it is gone"));
    {
        let mut future = pin!(token.cancelled());
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        assert_eq!(polled.map(drop), Poll::Pending);
    }
    assert!(token.cancel());
}

#[test]
fn a_waker_may_drop_the_last_token_and_the_last_future() {
    let token = CancellationToken::new();
    let canceller = token.canceller();
    let kept = Arc::new(Mutex::new(None));
    let drops = Arc::clone(&kept);
    let waker = calling(move || drop(drops.lock().unwrap().take()));
    let mut future = Box::pin(token.cancelled());
    let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    *kept.lock().unwrap() = Some((token, future));
    assert!(canceller.cancel());
    assert!(kept.lock().unwrap().is_none() && !canceller.is_live());
}

#[test]
fn a_waker_may_cancel_and_reset_the_token_that_wakes_it() {
    let token = CancellationToken::new();
    let inside = token.clone();
    let waker = calling(move || {
        assert!(!inside.cancel());
        inside.reset();
        assert!(inside.cancel_with("from inside"));
    });
    let mut future = pin!(token.cancelled());
    let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending() && token.cancel());
    assert_eq!(token.check().unwrap_err().reason(), Some("from inside"));
    assert_eq!(token.cancel_count(), 2);
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_from_being_told() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let token = CancellationToken::new();
            let woken = Counter::default();
            let mut futures: Vec<_> = (0..5)
                .map(|_| Box::pin(token.child().cancelled()))
                .collect();
            for (place, future) in futures.iter_mut().enumerate() {
                let counted = woken.clone();
                let waker = calling(move || {
                    counted.add();
                    assert!(place != 3, "the waker panics");
                });
                let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
                assert!(polled.is_pending());
            }
            let flow = Taskflow::new();
            flow.emplace_async(std::future::pending);
            let run = rig.start_with(&flow, RunOptions::new().token(&token));
            let cancelled = catch_unwind(AssertUnwindSafe(|| token.cancel()));
            assert!(cancelled.is_err() && token.is_cancelled());
            assert_eq!(woken.get(), 5);
            rig.finish(run).unwrap_err();
        });
    });
}
