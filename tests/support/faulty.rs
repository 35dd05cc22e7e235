//! A host that does what a host may do, at the worst moments.

use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use taskflow_core::{Local, Panic, Platform, Seat, WorkerId};

use crate::support::dice::Dice;

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    /// So many threads can be had.
    pub(crate) starts: usize,
    /// One in so many parks returns at once; 0: none.
    pub(crate) early_parks: usize,
    /// Wake-ups come from another thread, later.
    pub(crate) late_unparks: bool,
    /// Guests are numbered from here; their first so many parks panic.
    pub(crate) guest_panics: (usize, usize),
    /// Threads have no record.
    pub(crate) no_local: bool,
}

impl Default for Faults {
    fn default() -> Self {
        let starts = usize::MAX;
        Self {
            starts,
            early_parks: 0,
            late_unparks: false,
            guest_panics: (0, 0),
            no_local: false,
        }
    }
}

/// Another host with faults.
#[derive(Debug)]
pub(crate) struct Faulty<P> {
    host: Arc<P>,
    faults: Faults,
    dice: Mutex<Dice>,
    starts_left: AtomicUsize,
    guest_panics_left: AtomicUsize,
    late: Option<Sender<WorkerId>>,
}

impl<P: Platform> Faulty<P> {
    pub(crate) fn new(host: P, faults: Faults) -> Self {
        let host = Arc::new(host);
        let (late, to_unpark) = channel();
        let waker = Arc::clone(&host);
        let mut dice = Dice::shaken();
        let mut delay = Dice::shaken();
        thread::spawn(move || {
            for worker in to_unpark {
                for _ in 0..delay.below(50) {
                    thread::yield_now();
                }
                waker.unpark(worker);
            }
        });
        dice.number();
        Self {
            host,
            faults,
            dice: Mutex::new(dice),
            starts_left: AtomicUsize::new(faults.starts),
            guest_panics_left: AtomicUsize::new(faults.guest_panics.1),
            late: faults.late_unparks.then_some(late),
        }
    }
}

fn take_one(left: &AtomicUsize) -> bool {
    let less = |left: usize| left.checked_sub(1);
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
        .is_ok()
}

impl<P: Platform<Error = io::Error>> Platform for Faulty<P> {
    type Error = io::Error;

    fn parallelism(&self) -> NonZeroUsize {
        self.host.parallelism()
    }

    fn start(&self, seat: Seat) -> io::Result<()> {
        if take_one(&self.starts_left) {
            self.host.start(seat)
        } else {
            Err(io::Error::other("no thread is left"))
        }
    }

    fn park(&self, worker: WorkerId, timeout: Option<Duration>) {
        if worker.index() >= self.faults.guest_panics.0 && take_one(&self.guest_panics_left) {
            resume_unwind(Box::new("park"));
        }
        let one_in = self.faults.early_parks;
        if one_in > 0 && self.dice.lock().expect("no panic").below(one_in) == 0 {
            return;
        }
        self.host.park(worker, timeout);
    }

    fn unpark(&self, worker: WorkerId) {
        match &self.late {
            Some(late) => late.send(worker).expect("the other thread listens"),
            None => self.host.unpark(worker),
        }
    }

    fn now(&self) -> Duration {
        self.host.now()
    }

    fn guard<R>(&self, stretch: impl FnOnce() -> R) -> Result<R, Panic> {
        self.host.guard(stretch)
    }

    fn throw(&self, panic: Panic) -> ! {
        self.host.throw(panic)
    }

    fn local(&self, f: &mut dyn FnMut(&Local)) {
        if !self.faults.no_local {
            self.host.local(f);
        }
    }
}
