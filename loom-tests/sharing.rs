//! The only seat of a pool is used with plain accesses, and then by others too, and then alone again.
//!
//! The holder is the main thread, the other one a task that waits on a spare seat.

use std::rc::Rc;

use loom::cell::Cell;
use loom::thread;
use taskflow_core::protocol::deque::{Deque, STEAL_MAX, Stolen};
use taskflow_core::protocol::join_counter::JoinCounter;
use taskflow_core::protocol::sharing::Sharing;

use crate::support::bodies::Bodies;
use crate::support::explore::explore;

/// Two predecessors of one task, which leave something for it.
struct Arrivals {
    sharing: Sharing,
    counter: JoinCounter,
    left: [Cell<u32>; 2],
}

impl Arrivals {
    fn new() -> Rc<Self> {
        Rc::new(Self {
            sharing: Sharing::default(),
            counter: JoinCounter::new(2),
            left: [Cell::new(0), Cell::new(0)],
        })
    }

    /// The second predecessor's arrival, on a spare seat. `None`: there is none to be had.
    fn arrive_if_shared(&self) -> Option<bool> {
        if !self.sharing.join() {
            return None;
        }
        self.left[1].set(1);
        let last = self.counter.arrive(2);
        if last {
            self.assert_all_left();
        }
        self.sharing.end();
        Some(last)
    }

    fn arrive_alone(&self) -> bool {
        self.left[0].set(1);
        let last = self.counter.arrive_alone(2);
        if last {
            self.assert_all_left();
        }
        last
    }

    fn assert_all_left(&self) {
        assert!(self.left.iter().all(|left| left.get() == 1));
    }
}

/// An arrival alone, then one by who has joined. Sees a begin, or a join, that is too weak. Two threads; exhaustive.
#[test]
fn who_joins_sees_what_the_holder_did_alone() {
    explore(None, || {
        let arrivals = Arrivals::new();
        let others = Rc::clone(&arrivals);
        let other = thread::spawn(move || others.arrive_if_shared());
        assert!(!arrivals.arrive_alone());
        arrivals.sharing.begin();
        let last = other.join().expect("no panic");
        assert_ne!(last, Some(false), "two arrivals of two");
    });
}

/// An arrival by who has joined, then one alone. Sees an end, or a look, that is too weak. Two threads; exhaustive.
#[test]
fn who_is_alone_again_sees_what_others_did() {
    explore(None, || {
        let arrivals = Arrivals::new();
        arrivals.sharing.begin();
        let others = Rc::clone(&arrivals);
        let other = thread::spawn(move || others.arrive_if_shared());
        arrivals.sharing.end();
        let last = arrivals.sharing.is_alone().then(|| arrivals.arrive_alone());
        let before = other.join().expect("no panic");
        assert_ne!(before, Some(true), "one arrival of two");
        if let Some(last) = last {
            assert_eq!(last, before.is_some());
        }
    });
}

/// A queue that loses an entry at either end while its owner is alone, and one to a thief who has joined meanwhile. Two
/// threads; bound 2.
#[test]
fn each_entry_leaves_once_whether_its_owner_is_alone_or_not() {
    explore(Some(2), || {
        let (ring, owner) = Deque::new(4 * STEAL_MAX);
        let (sharing, bodies) = (Rc::new(Sharing::default()), Bodies::of(4));
        let run = |task: Option<u32>| task.into_iter().for_each(|task| bodies.run(task));
        let push = |tasks: &[u32]| {
            for &task in tasks {
                bodies.make_ready(task);
                owner.push(task).expect("there is room");
                owner.publish();
            }
        };
        let thief = {
            let (sharing, bodies) = (Rc::clone(&sharing), bodies.clone());
            thread::spawn(move || {
                if !sharing.join() {
                    return;
                }
                let mut loot = 0;
                if ring.steal_if(|_| true, &mut loot) == Stolen::Some(1) {
                    bodies.run(loot);
                }
                sharing.end();
            })
        };
        owner.set_alone(true);
        push(&[1, 2, 3]);
        run(owner.take_newest());
        run(owner.take_oldest());
        owner.set_alone(false);
        sharing.begin();
        run(owner.take_newest());
        sharing.end();
        owner.set_alone(sharing.is_alone());
        push(&[4]);
        run(owner.take_oldest());
        thief.join().expect("no panic");
        while let Some(task) = owner.take_newest() {
            bodies.run(task);
        }
        bodies.assert_all_ran();
    });
}
