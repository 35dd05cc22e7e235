//! Groups: each child runs or was cancelled, a wait sees all of them, and the group is as good as new.
//!
//! The whole engine runs here, on the checker's threads; a wait that is not told is a deadlock to the checker. A
//! preemption bound of n means: all schedules with at most n forced switches.

use std::sync::Arc;

use loom::thread;
use taskflow_core::RunError;

use crate::support::datum::Datum;
use crate::support::explore::explore;
use crate::support::host::Host;

/// A wait ends when the last child has, whoever runs it, and sees what it did. Two threads; bound 2.
#[test]
fn a_wait_for_a_group_sees_what_its_children_did() {
    explore(Some(2), || {
        let executor = Host::executor(1);
        let group = executor.task_group();
        let count = Datum::default();
        let made = count.clone();
        group.spawn(move || made.add_one());
        group.wait().expect("no child fails");
        assert_eq!(count.get(), 1);
    });
}

/// A group is cancelled while a child is queued or runs. What is spawned then does not run, and after the wait
/// what is spawned does. Two threads; bound 1.
#[test]
fn a_cancelled_group_begins_nothing_until_it_was_waited_for() {
    explore(Some(1), || {
        let executor = Host::executor(1);
        let group = executor.task_group();
        let counts = [(); 3].map(|()| Datum::default());
        let made = counts.clone();
        let child = |index: usize| {
            let made = made[index].clone();
            move || made.add_one()
        };
        group.spawn(child(0));
        assert!(group.cancel());
        group.spawn(child(1));
        match group.wait() {
            Err(RunError::Cancelled { stats, .. }) => {
                assert_eq!(
                    (stats.tasks, stats.skipped),
                    (counts[0].get() as u64, 2 - stats.tasks)
                );
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(counts[1].get(), 0);
        group.spawn(child(2));
        group.wait().expect("a group is used again");
        assert_eq!(counts[2].get(), 1);
    });
}

/// Somebody spawns while somebody else cancels: the child is counted, and has run or was cancelled. Three threads;
/// bound 1.
#[test]
fn a_child_that_meets_a_cancel_is_run_or_cancelled() {
    explore(Some(1), || {
        let executor = Host::executor(1);
        let group = Arc::new(executor.task_group());
        let count = Datum::default();
        let other = {
            let (group, made) = (Arc::clone(&group), count.clone());
            thread::spawn(move || {
                group.spawn(move || made.add_one());
                drop(group);
            })
        };
        assert!(group.cancel());
        other.join().expect("nobody panics");
        match group.wait() {
            Err(RunError::Cancelled { stats, .. }) => {
                assert_eq!(
                    (stats.tasks, stats.skipped),
                    (count.get() as u64, 1 - stats.tasks)
                );
            }
            other => panic!("{other:?}"),
        }
    });
}
