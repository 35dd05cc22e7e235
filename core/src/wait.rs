//! Waiting without holding anybody up, and without waiting for oneself.
//!
//! ```text
//!   wait(run) ──► would close a circle? ── yes ──► Deadlock
//!       │ no
//!       ▼
//!   help: run ready tasks of that run's flow ──► done ──► return
//!       │ none ready
//!       ▼
//!   leave the seat (inside a task: to a substitute) ──► park ──► done ──► return
//!                                                        │ ▲
//!                                                        └─┘ woken early: help again
//! ```
//!
//! A waiting task holds its run up, and a run holds up those queued behind it in its flow; so waits are
//! between flows. Before a task waits, the wait is entered into a graph of flows, and refused if the
//! awaited flow already waits, over any number of steps, for the waiting one. In a host without spare
//! threads that is all that is needed: whoever waits runs what it waits for, unless that is under way
//! on some stack; if all stacks wait, they wait in a circle.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use crate::flow::Flow;
use crate::platform::WorkerId;
use crate::run::{Run, Waiter};
use crate::sync::{StaticMutex, fresh_id};

/// What is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'r>(pub(crate) &'r Arc<Run>);

impl Target<'_> {
    pub(crate) fn is_done(self) -> bool {
        self.0.is_done()
    }

    /// The flow to wait for; `None` if the run has ended.
    pub(crate) fn flow(self) -> Option<Arc<Flow>> {
        self.0.flow()
    }

    /// Has nobody unparked at the end.
    pub(crate) fn forget_waiter(self) {
        self.0.set_waiter(Waiter::Nobody);
    }

    /// Has `guest` unparked at the end. `false`: it has come already.
    pub(crate) fn wake_at_end(self, guest: WorkerId) -> bool {
        self.0.set_waiter(Waiter::Thread(guest))
    }
}

/// A wait that would never end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadlock;

/// A worker as the calls that a task makes on its stack see it, whatever its executor.
pub(crate) trait Seated {
    /// Which executor it is of.
    fn pool(&self) -> *const ();

    /// Its number there.
    fn worker(&self) -> WorkerId;

    /// The flow of the task that makes the call; of one in a nested graph, the outermost.
    fn flow(&self) -> Option<u64>;

    /// Whether it holds a seat: it may have given it to a substitute.
    fn has_seat(&self) -> bool;

    /// Makes a root ready on this seat.
    fn start(&self, root: u32);

    /// Runs tasks of the target's flow until it is done, none is ready, or the host's clock stands at
    /// the deadline.
    fn help(&self, target: Target<'_>, deadline: Option<Duration>);

    /// Gives the seat to a substitute. `false`: there is none to be had, the seat is kept.
    fn leave_seat(&self) -> bool;
}

/// Which flow waits for which, in the whole process.
static WAITS: StaticMutex<Vec<Entry>> = StaticMutex::new(Vec::new());

#[derive(Debug)]
struct Entry {
    id: u64,
    from: u64,
    to: u64,
    /// What is waited for, once that is known: when it is done, the wait is over.
    run: Option<Arc<Run>>,
}

/// A wait of one flow for another. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Wait {
    id: u64,
}

impl Wait {
    /// Enters the wait of a task of flow `from` for flow `to`.
    ///
    /// # Errors
    ///
    /// `to` waits for `from` already, or is it.
    pub(crate) fn begin(from: u64, to: u64) -> Result<Self, Deadlock> {
        let id = fresh_id();
        let mut waits = WAITS.lock();
        let mut reached = Vec::from([to]);
        let mut next = 0;
        while let Some(&flow) = reached.get(next) {
            if flow == from {
                return Err(Deadlock);
            }
            for wait in waits.iter().filter(|wait| wait.from == flow) {
                let over = wait.run.as_ref().is_some_and(|run| run.is_done());
                if !over && !reached.contains(&wait.to) {
                    reached.push(wait.to);
                }
            }
            next += 1;
        }
        let run = None;
        waits.push(Entry { id, from, to, run });
        Ok(Self { id })
    }

    /// Tells which run is waited for.
    pub(crate) fn ends_with(&self, run: &Arc<Run>) {
        let mut waits = WAITS.lock();
        let entry = waits.iter_mut().find(|wait| wait.id == self.id);
        if let Some(entry) = entry {
            entry.run = Some(Arc::clone(run));
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut waits = WAITS.lock();
        let place = waits.iter().position(|wait| wait.id == self.id);
        let entry = place.map(|place| waits.swap_remove(place));
        drop(waits);
        // The run's last handle may be in it.
        drop(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_closes_a_circle_is_refused() {
        // Ids that no flow has.
        let [a, b, c] = [u64::MAX, u64::MAX - 1, u64::MAX - 2];
        assert!(Wait::begin(a, a).is_err());
        let first = Wait::begin(a, b);
        let second = Wait::begin(b, c);
        assert!(first.is_ok() && second.is_ok());
        assert!(Wait::begin(c, a).is_err());
        drop(second);
        assert!(Wait::begin(c, a).is_ok());
    }
}
