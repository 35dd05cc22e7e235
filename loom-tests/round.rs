//! Whole rounds: queues, join counters and the counting together, as the engine puts them together.
//!
//! A diamond of four tasks (1 before 2 and 3, both before 4) runs through the deques and the backlogs
//! of two workers, and the worker that counts the last task begins the next round. Each task reads
//! the cells of its predecessors and writes its own, so an ordering that is missing anywhere between
//! two protocols ends the model.

use std::cell::Cell as OwnCell;
use std::rc::Rc;
use std::sync::Arc;

use loom::cell::Cell;
use loom::thread;
use taskflow_core::protocol::backlog::{Backlog, Chain, Links};
use taskflow_core::protocol::completion::{Completion, Left};
use taskflow_core::protocol::deque::{Deque, DequeOwner, STEAL_MAX, Stolen};
use taskflow_core::protocol::join_counter::JoinCounter;

use crate::support::explore::explore;

/// For each task, who comes after it and how many come before it.
const DIAMOND: [(&[u32], u32); 5] = [(&[], 0), (&[2, 3], 0), (&[4], 1), (&[4], 1), (&[], 2)];
const TASKS: usize = DIAMOND.len() - 1;

/// The graph and what its two workers share.
struct Shared {
    counters: Vec<JoinCounter>,
    /// For each task, the last round in which it ran.
    ran_in: Vec<Cell<u32>>,
    completion: Completion,
    injector: Backlog,
    deques: [Arc<Deque>; 2],
    rounds: u32,
}

impl Links for Shared {
    fn counter(&self, task: u32) -> &JoinCounter {
        &self.counters[task as usize]
    }
}

/// A worker and its seat.
struct Worker {
    shared: Rc<Shared>,
    deque: DequeOwner,
    number: usize,
    /// Finished tasks that are not flushed.
    tally: OwnCell<usize>,
    ended: OwnCell<u32>,
}

/// Two workers, and the first round's source in the injector.
fn two_workers(rounds: u32) -> [Worker; 2] {
    let capacity = 2 * STEAL_MAX;
    let (first, second) = (Deque::new(capacity), Deque::new(capacity));
    let shared = Rc::new(Shared {
        counters: DIAMOND
            .iter()
            .map(|task| JoinCounter::new(task.1))
            .collect(),
        ran_in: DIAMOND.iter().map(|_| Cell::new(0)).collect(),
        completion: Completion::default(),
        injector: Backlog::default(),
        deques: [first.0, second.0],
        rounds,
    });
    shared.completion.begin(TASKS);
    shared.injector.push(Chain::of(1), &*shared);
    [(0, first.1), (1, second.1)].map(|(number, deque)| Worker {
        shared: Rc::clone(&shared),
        deque,
        number,
        tally: OwnCell::default(),
        ended: OwnCell::default(),
    })
}

impl Worker {
    /// Runs what it finds until it finds nothing. Gives how many rounds it ended.
    fn work(&self) -> u32 {
        while let Some(task) = self.find() {
            let mut next = Some(task);
            while let Some(task) = next {
                next = self.run(task);
            }
        }
        self.ended.get()
    }

    fn find(&self) -> Option<u32> {
        if let Some(task) = self.deque.take_newest() {
            return Some(task);
        }
        if self.shared.completion_of(self.tally.take()) {
            self.round_over();
        }
        if let Some(mut taken) = self.shared.injector.take() {
            let task = taken.pop(&*self.shared)?;
            self.shared.counter(task).rearm(DIAMOND[task as usize].1);
            taken.put_back(&self.shared.injector, &*self.shared);
            return Some(task);
        }
        let mut loot = [0; STEAL_MAX];
        match self.shared.deques[1 - self.number].steal_half(&mut loot) {
            Stolen::Some(1) => Some(loot[0]),
            Stolen::Some(count) => {
                unreachable!("{count} stolen, there are never two to steal half of")
            }
            Stolen::Empty | Stolen::Contended => None,
        }
    }

    /// Runs a task. Gives one that it made ready.
    fn run(&self, task: u32) -> Option<u32> {
        let shared = &*self.shared;
        let round = shared.ran_in[task as usize].get() + 1;
        for (before, (successors, _)) in DIAMOND.iter().enumerate() {
            if successors.contains(&task) {
                assert_eq!(shared.ran_in[before].get(), round, "{before} before {task}");
            }
        }
        shared.ran_in[task as usize].set(round);
        let mut next = None;
        let (successors, _) = DIAMOND[task as usize];
        for successor in successors {
            let strong = DIAMOND[*successor as usize].1;
            if strong <= 1 || shared.counter(*successor).arrive(strong) {
                match next {
                    None => next = Some(*successor),
                    Some(_) => self.deque.push(*successor).expect("there is room"),
                }
            }
        }
        self.deque.publish();
        self.tally.set(self.tally.get() + 1);
        next
    }

    /// Every task of the round is counted, and this worker alone has the graph.
    fn round_over(&self) {
        let shared = &*self.shared;
        let round = shared.ran_in[1].get();
        for ran_in in &shared.ran_in[1..] {
            assert_eq!(ran_in.get(), round, "the end of round {round}");
        }
        self.ended.set(self.ended.get() + 1);
        if round < shared.rounds {
            shared.completion.begin(TASKS);
            shared.injector.push(Chain::of(1), shared);
        }
    }
}

impl Shared {
    /// Counts finished tasks. Gives whether the round is over.
    fn completion_of(&self, finished: usize) -> bool {
        finished > 0 && self.completion.flush(finished) == Left::Nothing
    }
}

/// Both workers work until they find nothing; then the first does what is left, if anything is.
fn run(rounds: u32) {
    let [first, second] = two_workers(rounds);
    let other = thread::spawn(move || second.work());
    first.work();
    let ended = other.join().expect("no worker panics");
    let ended = ended + first.work();
    assert_eq!(ended, rounds, "rounds that were ended");
    assert_eq!(first.shared.ran_in[4].get(), rounds);
}

/// One round. Two threads; bound 3.
#[test]
fn a_round_runs_every_task_after_its_predecessors() {
    explore(Some(3), || run(1));
}

/// Three rounds. Two threads; bound 2.
#[test]
fn rounds_do_not_mix() {
    explore(Some(2), || run(3));
}
