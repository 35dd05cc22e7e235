//! The end of a run: whoever sees it sees what the run did, and whoever waits for it is told.
//!
//! The whole engine runs here, on the checker's threads; a waiter that is not told is a deadlock to the checker.
//! A preemption bound of n means: all schedules with at most n forced switches.

use std::panic::{AssertUnwindSafe, catch_unwind};

use taskflow_core::Taskflow;

use crate::support::block_on::block_on;
use crate::support::datum::Datum;
use crate::support::explore::explore;
use crate::support::host::Host;

/// A flow of so many tasks, each of which sets its number.
fn flow(tasks: usize) -> (Taskflow<'static>, Vec<Datum>) {
    let flow = Taskflow::new();
    let made: Vec<_> = (0..tasks).map(|_| Datum::default()).collect();
    for number in &made {
        let number = number.clone();
        flow.emplace(move || number.add_one());
    }
    (flow, made)
}

/// A look at the signal, without the lock that the result is behind. Two threads; bound 2.
#[test]
fn whoever_sees_the_end_sees_what_the_run_did() {
    explore(Some(2), || {
        let executor = Host::executor(1);
        let (flow, made) = flow(1);
        let run = executor.run(&flow);
        if run.is_done() {
            assert_eq!(made[0].get(), 1);
        }
        drop(run);
    });
}

/// Whoever finds that the flow may be edited sees what the run did, without having waited for it. Two threads; bound 2.
#[test]
fn whoever_may_edit_sees_what_the_run_did() {
    explore(Some(2), || {
        let executor = Host::executor(1);
        let (flow, made) = flow(1);
        let run = executor.run(&flow);
        let edit = AssertUnwindSafe(|| {
            flow.placeholder();
        });
        if catch_unwind(edit).is_ok() {
            assert_eq!(made[0].get(), 1);
        }
        drop(run);
    });
}

/// Two workers with a task each, counted in sums of their own. Three threads; bound 1.
#[test]
fn the_end_comes_when_both_workers_have_counted() {
    explore(Some(1), || {
        let executor = Host::executor(2);
        let (flow, made) = flow(2);
        let stats = block_on(executor.run(&flow)).expect("no task fails");
        assert_eq!(stats.tasks, 2);
        assert!(made.iter().all(|made| made.get() == 1));
    });
}

/// A future that is polled when the run ends is ready, or woken. Two threads; bound 2.
#[test]
fn an_awaited_run_is_ready_or_wakes() {
    explore(Some(2), || {
        let executor = Host::executor(1);
        let (flow, made) = flow(1);
        block_on(executor.run(&flow)).expect("no task fails");
        assert_eq!(made[0].get(), 1);
    });
}
