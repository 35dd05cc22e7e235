//! One thread's sleep: a token, and the thread that waits for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Where one worker, or one guest, parks.
///
/// Threads may change: a substitute parks where the worker did that gave it its seat. The thread is
/// noted before the token is looked at, and the token is set before the thread is looked up, so one of
/// the two sees the other.
#[derive(Debug, Default)]
pub(crate) struct Parker {
    token: AtomicBool,
    thread: Mutex<Option<Thread>>,
}

impl Parker {
    /// Sleeps until there is a token, and takes it; or until the time is up.
    pub(crate) fn park(&self, timeout: Option<Duration>) {
        if self.take() {
            return;
        }
        let mut place = self.lock();
        if place
            .as_ref()
            .is_none_or(|thread| thread.id() != thread::current().id())
        {
            *place = Some(thread::current());
        }
        drop(place);
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        while !self.take() {
            match deadline {
                None => thread::park(),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return;
                    }
                    thread::park_timeout(left);
                }
            }
        }
    }

    /// Leaves a token, and wakes the thread that sleeps here.
    pub(crate) fn unpark(&self) {
        // Ordering: Release, with the Acquire of `take`: what came before `unpark` is seen after `park`.
        self.token.store(true, Ordering::Release);
        if let Some(thread) = &*self.lock() {
            thread.unpark();
        }
    }

    fn take(&self) -> bool {
        // Ordering: Acquire, with the Release of `unpark`.
        self.token.swap(false, Ordering::Acquire)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Thread>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
