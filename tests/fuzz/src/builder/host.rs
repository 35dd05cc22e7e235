//! A host whose workers are stepped, and that catches what tasks throw.

use core::num::NonZeroUsize;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};

use taskflow_core::{Local, Manual, NoThread, Panic, Platform, Seat, Step, WorkerId};

fn with_local(f: &mut dyn FnMut(&Local)) {
    thread_local! {
        static LOCAL: Local = const { Local::new() };
    }
    LOCAL.with(|local| f(local));
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Stepped(Manual);

impl Default for Stepped {
    fn default() -> Self {
        Self(Manual::with_local(with_local))
    }
}

impl Stepped {
    pub(crate) fn step(&self, worker: usize) -> Step {
        self.0.step(worker)
    }

    pub(crate) fn step_all(&self) {
        self.0.step_all();
    }
}

impl Platform for Stepped {
    type Error = NoThread;

    fn parallelism(&self) -> NonZeroUsize {
        self.0.parallelism()
    }

    fn start(&self, seat: Seat) -> Result<(), NoThread> {
        self.0.start(seat)
    }

    fn park(&self, worker: WorkerId, timeout: Option<Duration>) {
        self.0.park(worker, timeout);
    }

    fn unpark(&self, worker: WorkerId) {
        self.0.unpark(worker);
    }

    fn now(&self) -> Duration {
        self.0.now()
    }

    fn guard<R>(&self, stretch: impl FnOnce() -> R) -> Result<R, Panic> {
        catch_unwind(AssertUnwindSafe(stretch)).map_err(Panic::new)
    }

    fn local(&self, f: &mut dyn FnMut(&Local)) {
        self.0.local(f);
    }
}
