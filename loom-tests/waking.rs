//! Waking a suspended task: one wake queues it, none is lost, and whoever has it in hand sees what came before.
//!
//! What a task keeps from call to call is a checked cell that each call writes, whoever makes it: so one call at
//! a time, each seeing the last. What a waker brings is told by a Relaxed flag that only the wake can order, so
//! that a wake that was lost, or heard without what came before it, leaves the task suspended. A waker that is to
//! queue the task calls it itself: a queue would publish as well, which would hide what the protocol has to do.
//! All models are checked exhaustively.

use std::rc::Rc;

use loom::cell::Cell;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use taskflow_core::protocol::waking::Waking;

use crate::support::explore::explore;

/// A task that waits in each of its rounds for what is brought for that round.
struct Task {
    waking: Waking,
    /// Rounds that have ended: what a call leaves for the next.
    round: Cell<usize>,
    /// What is brought in each round.
    gifts: Vec<Vec<AtomicBool>>,
    stopped: AtomicBool,
}

impl Task {
    /// A task with as many rounds as the plan is long, and as many gifts in each as the plan says.
    fn begun(plan: &[usize]) -> Rc<Self> {
        let none = |count: &usize| (0..*count).map(|_| AtomicBool::new(false)).collect();
        let task = Self {
            waking: Waking::default(),
            round: Cell::new(0),
            gifts: plan.iter().map(none).collect(),
            stopped: AtomicBool::new(false),
        };
        Rc::new(task)
    }

    /// Calls the task, as the engine does, until it is suspended or all of its rounds are over.
    fn work(&self) {
        loop {
            // Ordering: Relaxed; the wake that follows has to order it.
            let look = || self.stopped.load(Ordering::Relaxed);
            let stopped = self.waking.resume(look);
            let round = self.round.get();
            self.round.set(round);
            let here = self.gifts[round].iter().all(|gift| {
                // Ordering: Relaxed; as above.
                gift.load(Ordering::Relaxed)
            });
            if here || stopped {
                self.waking.end();
                self.round.set(round + 1);
                if round + 1 == self.gifts.len() {
                    return;
                }
            } else if self.waking.suspend() {
                return;
            }
        }
    }

    fn wake(&self) {
        if self.waking.wake() {
            // To queue the task, its record is touched.
            self.round.set(self.round.get());
            self.work();
        }
    }

    fn bring(&self, round: usize, gift: usize) {
        // Ordering: Relaxed; the wake has to order it.
        self.gifts[round][gift].store(true, Ordering::Relaxed);
        self.wake();
    }

    fn stop(&self) {
        // Ordering: Relaxed; as above.
        self.stopped.store(true, Ordering::Relaxed);
        self.wake();
    }
}

/// Runs the task against all of `others` at once. In the end all of its rounds are over.
fn run<const N: usize>(task: &Rc<Task>, others: [fn(&Task); N]) {
    let threads = others.map(|other| {
        let task = Rc::clone(task);
        thread::spawn(move || other(&task))
    });
    task.work();
    for thread in threads {
        thread.join().expect("nobody panics");
    }
    assert_eq!(task.round.get(), task.gifts.len(), "rounds that ended");
}

/// Two threads.
#[test]
fn a_wake_at_any_moment_is_heard() {
    explore(None, || {
        run(&Task::begun(&[1]), [|task| task.bring(0, 0)]);
    });
}

/// The second wake finds the task queued, called by the first waker, or suspended again. Three threads.
#[test]
fn two_wakes_are_heard_by_one_call_or_two() {
    explore(None, || {
        let others = [
            |task: &Task| task.bring(0, 0),
            |task: &Task| task.bring(0, 1),
        ];
        run(&Task::begun(&[2]), others);
    });
}

/// A stop that finds the task woken, and about to be called for that, is seen by that call or by the next.
/// Three threads.
#[test]
fn a_stop_is_seen_behind_another_wake() {
    explore(None, || {
        let others = [|task: &Task| task.wake(), |task: &Task| task.stop()];
        run(&Task::begun(&[1]), others);
    });
}

/// A waker of the first round that wakes again, maybe in the second, or when all is over, takes nothing from those
/// of the second. Three threads.
#[test]
fn a_late_wake_takes_nothing_from_the_next_round() {
    explore(None, || {
        let first = |task: &Task| {
            task.bring(0, 0);
            task.wake();
        };
        run(&Task::begun(&[1, 1]), [first, |task| task.bring(1, 0)]);
    });
}
