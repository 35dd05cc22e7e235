//! A host without threads: a model steps the workers, each on the thread that it likes, so that the checker tries
//! the orders of a part of a run, and of no sleep and no start of a thread.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use loom::thread;
use taskflow_core::{Builder, Executor, Local, Platform, Scheduler, Seat, Step, WorkerId};

loom::thread_local! {
    static LOCAL: Local = Local::new();
}

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Stepped {
    /// (A lock of the host, not of the checker: it is no part of a model.)
    seats: Mutex<Vec<Seat>>,
}

impl Stepped {
    /// An executor of two workers, who run what this scheduler says, and their seats.
    pub(crate) fn executor<S: Scheduler>(scheduler: S) -> (Executor<Self, S>, [Seat; 2]) {
        let builder = Builder::new(Self::default()).workers(2).spin(0);
        let built = builder.scheduler(scheduler).build();
        let Ok(executor) = built;
        let seats = core::mem::take(&mut *executor.platform().seats());
        let seats = seats.try_into().expect("all workers are started at once");
        (executor, seats)
    }

    fn seats(&self) -> MutexGuard<'_, Vec<Seat>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does something here while each worker is stepped on a thread of its own until it finds nothing to do; and then
/// steps them one after the other until both find nothing.
pub(crate) fn step_apart(seats: [Seat; 2], does: impl FnOnce()) {
    let threads = seats.map(|mut seat| {
        thread::spawn(move || {
            while seat.step() == Step::Ran {}
            seat
        })
    });
    does();
    let mut seats = threads.map(|thread| thread.join().expect("no worker panics"));
    while seats.iter_mut().any(|seat| seat.step() == Step::Ran) {}
}

impl Platform for Stepped {
    type Error = Infallible;

    fn parallelism(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    fn start(&self, seat: Seat) -> Result<(), Infallible> {
        self.seats().push(seat);
        Ok(())
    }

    fn park(&self, _: WorkerId, _: Option<Duration>) {
        thread::yield_now();
    }

    fn unpark(&self, _: WorkerId) {}

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn local(&self, f: &mut dyn FnMut(&Local)) {
        LOCAL.with(|local| f(local));
    }
}
