//! Jobs that are waited for together.
//!
//! A group counts its unfinished children, and [lists](children) them, so that a wait for the
//! group runs those that were not started, and nothing else: a task that holds a lock while it waits for a group never finds
//! unrelated work on its stack. A child may be taken from the list or from a queue, whichever comes
//! first.
//!
//! A group is used again after each wait: what failed, and whether it was cancelled, ends with the wait
//! that gives it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::cancellation::Subscription;
use crate::error::RunError;
use crate::flow::Flow;
use crate::host::Host;
use crate::job::{Claimed, Head, Job, cancel, quietly};
use crate::mutant::mutant;
use crate::platform::WorkerId;
use crate::run::Waiter;
use crate::runtime::Call;
use crate::stats::{Failure, RunStats, Suppressed};
use crate::sync::{Arc, AtomicBool, AtomicU32, AtomicUsize, Mutex, Ordering};

mod children;
mod following;
mod owned;
mod scope;

use children::Children;
pub(crate) use children::Place;
pub use owned::TaskGroup;
pub use scope::GroupScope;
pub(crate) use scope::{Held, enter, enter_within};

/// See the module's documentation.
///
/// What each child of it writes is on one cache line, and not on that of the count of references.
#[repr(C, align(64))]
pub(crate) struct Group {
    /// Children that have not ended. Written under the lock.
    pending: AtomicUsize,
    state: Mutex<State>,
    cancelled: AtomicBool,
    /// The level that children inherit from the task that the group is part of; 0 if none.
    level: AtomicU32,
    /// Whoever waits for the end of this group whatever happens, and whoever waits for those: a child
    /// holds all of them up.
    holders: Box<[u64]>,
    /// That of a runtime task whose group it is.
    call: Option<Call>,
    /// The group that the caller's task is part of, if the children are part of a call of it.
    outer: Option<Arc<Self>>,
}

/// What the lock guards.
#[repr(C)]
struct State {
    children: Children,
    ran: u64,
    reason: Option<String>,
    failure: Option<Failure>,
    suppressed: Vec<Suppressed>,
    skipped: u64,
    waiters: Vec<Waiter>,
    /// Nobody will take what failed.
    detached: bool,
    /// The place on the list of the token that the group is under.
    token: Option<Subscription>,
}

impl Group {
    /// A group without children, for whose end these wait whatever happens.
    pub(crate) fn new(holders: Vec<u64>) -> Arc<Self> {
        Self::part_of(holders, None, None)
    }

    /// A group whose children are part of a call that a child of `outer` makes.
    pub(crate) fn within(holders: Vec<u64>, outer: Option<Arc<Self>>) -> Arc<Self> {
        Self::part_of(holders, None, outer)
    }

    /// The group of what a runtime task's call spawns.
    pub(crate) fn of_call(holders: Vec<u64>, call: Call) -> Arc<Self> {
        Self::part_of(holders, Some(call), None)
    }

    /// The call of the runtime task whose group it is.
    pub(crate) fn call(&self) -> Option<&Call> {
        self.call.as_ref()
    }

    /// The flow of the runtime task whose group it is.
    pub(crate) fn owner(&self) -> Option<&Arc<Flow>> {
        self.call().map(Call::flow)
    }

    fn part_of(holders: Vec<u64>, call: Option<Call>, outer: Option<Arc<Self>>) -> Arc<Self> {
        Arc::new(Self {
            call,
            outer,
            pending: AtomicUsize::new(0),
            cancelled: AtomicBool::new(false),
            level: AtomicU32::new(0),
            holders: holders.into_boxed_slice(),
            state: Mutex::new(State {
                children: Children::default(),
                reason: None,
                failure: None,
                suppressed: Vec::new(),
                ran: 0,
                skipped: 0,
                waiters: Vec::new(),
                detached: false,
                token: None,
            }),
        })
    }

    /// What the group is known by while it lives.
    pub(crate) fn id(&self) -> u64 {
        core::ptr::from_ref(self).addr() as u64 | crate::job::BY_ADDRESS
    }

    /// The level that children inherit; 0 if none.
    pub(crate) fn level(&self) -> u32 {
        // Ordering: Relaxed; whoever queues a child looks again.
        self.level.load(Ordering::Relaxed)
    }

