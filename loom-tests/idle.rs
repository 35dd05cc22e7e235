//! The event count: no wake-up is lost, and a claimed seat has one holder.
//!
//! A worker that finds a task is busy for good: it ends. So each task needs a worker of its own, and a
//! worker that sleeps while a task is left over sleeps for ever, which the checker reports as a deadlock.
//! The seat of a worker is a checked cell, which its holder changes: two holders at once, or a holder
//! that does not see the last one, end the model. A preemption bound of n means: all schedules with at
//! most n forced switches. To lose a wake-up takes one, between the look and the announcement.

#![cfg(taskflow_loom)]
#![forbid(unsafe_code)]

mod explore;

use std::rc::Rc;

use loom::cell::Cell;
use loom::sync::Notify;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use loom::thread::{self, JoinHandle};
use taskflow_core::protocol::idle::Idle;

use explore::explore;

/// What a pool does with its event count, and no more.
struct Pool {
    idle: Idle,
    /// Ready tasks that nobody has taken. It stands for all queues.
    tasks: AtomicUsize,
    looks: AtomicUsize,
    slots: Vec<Slot>,
}

struct Slot {
    granted: AtomicBool,
    /// Changed by whoever has the seat.
    seat: Cell<usize>,
    /// The host's park and unpark. (The checker's own forget an unpark that meets a lock.)
    parking: Notify,
}

impl Pool {
    /// A pool whose workers all sleep, as a new one's do.
    fn asleep(workers: usize) -> Rc<Self> {
        let pool = Self::awake(workers);
        for worker in 0..workers {
            pool.idle.announce(worker, false);
        }
        pool
    }

    /// A pool none of whose workers has looked for work yet.
    fn awake(workers: usize) -> Rc<Self> {
        let slot = || Slot {
            granted: AtomicBool::new(false),
            seat: Cell::new(0),
            parking: Notify::new(),
        };
        Rc::new(Self {
            idle: Idle::new(workers),
            tasks: AtomicUsize::new(0),
            looks: AtomicUsize::new(0),
            slots: (0..workers).map(|_| slot()).collect(),
        })
    }

    /// Makes a task visible and wakes a sleeper if need be.
    fn publish(&self) {
        // Ordering: Relaxed; the protocol's own fences have to do.
        self.tasks.fetch_add(1, Ordering::Relaxed);
        self.notify();
    }

    fn notify(&self) {
        if let Some(worker) = self.idle.notify() {
            self.hold_seat(worker);
            // Ordering: Release, with the Acquire of `sleep`, as in the pool.
            self.slots[worker].granted.store(true, Ordering::Release);
            self.slots[worker].parking.notify();
        }
    }

    fn has_work(&self) -> bool {
        self.look() > 0
    }

    fn take(&self) -> bool {
        let tasks = self.look();
        // Ordering: Relaxed, as in `publish`.
        let (order, or) = (Ordering::Relaxed, Ordering::Relaxed);
        tasks > 0
            && self
                .tasks
                .compare_exchange(tasks, tasks - 1, order, or)
                .is_ok()
    }

    fn look(&self) -> usize {
        // Ordering: Relaxed; never read. It lets the checker try the looks in every order.
        self.looks.store(0, Ordering::Relaxed);
        // Ordering: Relaxed; as in `publish`.
        self.tasks.load(Ordering::Relaxed)
    }

    fn hold_seat(&self, worker: usize) {
        let seat = &self.slots[worker].seat;
        seat.set(seat.get() + 1);
    }

    /// A worker from its first look, or from its sleep, until it has a task.
    fn work(&self, worker: usize, asleep: bool) {
        let mut searching = asleep;
        if asleep {
            self.sleep(worker);
        }
        loop {
            self.hold_seat(worker);
            if searching || self.idle.start_search() {
                if self.take() {
                    if self.idle.stop_search() {
                        self.notify();
                    }
                    return;
                }
                searching = true;
            }
            self.idle.announce(worker, searching);
            if self.has_work() && self.idle.retract(worker) {
                self.idle.force_search();
            } else {
                self.sleep(worker);
            }
            searching = true;
        }
    }

    fn sleep(&self, worker: usize) {
        let slot = &self.slots[worker];
        // Ordering: Acquire, with the Release of `notify`, as in the pool.
        while !slot.granted.load(Ordering::Acquire) {
            slot.parking.wait();
        }
        // Ordering: Relaxed; the worker has seen the grant, and nobody else takes it.
        slot.granted.store(false, Ordering::Relaxed);
    }

    /// A thread from outside, which sits on a sleeper's seat and finds nothing of its own.
    fn visit(&self) {
        if let Some(worker) = self.idle.claim() {
            self.hold_seat(worker);
            self.idle.announce(worker, false);
            if self.has_work() {
                self.notify();
            }
        }
    }
}

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

/// A guest has claimed the only sleeper when the publisher wants it, or the other way round. Whoever
/// loses leaves the wake-up to the other. Three threads; bound 3.
#[test]
fn a_guest_hands_on_the_wake_up_it_was_in_the_way_of() {
    explore(Some(3), || {
        let pool = Pool::asleep(1);
        let worker = spawn(&pool, |pool| pool.work(0, true));
        let guest = spawn(&pool, Pool::visit);
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
