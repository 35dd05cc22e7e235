//! Tasks that workers keep to themselves: whatever else is published, they see it at once or are stirred.
//!
//! Checked in every schedule with at most three forced switches, and for every value that a load may give.

use std::rc::Rc;

use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use taskflow_core::protocol::lending::Lending;

use crate::support::explore::explore;

/// What others look at, and who keeps tasks.
#[derive(Default)]
struct Executor {
    lending: Lending,
    published: [AtomicBool; 2],
}

impl Executor {
    fn publish(&self, place: usize) {
        self.published[place].store(true, Ordering::Relaxed);
        self.lending.stir();
    }

    /// Whether anything is published is seen by who begins to keep tasks. Gives the word, if that does.
    fn begin(&self) -> Option<usize> {
        let stirs = self.lending.begin();
        let mut published = self.published.iter();
        if published.any(|one| one.load(Ordering::Relaxed)) {
            self.lending.end();
            return None;
        }
        Some(stirs)
    }
}

/// Sees the fence missing, and what is noted not being acquired. Three threads.
#[test]
fn what_is_published_is_seen_by_who_begins_or_stirs() {
    explore(Some(3), || {
        let executor = Rc::new(Executor::default());
        let publishers = [0, 1].map(|place| {
            let executor = Rc::clone(&executor);
            thread::spawn(move || executor.publish(place))
        });
        let kept = executor.begin();
        for publisher in publishers {
            publisher.join().expect("no thread of a model panics");
        }
        if let Some(stirs) = kept {
            assert!(executor.lending.is_stirred(stirs), "it is not seen");
            executor.lending.end();
        }
    });
}

/// Who is stirred while it goes on sees what was published then. Two threads.
#[test]
fn who_is_stirred_sees_what_was_published() {
    explore(None, || {
        let executor = Rc::new(Executor::default());
        let publisher = thread::spawn({
            let executor = Rc::clone(&executor);
            move || executor.publish(0)
        });
        if let Some(stirs) = executor.begin()
            && executor.lending.is_stirred(stirs)
        {
            assert!(
                executor.published[0].load(Ordering::Relaxed),
                "it is not seen"
            );
        }
        publisher.join().expect("no thread of a model panics");
    });
}

/// Two that keep tasks are both told. Three threads.
#[test]
fn each_who_keeps_tasks_is_told() {
    explore(Some(3), || {
        let executor = Rc::new(Executor::default());
        let other = thread::spawn({
            let executor = Rc::clone(&executor);
            move || executor.begin()
        });
        let publisher = thread::spawn({
            let executor = Rc::clone(&executor);
            move || executor.publish(0)
        });
        let kept = [
            executor.begin(),
            other.join().expect("no thread of a model panics"),
        ];
        publisher.join().expect("no thread of a model panics");
        for stirs in kept.into_iter().flatten() {
            assert!(executor.lending.is_stirred(stirs), "it is not seen");
        }
    });
}
