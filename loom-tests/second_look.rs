//! The look before sleep: what was published before the fence of `notify` is seen behind that of `announce`.
//!
//! The event count promises that a publisher sees the sleeper or the sleeper sees the task; here the tasks
//! lie in the engine's own queues, whose `is_empty` is the look. All models are checked exhaustively.

use std::rc::Rc;

use loom::thread;
use taskflow_core::protocol::backlog::{Backlog, Chain, Links, TwoEnded};
use taskflow_core::protocol::deque::{Deque, STEAL_MAX};
use taskflow_core::protocol::idle::Idle;
use taskflow_core::protocol::join_counter::JoinCounter;
use taskflow_core::protocol::listed::Listed;

use crate::support::explore::explore;

/// The counters of some tasks.
struct Counters(Vec<JoinCounter>);

impl Counters {
    fn of(tasks: usize) -> Self {
        Self((0..tasks).map(|_| JoinCounter::new(1)).collect())
    }
}

impl Links for Counters {
    fn counter(&self, task: u32) -> &JoinCounter {
        &self.0[task as usize]
    }
}

/// A worker announces itself and looks, while the main thread publishes and notifies.
fn seen_by_one_of_them(
    before_sleep: impl FnOnce() + 'static,
    is_empty: impl FnOnce() -> bool + 'static,
    publish: impl FnOnce(),
) {
    let idle = Rc::new(Idle::new(2));
    let sleeper = {
        let idle = Rc::clone(&idle);
        thread::spawn(move || {
            before_sleep();
            idle.announce(0, false);
            !is_empty()
        })
    };
    publish();
    let woken = idle.notify().is_some();
    let seen = sleeper.join().expect("the sleeper does not panic");
    assert!(woken || seen, "the task is forgotten");
}

/// A task in an injector. Two threads.
#[test]
fn a_chain_is_seen_or_the_sleeper_is_woken() {
    explore(None, || {
        let task = Counters::of(1);
        let injector = Rc::new(Backlog::default());
        let looked_at = Rc::clone(&injector);
        seen_by_one_of_them(
            || {},
            move || looked_at.is_empty(),
            || injector.push(Chain::of(0), &task),
        );
    });
}

/// Two tasks in the publisher's deque, the first of which the worker may steal before it goes to sleep:
/// it knows a new top then, and must not take an old bottom for the whole. Two threads.
#[test]
fn an_entry_is_seen_or_the_sleeper_is_woken() {
    explore(None, || {
        let (ring, owner) = Deque::new(2 * STEAL_MAX);
        let looked_at = ring.clone();
        seen_by_one_of_them(
            move || _ = ring.steal_half(&mut [0; STEAL_MAX]),
            move || looked_at.is_empty(),
            || {
                for task in [1, 2] {
                    owner.push(task).expect("there is room");
                    owner.publish();
                }
            },
        );
    });
}

/// The deque's owner takes its newest task, which lowers the bottom for a moment, and keeps the others:
/// a sleeper that saw the moment sees a task all the same. Two threads.
#[test]
fn a_lowered_bottom_hides_nothing() {
    explore(None, || {
        let (ring, owner) = Deque::new(2 * STEAL_MAX);
        seen_by_one_of_them(
            || {},
            move || ring.is_empty(),
            || {
                for task in 1..=3 {
                    owner.push(task).expect("there is room");
                }
                owner.publish();
                assert_eq!(owner.take_newest(), Some(3));
            },
        );
    });
}

/// The owner of a backlog takes the oldest of its tasks and keeps the others, some of which it has in hand for a moment: a sleeper that
/// saw the moment is woken. Two threads.
#[test]
fn what_a_backlog_got_back_is_seen_or_the_sleeper_is_woken() {
    explore(None, || {
        let tasks = Counters::of(3);
        let backlog = Rc::new(TwoEnded::default());
        (0..3).for_each(|task| backlog.push(Chain::of(task), &tasks));
        let looked_at = Rc::clone(&backlog);
        seen_by_one_of_them(
            || {},
            move || looked_at.is_empty(),
            || {
                let mut oldest = backlog.take_oldest(&tasks).expect("it holds three");
                assert_eq!(oldest.tasks.pop(&tasks), Some(0));
                backlog.put_back(oldest, &tasks);
            },
        );
    });
}

/// A task in the queue of a seat that was listed just before. Sees the only seat of the list overlooked. Two threads.
#[test]
fn a_task_on_a_listed_seat_is_seen_or_the_sleeper_is_woken() {
    explore(None, || {
        let task = Counters::of(1);
        let seats = Rc::new(Listed::default());
        let looked_at = Rc::clone(&seats);
        seen_by_one_of_them(
            || {},
            move || !looked_at.any(|queue: &Rc<Backlog>| !queue.is_empty()),
            || {
                let queue = Rc::new(Backlog::default());
                seats.add(Rc::clone(&queue));
                queue.push(Chain::of(0), &task);
            },
        );
    });
}

/// A listed seat ends, and leaves its task to all before it is taken off the list. Two threads.
#[test]
fn what_a_listed_seat_leaves_is_seen_or_the_sleeper_is_woken() {
    explore(None, || {
        let task = Counters::of(1);
        let queue = Backlog::default();
        queue.push(Chain::of(0), &task);
        let all = Rc::new((Backlog::default(), Listed::default()));
        all.1.add(Rc::new(queue));
        let looked_at = Rc::clone(&all);
        seen_by_one_of_them(
            || {},
            move || {
                let (injector, seats) = &*looked_at;
                injector.is_empty() && !seats.any(|queue: &Rc<Backlog>| !queue.is_empty())
            },
            || {
                let (injector, seats) = &*all;
                let queue = seats.nth(0).expect("it is listed");
                let left = queue.take().expect("it holds one");
                left.put_back(injector, &task);
                seats.remove(|_| true);
            },
        );
    });
}
