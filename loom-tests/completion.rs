//! Counting a round: one flush ends it, and its caller sees what all tasks did.
//!
//! Each worker has a cell that its tasks write; the end of the round reads all of them, so a worker
//! whose writes are not seen ends the model. All models are checked exhaustively: every schedule,
//! every value that a load may give.

use std::rc::Rc;

use loom::cell::Cell;
use loom::sync::Mutex;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use taskflow_core::protocol::completion::{Completion, Left, Tally};

use crate::support::explore::explore;

/// A flow as its workers count it.
struct Flow {
    completion: Completion,
    /// For each worker, how many tasks it ran.
    ran: Vec<Cell<usize>>,
    rounds: Cell<usize>,
    done: AtomicBool,
}

impl Flow {
    /// A flow whose round has as many tasks as the plan says: for each worker, how many it runs before
    /// each of its flushes.
    fn begin(plan: &[&[usize]]) -> Rc<Self> {
        let flow = Self {
            completion: Completion::default(),
            ran: plan.iter().map(|_| Cell::new(0)).collect(),
            rounds: Cell::new(0),
            done: AtomicBool::new(false),
        };
        flow.completion.begin(plan.iter().copied().flatten().sum());
        Rc::new(flow)
    }

    /// Runs the tasks of a worker. Gives how many of its flushes ended a round.
    fn work(&self, worker: usize, flushes: &[usize]) -> usize {
        let mut ended = 0;
        for tasks in flushes {
            let mut tally = Tally::default();
            for _ in 0..*tasks {
                self.ran[worker].set(self.ran[worker].get() + 1);
                tally.finished += 1;
            }
            if self.completion.flush(tally.finished) == Left::Nothing {
                self.end_round();
                ended += 1;
            }
        }
        ended
    }

    fn end_round(&self) {
        self.rounds.set(self.rounds.get() + 1);
    }

    fn tasks_run(&self) -> usize {
        self.ran.iter().map(Cell::get).sum()
    }
}

/// One round by a plan. The flush that ends it reads what every worker did.
fn one_round(plan: &'static [&'static [usize]]) {
    let tasks: usize = plan.iter().copied().flatten().sum();
    let flow = Flow::begin(plan);
    let work = move |flow: &Flow, worker: usize| {
        let ended = flow.work(worker, plan[worker]);
        if ended > 0 {
            assert_eq!(flow.tasks_run(), tasks);
        }
        ended
    };
    let threads: Vec<_> = (1..plan.len())
        .map(|worker| {
            let flow = Rc::clone(&flow);
            thread::spawn(move || work(&flow, worker))
        })
        .collect();
    let mut ended = work(&flow, 0);
    for thread in threads {
        ended += thread.join().expect("no worker panics");
    }
    assert_eq!(ended, 1, "flushes that ended the round");
}

/// Two workers, one of which flushes twice. Two threads.
#[test]
fn one_of_two_workers_ends_the_round() {
    explore(None, || one_round(&[&[2, 1], &[3]]));
}

/// Three workers with sums of their own, flushed at different times. Three threads.
#[test]
fn one_of_three_workers_ends_the_round() {
    explore(None, || one_round(&[&[1, 1], &[2], &[1, 3]]));
}

/// Four workers. Four threads.
#[test]
fn one_of_four_workers_ends_the_round() {
    explore(None, || one_round(&[&[1], &[2], &[1], &[1]]));
}

/// Whoever ends the first round begins the second, runs a part of it and leaves the rest to a new thread.
/// The counter of the new round is not mixed up with that of the old. Three threads.
#[test]
fn the_worker_that_ends_a_round_begins_the_next() {
    fn run(flow: &Rc<Flow>, worker: usize) -> bool {
        if flow.work(worker, &[1]) == 0 {
            return false;
        }
        flow.completion.begin(3);
        let other = {
            let flow = Rc::clone(flow);
            thread::spawn(move || flow.work(1, &[1, 1]))
        };
        let ended = flow.work(0, &[1]);
        assert_eq!(ended + other.join().expect("no worker panics"), 1);
        true
    }
    explore(None, || {
        let flow = Flow::begin(&[&[1], &[1]]);
        let other = {
            let flow = Rc::clone(&flow);
            thread::spawn(move || run(&flow, 1))
        };
        let ended = run(&flow, 0);
        assert!(ended ^ other.join().expect("no worker panics"));
        assert_eq!(flow.rounds.get(), 2);
        assert_eq!(flow.tasks_run(), 5);
    });
}

