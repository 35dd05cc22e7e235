//! A host that writes down what it is asked for.

use core::num::NonZeroUsize;
use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use taskflow_core::{Local, Panic, Platform, Seat, WorkerId};

/// What a host was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Call {
    Start,
    Park {
        worker: usize,
        timed: bool,
    },
    Unpark,
    /// The end of a `Park`.
    Woken {
        worker: usize,
    },
}

/// What was called so far, shared with the host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace(Arc<(Mutex<Vec<Call>>, Condvar)>);

impl Trace {
    fn note(&self, call: Call) {
        let (calls, changed) = &*self.0;
        calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(call);
        changed.notify_all();
    }

    /// Waits until so many are parked, and gives all that was called before.
    pub(crate) fn when_parked(&self, parked: usize) -> Vec<Call> {
        let (calls, changed) = &*self.0;
        let calls = calls.lock().unwrap_or_else(PoisonError::into_inner);
        let still = changed.wait_while(calls, |calls| parked_now(calls) != parked);
        still.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All that was called.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.0
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn parked_now(calls: &[Call]) -> usize {
    let parks = calls
        .iter()
        .filter(|call| matches!(call, Call::Park { .. }));
    let ends = calls
        .iter()
        .filter(|call| matches!(call, Call::Woken { .. }));
    parks.count() - ends.count()
}

/// Another host, observed.
#[derive(Debug)]
pub(crate) struct Traced<P> {
    pub(crate) host: P,
    pub(crate) trace: Trace,
}

impl<P: Platform> Platform for Traced<P> {
    type Error = P::Error;

    fn parallelism(&self) -> NonZeroUsize {
        self.host.parallelism()
    }

    fn start(&self, seat: Seat) -> Result<(), P::Error> {
        self.trace.note(Call::Start);
        self.host.start(seat)
    }

    fn park(&self, worker: WorkerId, timeout: Option<Duration>) {
        let (worker_id, worker) = (worker, worker.index());
        let timed = timeout.is_some();
        self.trace.note(Call::Park { worker, timed });
        self.host.park(worker_id, timeout);
        self.trace.note(Call::Woken { worker });
    }

    fn unpark(&self, worker: WorkerId) {
        self.trace.note(Call::Unpark);
        self.host.unpark(worker);
    }

    fn now(&self) -> Duration {
        self.host.now()
    }

    fn guard<R>(&self, stretch: impl FnOnce() -> R) -> Result<R, Panic> {
        self.host.guard(stretch)
    }

    fn local(&self, f: &mut dyn FnMut(&Local)) {
        self.host.local(f);
    }
}
