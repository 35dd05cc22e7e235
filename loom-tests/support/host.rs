//! A host whose threads are the checker's, so that a model can run the whole engine.

use std::convert::Infallible;
use std::mem;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::vec;

use loom::sync::Notify;
use loom::thread::{self, JoinHandle};
use taskflow_core::{Builder, Executor, Local, Platform, Scheduler, Seat, WorkStealing, WorkerId};

loom::thread_local! {
    static LOCAL: Local = Local::new();
}

/// Threads that wait at a time, workers aside.
const GUESTS: usize = 2;

/// See the module's documentation.
pub(crate) struct Host {
    /// For each worker and each guest.
    parking: Vec<Notify>,
    /// (A lock of the host, not of the checker: it is no part of a model.)
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Host {
    /// An executor of so many workers.
    pub(crate) fn executor(workers: usize) -> Executor<Self> {
        Self::executor_with(workers, WorkStealing::default())
    }

    /// An executor of so many workers, who run what this scheduler says.
    pub(crate) fn executor_with<S: Scheduler>(workers: usize, scheduler: S) -> Executor<Self, S> {
        let host = Self {
            parking: (0..workers + GUESTS).map(|_| Notify::new()).collect(),
            threads: Mutex::default(),
        };
        let built = Builder::new(host)
            .workers(workers)
            .spin(0)
            .scheduler(scheduler)
            .build();
        let Ok(executor) = built;
        executor
    }
}

/// Takes the threads that were started. They end when their executor is gone.
impl IntoIterator for &Host {
    type Item = JoinHandle<()>;
    type IntoIter = vec::IntoIter<JoinHandle<()>>;

    fn into_iter(self) -> Self::IntoIter {
        let mut threads = self.threads.lock().expect("no panic");
        mem::take(&mut *threads).into_iter()
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
        let thread = thread::spawn(move || {
            begins.notify();
            seat.run();
        });
        self.threads.lock().expect("no panic").push(thread);
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