/// Somebody waits for the counter to come to one: either it is there already, or the flush that brings it
/// there tells. Two threads.
#[test]
fn a_flush_is_seen_by_the_watcher_or_sees_it() {
    explore(None, || {
        let flow = Flow::begin(&[&[1], &[1]]);
        let worker = {
            let flow = Rc::clone(&flow);
            thread::spawn(move || flow.completion.flush(1) == Left::Watched)
        };
        let seen = flow.completion.watch() == 1;
        assert!(seen ^ worker.join().expect("no worker panics"));
        flow.completion.unwatch();
        assert_eq!(flow.completion.flush(1), Left::Nothing);
    });
}

/// The end of a run is signalled after the last touch of anything of it: a waiter that sees the signal may
/// read what the tasks did and use all of it again. Three threads.
#[test]
fn a_waiter_that_saw_the_end_may_reuse_everything() {
    explore(None, || {
        let flow = Flow::begin(&[&[1], &[2]]);
        let threads = [0, 1].map(|worker| {
            let flow = Rc::clone(&flow);
            thread::spawn(move || {
                if flow.work(worker, &[worker + 1]) == 1 {
                    // Ordering: Release, with the Acquire below, as at the end of a run.
                    flow.done.store(true, Ordering::Release);
                }
            })
        });
        // Ordering: Acquire, with the Release above.
        if flow.done.load(Ordering::Acquire) {
            assert_eq!(flow.tasks_run(), 3);
            flow.completion.begin(1);
            assert_eq!(flow.work(0, &[1]), 1);
            assert_eq!(flow.rounds.get(), 2);
        }
        for thread in threads {
            thread.join().expect("no worker panics");
        }
    });
}

/// The only task makes two others ready, one of which is counted besides before anybody has them. Three threads.
#[test]
fn tasks_that_are_counted_when_they_are_ready_end_the_round_once() {
    explore(None, || {
        let flow = Flow::begin(&[&[1], &[], &[]]);
        flow.ran[0].set(1);
        // One of the two takes the place of the task that ended.
        flow.completion.raise(1);
        let others = [1, 2].map(|worker| {
            let flow = Rc::clone(&flow);
            thread::spawn(move || {
                let ended = flow.work(worker, &[1]);
                assert!(ended == 0 || flow.tasks_run() == 3);
                ended
            })
        });
        let ended = others.map(|other| other.join().expect("no worker panics"));
        assert_eq!(ended.iter().sum::<usize>(), 1);
    });
}

/// Two workers have a task each. One makes two others ready, which is one more than it has finished, and both workers
/// take what they find: the round ends once, when all four have run. Two threads.
#[test]
fn a_worker_raises_the_count_while_another_flushes() {
    /// Takes and runs what is ready, and flushes in the end. Gives whether that ended the round.
    fn work(flow: &Flow, worker: usize, ready: &Mutex<usize>, started: usize) -> bool {
        let mut tally = Tally::default();
        let mut started = started;
        loop {
            flow.ran[worker].set(flow.ran[worker].get() + 1);
            tally.count_ended(&flow.completion, started);
            *ready.lock().expect("nobody panics") += started;
            started = 0;
            let mut left = ready.lock().expect("nobody panics");
            if *left == 0 {
                break;
            }
            *left -= 1;
        }
        tally.finished > 0 && flow.completion.flush(tally.finished) == Left::Nothing
    }
    explore(None, || {
        let flow = Flow::begin(&[&[1], &[1]]);
        let ready = Rc::new(Mutex::new(0));
        let other = {
            let (flow, ready) = (Rc::clone(&flow), Rc::clone(&ready));
            thread::spawn(move || {
                let ended = work(&flow, 1, &ready, 0);
                assert!(!ended || flow.tasks_run() == 4);
                ended
            })
        };
        let ended = work(&flow, 0, &ready, 2);
        assert!(!ended || flow.tasks_run() == 4);
        assert!(ended ^ other.join().expect("nobody panics"));
    });
}
