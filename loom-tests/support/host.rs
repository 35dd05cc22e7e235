//! A host whose threads are the checker's, so that a model can run the whole engine.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use loom::sync::Notify;
use loom::thread;
use taskflow_core::{Builder, Executor, Local, Platform, Seat, WorkerId};

loom::thread_local! {
    static LOCAL: Local = Local::new();
}

/// Threads that wait at a time, workers aside.
const GUESTS: usize = 2;

/// See the module's documentation.
pub(crate) struct Host {
    /// For each worker and each guest.
    parking: Vec<Notify>,
}

impl Host {
    /// An executor of so many workers.
    pub(crate) fn executor(workers: usize) -> Executor<Self> {
        let parking = (0..workers + GUESTS).map(|_| Notify::new()).collect();
        let built = Builder::new(Self { parking })
            .workers(workers)
            .spin(0)
            .build();
        let Ok(executor) = built;
        executor
    }
}

impl Platform for Host {
    type Error = Infallible;

    fn parallelism(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    fn start(&self, seat: Seat) -> Result<(), Infallible> {
        // The checker does not see the reference count by which a seat finds its pool: the pool is not gone before
        // its threads have begun.
        let begun = Arc::new(Notify::new());
        let begins = Arc::clone(&begun);
        thread::spawn(move || {
            begins.notify();
            seat.run();
        });
        begun.wait();
        Ok(())
    }

    fn park(&self, worker: WorkerId, _: Option<Duration>) {
        self.parking[worker.index()].wait();
    }

    fn unpark(&self, worker: WorkerId) {
        self.parking[worker.index()].notify();
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn local(&self, f: &mut dyn FnMut(&Local)) {
        LOCAL.with(|local| f(local));
    }
}
