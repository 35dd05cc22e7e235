//! Who sleeps, who searches, and whom to wake: an event count over the host's `park` and `unpark`.
//!
//! ```text
//!                    find work                        notify (claims a sleeper)
//!   running ◄──────────────────── searching ◄──────────────────────────────┐
//!      │                              ▲  │                                  │
//!      │ runs dry, few search         │  │ found nothing                    │
//!      └──────────────────────────────┘  ▼                                  │
//!      │ runs dry, enough search    announce ──► look once more ──► park ───┘
//!      └──────────────────────────────▲                │
//!                                     └── retract ◄────┘ there is something
//! ```
//!
//! **No wake-up is lost.** A publisher makes its task visible, passes a `SeqCst` fence, and reads the
//! counts. A worker that goes to sleep announces itself in the counts, passes a `SeqCst` fence, and
//! looks at every queue once more. Of the two fences one is first. If the publisher's: the worker's look
//! sees the task and it retracts. If the worker's: the publisher sees a sleeper, and unless somebody is
//! searching it wakes one. If somebody is searching, that worker either finds a task, and being the
//! last searcher wakes another ([`Idle::stop_search`]), or finds none, announces itself, and the
//! argument applies to it.
//!
//! **Few are woken.** While anybody searches nobody is woken, and at most half of the workers search.
//! A woken worker counts as searching from the moment it is chosen.
//!
//! A sleeper is *claimed* by taking it off the list. Whoever claims it owns its seat: a notifier
//! grants the seat back and unparks it; a guest (a thread outside the pool that waits) sits down itself
//! and puts the sleeper back on the list afterwards.

use alloc::vec::Vec;

use crate::mutant::mutant;
use crate::sync::{AtomicU32, Mutex, Ordering, Padded, fence};

const SEARCHER: u32 = 1 << 16;
const SLEEPERS: u32 = SEARCHER - 1;

/// Workers an executor can have: the counts share one word.
pub const WORKERS_MAX: usize = 1 << 15;

/// The sleepers and searchers of a pool.
#[derive(Debug)]
pub struct Idle {
    /// Searchers in the upper half, sleepers in the lower.
    counts: Padded<AtomicU32>,
    /// The sleepers, last to sleep first to wake.
    list: Mutex<Vec<usize>>,
    workers: u32,
}

impl Idle {
    /// A pool of `workers`, at most [`WORKERS_MAX`], none of them asleep.
    #[must_use]
    pub fn new(workers: usize) -> Self {
        debug_assert!(workers <= WORKERS_MAX);
        Self {
            counts: Padded(AtomicU32::new(0)),
            list: Mutex::new(Vec::with_capacity(workers)),
            workers: u32::try_from(workers).unwrap_or(u32::MAX),
        }
    }

    /// Begins a search, unless half of the workers search already.
    #[must_use]
    pub fn start_search(&self) -> bool {
        // Ordering: Relaxed; a throttle only: `announce` makes the second look in any case.
        let counts = self.counts.load(Ordering::Relaxed);
        if 2 * (counts / SEARCHER) >= self.workers {
            return false;
        }
        // Ordering: Relaxed, as above.
        self.counts.fetch_add(SEARCHER, Ordering::Relaxed);
        true
    }

    /// Begins a search for a worker that is being made to work, whatever the others do.
    pub fn force_search(&self) {
        // Ordering: Relaxed; a throttle only.
        self.counts.fetch_add(SEARCHER, Ordering::Relaxed);
    }

    /// Ends a search that found something. `true`: it was the last one and somebody sleeps; the caller
    /// must [`notify`](Self::notify), since publishers may have relied on the search.
    #[must_use]
    pub fn stop_search(&self) -> bool {
        if mutant!("idle_no_chain_wake") {
            // Ordering: Relaxed; a broken variant for the model checker.
            self.counts.fetch_sub(SEARCHER, Ordering::Relaxed);
            return false;
        }
        // Ordering: Relaxed; it is followed by the fence of `notify` where it matters.
        let before = self.counts.fetch_sub(SEARCHER, Ordering::Relaxed);
        before / SEARCHER == 1 && before & SLEEPERS > 0
    }

    /// Goes on the list of sleepers. The caller must look at every queue afterwards, and
    /// [`retract`](Self::retract) if there is something. From here on its seat may be claimed.
    pub fn announce(&self, worker: usize, searching: bool) {
        let mut list = self.list.lock();
        list.push(worker);
        let change = if searching {
            1u32.wrapping_sub(SEARCHER)
        } else {
            1
        };
        // Ordering: Relaxed; the fence below orders it.
        self.counts.fetch_add(change, Ordering::Relaxed);
        drop(list);
        if !mutant!("idle_announce_no_fence") {
            // Ordering: SeqCst, with the fence of `notify` (store buffering; see the essay above).
            fence(Ordering::SeqCst);
        }
    }

    /// Leaves the list. `false`: somebody has claimed the seat.
    #[must_use]
    pub fn retract(&self, worker: usize) -> bool {
        let mut list = self.list.lock();
        let Some(place) = list.iter().rposition(|sleeper| *sleeper == worker) else {
            return mutant!("idle_retract_always");
        };
        list.swap_remove(place);
        // Ordering: Relaxed; a throttle only, changed under the lock together with the list.
        self.counts.fetch_sub(1, Ordering::Relaxed);
        true
    }

    /// Call after publishing a task: claims a sleeper to be woken, as a searcher, if that is needed.
    #[must_use]
    #[inline]
    pub fn notify(&self) -> Option<usize> {
        if !mutant!("idle_notify_no_fence") {
            // Ordering: SeqCst, with the fence of `announce` (store buffering; see the essay above).
            fence(Ordering::SeqCst);
        }
        // Ordering: Relaxed; the fence above orders it after the caller's publication.
        let counts = self.counts.load(Ordering::Relaxed);
        if counts & SLEEPERS == 0 || counts / SEARCHER > 0 {
            return None;
        }
        let mut list = self.list.lock();
        let sleeper = list.pop()?;
        // Ordering: Relaxed; a throttle only, changed under the lock together with the list.
        self.counts.fetch_add(SEARCHER - 1, Ordering::Relaxed);
        Some(sleeper)
    }

    /// How many workers sleep or search. A hint.
    #[must_use]
    #[inline]
    pub fn hungry(&self) -> usize {
        Self::hungry_of(self.word())
    }

    /// The counts as one word, which changes when they do. A hint.
    #[must_use]
    #[inline]
    pub fn word(&self) -> u32 {
        // Ordering: Relaxed; a hint, no data hangs on it.
        self.counts.load(Ordering::Relaxed)
    }

    /// How many slept or searched at a [`word`](Self::word).
    #[must_use]
    #[inline]
    pub fn hungry_of(word: u32) -> usize {
        ((word & SLEEPERS) + word / SEARCHER) as usize
    }

    /// How many workers search. A hint.
    #[must_use]
    pub fn searchers(&self) -> u32 {
        self.word() / SEARCHER
    }

    /// Claims a sleeper's seat for the caller, who is no searcher.
    #[must_use]
    pub fn claim(&self) -> Option<usize> {
        // Ordering: Relaxed; a shortcut, the list decides.
        if self.counts.load(Ordering::Relaxed) & SLEEPERS == 0 {
            return None;
        }
        let mut list = self.list.lock();
        let sleeper = list.pop()?;
        // Ordering: Relaxed; a throttle only, changed under the lock together with the list.
        self.counts.fetch_sub(1, Ordering::Relaxed);
        Some(sleeper)
    }
}
