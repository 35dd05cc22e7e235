//! What a pool does with its event count, and no more.

use std::rc::Rc;

use loom::cell::Cell;
use loom::sync::Notify;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use taskflow_core::protocol::idle::Idle;

/// See the module's documentation.
pub(crate) struct Pool {
    pub(crate) idle: Idle,
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
    pub(crate) fn asleep(workers: usize) -> Rc<Self> {
        let pool = Self::awake(workers);
        for worker in 0..workers {
            pool.idle.announce(worker, false);
        }
        pool
    }

    /// A pool none of whose workers has looked for work yet.
    pub(crate) fn awake(workers: usize) -> Rc<Self> {
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
    pub(crate) fn publish(&self) {
        // Ordering: Relaxed; the protocol's own fences have to do.
        self.tasks.fetch_add(1, Ordering::Relaxed);
        self.notify();
    }

    pub(crate) fn notify(&self) {
        if let Some(worker) = self.idle.notify() {
            self.grant(worker);
        }
    }

    /// Wakes a worker that nobody has to look for.
    pub(crate) fn wake(&self, worker: usize) {
        self.idle.force_search();
        self.grant(worker);
    }

    fn grant(&self, worker: usize) {
        self.hold_seat(worker);
        // Ordering: Release, with the Acquire of `take_grant`, as in the pool.
        self.slots[worker].granted.store(true, Ordering::Release);
        self.slots[worker].parking.notify();
    }

    pub(crate) fn has_work(&self) -> bool {
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

    pub(crate) fn hold_seat(&self, worker: usize) {
        let seat = &self.slots[worker].seat;
        seat.set(seat.get() + 1);
    }

    /// A worker from its first look, or from its sleep, until it has a task.
    pub(crate) fn work(&self, worker: usize, asleep: bool) {
        let mut searching = asleep && self.sleep(worker);
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
            searching = if self.has_work() && self.idle.retract(worker) {
                self.idle.force_search();
                true
            } else {
                self.sleep(worker)
            };
        }
    }

    /// Sleeps until the seat may be taken up. Gives whether as a searcher's.
    fn sleep(&self, worker: usize) -> bool {
        let slot = &self.slots[worker];
        loop {
            // Ordering: Acquire, with the Release of `grant`, as in the pool.
            while !slot.granted.load(Ordering::Acquire) {
                slot.parking.wait();
            }
            if slot.take_grant() {
                return true;
            }
            if self.idle.retract(worker) {
                return false;
            }
        }
    }

    /// Claims a sleeper's seat for a guest, or one that was granted and not taken up.
    pub(crate) fn claim_seat(&self) -> Option<usize> {
        let Some(worker) = self.idle.claim() else {
            return self.claim_granted();
        };
        self.hold_seat(worker);
        Some(worker)
    }

    pub(crate) fn claim_granted(&self) -> Option<usize> {
        let worker = self.slots.iter().position(Slot::take_grant)?;
        self.hold_seat(worker);
        if self.idle.stop_search() {
            self.notify();
        }
        Some(worker)
    }

    /// Gives the seat of a guest back.
    pub(crate) fn leave_seat(&self, worker: usize) {
        self.hold_seat(worker);
        self.idle.announce(worker, false);
        if self.has_work() {
            self.notify();
        }
    }
}

impl Slot {
    /// A swap that writes nothing where there is nothing to take: to the checker, which does not know
    /// that the two halves of a swap are neighbours, any other could undo a later grant.
    fn take_grant(&self) -> bool {
        // Ordering: Acquire, with the Release of `grant`; Relaxed on failure.
        let (order, or) = (Ordering::Acquire, Ordering::Relaxed);
        self.granted
            .compare_exchange(true, false, order, or)
            .is_ok()
    }
}
