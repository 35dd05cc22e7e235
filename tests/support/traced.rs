//! A host that writes down what it is asked for.

use core::num::NonZeroUsize;
use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use taskflow_core::{Local, Panic, Platform, Seat, WorkerId};

/// Long enough that whoever has anything to do has done something.
const QUIET: Duration = Duration::from_millis(50);

/// What a host was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Call {
    Start,
    Park {
        timed: bool,
    },
    Unpark,
    /// The end of a `Park`.
    Woken,
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

    /// Waits until nothing was called for a while, and gives all that was called before.
    pub(crate) fn when_quiet(&self) -> Vec<Call> {
        let (calls, changed) = &*self.0;
        let mut calls = calls.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let before = calls.len();
            let waited = changed.wait_timeout_while(calls, QUIET, |calls| calls.len() == before);
            calls = waited.unwrap_or_else(PoisonError::into_inner).0;
            if calls.len() == before {
                return calls.clone();
            }
        }
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

/// How many are parked after these calls.
pub(crate) fn parked(calls: &[Call]) -> usize {
    let parks = calls
        .iter()
        .filter(|call| matches!(call, Call::Park { .. }));
    let ends = calls.iter().filter(|call| matches!(call, Call::Woken));
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
        let timed = timeout.is_some();
        self.trace.note(Call::Park { timed });
        self.host.park(worker, timeout);
        self.trace.note(Call::Woken);
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

    fn throw(&self, panic: Panic) -> ! {
        self.host.throw(panic)
    }

    fn local(&self, f: &mut dyn FnMut(&Local)) {
        self.host.local(f);
    }
}
