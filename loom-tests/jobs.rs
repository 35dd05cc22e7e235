//! Spawned tasks: claimed once, by whoever comes first, and after all that they were spawned after.
//!
//! The whole engine runs here, on the checker's threads; a wait that is not told is a deadlock to the checker. A
//! preemption bound of n means: all schedules with at most n forced switches.

use std::sync::Arc;

use loom::sync::Notify;
use taskflow_core::JoinError;

use crate::support::datum::Datum;
use crate::support::explore::{explore, explore_longer};
use crate::support::host::Host;

/// A look at the state, without the lock that the result is behind. Two threads; bound 2.
#[test]
fn whoever_sees_the_end_of_a_spawned_task_sees_what_it_did() {
    explore(Some(2), || {
        let executor = Host::executor(1);
        let done = Datum::default();
        let made = done.clone();
        let handle = executor.spawn(move || made.add_one());
        if handle.is_done() {
            assert_eq!(done.get(), 1);
        }
        drop(handle);
    });
}

/// The worker takes the task out of its queue, and the waiter claims it. Two threads; bound 2.
#[test]
fn a_spawned_task_runs_once_and_its_waiter_is_told() {
    explore(Some(2), || {
        let executor = Host::executor(1);
        let count = Datum::default();
        let made = count.clone();
        let handle = executor.spawn(move || {
            made.add_one();
            7
        });
        assert_eq!(handle.wait().ok(), Some(7));
        assert_eq!(count.get(), 1);
    });
}

/// A cancel at any moment: the task has not run and is cancelled, or it runs and the cancel says that it was late. Two
/// threads; bound 2.
#[test]
fn a_spawned_task_is_cancelled_or_runs() {
    explore(Some(2), || {
        let executor = Host::executor(1);
        let count = Datum::default();
        let made = count.clone();
        let handle = executor.spawn(move || made.add_one());
        let cancelled = handle.cancel();
        match handle.wait() {
            Ok(()) => assert_eq!((cancelled, count.get()), (false, 1)),
            Err(JoinError::Cancelled { .. }) => assert_eq!((cancelled, count.get()), (true, 0)),
            Err(error) => panic!("{error}"),
        }
    });
}

/// A predecessor ends while the task that comes after it is made. Two threads; bound 1, and 2 each night.
#[test]
fn a_task_that_is_made_while_its_predecessor_ends_runs_after_it() {
    explore_longer(Some(1), Some(2), || {
        let executor = Host::executor(1);
        let (first, second) = (Datum::default(), Datum::default());
        let made = first.clone();
        let before = executor.spawn(move || made.add_one());
        let (seen, made) = (first.clone(), second.clone());
        let after = executor.spawn_after(&before, move || {
            made.add_one();
            seen.get()
        });
        assert_eq!(after.wait().ok(), Some(1));
        assert_eq!((first.get(), second.get()), (1, 1));
    });
}

/// Of two predecessors one runs and another is cancelled meanwhile: whichever arrives last, the task sees what came
/// before both. Two threads; bound 1.
#[test]
fn the_last_of_two_predecessors_sees_what_came_before_both() {
    explore(Some(1), || {
        let executor = Host::executor(1);
        let (ran, set) = ([(); 2].map(|()| Datum::default()), Datum::default());
        let [begun, ended] = [(); 2].map(|()| Arc::new(Notify::new()));
        let before = ran.clone().map(|ran| {
            let begun = Arc::clone(&begun);
            executor.spawn(move || {
                ran.add_one();
                begun.notify();
            })
        });
        let (seen, told, ends) = (ran.clone(), set.clone(), Arc::clone(&ended));
        let after = executor.spawn_after_any_outcome(&before, move || {
            ends.notify();
            (seen.iter().map(Datum::get).sum::<usize>(), told.get())
        });
        begun.wait();
        set.set(1);
        let cancelled = before.iter().filter(|before| before.cancel()).count();
        // (No lock of the task is taken before it runs, which would order what its arrivals have to.)
        ended.wait();
        let (seen, told) = after.wait().expect("it runs whatever happened before");
        assert_eq!(seen, 2 - cancelled);
        assert!(told == 1 || cancelled == 0);
    });
}
