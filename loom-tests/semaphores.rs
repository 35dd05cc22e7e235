//! Semaphores: units are handed on, and what waits for a unit that nobody can release is found out.
//!
//! The whole engine runs here, on the checker's threads; a task that waits for ever is a deadlock to the checker.
//! What the [arbiter] decides it decides under one lock, so the models are about what lies around that: the
//! tasks that are queued and counted, and the mark by which a count is told. A preemption bound of n means: all
//! schedules with at most n forced switches.
//!
//! [arbiter]: ../core/src/semaphore/arbiter.rs

use std::sync::{Mutex, PoisonError};

use taskflow_core::{Semaphore, Taskflow};

use crate::support::block_on::block_on;
use crate::support::datum::Datum;
use crate::support::explore::explore;
use crate::support::host::Host;

/// The arbiter is the process's, so one model at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Two workers with a task each that needs the only unit: one after the other, each sees the last. Three threads;
/// bound 1.
#[test]
fn a_unit_goes_from_one_worker_to_the_other() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    explore(Some(1), || {
        let executor = Host::executor(2);
        let flow = Taskflow::new();
        let (unit, count) = (Semaphore::new(1), Datum::default());
        for _ in 0..2 {
            let count = count.clone();
            let task = flow.emplace(move || count.add_one());
            task.acquire(&unit).release(&unit);
        }
        let stats = block_on(executor.run(&flow)).expect("no task fails");
        assert_eq!((stats.tasks, count.get(), unit.count()), (2, 2, 1));
    });
}

/// A task waits for a unit that nobody releases, and another is counted: whichever comes last finds out that the
/// run is stuck. Three threads; bound 1.
#[test]
fn a_task_that_waits_in_vain_is_skipped() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    explore(Some(1), || {
        let executor = Host::executor(2);
        let flow = Taskflow::new();
        let nothing = Semaphore::with_count(1, 0);
        flow.emplace(|| ()).acquire(&nothing);
        flow.emplace(|| ());
        let stats = block_on(executor.run(&flow)).expect("no task fails");
        assert_eq!((stats.tasks, stats.skipped), (1, 1));
    });
}
