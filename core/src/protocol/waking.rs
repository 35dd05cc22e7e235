//! Waking a task that suspended itself: once for any number of wakes, none of them lost.
//!
//! ```text
//!            begin            suspend (no wake came)
//!   idle ──────────► running ───────────────────────► suspended
//!    ▲                │ │ ▲                               │ the first wake queues the task
//!    │ end            │ │ │                               ▼
//!    └────────────────┘ │ └───────────────────────── suspended, woken
//!                       │ ▲         resume
//!  suspend (a wake came)▼ │ resume
//!                     running, woken: its caller queues it
//! ```
//!
//! The phase lies in the lower bits and is changed by whoever has the task in hand; a bit above says that
//! a wake came. A wake sets the bit in any phase. Of the wakes that find a suspended task one is the
//! first to set the bit, and queues the task; nobody else touches it until it is called again, which takes
//! the bit back. A wake that finds the task running is seen by `suspend`, which fails then: the caller has
//! the task still, and queues it. A wake that finds it idle, since its future kept a waker for too long,
//! does nothing.
//!
//! A wake may say that something changed elsewhere, such as that the task's run was stopped. Since `resume`
//! answers the wakes before it, it looks at such things *after* it has taken them back: looked at before, a
//! change that comes in between would have its wake taken back unheard.

use crate::mutant::mutant;
use crate::sync::{AtomicU32, Ordering};

const IDLE: u32 = 0;
const RUNNING: u32 = 1;
const SUSPENDED: u32 = 2;
const WOKEN: u32 = 4;

/// Where a suspending task stands.
#[derive(Debug)]
pub struct Waking(AtomicU32);

impl Default for Waking {
    fn default() -> Self {
        Self(AtomicU32::new(IDLE))
    }
}

impl Waking {
    /// The task is called for the first time, or again after it was queued: earlier wakes are answered
    /// by this call. Gives what `look` sees of what such a wake may have been about, other than what the
    /// call looks at anyway.
    pub fn resume<R>(&self, look: impl FnOnce() -> R) -> R {
        // Ordering: Acquire, with the Release of `wake`: the call sees what came before a wake that it
        // answers. Nothing is handed to a wake that finds a running task, so no Release.
        let order = mutant!(
            "waking_resume_relaxed",
            Ordering::Relaxed,
            Ordering::Acquire
        );
        if mutant!("waking_look_first") {
            let seen = look();
            // Ordering: see above.
            self.0.swap(RUNNING, order);
            return seen;
        }
        // Ordering: see above.
        self.0.swap(RUNNING, order);
        look()
    }

    /// The call has returned and the task is not done. `true`: it is suspended, and not the caller's any
    /// more. `false`: a wake came meanwhile, the caller has it still and is to queue it.
    #[must_use]
    pub fn suspend(&self) -> bool {
        // Ordering: Release, with the Acquire of `wake`: whoever queues the task hands on what the call
        // did. Relaxed on failure: the caller
        // queues the task, and the next call begins with `resume`, which acquires.
        let order = mutant!(
            "waking_suspend_relaxed",
            Ordering::Relaxed,
            Ordering::Release
        );
        // Ordering: see above.
        self.0
            .compare_exchange(RUNNING, SUSPENDED, order, Ordering::Relaxed)
            .is_ok()
    }

    /// The task is done.
    pub fn end(&self) {
        if mutant!("waking_end_stores") {
            // Ordering: see below.
            self.0.store(IDLE, Ordering::Relaxed);
            return;
        }
        // Ordering: Relaxed; a swap and not a store, which would end the release sequence of a wake that came
        // before: `resume`, when the task runs again, is to see what came before that, too.
        self.0.swap(IDLE, Ordering::Relaxed);
    }

    /// Wakes the task. `true`: the caller, alone, is to queue it.
    #[must_use]
    pub fn wake(&self) -> bool {
        // Ordering: AcqRel. Release, with the Acquire of `resume`: what came before the wake is seen by
        // the call that answers it. Acquire, with the Release of `suspend`: whoever queues the task touches
        // its record after the call.
        let right = mutant!(
            "waking_wake_no_release",
            Ordering::Acquire,
            Ordering::AcqRel
        );
        let order = mutant!("waking_wake_no_acquire", Ordering::Release, right);
        // Ordering: see above.
        self.0.fetch_or(WOKEN, order) == SUSPENDED
    }
}
