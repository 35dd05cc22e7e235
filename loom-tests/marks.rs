//! Marks: of two starts at once one starts the task, and a later start comes after the last end.
//!
//! Two accesses to the task's cell that nothing orders end the model. All models are checked exhaustively: every
//! schedule, every value that a load may give.

use std::rc::Rc;

use loom::cell::Cell;
use loom::thread;
use taskflow_core::protocol::marks::Marks;

use crate::support::explore::explore;

const ACTIVE: u32 = 1;
const OTHER: u32 = 2;

/// A task that weak edges lead to.
#[derive(Default)]
struct Task {
    marks: Marks,
    calls: Cell<usize>,
}

impl Task {
    /// One way that leads to the task. Gives whether it ran; if not, it was a race.
    fn start(&self) -> bool {
        let free = !self.marks.raise(ACTIVE);
        if free {
            self.calls.set(self.calls.get() + 1);
            assert!(self.marks.lower(ACTIVE));
        }
        free
    }
}

fn starts_at_once(ways: usize, each: usize) {
    let task = Rc::new(Task::default());
    let others: Vec<_> = (1..ways)
        .map(|_| {
            let task = Rc::clone(&task);
            thread::spawn(move || (0..each).filter(|_| task.start()).count())
        })
        .collect();
    let mut started = (0..each).filter(|_| task.start()).count();
    for other in others {
        started += other.join().expect("nobody panics");
    }
    assert!(started >= 1);
    assert!(!task.marks.raise(ACTIVE), "it ended");
    assert_eq!(task.calls.get(), started);
}

/// Two threads.
#[test]
fn of_two_starts_at_once_each_is_alone_or_a_race() {
    explore(None, || starts_at_once(2, 2));
}

/// Three threads.
#[test]
fn of_three_starts_at_once_each_is_alone_or_a_race() {
    explore(None, || starts_at_once(3, 1));
}

/// Somebody changes another mark between an end and the next start, which comes after that end still. Three threads.
#[test]
fn another_mark_does_not_come_between_an_end_and_a_start() {
    explore(None, || {
        let task = Rc::new(Task::default());
        assert!(!task.marks.raise(ACTIVE));
        let end = {
            let task = Rc::clone(&task);
            thread::spawn(move || {
                task.calls.set(1);
                assert!(task.marks.lower(ACTIVE));
            })
        };
        let other = {
            let task = Rc::clone(&task);
            thread::spawn(move || {
                assert!(!task.marks.raise(OTHER));
                assert!(task.marks.lower(OTHER));
            })
        };
        if task.start() {
            assert_eq!(task.calls.get(), 2);
        }
        end.join().expect("nobody panics");
        other.join().expect("nobody panics");
        assert_eq!(task.marks.get(), 0);
    });
}
