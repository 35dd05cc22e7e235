//! Park ids for threads outside the pool, and for tasks that wait.

use alloc::vec::Vec;

use crate::platform::WorkerId;
use crate::sync::{AtomicBool, Mutex, Ordering, fence};

/// The guests of a pool.
#[derive(Debug)]
pub(crate) struct Guests {
    list: Mutex<List>,
    some_blocked: AtomicBool,
}

#[derive(Debug)]
struct List {
    /// The lowest id that was never given.
    next: usize,
    free: Vec<WorkerId>,
    /// Guests that kept a seat: they are woken to help when something is injected, since there may be
    /// nobody else.
    blocked: Vec<WorkerId>,
}

/// A guest's id, given back when dropped.
#[derive(Debug)]
pub(crate) struct Guest<'g> {
    guests: &'g Guests,
    id: WorkerId,
    blocked: bool,
}

impl Guests {
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            list: Mutex::new(List {
                next: workers,
                free: Vec::new(),
                blocked: Vec::new(),
            }),
            some_blocked: AtomicBool::new(false),
        }
    }

    /// A guest that is about to park. One that is `blocked` keeps a worker's seat meanwhile.
    pub(crate) fn enter(&self, blocked: bool) -> Guest<'_> {
        let mut list = self.list.lock();
        let id = list.free.pop().unwrap_or_else(|| {
            list.next += 1;
            WorkerId::new(list.next - 1)
        });
        if blocked {
            list.blocked.push(id);
            // Ordering: Relaxed; the fence below orders it before the guest's look at the queues.
            self.some_blocked.store(true, Ordering::Relaxed);
            drop(list);
            // Ordering: SeqCst, with the fence of `Idle::notify`, which comes between an injection and
            // `wake_blocked`: either the guest sees the task, or the injector sees the guest.
            fence(Ordering::SeqCst);
        }
        Guest {
            guests: self,
            id,
            blocked,
        }
    }

    /// Wakes the blocked guests. Call after [`Idle::notify`](crate::protocol::idle::Idle::notify).
    pub(crate) fn wake_blocked(&self, unpark: impl Fn(WorkerId)) {
        // Ordering: Relaxed; see `enter`.
        if !self.some_blocked.load(Ordering::Relaxed) {
            return;
        }
        let blocked = self.list.lock().blocked.clone();
        for guest in blocked {
            unpark(guest);
        }
    }
}

impl Guest<'_> {
    pub(crate) fn id(&self) -> WorkerId {
        self.id
    }
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        let mut list = self.guests.list.lock();
        if self.blocked {
            list.blocked.retain(|guest| *guest != self.id);
            let some = !list.blocked.is_empty();
            // Ordering: Relaxed; changed under the lock.
            self.guests.some_blocked.store(some, Ordering::Relaxed);
        }
        list.free.push(self.id);
    }
}
