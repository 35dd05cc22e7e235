//! How long a pool lives: as long as anything is alive in it.
//!
//! While something is alive the pool keeps itself. So what a spawned task knows of its executor is an address, and costs it no
//! count of references.
//!
//! **The pool is kept before it is needed.** Whoever counts the first life borrows the pool, and begins nothing before the
//! pool is kept. Whoever ends the last one lets go of it, unless another began meanwhile; it borrows the pool by other means.

use alloc::vec::Vec;

use super::Pool;
use crate::platform::{Platform, WorkerId};
use crate::protocol::lives::{Credit, Lives};
use crate::sync::{Arc, Mutex};

/// What is alive, and who waits for the end of it.
pub(super) struct Living<P: Platform> {
    lives: Lives,
    last: Mutex<Last<P>>,
}

/// What follows the end of the last life.
struct Last<P: Platform> {
    waiters: Vec<WorkerId>,
    close_at_end: bool,
    /// The pool itself, while something is alive.
    kept: Option<Arc<Pool<P>>>,
}

impl<P: Platform> Default for Living<P> {
    fn default() -> Self {
        Self {
            lives: Lives::default(),
            last: Mutex::new(Last {
                waiters: Vec::new(),
                close_at_end: false,
                kept: None,
            }),
        }
    }
}

impl<P: Platform> Living<P> {
    /// Has `guest` unparked at the end of the last. `false`: nothing is alive.
    pub(super) fn wake_at_end(&self, guest: WorkerId) -> bool {
        let mut last = self.last.lock();
        // (Whoever ends the last looks here after that.)
        let any = !self.lives.are_none();
        if any && !last.waiters.contains(&guest) {
            last.waiters.push(guest);
        }
        any
    }
}

impl<P: Platform> Pool<P> {
    /// Counts a life that begins.
    pub(crate) fn life_begins(&self) {
        if self.living.lives.begin(1) {
            self.keep_alive();
        }
    }

    /// A life has ended, and its waiter was told.
    pub(crate) fn life_ends(&self) {
        if self.living.lives.end(1) {
            self.last_has_ended();
        }
    }

    /// Counts a life that begins on the credit of a worker.
    #[inline]
    pub(crate) fn life_begins_on(&self, credit: &Credit) {
        if credit.spend(&self.living.lives) {
            self.keep_alive();
        }
    }

    /// Takes the credit of a worker back.
    pub(crate) fn take_back(&self, credit: &Credit) {
        if credit.give_back(&self.living.lives) {
            self.last_has_ended();
        }
    }

    /// Closes the pool after its last run.
    pub(crate) fn close_at_end(&self) {
        let mut last = self.living.last.lock();
        last.close_at_end = true;
        // (Whoever ends the last looks here after that.)
        let now = self.living.lives.are_none();
        drop(last);
        if now {
            self.close();
        }
    }

    #[cold]
    fn keep_alive(&self) {
        let pool = self.keep();
        let mut last = self.living.last.lock();
        let before = last.kept.replace(pool);
        drop(last);
        drop(before);
    }

    #[cold]
    fn last_has_ended(&self) {
        let mut last = self.living.last.lock();
        if !self.living.lives.are_none() {
            return;
        }
        let waiters = core::mem::take(&mut last.waiters);
        let close = last.close_at_end;
        let kept = last.kept.take();
        drop(last);
        for waiter in waiters {
            self.platform.unpark(waiter);
        }
        if close {
            self.close();
        }
        // Not the last: the caller has one.
        drop(kept);
    }
}