    /// A task of this level waits for the children. `false`: they are as urgent already.
    pub(crate) fn raise(&self, level: u32) -> bool {
        // Ordering: Relaxed; as above.
        self.level.fetch_max(level, Ordering::Relaxed) < level
    }

    pub(crate) fn holders(&self) -> &[u64] {
        &self.holders
    }

    /// Whether no child is unfinished.
    pub(crate) fn is_done(&self) -> bool {
        // Ordering: Acquire, with the Release of `child_ended`: whoever sees the end sees what the
        // children did.
        self.pending.load(Ordering::Acquire) == 0
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        // Ordering: Relaxed; a request, no data hangs on it.
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Whether the group, or one that it is part of, was cancelled, or the run of a runtime task above was stopped.
    pub(crate) fn is_stopped(&self) -> bool {
        let mut group = self;
        loop {
            if group.is_cancelled() || group.owner().is_some_and(|flow| flow.is_stopped()) {
                return true;
            }
            match &group.outer {
                Some(outer) => group = outer,
                None => return false,
            }
        }
    }

    /// Counts a job that is to be queued in its group, if it is of one. That of a cancelled group is ended instead: `false`.
    #[inline]
    pub(crate) fn enter(job: &Arc<dyn Job>) -> bool {
        let group = job.head().group();
        group.is_none_or(|group| group.admits(job))
    }

    /// Counts a child of this group; see [`enter`](Self::enter).
    fn admits(&self, job: &Arc<dyn Job>) -> bool {
        let mut state = self.state.lock();
        self.one_more();
        // (It stays cancelled where the group is not, after a wait.)
        let verdict = state.token.as_ref().and_then(Subscription::verdict);
        // Ordering: Relaxed; written under the lock.
        let cancelled = verdict.is_some()
            || self.cancelled.load(Ordering::Relaxed) && !mutant!("group_spawns_cancelled");
        if !cancelled {
            // SAFETY: (1) it is a child of this group, and `state` is its lock.
            unsafe { state.children.add(job) };
        }
        drop(state);
        if let Some(verdict) = verdict {
            self.cancel(verdict.into_reason());
        }
        if cancelled {
            cancel(job, None);
        }
        !cancelled
    }

    /// Counts a child. The caller has the lock.
    fn one_more(&self) {
        // Ordering: Relaxed; written under the lock.
        let pending = self.pending.load(Ordering::Relaxed);
        // Ordering: as above.
        self.pending.store(pending + 1, Ordering::Relaxed);
    }

    /// Counts a child that is begun or taken back by others, whatever becomes of the group.
    pub(crate) fn admit(&self) {
        let _lock = self.state.lock();
        self.one_more();
    }

    /// Takes a child that was not started: the last that was spawned, or the first, which has its turn now
    /// and then, since children that spawn others may go on for ever.
    pub(crate) fn claim_next(&self, host: *const (), first: bool) -> Option<Claimed> {
        loop {
            let mut state = self.state.lock();
            let job = state.children.take(first);
            drop(state);
            let job = job?;
            if job.head().is_of(host)
                && let Some(claimed) = Claimed::of(job)
            {
                return Some(claimed);
            }
        }
    }

    /// Notes a child's failure. The first is the group's.
    pub(crate) fn fail(&self, failure: Failure) {
        let mut state = self.state.lock();
        if state.failure.is_none() {
            state.failure = Some(failure);
        } else {
            let task = None;
            state.suppressed.push(Suppressed { task, failure });
        }
    }

    /// A job has ended, and nothing of it is left: counts it in its group, if it is of one.
    #[inline]
    pub(crate) fn leave(job: &Head, host: &dyn Host, ran: bool) {
        if let Some(group) = job.group() {
            group.child_ended(job, host, ran);
        }
    }

    /// A child of this group has ended; see [`leave`](Self::leave).
    fn child_ended(&self, child: &Head, host: &dyn Host, ran: bool) {
        let mut state = self.state.lock();
        // SAFETY: (1) it is a child of this group, and `state` is its lock.
        let listed = unsafe { state.children.remove(child) };
        if ran {
            state.ran += 1;
        } else {
            state.skipped += 1;
        }
        // Ordering: Relaxed; written under the lock.
        let pending = self.pending.load(Ordering::Relaxed) - 1;
        // Ordering: Release, with the Acquire of `is_done`; what the others did is seen by the lock.
        self.pending.store(pending, Ordering::Release);
        if pending > 0 {
            drop(state);
            // (The caller has another.)
            drop(listed);
            return;
        }
        let waiters = core::mem::take(&mut state.waiters);
        let children = core::mem::take(&mut state.children);
        let detached = state.detached;
        drop(state);
        drop(listed);
        // (There is none left, but the memory of many may be.)
        drop(children);
        for waiter in waiters {
            match waiter {
                Waiter::Nobody => {}
                Waiter::Thread(_) if mutant!("group_end_untold") => {}
                Waiter::Thread(guest) => host.unpark(guest),
                Waiter::Parent(suspension) => suspension.wake(),
                Waiter::Task(waker) => {
                    let mut waker = Some(waker);
                    quietly(host, &mut || {
                        if let Some(waker) = waker.take() {
                            waker.wake();
                        }
                    });
                }
            }
        }
        if detached {
            self.report(host);
        }
    }

    /// Lets no further child begin, until the next wait has ended.
    pub(crate) fn cancel(&self, reason: Option<String>) -> bool {
        let mut state = self.state.lock();
        // Ordering: Relaxed; written under the lock.
        if self.cancelled.swap(true, Ordering::Relaxed) {
            return false;
        }
        state.reason = reason;
        let children = core::mem::take(&mut state.children);
        drop(state);
        for job in children.into_all() {
            cancel(&job, None);
        }
        true
    }

    /// Has `waiter` told when no child is unfinished. `false`: it is so already.
    pub(crate) fn set_waiter(&self, waiter: Waiter) -> bool {
        let mut state = self.state.lock();
        // Ordering: Relaxed; counted under the lock.
        let pending = self.pending.load(Ordering::Relaxed) > 0;
        if pending {
            state.waiters.push(waiter);
        }
        pending
    }

    /// Has `guest` unparked at the end. `false`: it has come already.
    pub(crate) fn wake_at_end(&self, guest: WorkerId) -> bool {
        self.forget_waiter(guest);
        self.set_waiter(Waiter::Thread(guest))
    }

    /// Has `guest` left alone at the end.
    pub(crate) fn forget_waiter(&self, guest: WorkerId) {
        let other = |waiter: &Waiter| !matches!(waiter, Waiter::Thread(id) if *id == guest);
        self.state.lock().waiters.retain(other);
    }

    /// What came of the children so far, once. The group is as good as new.
    pub(crate) fn take_outcome(&self) -> Result<(), RunError> {
        let mut state = self.state.lock();
        let stats = RunStats {
            tasks: core::mem::take(&mut state.ran),
            skipped: core::mem::take(&mut state.skipped),
            suppressed: core::mem::take(&mut state.suppressed),
            ..RunStats::default()
        };
        let failure = state.failure.take();
        let reason = state.reason.take();
        // Ordering: Relaxed; written under the lock.
        let cancelled = self
            .cancelled
            .swap(mutant!("group_stays_cancelled"), Ordering::Relaxed);
        drop(state);
        match failure {
            Some(failure) => {
                let task = None;
                Err(RunError::of_failure(Suppressed { task, failure }, stats))
            }
            None if cancelled => Err(RunError::Cancelled {
                reason,
                stats: Box::new(stats),
            }),
            None => Ok(()),
        }
    }

    /// Nobody will wait for the children any more: what they fail with goes to the panic handler.
    pub(crate) fn detach(&self, host: &dyn Host) {
        let mut state = self.state.lock();
        state.detached = true;
        // Ordering: Relaxed; counted under the lock.
        let ended = self.pending.load(Ordering::Relaxed) == 0;
        drop(state);
        if ended {
            self.report(host);
        }
    }

    fn report(&self, host: &dyn Host) {
        let mut outcome = self.take_outcome();
        quietly(host, &mut || {
            if let Err(error) = core::mem::replace(&mut outcome, Ok(())) {
                host.report(&error);
            }
        });
    }
}
