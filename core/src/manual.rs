//! The smallest host: no thread, the caller steps the workers.

use alloc::vec::Vec;
use core::error::Error;
use core::fmt;
use core::num::NonZeroUsize;
use core::time::Duration;

use crate::platform::{Local, Platform, WorkerId};
use crate::seat::{Seat, Step};
use crate::sync::Mutex;

/// A host without threads: the caller steps the workers, one task at a time, in any order.
///
/// It serves a main loop, a bare-metal program, and tests that choose every interleaving. A wait on it
/// ([`TaskflowFuture::wait`](crate::TaskflowFuture::wait), or
/// [`run_and_wait`](crate::Executor::run_and_wait)) runs the graph on the caller, so stepping is only
/// needed by who wants to do something else in between.
///
/// Without [`with_local`](Self::with_local) a task that waits counts as an outside caller: that is fine
/// as long as another worker sleeps, but with one worker such a wait never ends.
///
/// # Examples
///
/// ```
/// use taskflow_core::{Executor, Manual, Step, Taskflow};
///
/// let executor = Executor::<Manual>::new(1);
/// let flow = Taskflow::new();
/// let first = flow.emplace(|| {});
/// first.precede(flow.emplace(|| {}));
/// let run = executor.run(&flow);
/// let mut steps = 0;
/// while executor.platform().step(0) == Step::Ran {
///     steps += 1;
/// }
/// assert!(run.is_done() && steps >= 2);
/// ```
pub struct Manual {
    seats: Mutex<Vec<Place>>,
    time: Mutex<Duration>,
    local: Option<WithLocal>,
}

/// Calls its argument with the calling thread's [`Local`].
pub type WithLocal = fn(&mut dyn FnMut(&Local));

/// Where a worker's seat is.
#[derive(Debug)]
enum Place {
    Missing,
    Here(Seat),
    BeingStepped,
}

/// [`Manual`] has no thread for a second seat of the same worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoThread;

impl fmt::Display for NoThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a manual host has no thread for a substitute")
    }
}

impl Error for NoThread {}

impl Manual {
    /// A host whose clock stands at zero.
    #[must_use]
    pub fn new() -> Self {
        Self {
            seats: Mutex::new(Vec::new()),
            time: Mutex::new(Duration::ZERO),
            local: None,
        }
    }

    /// A host that knows the calling thread's record, so that waits inside tasks are known as such.
    #[must_use]
    pub fn with_local(local: WithLocal) -> Self {
        Self {
            seats: Mutex::new(Vec::new()),
            time: Mutex::new(Duration::ZERO),
            local: Some(local),
        }
    }

    /// Steps one worker: runs at most one task. `Idle` also if the seat is being stepped already.
    pub fn step(&self, worker: usize) -> Step {
        let seat = self.take(worker);
        let Some(mut seat) = seat else {
            return Step::Idle;
        };
        let step = seat.step();
        let mut seats = self.seats.lock();
        if let Some(place) = seats.get_mut(worker) {
            *place = match step {
                Step::Closed => Place::Missing,
                Step::Ran | Step::Idle => Place::Here(seat),
            };
        }
        step
    }

    /// Steps all workers in turn until none has anything to do. Gives the number of steps that ran.
    pub fn step_all(&self) -> usize {
        let mut ran = 0;
        loop {
            let before = ran;
            let workers = self.seats.lock().len();
            for worker in 0..workers {
                ran += usize::from(self.step(worker) == Step::Ran);
            }
            if ran == before {
                return ran;
            }
        }
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        let mut time = self.time.lock();
        *time = time.saturating_add(by);
    }

    fn take(&self, worker: usize) -> Option<Seat> {
        let mut seats = self.seats.lock();
        let place = seats.get_mut(worker)?;
        match core::mem::replace(place, Place::BeingStepped) {
            Place::Here(seat) => Some(seat),
            other => {
                *place = other;
                None
            }
        }
    }
}

impl Default for Manual {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Manual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let workers = self.seats.lock().len();
        f.debug_struct("Manual").field("workers", &workers).finish()
    }
}

impl Platform for Manual {
    type Error = NoThread;

    fn parallelism(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    fn start(&self, seat: Seat) -> Result<(), NoThread> {
        let index = seat.worker().index();
        let mut seats = self.seats.lock();
        while seats.len() <= index {
            seats.push(Place::Missing);
        }
        match &mut seats[index] {
            place @ Place::Missing => {
                *place = Place::Here(seat);
                Ok(())
            }
            Place::Here(_) | Place::BeingStepped => Err(NoThread),
        }
    }

    fn park(&self, _: WorkerId, _: Option<Duration>) {
        core::hint::spin_loop();
    }

    fn unpark(&self, _: WorkerId) {}

    fn now(&self) -> Duration {
        *self.time.lock()
    }

    fn local(&self, f: &mut dyn FnMut(&Local)) {
        if let Some(local) = self.local {
            local(f);
        }
    }
}
