//! A second closure of a join, handed out: it is taken or taken back, and the join ends after it.
//!
//! The whole engine runs here, on the checker's threads.

use crate::support::datum::Datum;
use crate::support::explore::explore;
use crate::support::host::Host;
use loom::thread;

/// Lets others go on, for as long as they like.
fn give_way() {
    for _ in 0..WAYS {
        thread::yield_now();
    }
}

/// So often that a worker has woken up, and has begun with what it took.
const WAYS: usize = 3;

/// The caller has one seat; the worker on the other takes what is handed out, or comes too late. Whoever runs the
/// second closure sees what came before the join, and who called the join sees what it did. Three threads; bound 0.
#[test]
fn a_second_closure_runs_once_and_the_join_ends_after_it() {
    explore(Some(0), || {
        let executor = Host::executor(2);
        let (before, count) = (Datum::default(), Datum::default());
        before.set(1);
        let (first, ()) = executor.join(
            || {
                give_way();
                7
            },
            || {
                assert_eq!(before.get(), 1);
                give_way();
                count.add_one();
            },
        );
        assert_eq!((first, count.get()), (7, 1));
    });
}

/// The same in a spawned task, whose worker has the seat. Three threads; bound 0.
#[test]
fn a_join_in_a_task_ends_after_its_second_closure() {
    explore(Some(0), || {
        let executor = std::sync::Arc::new(Host::executor(2));
        let count = Datum::default();
        let (inner, made) = (std::sync::Arc::downgrade(&executor), count.clone());
        let handle = executor.spawn(move || {
            let executor = inner.upgrade().expect("it waits for its tasks");
            executor.join(give_way, || {
                give_way();
                made.add_one();
            });
            made.get()
        });
        assert_eq!(handle.wait().ok(), Some(1));
        assert_eq!(count.get(), 1);
    });
}
