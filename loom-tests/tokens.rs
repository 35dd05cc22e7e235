//! Tokens: a cancel, a subscription, a reset and a child that is made, at any moment of one another.
//!
//! A subscriber that a cancel does not reach waits for ever, which is a deadlock to the checker. What a cancel brings is a
//! datum that its flag alone orders. A preemption bound of n means: all schedules with at most n forced switches; those
//! without one are checked exhaustively.

use std::future::pending;

use loom::thread;
use taskflow_core::{CancellationToken, RunError, RunOptions, Taskflow};

use crate::support::block_on::block_on;
use crate::support::datum::Datum;
use crate::support::explore::explore;
use crate::support::host::Host;

/// Two threads.
#[test]
fn whoever_sees_a_cancel_sees_what_came_before_it() {
    explore(None, || {
        let (token, datum) = (CancellationToken::new(), Datum::default());
        let (other, brought) = (token.clone(), datum.clone());
        let cancels = thread::spawn(move || {
            brought.add_one();
            other.cancel();
        });
        if token.is_cancelled() {
            assert_eq!(datum.get(), 1);
        }
        cancels.join().expect("nobody panics");
    });
}

/// Two threads.
#[test]
fn a_subscription_at_any_moment_hears_the_cancel() {
    explore(None, || {
        let token = CancellationToken::new();
        let other = token.clone();
        let cancels = thread::spawn(move || assert!(other.cancel()));
        block_on(token.cancelled());
        cancels.join().expect("nobody panics");
        assert!(token.is_cancelled());
    });
}

/// A reset between the cancel and the next poll takes nothing from whoever waits. Three threads; bound 3.
#[test]
fn a_cancel_that_a_reset_follows_is_heard() {
    explore(Some(3), || {
        let token = CancellationToken::new();
        let other = token.clone();
        let waits = token.cancelled();
        let changes = thread::spawn(move || {
            other.cancel();
            other.reset();
        });
        block_on(waits);
        changes.join().expect("nobody panics");
        assert_eq!((token.is_cancelled(), token.cancel_count()), (false, 1));
    });
}

/// Two threads.
#[test]
fn a_cancel_of_an_earlier_generation_touches_no_later_one() {
    explore(None, || {
        let token = CancellationToken::new();
        let timer = token.canceller();
        let fires = thread::spawn(move || timer.cancel());
        token.reset();
        assert!(!token.is_cancelled());
        let fired = fires.join().expect("nobody panics");
        assert_eq!(
            (token.is_cancelled(), token.cancel_count()),
            (false, u64::from(fired))
        );
    });
}

/// Two threads.
#[test]
fn a_child_that_is_made_at_any_moment_is_cancelled_with_its_parent() {
    explore(None, || {
        let parent = CancellationToken::new();
        let other = parent.clone();
        let cancels = thread::spawn(move || other.cancel());
        let child = parent.child();
        cancels.join().expect("nobody panics");
        assert!(child.is_cancelled());
    });
}

/// A child is reset while its parent is cancelled: it is not cancelled of old, and it is of new. Two threads.
#[test]
fn a_child_that_is_reset_at_any_moment_is_cancelled_with_its_parent() {
    explore(None, || {
        let parent = CancellationToken::new();
        let child = parent.child();
        let other = parent.clone();
        let cancels = thread::spawn(move || other.cancel());
        child.reset();
        cancels.join().expect("nobody panics");
        assert!(child.is_cancelled());
        let before = child.cancel_count();
        parent.reset();
        child.reset();
        assert!(!child.is_cancelled() && (1..=2).contains(&before));
    });
}

/// The engine with its worker, and who cancels: a run that would wait for ever. Three threads; bound 1.
#[test]
fn a_token_reaches_its_run_or_is_seen_by_it() {
    explore(Some(1), || {
        let executor = Host::executor(1);
        let (flow, token) = (Taskflow::new(), CancellationToken::new());
        flow.emplace_async(pending);
        let other = token.clone();
        let cancels = thread::spawn(move || other.cancel());
        let run = executor.run_with(&flow, RunOptions::new().token(&token));
        assert!(matches!(block_on(run), Err(RunError::Cancelled { .. })));
        cancels.join().expect("nobody panics");
    });
}

/// A cancel that meets the end of its run leaves the next run of the flow alone, which has the same state. Three
/// threads; bound 1.
#[test]
fn a_token_that_meets_the_end_of_its_run_stops_nothing_of_the_next() {
    explore(Some(1), || {
        let executor = Host::executor(1);
        let (flow, token) = (Taskflow::new(), CancellationToken::new());
        flow.emplace(|| ());
        let run = executor.run_with(&flow, RunOptions::new().token(&token));
        let cancels = thread::spawn(move || token.cancel());
        let ended = block_on(run);
        assert!(matches!(ended, Ok(_) | Err(RunError::Cancelled { .. })));
        let stats = block_on(executor.run(&flow)).expect("nobody cancels it");
        assert_eq!((stats.tasks, stats.skipped), (1, 0));
        cancels.join().expect("nobody panics");
    });
}
