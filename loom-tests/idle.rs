//! The event count: no wake-up is lost, and a claimed seat has one holder.
//!
//! A worker that finds a task is busy for good: it ends. So each task needs a worker of its own, and a
//! worker that sleeps while a task is left over sleeps for ever, which the checker reports as a deadlock.
//! The seat of a worker is a checked cell, which its holder changes: two holders at once, or a holder
//! that does not see the last one, end the model. A preemption bound of n means: all schedules with at
//! most n forced switches. To lose a wake-up takes one, between the look and the announcement.

use std::rc::Rc;

use loom::sync::atomic::{AtomicBool, Ordering, fence};
use loom::thread::{self, JoinHandle};

use crate::support::explore::explore;
use crate::support::pool::Pool;

fn spawn(pool: &Rc<Pool>, body: impl FnOnce(&Pool) + 'static) -> JoinHandle<()> {
    let pool = Rc::clone(pool);
    thread::spawn(move || body(&pool))
}

fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    for thread in threads {
        thread.join().expect("no thread of a model panics");
    }
}

/// One task against one worker that goes to sleep: it is announcing, looking once more, asleep or still
/// searching when the task comes. Sees either fence missing. Two threads; exhaustive.
#[test]
fn a_task_finds_the_only_worker() {
    explore(None, || {
        let pool = Pool::awake(1);
        let worker = spawn(&pool, |pool| pool.work(0, false));
        pool.publish();
        join([worker]);
        assert!(!pool.has_work());
    });
}

/// Two tasks, one after another, for two workers: while one searches the publisher wakes nobody, so the
/// searcher that finds a task has to wake the other worker. Three threads; bound 3.
#[test]
fn the_last_searcher_wakes_another() {
    explore(Some(2), || {
        let pool = Pool::awake(2);
        let workers = [0, 1].map(|worker| spawn(&pool, move |pool| pool.work(worker, false)));
        pool.publish();
        pool.publish();
        join(workers);
        assert!(!pool.has_work());
    });
}

/// The same from a pool at rest. Three threads; bound 3.
#[test]
fn two_tasks_wake_two_sleepers() {
    explore(Some(3), || {
        let pool = Pool::asleep(2);
        let workers = [0, 1].map(|worker| spawn(&pool, move |pool| pool.work(worker, true)));
        pool.publish();
        pool.publish();
        join(workers);
        assert!(!pool.has_work());
    });
}

/// Two publishers with a task each and two workers at rest. Four threads; bound 2.
#[test]
fn two_publishers_wake_two_workers() {
    explore(Some(2), || {
        let pool = Pool::asleep(2);
        let workers = [0, 1].map(|worker| spawn(&pool, move |pool| pool.work(worker, true)));
        let publisher = spawn(&pool, Pool::publish);
        pool.publish();
        join(workers);
        join([publisher]);
        assert!(!pool.has_work());
    });
}

/// A guest is on the only seat, or takes it up in the worker's place, when the task comes, and has no use
/// for the task. It wakes the worker when it leaves. Three threads; bound 3.
#[test]
fn a_guest_hands_on_the_wake_up_it_was_in_the_way_of() {
    explore(Some(3), || {
        let pool = Pool::asleep(1);
        let worker = spawn(&pool, |pool| pool.work(0, true));
        let guest = spawn(&pool, |pool| {
            if let Some(seat) = pool.claim_seat() {
                pool.leave_seat(seat);
            }
        });
        pool.publish();
        join([worker, guest]);
        assert!(!pool.has_work());
    });
}

/// A guest takes the seat of a worker that was woken and is not up yet, and stays. Publishers that came
/// between relied on that worker, so the guest has to wake another. Three threads; bound 3.
#[test]
fn a_guest_in_a_searchers_place_wakes_another() {
    explore(Some(3), || {
        let pool = Pool::awake(2);
        pool.wake(0);
        let worker = spawn(&pool, |pool| pool.work(1, false));
        let guest = spawn(&pool, |pool| _ = pool.claim_granted());
        pool.publish();
        join([worker, guest]);
        assert!(!pool.has_work());
    });
}

/// A sleeper retracts, a guest claims and a publisher notifies: one of them has the seat, and it sees
/// what the one before did on it. Three threads; exhaustive.
#[test]
fn a_sleeper_is_claimed_once() {
    explore(None, || {
        let pool = Pool::awake(1);
        let claimed = |pool: &Pool, worker: Option<usize>| {
            if let Some(worker) = worker {
                pool.hold_seat(worker);
            }
            usize::from(worker.is_some())
        };
        pool.hold_seat(0);
        pool.idle.announce(0, false);
        let guest = {
            let pool = Rc::clone(&pool);
            thread::spawn(move || claimed(&pool, pool.idle.claim()))
        };
        let publisher = {
            let pool = Rc::clone(&pool);
            thread::spawn(move || claimed(&pool, pool.idle.notify()))
        };
        let kept = claimed(&pool, pool.idle.retract(0).then_some(0));
        let lost = [guest, publisher].map(|thread| thread.join().expect("no panic"));
        assert_eq!(kept + lost.iter().sum::<usize>(), 1);
    });
}

/// What `notify` promises even where it wakes nobody: its fence stands between the publication and what
/// the publisher reads next, here whether a guest is blocked. Two threads; exhaustive.
#[test]
fn a_publisher_sees_the_guest_or_the_guest_sees_the_task() {
    explore(None, || {
        let pool = Pool::awake(1);
        let blocked = Rc::new(AtomicBool::new(false));
        let guest = {
            let pool = Rc::clone(&pool);
            let blocked = Rc::clone(&blocked);
            thread::spawn(move || {
                // Ordering: Relaxed; the fence orders it.
                blocked.store(true, Ordering::Relaxed);
                // Ordering: SeqCst, with the fence of `notify`, as in the list of guests.
                fence(Ordering::SeqCst);
                pool.has_work()
            })
        };
        pool.publish();
        // Ordering: Relaxed; the fence of `notify` orders it.
        let seen = blocked.load(Ordering::Relaxed);
        let found = guest.join().expect("the guest does not panic");
        assert!(seen || found);
    });
}
