//! The deque: every entry leaves exactly once, and whoever takes it sees what was done before it was published.
//!
//! Under the checker [`STEAL_MAX`] is 2, so that few entries reach every branch. A task that runs twice,
//! never, or without seeing its [`Bodies::make_ready`] ends the model. A preemption bound of n means: all
//! schedules with at most n forced switches. Unbounded, most of these models take minutes.

use std::rc::Rc;
use std::sync::Arc;

use loom::cell::Cell;
use loom::thread::{self, JoinHandle};
use taskflow_core::protocol::deque::{Deque, DequeOwner, STEAL_MAX, Stolen};

use crate::support::bodies::Bodies;
use crate::support::explore::explore;

/// Entries of a ring that is soon full.
const SMALL: usize = 2 * STEAL_MAX;

/// One ring with its owner, who is the main thread.
struct Owned {
    ring: Arc<Deque>,
    owner: DequeOwner,
    bodies: Bodies,
}

impl Owned {
    fn new(capacity: usize, tasks: u32) -> Self {
        let (ring, owner) = Deque::new(capacity);
        Self {
            ring,
            owner,
            bodies: Bodies::of(tasks),
        }
    }

    /// Pushes tasks and publishes each by itself.
    fn push_each(&self, tasks: impl IntoIterator<Item = u32>) {
        for task in tasks {
            self.bodies.make_ready(task);
            self.owner.push(task).expect("the ring is large enough");
            self.owner.publish();
        }
    }

    /// Pushes tasks and publishes them together. What comes before the publication is seen.
    fn push_together(&self, tasks: impl IntoIterator<Item = u32> + Clone) {
        for task in tasks.clone() {
            self.owner.push(task).expect("the ring is large enough");
        }
        for task in tasks {
            self.bodies.make_ready(task);
        }
        self.owner.publish();
    }

    /// A thread that steals `attempts` times. Gives the number of steals that took something.
    fn thief(&self, attempts: usize) -> JoinHandle<usize> {
        let ring = Arc::clone(&self.ring);
        let bodies = self.bodies.clone();
        thread::spawn(move || (0..attempts).filter(|_| steal(&ring, &bodies) > 0).count())
    }

    fn run(&self, task: Option<u32>) {
        task.into_iter().for_each(|task| self.bodies.run(task));
    }

    /// Joins the thieves and takes what they left. Every task must have run then.
    fn settle(self, thieves: impl IntoIterator<Item = JoinHandle<usize>>) {
        for thief in thieves {
            thief.join().expect("a thief does not panic");
        }
        while let Some(task) = self.owner.take_newest() {
            self.bodies.run(task);
        }
        assert!(self.ring.is_empty() && self.owner.is_empty());
        self.bodies.assert_all_ran();
    }
}

/// One attempt to steal the oldest task if it is wanted. Gives the number of tasks, which was run.
fn steal_if(ring: &Deque, bodies: &Bodies, wanted: impl Fn(u32) -> bool) -> usize {
    let mut loot = 0;
    let stolen = ring.steal_if(wanted, &mut loot) == Stolen::Some(1);
    if stolen {
        bodies.run(loot);
    }
    usize::from(stolen)
}

/// One attempt to steal. Gives the number of tasks, all of which were run.
fn steal(ring: &Deque, bodies: &Bodies) -> usize {
    let mut loot = [0; STEAL_MAX];
    let Stolen::Some(count) = ring.steal_half(&mut loot) else {
        return 0;
    };
    for task in &loot[..count] {
        bodies.run(*task);
    }
    count
}

/// Three pushes, three takes in the engine's order, against three steals. Sees a publication and a steal
/// whose orderings are too weak. Two threads; bound 3 (unbounded: half a minute).
#[test]
fn one_thief_and_the_owner_share_three_tasks() {
    explore(Some(3), || {
        let owned = Owned::new(SMALL, 3);
        let thief = owned.thief(3);
        owned.push_each(1..=3);
        for _ in 0..3 {
            owned.run(owned.owner.take_newest());
        }
        owned.settle([thief]);
    });
}

/// Three pushes and a take at either end against two thieves with two steals each. Three threads; bound 2.
#[test]
fn two_thieves_and_the_owner_share_three_tasks() {
    explore(Some(2), || {
        let owned = Owned::new(SMALL, 3);
        let thieves = [owned.thief(2), owned.thief(2)];
        owned.push_each(1..=3);
        owned.run(owned.owner.take_oldest());
        owned.run(owned.owner.take_newest());
        owned.settle(thieves);
    });
}

/// The owner takes at the bottom as far as it may, then at the top, while a thief claims two tasks at
/// once. Sees a missing fence on either side, and an owner that goes nearer to the top than a steal
/// reaches. Two threads; bound 3.
#[test]
fn the_newest_task_is_not_stolen_as_well() {
    explore(Some(3), || {
        let owned = Owned::new(SMALL, 4);
        owned.push_together(1..=4);
        let thief = owned.thief(2);
        for _ in 0..3 {
            owned.run(owned.owner.take_newest());
        }
        owned.settle([thief]);
    });
}

