//! Threads as the host of an executor.

use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use taskflow_core::{Local, Panic, Platform, Seat, WorkerId};

use crate::parker::Parker;
use crate::runtime::Runtime;

thread_local! {
    static LOCAL: Local = const { Local::new() };
}

/// Calls `look` with the calling thread's record. `None`: the thread's locals are gone.
#[inline]
pub(crate) fn with_local<R>(look: impl FnOnce(&Local) -> R) -> Option<R> {
    LOCAL.try_with(look).ok()
}

/// A host of operating-system threads, one per worker.
#[derive(Debug)]
pub struct StdPlatform {
    parkers: RwLock<Vec<Arc<Parker>>>,
    begun: Instant,
    runtime: Runtime,
}

impl StdPlatform {
    /// A host that has started no thread.
    #[must_use]
    pub fn new() -> Self {
        #[cfg(taskflow_mutants)]
        crate::mutant::choose();
        Self {
            parkers: RwLock::default(),
            begun: Instant::now(),
            runtime: Runtime::none(),
        }
    }

    /// As [`new`](Self::new), with threads that have entered a Tokio runtime while they run tasks. It is entered
    /// once for each stretch of tasks, not for each task.
    #[cfg(feature = "tokio")]
    #[must_use]
    pub fn with_tokio(handle: tokio::runtime::Handle) -> Self {
        Self {
            runtime: Runtime::of(handle),
            ..Self::new()
        }
    }

    fn parker(&self, worker: WorkerId) -> Arc<Parker> {
        let parkers = self.parkers.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(parker) = parkers.get(worker.index()) {
            return Arc::clone(parker);
        }
        drop(parkers);
        let mut parkers = self.parkers.write().unwrap_or_else(PoisonError::into_inner);
        while parkers.len() <= worker.index() {
            parkers.push(Arc::default());
        }
        Arc::clone(&parkers[worker.index()])
    }
}

impl Default for StdPlatform {
    fn default() -> Self {
        Self::new()
    }
}

impl Platform for StdPlatform {
    type Error = io::Error;

    /// The processors in this process's affinity mask, or fewer where a cgroup's quota is smaller.
    fn parallelism(&self) -> NonZeroUsize {
        thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
    }

    fn start(&self, seat: Seat) -> io::Result<()> {
        let name = seat.name().unwrap_or_else(|| "taskflow".into());
        let mut thread = thread::Builder::new().name(format!("{name}-worker-{}", seat.worker()));
        if let Some(bytes) = seat.stack_size_bytes() {
            thread = thread.stack_size(bytes);
        }
        thread.spawn(|| seat.run()).map(drop)
    }

    fn park(&self, worker: WorkerId, timeout: Option<Duration>) {
        self.parker(worker).park(timeout);
    }

    fn unpark(&self, worker: WorkerId) {
        self.parker(worker).unpark();
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn guard<R>(&self, stretch: impl FnOnce() -> R) -> Result<R, Panic> {
        // What a task leaves broken is the task's own; the engine's state is fit for it.
        let caught = || catch_unwind(AssertUnwindSafe(stretch));
        self.runtime.surround(caught).map_err(Panic::new)
    }

    fn throw(&self, panic: Panic) -> ! {
        resume_unwind(panic.into_payload())
    }

    #[inline]
    fn local(&self, f: &mut dyn FnMut(&Local)) {
        // While a thread's locals are being destroyed it counts as an outside thread.
        with_local(f);
    }
}
