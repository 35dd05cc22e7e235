//! The backlog: every task of every chain leaves exactly once, and its taker sees what its pusher did.
//!
//! A run of a task twice, never, or without seeing its [`Bodies::make_ready`] ends the model. A preemption
//! bound of n means: all schedules with at most n forced switches.

use std::rc::Rc;

use loom::thread::{self, JoinHandle};
use taskflow_core::protocol::backlog::{Backlog, Chain, Links, Taken, TwoEnded};
use taskflow_core::protocol::join_counter::JoinCounter;

use crate::support::bodies::Bodies;
use crate::support::explore::explore;

/// Predecessors of every task: what a counter is armed with again when its task is unlinked.
const STRONG: u32 = 2;

/// A backlog, another one, and the tasks that go through them.
struct Tasks {
    backlog: Backlog,
    other: Backlog,
    counters: Vec<JoinCounter>,
    bodies: Bodies,
}

impl Links for Tasks {
    fn counter(&self, task: u32) -> &JoinCounter {
        &self.counters[task as usize]
    }
}

impl Tasks {
    fn new(tasks: u32) -> Rc<Self> {
        Rc::new(Self {
            backlog: Backlog::default(),
            other: Backlog::default(),
            counters: (0..=tasks).map(|_| JoinCounter::new(STRONG)).collect(),
            bodies: Bodies::of(tasks),
        })
    }

    /// Pushes tasks in one chain.
    fn push(&self, tasks: impl IntoIterator<Item = u32>) {
        let mut chain: Option<Chain> = None;
        for task in tasks {
            self.bodies.make_ready(task);
            match &mut chain {
                Some(chain) => chain.append(task, self),
                None => chain = Some(Chain::of(task)),
            }
        }
        self.backlog.push(chain.expect("a chain has a task"), self);
    }

    /// Takes what `backlog` holds and runs it. Gives the tasks in their order.
    fn run_all(&self, backlog: &Backlog) -> Vec<u32> {
        let mut ran = Vec::new();
        if let Some(mut taken) = backlog.take() {
            while let Some(task) = taken.pop(self) {
                self.run(task);
                ran.push(task);
            }
        }
        ran
    }

    /// Takes what there is, runs one task and puts the others back.
    fn run_one(&self) {
        if let Some(mut taken) = self.backlog.take() {
            self.run_first(&mut taken);
            taken.put_back(&self.backlog, self);
        }
    }

    /// Runs the first of what was taken, which is not nothing.
    fn run_first(&self, taken: &mut Taken) {
        self.run(taken.pop(self).expect("what was taken is not empty"));
    }

    fn run(&self, task: u32) {
        self.counter(task).rearm(STRONG);
        self.bodies.run(task);
    }

    /// Joins the threads and runs what they left. Every task must have run then.
    fn settle(&self, threads: impl IntoIterator<Item = JoinHandle<()>>) {
        for thread in threads {
            thread.join().expect("no thread of a model panics");
        }
        self.run_all(&self.backlog);
        self.run_all(&self.other);
        assert!(self.backlog.is_empty() && self.other.is_empty());
        self.bodies.assert_all_ran();
    }
}

fn spawn(tasks: &Rc<Tasks>, body: impl FnOnce(&Tasks) + 'static) -> JoinHandle<()> {
    let tasks = Rc::clone(tasks);
    thread::spawn(move || body(&tasks))
}

/// Two pushers with chains of two, a taker that looks twice. Sees a push that does not publish, a take
/// that does not see. Three threads; bound 3.
#[test]
fn two_chains_arrive_whole() {
    explore(None, || {
        let tasks = Tasks::new(4);
        let pushers = [
            spawn(&tasks, |tasks| tasks.push([1, 2])),
            spawn(&tasks, |tasks| tasks.push([3, 4])),
        ];
        for _ in 0..2 {
            let ran = tasks.run_all(&tasks.backlog);
            for chain in [[1, 2], [3, 4]] {
                let at = ran.iter().position(|task| *task == chain[0]);
                assert_eq!(at.and_then(|at| ran.get(at + 1)), at.map(|_| &chain[1]));
            }
        }
        tasks.settle(pushers);
    });
}

