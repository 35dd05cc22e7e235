//! Policies: what is given to one is run by whoever works, once, or was removed; whoever goes to sleep looks at it again.
//!
//! The whole engine runs here, on the checker's threads, and the policies are the ones that users get. A preemption bound of
//! n means: all schedules with at most n forced switches.

use std::sync::Arc;

use loom::sync::Notify;
use loom::sync::atomic::{AtomicBool, Ordering};
use taskflow_core::{
    Executor, FifoScheduler, PriorityScheduler, RunError, Scheduler, SharedDynamicScheduler,
    Taskflow,
};

use crate::support::datum::Datum;
use crate::support::explore::explore;
use crate::support::host::Host;
use crate::support::stepped::{Stepped, step_apart};

/// A task is spawned from outside while the only worker goes to sleep. Whoever spawned it helps nobody.
fn finds_the_worker<S: Scheduler>(executor: Executor<Host, S>) {
    let (told, count) = (
        Arc::new((Notify::new(), AtomicBool::new(false))),
        Datum::default(),
    );
    let (tells, made) = (Arc::clone(&told), count.clone());
    drop(executor.spawn(move || {
        made.add_one();
        // Ordering: Release, with the Acquire below: what the task did.
        tells.1.store(true, Ordering::Release);
        tells.0.notify();
    }));
    // Ordering: see above.
    while !told.1.load(Ordering::Acquire) {
        told.0.wait();
    }
    assert_eq!(count.get(), 1);
    end(executor);
}

/// What a pool that ends does to what is `static` is to be done before the checker ends.
fn end<S: Scheduler>(executor: Executor<Host, S>) {
    let threads: Vec<_> = executor.platform().into_iter().collect();
    drop(executor);
    for thread in threads {
        thread.join().expect("no worker panics");
    }
}

/// Without a policy, to compare with. Two threads; bound 2.
#[test]
fn a_spawned_task_finds_a_worker_that_goes_to_sleep() {
    explore(Some(2), || finds_the_worker(Host::executor(1)));
}

/// Two threads; bound 2.
#[test]
fn a_task_that_a_policy_was_given_finds_a_worker_that_goes_to_sleep() {
    explore(Some(2), || {
        finds_the_worker(Host::executor_with(1, FifoScheduler::new()));
    });
}

/// The same with queues by level and a word that says which of them have something. Two threads; bound 2.
#[test]
fn a_task_of_a_level_finds_a_worker_that_goes_to_sleep() {
    explore(Some(2), || {
        finds_the_worker(Host::executor_with(1, PriorityScheduler::new()));
    });
}

/// Two workers share what one of them makes ready: each task runs once, and the run's end comes after both. Three threads,
/// one of which waits; bound 1.
#[test]
fn what_a_worker_gives_to_a_policy_is_run_once() {
    explore(Some(1), || {
        let (executor, seats) = Stepped::executor(PriorityScheduler::new());
        let counts = [(); 2].map(|()| Datum::default());
        let flow = Taskflow::new();
        for count in counts.clone() {
            flow.emplace(move || count.add_one());
        }
        let run = executor.run(&flow);
        step_apart(seats, || ());
        assert!(run.is_done(), "a task was left");
        assert_eq!(run.wait().expect("no task fails").tasks, 2);
        assert_eq!(counts.map(|count| count.get()), [1, 1]);
    });
}

/// A task is taken out while a worker makes it ready, takes it or runs it: it has run, or its run has lost it. Two threads;
/// bound 2.
#[test]
fn a_task_that_is_removed_does_not_run_and_one_that_runs_is_not_removed() {
    explore(Some(2), || {
        let scheduler = SharedDynamicScheduler::new();
        let executor = Host::executor_with(1, scheduler.clone());
        let count = Datum::default();
        let flow = Taskflow::new();
        let made = count.clone();
        let task = flow.emplace(move || made.add_one()).id();
        let run = executor.run(&flow);
        let removed = scheduler.remove(task).is_ok();
        match run.wait() {
            Ok(_) => assert!(!removed),
            Err(RunError::Cancelled { .. }) => assert!(removed),
            Err(other) => panic!("{other:?}"),
        }
        assert_eq!(count.get(), usize::from(!removed));
        end(executor);
    });
}