/// The same with two thieves: what the one claims moves the reach of the other. Three threads; bound 2.
#[test]
fn the_newest_task_is_stolen_by_neither_thief() {
    explore(Some(2), || {
        let owned = Owned::new(SMALL, 4);
        owned.push_together(1..=4);
        let thieves = [owned.thief(1), owned.thief(1)];
        owned.run(owned.owner.take_newest());
        owned.run(owned.owner.take_newest());
        owned.settle(thieves);
    });
}

/// A thief that learns of the tasks only through the bottom that `take_newest` lowered. Sees a lowering
/// that does not publish what lies below. Two threads; exhaustive.
#[test]
fn a_lowered_bottom_still_publishes_what_lies_below() {
    explore(None, || {
        let owned = Owned::new(SMALL, 3);
        let thief = owned.thief(1);
        owned.push_together(1..=3);
        owned.run(owned.owner.take_newest());
        owned.settle([thief]);
    });
}

/// One task, wanted from both ends and by two thieves. Three threads; bound 3.
#[test]
fn the_last_task_goes_to_one() {
    explore(Some(3), || {
        let owned = Owned::new(SMALL, 1);
        owned.push_each([1]);
        let thieves = [owned.thief(1), owned.thief(1)];
        owned.run(owned.owner.take_newest());
        owned.settle(thieves);
    });
}

/// Tasks that are pushed and not published stay with the owner; published, all are there at once. Two
/// threads; exhaustive.
#[test]
fn tasks_are_published_together() {
    explore(None, || {
        let owned = Owned::new(SMALL, 3);
        let thief = {
            let ring = Arc::clone(&owned.ring);
            let bodies = owned.bodies.clone();
            thread::spawn(move || {
                let count = steal(&ring, &bodies);
                assert!([0, 2].contains(&count), "half of three: {count}");
                count
            })
        };
        owned.push_together(1..=3);
        owned.settle([thief]);
    });
}

/// Six tasks: a steal takes no more than [`STEAL_MAX`] of them, though half would be three, and the owner,
/// who relies on that, takes at the bottom meanwhile. Two threads; bound 3.
#[test]
fn a_steal_takes_half_within_its_limit() {
    explore(Some(3), || {
        let owned = Owned::new(2 * SMALL, 6);
        owned.push_together(1..=6);
        let thief = owned.thief(2);
        for _ in 0..4 {
            owned.run(owned.owner.take_newest());
        }
        owned.settle([thief]);
    });
}

/// A full ring refuses; once a thief made room it takes more, into slots that were used before. The thief
/// writes, between its fence and its claim, what the owner reads who found room: so the claim and the
/// look for room are ordered, and with them the thief's read of the slot and the owner's reuse of it.
/// (The checker runs loads in order, so that it cannot show the wrong entry itself.) Two threads; exhaustive.
#[test]
fn a_slot_is_reused_after_it_was_read() {
    explore(None, || {
        let tasks = u32::try_from(SMALL).expect("few") + 2;
        let owned = Owned::new(SMALL, tasks);
        owned.push_together(1..=tasks - 2);
        let read = Rc::new(Cell::new(false));
        let thief = {
            let ring = Arc::clone(&owned.ring);
            let bodies = owned.bodies.clone();
            let read = Rc::clone(&read);
            thread::spawn(move || {
                steal_if(&ring, &bodies, |_| {
                    read.set(true);
                    true
                })
            })
        };
        for task in tasks - 1..=tasks {
            owned.bodies.make_ready(task);
            match owned.owner.push(task) {
                Ok(()) => assert!(read.get(), "there was no room before the steal"),
                Err(refused) => owned.bodies.run(refused),
            }
            owned.owner.publish();
        }
        owned.settle([thief]);
    });
}

/// Two turns round the ring, with tasks leaving at both ends. Two threads; bound 2.
#[test]
fn the_ring_wraps_round() {
    explore(Some(2), || {
        let owned = Owned::new(SMALL, 8);
        owned.push_together(1..=3);
        owned.run(owned.owner.take_oldest());
        let thief = owned.thief(3);
        for pair in [[4, 5], [6, 7]] {
            for task in pair {
                owned.bodies.make_ready(task);
                if let Err(refused) = owned.owner.push(task) {
                    owned.bodies.run(refused);
                }
            }
            owned.owner.publish();
            owned.run(owned.owner.take_newest());
        }
        owned.push_each([8]);
        owned.settle([thief]);
    });
}

/// A thief that wants odd tasks only leaves the others, and gets each at most once. Two threads; bound 3.
#[test]
fn a_choosy_thief_takes_what_it_wants() {
    explore(Some(3), || {
        let owned = Owned::new(SMALL, 3);
        let thief = {
            let ring = Arc::clone(&owned.ring);
            let bodies = owned.bodies.clone();
            let odd = |task| task % 2 == 1;
            thread::spawn(move || (0..2).map(|_| steal_if(&ring, &bodies, odd)).sum())
        };
        owned.push_each(1..=3);
        owned.run(owned.owner.take_newest());
        owned.settle([thief]);
    });
}
