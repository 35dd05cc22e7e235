//! Cancelling against the end: a cancel that says so is the result, and it reaches what a task waits for.
//!
//! The whole engine runs here, on the checker's threads; a run that a cancel does not reach is a deadlock to the
//! checker. A preemption bound of n means: all schedules with at most n forced switches.

use std::future::pending;

use loom::thread;
use taskflow_core::{RunError, Taskflow, WorkStealing};

use crate::support::block_on::block_on;
use crate::support::datum::Datum;
use crate::support::explore::explore;
use crate::support::host::Host;
use crate::support::stepped::{Stepped, step_apart};

/// A cancel at any moment of a run is its result, or is refused. Two threads; bound 2.
#[test]
fn a_cancel_is_the_result_or_is_refused() {
    explore(Some(2), || {
        let executor = Host::executor(1);
        let flow = Taskflow::new();
        let ran = Datum::default();
        let made = ran.clone();
        flow.emplace(move || made.add_one());
        let run = executor.run(&flow);
        let cancelled = run.cancel();
        match block_on(run) {
            Ok(stats) => assert_eq!((cancelled, stats.tasks, ran.get()), (false, 1, 1)),
            Err(RunError::Cancelled { stats, .. }) => {
                assert!(cancelled);
                assert_eq!(
                    (stats.tasks as usize, stats.skipped as usize),
                    (ran.get(), 1 - ran.get())
                );
            }
            Err(error) => panic!("{error}"),
        }
    });
}

/// A cancel that meets the end of its run leaves the next run of the flow alone. Three threads; bound 2.
#[test]
fn a_late_cancel_stops_nothing_of_the_next_run() {
    explore(Some(2), || {
        let executor = Host::executor(1);
        let flow = Taskflow::new();
        flow.emplace(|| ());
        let first = executor.run(&flow);
        let second = executor.run(&flow);
        let canceller = first.canceller();
        let other = thread::spawn(move || canceller.cancel());
        let stats = block_on(second).expect("nobody cancels it");
        assert_eq!((stats.tasks, stats.skipped), (1, 0));
        let cancelled = other.join().expect("nobody panics");
        assert_eq!(cancelled, block_on(first).is_err());
    });
}

/// A task begins to wait, for ever, when its run is cancelled: the cancel reaches what it waits for, or it sees the
/// cancel. Two threads; bound 2.
#[test]
fn a_cancel_reaches_what_a_task_begins_to_wait_for() {
    explore(Some(2), || {
        let executor = Host::executor(1);
        let flow = Taskflow::new();
        flow.emplace_async(pending);
        let run = executor.run(&flow);
        assert!(run.cancel());
        assert!(matches!(block_on(run), Err(RunError::Cancelled { .. })));
    });
}

/// Of two that cancel one is told that it did. Three threads; bound 1.
#[test]
fn one_of_two_cancels_counts() {
    explore(Some(1), || {
        let executor = Host::executor(1);
        let flow = Taskflow::new();
        flow.emplace(|| ());
        let run = executor.run(&flow);
        let canceller = run.canceller();
        let other = thread::spawn(move || canceller.cancel());
        let here = run.cancel();
        let there = other.join().expect("nobody panics");
        assert!(!(here && there));
        assert_eq!(here || there, block_on(run).is_err());
    });
}

/// A cancel meets two workers that end the last two tasks: it is the result, or is refused, and what is counted is what
/// ran. Three threads; bound 1.
#[test]
fn a_cancel_beside_two_workers_is_the_result_or_is_refused() {
    explore(Some(1), || {
        let (executor, seats) = Stepped::executor(WorkStealing::default());
        let flow = Taskflow::new();
        let counts = [(); 2].map(|()| Datum::default());
        for count in counts.clone() {
            flow.emplace(move || count.add_one());
        }
        let run = executor.run(&flow);
        let mut cancelled = false;
        step_apart(seats, || cancelled = run.cancel());
        assert!(run.is_done(), "a task was left");
        let ran = counts.iter().map(Datum::get).sum::<usize>() as u64;
        match run.wait() {
            Ok(stats) => assert_eq!((cancelled, stats.tasks, ran), (false, 2, 2)),
            Err(RunError::Cancelled { stats, .. }) => {
                assert!(cancelled);
                assert_eq!((stats.tasks, stats.skipped), (ran, 2 - ran));
            }
            Err(error) => panic!("{error}"),
        }
    });
}
