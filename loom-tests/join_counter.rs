//! The join counter: one arrival of a round is the last, and it sees what all predecessors did.
//!
//! A task that reads a predecessor's cell without seeing its write ends the model. The models are small
//! enough to be checked exhaustively: every schedule, every value that a load may give.

use std::rc::Rc;

use loom::cell::Cell;
use loom::thread;
use taskflow_core::protocol::completion::{Completion, Left};
use taskflow_core::protocol::join_counter::JoinCounter;

use crate::support::explore::explore;

/// A task and its predecessors. Each predecessor has a cell, which the task reads.
struct Join {
    counter: JoinCounter,
    cells: Vec<Cell<u32>>,
    /// How often the task ran.
    result: Cell<u32>,
    /// Predecessors may run again before the task.
    in_loop: bool,
}

impl Join {
    fn of(predecessors: u32) -> Self {
        Self {
            counter: JoinCounter::new(predecessors),
            cells: (0..predecessors).map(|_| Cell::new(0)).collect(),
            result: Cell::new(0),
            in_loop: false,
        }
    }

    fn in_loop(predecessors: u32) -> Self {
        Self {
            in_loop: true,
            ..Self::of(predecessors)
        }
    }

    fn arrive(&self) -> bool {
        if self.in_loop {
            self.counter.arrive_in_loop(self.strong())
        } else {
            self.counter.arrive(self.strong())
        }
    }

    fn strong(&self) -> u32 {
        u32::try_from(self.cells.len()).expect("few")
    }

    /// Runs a predecessor in `round`, and the task if it is ready then. Gives whether it was.
    fn run(&self, predecessor: usize, round: u32) -> bool {
        assert_eq!(self.cells[predecessor].replace(round), round - 1);
        let ready = self.arrive();
        if ready {
            for cell in &self.cells {
                assert_eq!(cell.get(), round);
            }
            assert_eq!(self.result.replace(round), round - 1);
        }
        ready
    }
}

fn one_round(predecessors: u32) {
    one_round_of(Join::of(predecessors));
}

fn one_round_of(join: Join) {
    let predecessors = join.strong();
    let join = Rc::new(join);
    let threads: Vec<_> = (1..predecessors as usize)
        .map(|predecessor| {
            let join = Rc::clone(&join);
            thread::spawn(move || join.run(predecessor, 1))
        })
        .collect();
    let mut last = usize::from(join.run(0, 1));
    for thread in threads {
        last += usize::from(thread.join().expect("no predecessor panics"));
    }
    assert_eq!(last, 1, "arrivals that were the last");
    assert_eq!(join.counter.link(), predecessors, "armed again");
    assert_eq!(join.result.get(), 1);
}

/// Two predecessors. Two threads.
#[test]
fn the_last_of_two_arrivals_sees_both() {
    explore(None, || one_round(2));
}

/// Three predecessors. Three threads.
#[test]
fn the_last_of_three_arrivals_sees_all() {
    explore(None, || one_round(3));
}

/// Four predecessors. Four threads.
#[test]
fn the_last_of_four_arrivals_sees_all() {
    explore(None, || one_round(4));
}

/// Two predecessors and two rounds: whoever counts the last task of the first round runs both
/// predecessors again, one on a new thread, against a counter that the other thread may have armed. Three
/// threads.
#[test]
fn a_counter_is_armed_for_the_next_round() {
    /// The rest of a round after a predecessor: the counting, and the second round.
    fn run(join: &Rc<Join>, round: &Completion, predecessor: usize) -> bool {
        let ready = join.run(predecessor, 1);
        if round.flush(1 + usize::from(ready)) != Left::Nothing {
            return false;
        }
        let other = {
            let join = Rc::clone(join);
            thread::spawn(move || join.run(1, 2))
        };
        let ready = join.run(0, 2);
        assert!(ready ^ other.join().expect("no predecessor panics"));
        true
    }
    explore(None, || {
        let join = Rc::new(Join::of(2));
        let round = Rc::new(Completion::default());
        round.begin(3);
        let other = {
            let (join, round) = (Rc::clone(&join), Rc::clone(&round));
            thread::spawn(move || run(&join, &round, 1))
        };
        let ended = run(&join, &round, 0);
        assert!(ended ^ other.join().expect("no predecessor panics"));
        assert_eq!(join.result.get(), 2);
    });
}

/// A ready task is linked into a chain by its own word, is armed again when it starts, and waits for
/// the arrivals of the next round. One thread.
#[test]
fn the_word_of_a_ready_task_is_free() {
    explore(None, || {
        let counter = JoinCounter::new(2);
        assert!(!counter.arrive(2));
        assert!(counter.arrive(2));
        counter.set_link(77);
        assert_eq!(counter.link(), 77);
        counter.rearm(2);
        assert!(!counter.arrive_alone(2));
        assert!(counter.arrive_alone(2));
        assert_eq!(counter.link(), 2);
    });
}

/// Two predecessors, as they arrive in loops. Two threads.
#[test]
fn the_last_of_two_arrivals_in_a_loop_sees_both() {
    explore(None, || one_round_of(Join::in_loop(2)));
}

/// Three predecessors, as they arrive in loops. Three threads.
#[test]
fn the_last_of_three_arrivals_in_a_loop_sees_all() {
    explore(None, || one_round_of(Join::in_loop(3)));
}

/// Both predecessors run again before the last arrival of the first start is over: that is the second start, and is
/// seen as one. Three threads.
#[test]
fn early_arrivals_that_are_enough_for_a_start_start_it() {
    explore(None, || {
        let counter = Rc::new(JoinCounter::new(2));
        assert!(!counter.arrive_in_loop(2));
        let others = [(); 2].map(|()| {
            let counter = Rc::clone(&counter);
            thread::spawn(move || counter.arrive_in_loop(2))
        });
        let here = usize::from(counter.arrive_in_loop(2));
        let others = others.map(|other| usize::from(other.join().expect("nobody panics")));
        assert_eq!(here + others.iter().sum::<usize>(), 2);
        assert_eq!(counter.link(), 2, "armed again");
    });
}

/// A predecessor that runs again before the last arrival has armed the counter: it is counted for the next start.
/// Two threads.
#[test]
fn an_early_arrival_is_counted_for_the_next_start() {
    explore(None, || {
        let counter = Rc::new(JoinCounter::new(2));
        let twice = {
            let counter = Rc::clone(&counter);
            thread::spawn(move || (0..2).filter(|_| counter.arrive_in_loop(2)).count())
        };
        let here = usize::from(counter.arrive_in_loop(2));
        assert_eq!(here + twice.join().expect("nobody panics"), 1);
        assert!(
            counter.arrive_in_loop(2),
            "the fourth arrival is the second start"
        );
    });
}
