//! The wish to stop, told to everything that runs.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The longest single wait on the condition; a longer one is waited for in parts.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// A flag that goes up once and stays up; clones share it.
///
/// Any thread may raise it, that of a signal handler's crate included. It takes a lock, so it must
/// not be raised from within a signal handler itself.
///
/// # Examples
///
/// ```
/// use taskflow_tooling::Cancellation;
///
/// let cancellation = Cancellation::new();
/// let same = cancellation.clone();
/// same.cancel();
/// assert!(cancellation.is_cancelled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cancellation {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    raised: Condvar,
}

type Listener = Box<dyn Fn() + Send>;

#[derive(Default)]
struct State {
    cancelled: bool,
    next_listener: u64,
    listeners: HashMap<u64, Listener>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("cancelled", &self.cancelled)
            .field("listeners", &self.listeners.len())
            .finish_non_exhaustive()
    }
}

impl Cancellation {
    /// A flag that is down.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Raises the flag and wakes all who wait for it. Raising it again does nothing.
    pub fn cancel(&self) {
        let mut state = self.shared.lock();
        state.cancelled = true;
        for listener in state.listeners.values() {
            listener();
        }
        state.listeners.clear();
        drop(state);
        self.shared.raised.notify_all();
    }

    /// Whether the flag is up.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.shared.lock().cancelled
    }

    /// Waits for the flag, at most so long; tells whether it is up.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        let started = Instant::now();
        let mut state = self.shared.lock();
        while !state.cancelled {
            let left = time.saturating_sub(started.elapsed());
            if left.is_zero() {
                return false;
            }
            let waited = self
                .shared
                .raised
                .wait_timeout(state, left.min(LONGEST_WAIT));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Calls the listener when the flag goes up, or at once if it is; the listener must neither
    /// block nor use this flag. Dropping the subscription ends it.
    pub(crate) fn subscribe(&self, listener: Listener) -> Subscription<'_> {
        let mut state = self.shared.lock();
        let number = state.next_listener;
        state.next_listener += 1;
        if state.cancelled {
            listener();
        } else {
            state.listeners.insert(number, listener);
        }
        Subscription {
            cancellation: self,
            number,
        }
    }
}

impl Shared {
    /// The state is whole at every step, so a panic elsewhere takes nothing from it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A listener's place among those that are called.
#[must_use = "dropping it ends the subscription"]
pub(crate) struct Subscription<'c> {
    cancellation: &'c Cancellation,
    number: u64,
}

impl Drop for Subscription<'_> {
    fn drop(&mut self) {
        let mut state = self.cancellation.shared.lock();
        state.listeners.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_wait_ends_when_another_thread_cancels() {
        let cancellation = Cancellation::new();
        let waiting = cancellation.clone();
        let waiter = std::thread::spawn(move || waiting.wait(Duration::MAX));
        cancellation.cancel();
        assert!(waiter.join().expect("the waiter does not panic"));
    }

    #[test]
    fn a_wait_that_nobody_cancels_ends_with_its_time() {
        assert!(!Cancellation::new().wait(Duration::from_millis(1)));
    }

    #[test]
    fn listeners_hear_of_it_once_early_or_late() {
        let (sender, receiver) = mpsc::channel();
        let cancellation = Cancellation::new();
        let tell = |name: &'static str| -> Listener {
            let sender = sender.clone();
            Box::new(move || sender.send(name).expect("the receiver lives"))
        };
        let _early = cancellation.subscribe(tell("early"));
        drop(cancellation.subscribe(tell("gone")));
        cancellation.cancel();
        cancellation.cancel();
        let _late = cancellation.subscribe(tell("late"));
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), ["early", "late"]);
    }
}
