//! A reset begins a new generation, which nothing of an earlier one touches.

use std::time::{Duration, Instant};

use taskflow_std::{
    CancellationToken, PreemptiveCancellationToken, RunError, RunOptions, Taskflow,
};

use crate::support::rig::on_each_rig;
use crate::support::watchdog::within_a_minute;

#[test]
fn what_cancels_an_earlier_generation_does_nothing() {
    let token = CancellationToken::new();
    let (early, again) = (token.canceller(), token.canceller());
    assert!(early.is_live() && early.cancel_with("in time") && !again.cancel());
    token.reset();
    assert!(!token.is_cancelled() && !early.is_live());
    assert!(!early.cancel() && !again.cancel() && !token.is_cancelled());
    assert!(token.canceller().cancel() && token.check().unwrap_err().reason().is_none());
    assert_eq!(token.cancel_count(), 2);
}

#[test]
fn a_canceller_keeps_no_token_alive() {
    let token = CancellationToken::new();
    let canceller = token.canceller();
    drop(token);
    assert!(!canceller.is_live() && !canceller.cancel());
}

#[test]
fn a_reset_leaves_the_tokens_below_as_they_are() {
    let root = CancellationToken::new();
    let child = root.child();
    root.cancel();
    root.reset();
    assert!(!root.is_cancelled() && child.is_cancelled());
    child.reset();
    assert!(!child.is_cancelled());
    root.cancel_with("again");
    assert_eq!(
        child.check().unwrap_err().reason(),
        Some("again"),
        "it is below still"
    );
    assert_eq!(child.cancel_count(), 2);
}

#[test]
fn a_token_that_is_reset_below_a_cancelled_one_is_cancelled_at_once() {
    let root = CancellationToken::new();
    let child = root.child();
    child.cancel_with("its own");
    root.cancel_with("from above");
    child.reset();
    assert_eq!(child.check().unwrap_err().reason(), Some("from above"));
}

#[test]
fn a_token_that_was_reset_many_times_is_below_its_parent_once() {
    let root = CancellationToken::new();
    let child = root.child();
    for _ in 0..1000 {
        child.reset();
    }
    root.cancel();
    assert_eq!(child.cancel_count(), 1);
}

#[test]
fn a_run_stays_under_a_token_that_is_reset_and_one_that_was_cancelled_stays_so() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let token = CancellationToken::new();
            let flow = Taskflow::new();
            flow.emplace_async(std::future::pending);
            let run = rig.start_with(&flow, RunOptions::new().token(&token));
            token.reset();
            assert!(token.cancel_with("second generation"));
            token.reset();
            let error = rig.finish(run).unwrap_err();
            assert!(
                matches!(error, RunError::Cancelled { reason: Some(why), .. }
                if why == "second generation")
            );
        });
    });
}

#[test]
fn a_deadline_of_an_earlier_generation_does_nothing() {
    let token = PreemptiveCancellationToken::new();
    token.cancel_after(Duration::from_millis(20));
    let guard = token.deadline_guard(Duration::from_millis(20));
    token.reset();
    let later = PreemptiveCancellationToken::new();
    later.cancel_after(Duration::from_millis(60));
    while !later.is_cancelled() {
        std::thread::yield_now();
    }
    assert!(guard.is_expired() && !token.is_cancelled());
    drop(guard);
    assert!(!token.is_cancelled() && token.cancel_count() == 0);
}

#[test]
fn a_guard_that_is_dropped_in_time_disarms_and_one_that_is_late_has_cancelled() {
    let token = PreemptiveCancellationToken::new();
    drop(token.deadline_guard(Duration::from_secs(3600)));
    drop(token.deadline_guard(Duration::MAX));
    assert!(!token.is_cancelled());
    for _ in 0..200 {
        token.reset();
        let guard = token.deadline_guard(Duration::from_micros(100));
        while !guard.is_expired() {
            std::hint::spin_loop();
        }
        drop(guard);
        assert!(token.is_cancelled(), "whoever was first");
    }
    assert_eq!(token.cancel_count(), 200);
}

#[test]
fn deadlines_beyond_all_times_are_none_and_those_that_have_come_are_at_once() {
    let token = PreemptiveCancellationToken::new();
    token.cancel_after(Duration::MAX);
    assert!(!token.is_cancelled());
    token.cancel_after(Duration::ZERO);
    assert!(token.is_cancelled());
    token.reset();
    token.cancel_at(Instant::now());
    assert_eq!(
        token.check().unwrap_err().reason(),
        Some("the deadline has passed")
    );
}
