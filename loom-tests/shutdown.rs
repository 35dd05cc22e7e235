//! The end of an executor: its workers end, wherever it meets them, and not before its runs have.
//!
//! The whole engine runs here, on the checker's threads; a thread that sleeps for ever is a deadlock to the
//! checker. A preemption bound of n means: all schedules with at most n forced switches.

use taskflow_core::Taskflow;

use crate::support::datum::Datum;
use crate::support::explore::{explore, explore_longer};
use crate::support::host::Host;

/// Workers that look for work for the first time, go to sleep, or sleep. Sees a close that wakes before it can be
/// seen. Three threads; bound 1, and 2 each night.
#[test]
fn idle_workers_end() {
    explore_longer(Some(1), Some(2), || drop(Host::executor(2)));
}

/// An executor that is dropped waits for its run, whose handle is gone, and sees what it did. Two threads; bound 2.
#[test]
fn a_dropped_executor_has_waited_for_its_run() {
    explore(Some(2), || {
        let executor = Host::executor(1);
        let flow = Taskflow::new();
        let done = Datum::default();
        let made = done.clone();
        flow.emplace(move || made.add_one());
        drop(executor.run(&flow));
        drop(executor);
        assert_eq!(done.get(), 1);
    });
}

/// An executor that lets go: whichever comes last, the drop or the end of the run, closes the pool. Two threads;
/// bound 2.
#[test]
fn a_pool_that_was_let_go_ends_with_its_run() {
    explore(Some(2), || {
        let executor = Host::executor(1).detach_on_drop();
        let flow = Taskflow::new();
        flow.emplace(|| ());
        drop(executor.run(&flow));
        drop(executor);
    });
}
