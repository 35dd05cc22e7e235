//! A host of several cores without an operating system: each but the first serves one seat at a time, and sleeps
//! while there is nothing to do. The first is the program's own.

use core::cell::UnsafeCell;
use core::error::Error;
use core::fmt;
use core::hint::spin_loop;
use core::num::NonZeroUsize;
use core::time::Duration;

use portable_atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use taskflow_core::{Local, Platform, Seat, WorkerId};

use crate::host::{CORES, core_index, now, start_cores, wait_for_event, wake};

/// Workers and guests that can be told apart; those beyond wait without sleeping.
const IDS: usize = 16;

/// Where a core finds its next seat.
///
/// # Invariants
///
/// 1. Who changes `state` from `FREE` to `FILLING` may write `seat`, until `state` is `FULL`; the core may
///    take it then.
struct Post {
    state: AtomicUsize,
    seat: UnsafeCell<Option<Seat>>,
}

const FREE: usize = 0;
const FILLING: usize = 1;
const FULL: usize = 2;
const TAKEN: usize = 3;

// SAFETY: invariant 1, and seats may go to other cores.
unsafe impl Sync for Post {}

static POSTS: [Post; CORES] = [const {
    Post {
        state: AtomicUsize::new(FREE),
        seat: UnsafeCell::new(None),
    }
}; CORES];

/// What wakes a parked worker or guest.
struct Bell {
    rung: AtomicBool,
    /// Where it was parked last.
    core: AtomicUsize,
}

static BELLS: [Bell; IDS] = [const {
    Bell {
        rung: AtomicBool::new(false),
        core: AtomicUsize::new(0),
    }
}; IDS];

/// The cores' own records.
struct Locals([Local; CORES]);

// SAFETY: each core borrows the record of its own index only.
unsafe impl Sync for Locals {}

static LOCALS: Locals = Locals([const { Local::new() }; CORES]);

static STARTED: AtomicBool = AtomicBool::new(false);

/// The machine as a host. One executor of at most three workers at a time.
#[derive(Debug, Default)]
pub struct Cores;

/// All cores that could serve the seat are busy.
#[derive(Clone, Copy, Debug)]
pub struct NoCore;

impl fmt::Display for NoCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no core is free for the seat")
    }
}

impl Error for NoCore {}

impl Platform for Cores {
    type Error = NoCore;

    fn parallelism(&self) -> NonZeroUsize {
        NonZeroUsize::new(CORES - 1).unwrap_or(NonZeroUsize::MIN)
    }

    /// A core serves a seat to its end, so there is none for a substitute.
    fn start(&self, seat: Seat) -> Result<(), NoCore> {
        // Ordering: Relaxed; only the first call switches the cores on.
        if !STARTED.swap(true, Ordering::Relaxed) {
            start_cores();
        }
        let core = seat.worker().index() + 1;
        let post = POSTS.get(core).ok_or(NoCore)?;
        // Ordering: Acquire, with the Release of the core that took the last seat; Relaxed where nothing is
        // touched.
        let claimed =
            post.state
                .compare_exchange(FREE, FILLING, Ordering::Acquire, Ordering::Relaxed);
        if claimed.is_err() {
            return Err(NoCore);
        }
        // SAFETY: invariant 1.
        unsafe { *post.seat.get() = Some(seat) };
        // Ordering: Release, with the Acquire in `serve`.
        post.state.store(FULL, Ordering::Release);
        wake(core);
        Ok(())
    }

    /// With a time limit the core does not sleep, since nothing would wake it then.
    fn park(&self, worker: WorkerId, timeout: Option<Duration>) {
        let Some(bell) = BELLS.get(worker.index()) else {
            spin_loop();
            return;
        };
        // Ordering: Relaxed; the fence orders it.
        bell.core.store(core_index(), Ordering::Relaxed);
        // Ordering: SeqCst, with the fence of `unpark`: either that sees the core, or this sees the bell.
        fence(Ordering::SeqCst);
        // Ordering: Acquire, with the Release of `unpark`.
        let rung = || bell.rung.swap(false, Ordering::Acquire);
        if timeout.is_some() {
            rung();
            spin_loop();
        } else {
            // A bell that rings while the core sleeps is still set then, and ends the next park: that is early,
            // as a park may be.
            wait_for_event(rung);
        }
    }

    fn unpark(&self, worker: WorkerId) {
        let Some(bell) = BELLS.get(worker.index()) else {
            return;
        };
        // Ordering: Release, with the Acquire of `park`.
        bell.rung.store(true, Ordering::Release);
        // Ordering: SeqCst, with the fence of `park`.
        fence(Ordering::SeqCst);
        // Ordering: Relaxed; the fence orders it.
        wake(bell.core.load(Ordering::Relaxed));
    }

    fn now(&self) -> Duration {
        now()
    }

    fn local(&self, f: &mut dyn FnMut(&Local)) {
        if let Some(local) = LOCALS.0.get(core_index()) {
            f(local);
        }
    }
}

/// The life of a core that is not the first.
pub fn serve(core: usize) -> ! {
    let post = &POSTS[core];
    // Ordering: Acquire, with the Release of `start`.
    let is_full = || post.state.load(Ordering::Acquire) == FULL;
    loop {
        wait_for_event(is_full);
        if is_full() {
            // SAFETY: invariant 1.
            let seat = unsafe { (*post.seat.get()).take() };
            // Ordering: Relaxed; nobody but this core acts on it.
            post.state.store(TAKEN, Ordering::Relaxed);
            if let Some(seat) = seat {
                seat.run();
            }
            // Ordering: Release, with the Acquire of `start`.
            post.state.store(FREE, Ordering::Release);
        }
    }
}

/// Waits until no core serves a seat, so that the next executor finds them free.
pub fn wait_for_free_cores() {
    // Ordering: Acquire, with the Release of `serve`.
    let is_busy = |post: &Post| post.state.load(Ordering::Acquire) != FREE;
    while POSTS.iter().any(is_busy) {
        spin_loop();
    }
}
