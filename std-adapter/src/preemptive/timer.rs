//! The one thread that looks after all deadlines of tokens.
//!
//! Deadlines lie in an ordered map under a lock. The thread sleeps until the first of them, or until an earlier one is
//! armed; it takes what is due off the map and cancels without the lock, so that what is told may arm and
//! disarm. Whoever takes an entry off the map, the thread or a guard, has it alone.
//!
//! What was armed for a token that is gone, was cancelled or reset stays until its time, or until so many have come that
//! half of the map may be of that kind: then it is swept. So the map has at most twice as many entries as there were
//! live ones, and a sweep costs each arming a constant.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use taskflow_core::TokenCanceller;

/// Entries at which the map is swept for the first time.
const SWEEP_AT: usize = 1024;

/// Which deadline: its time, and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(Instant, u64);

/// The deadlines of the process.
static TIMER: Timer = Timer {
    deadlines: Mutex::new(Deadlines {
        armed: BTreeMap::new(),
        last: 0,
        sweep_at: SWEEP_AT,
        runs: false,
    }),
    earlier: Condvar::new(),
};

struct Timer {
    deadlines: Mutex<Deadlines>,
    /// The first deadline is an earlier one now.
    earlier: Condvar,
}

struct Deadlines {
    armed: BTreeMap<Key, (TokenCanceller, String)>,
    last: u64,
    sweep_at: usize,
    /// The thread was started.
    runs: bool,
}

/// Arms a deadline.
///
/// # Panics
///
/// If the thread cannot be started.
pub(super) fn arm(at: Instant, canceller: TokenCanceller, reason: String) -> Key {
    let mut deadlines = TIMER.lock();
    if !deadlines.runs {
        let thread = thread::Builder::new().name("taskflow-timer".into());
        let started = thread.spawn(|| TIMER.work());
        if let Err(error) = started {
            drop(deadlines);
            panic!("the timer's thread cannot be started: {error}");
        }
        deadlines.runs = true;
    }
    deadlines.last += 1;
    let key = Key(at, deadlines.last);
    deadlines.armed.insert(key, (canceller, reason));
    if deadlines.armed.len() >= deadlines.sweep_at {
        deadlines
            .armed
            .retain(|_, (canceller, _)| canceller.is_live());
        deadlines.sweep_at = SWEEP_AT.max(2 * deadlines.armed.len());
    }
    let first = deadlines.armed.first_key_value();
    let earlier = first.is_some_and(|(first, _)| *first == key);
    drop(deadlines);
    if earlier {
        TIMER.earlier.notify_one();
    }
    key
}

/// Takes a deadline back. `false`: its time has come, or its token has gone on.
pub(super) fn disarm(key: Key) -> bool {
    let entry = TIMER.lock().armed.remove(&key);
    entry.is_some()
}

impl Timer {
    fn lock(&self) -> MutexGuard<'_, Deadlines> {
        // (What panics here is an allocation at most.)
        self.deadlines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread's life: that of the process.
    fn work(&self) {
        let mut deadlines = self.lock();
        loop {
            let Some(first) = deadlines.armed.first_entry() else {
                let woken = self.earlier.wait(deadlines);
                deadlines = woken.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = first.key().0.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let (canceller, reason) = first.remove();
                drop(deadlines);
                // A waker's panic is told by the panic hook, and is nobody's here.
                let cancelled = catch_unwind(AssertUnwindSafe(|| canceller.cancel_with(reason)));
                if let Err(payload) = cancelled {
                    let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
                    // (A payload whose drop panics as well is let be.)
                    dropped.unwrap_or_else(core::mem::forget);
                }
                deadlines = self.lock();
            } else {
                let woken = self.earlier.wait_timeout(deadlines, left);
                deadlines = woken.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }
}