/// One chain and two takers. Three threads; exhaustive.
#[test]
fn one_taker_gets_a_chain() {
    explore(None, || {
        let tasks = Tasks::new(2);
        let takers = [0, 1].map(|_| {
            spawn(&tasks, |tasks| {
                let ran = tasks.run_all(&tasks.backlog);
                assert!(
                    ran.is_empty() || ran == [1, 2],
                    "a part of a chain: {ran:?}"
                );
            })
        });
        tasks.push([1, 2]);
        tasks.settle(takers);
    });
}

/// Two takers run one task and put the others back, into a backlog that a pusher fills meanwhile: the
/// chain is put back as it is, or in front of what came. Three threads; bound 2.
#[test]
fn what_is_put_back_meets_what_was_pushed() {
    explore(Some(2), || {
        let tasks = Tasks::new(5);
        tasks.push([1, 2, 3]);
        let threads = [
            spawn(&tasks, Tasks::run_one),
            spawn(&tasks, |tasks| tasks.push([4, 5])),
        ];
        tasks.run_one();
        tasks.settle(threads);
    });
}

/// A worker turns a chain of one backlog round and puts it into another, where a third thread takes it:
/// that one follows the new links. Sees a putting back that does not publish. Three threads; exhaustive.
#[test]
fn a_chain_that_was_turned_round_is_followed() {
    explore(None, || {
        let tasks = Tasks::new(3);
        let pusher = spawn(&tasks, |tasks| {
            tasks.push([3]);
            tasks.push([2, 1]);
        });
        let worker = spawn(&tasks, |tasks| {
            if let Some(taken) = tasks.backlog.take() {
                taken.reversed(tasks).put_back(&tasks.other, tasks);
            }
        });
        let ran = tasks.run_all(&tasks.other);
        assert!(ran.is_empty() || ran == [3] || ran == [3, 1, 2], "{ran:?}");
        tasks.settle([pusher, worker]);
    });
}

/// A task that was taken and ran is pushed once more, while another pusher may still link to it: the head
/// is the same and the chain below is not. The counter, armed and used as a link in turn, keeps none of
/// it. Three threads; bound 3.
#[test]
fn a_task_comes_back() {
    explore(Some(3), || {
        let tasks = Tasks::new(4);
        tasks.push([1, 2]);
        let threads = [
            spawn(&tasks, |tasks| tasks.push([3, 4])),
            spawn(&tasks, |tasks| {
                let ran = tasks.run_all(&tasks.backlog);
                if ran == [1, 2] {
                    // The next round: 1 is on top again, with nothing below.
                    tasks.push([1]);
                }
            }),
        ];
        tasks.run_all(&tasks.backlog);
        tasks.settle(threads);
        for task in 1..=4 {
            assert_eq!(
                tasks.counter(task).link(),
                STRONG,
                "the counter of task {task}"
            );
        }
    });
}

/// The owner of a backlog with two ends takes what came first, and what came last, while somebody else takes what came last and a third
/// pushes one more. Sees a part that is not cut off. Three threads; bound 2.
#[test]
fn each_task_leaves_by_one_end() {
    explore(Some(2), || {
        let tasks = Tasks::new(4);
        let both = Rc::new(TwoEnded::default());
        let push = |task| {
            tasks.bodies.make_ready(task);
            both.push(Chain::of(task), &*tasks);
        };
        (1..=3).for_each(push);
        let thief = {
            let both = Rc::clone(&both);
            spawn(&tasks, move |tasks| {
                if let Some(mut part) = both.take_newest() {
                    tasks.run_first(&mut part.tasks);
                    both.put_back(part, tasks);
                }
            })
        };
        let pusher = {
            let both = Rc::clone(&both);
            spawn(&tasks, move |tasks| {
                tasks.bodies.make_ready(4);
                both.push(Chain::of(4), tasks);
            })
        };
        for _ in 0..2 {
            if let Some(mut part) = both.take_oldest(&*tasks) {
                tasks.run_first(&mut part.tasks);
                both.put_back(part, &*tasks);
            }
        }
        for thread in [thief, pusher] {
            thread.join().expect("no thread of a model panics");
        }
        for part in both.take_all(&*tasks).into_iter().flatten() {
            part.put_back(&tasks.other, &*tasks);
        }
        assert!(both.is_empty());
        tasks.settle([]);
    });
}
