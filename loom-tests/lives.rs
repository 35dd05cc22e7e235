//! Counting what is alive: nobody finds nothing alive too early, and whoever finds it sees what all did.
//!
//! Each job writes a cell; whoever finds nothing alive reads all of them. Checked exhaustively: every schedule, every value
//! that a load may give.

use std::rc::Rc;

use loom::cell::Cell;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use taskflow_core::protocol::lives::{Credit, Lives};

use crate::support::explore::explore;

/// An executor with a job that spawns another.
#[derive(Default)]
struct Executor {
    lives: Lives,
    /// What the jobs write.
    ran: [Cell<bool>; 2],
    /// The second job is in a queue.
    queued: AtomicBool,
}

impl Executor {
    /// The first job, which spawns the second, and the end of it on the credit of its worker. Gives whether that was the last.
    fn run_first(&self) -> bool {
        let credit = Credit::default();
        assert!(!credit.spend(&self.lives), "the spawner is alive");
        self.ran[0].set(true);
        self.queued.store(true, Ordering::Release);
        credit.earn();
        credit.give_back(&self.lives)
    }

    /// The second job, if it is queued.
    fn run_second(&self) -> Option<bool> {
        if !self.queued.load(Ordering::Acquire) {
            return None;
        }
        self.ran[1].set(true);
        let credit = Credit::default();
        credit.earn();
        Some(credit.give_back(&self.lives))
    }

    fn have_run(&self) -> [bool; 2] {
        [self.ran[0].get(), self.ran[1].get()]
    }
}

/// A thief ends what another worker has spawned on credit, and gives that back before or after the other. Three threads.
#[test]
fn nothing_is_alive_when_both_jobs_have_run_and_not_before() {
    explore(None, || {
        let executor = Rc::new(Executor::default());
        assert!(executor.lives.begin(1));
        let (spawner, thief) = (Rc::clone(&executor), Rc::clone(&executor));
        let spawner = thread::spawn(move || spawner.run_first());
        let thief = thread::spawn(move || thief.run_second());
        if executor.lives.are_none() {
            assert_eq!(executor.have_run(), [true, true]);
        }
        let spawner = spawner.join().expect("nobody panics");
        let thief = thief.join().expect("nobody panics");
        assert_eq!(executor.lives.are_none(), thief.is_some());
        match thief {
            Some(last) => assert!(spawner != last, "one of them ends the last"),
            None => assert_eq!(executor.run_second(), Some(true)),
        }
        assert_eq!(executor.have_run(), [true, true]);
        assert!(executor.lives.are_none());
    });
}
