//! The part of a job that the engine knows.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::DerefMut;
use core::ptr::NonNull;
use core::task::Waker;

use super::Job;
use super::ending::End;
use super::error::Cause;
use crate::cancellation::Subscription;
use crate::group::{Group, Place};
use crate::host::Host;
use crate::mutant::mutant;
use crate::platform::WorkerId;
use crate::priority::Priority;
use crate::sync::{Arc, AtomicBool, AtomicU32, Mutex, Ordering};

mod telling;

/// What of the state's bits is the phase.
const PHASE: u32 = 3;
/// Predecessors are unfinished.
const WAITING: u32 = 0;
/// Whoever wins the exchange runs it.
const QUEUED: u32 = 1;
/// Being run, or being ended without that.
const CLAIMED: u32 = 2;
/// Also what turns `CLAIMED` into it.
const DONE: u32 = 3;
/// Somebody is to be told of the end, or may be: it goes through the lock.
const LINKED: u32 = 4;
/// Nobody will ask for the result.
const DETACHED: u32 = 8;

/// Distinguishes jobs and groups, which are known by their addresses, from flows.
pub(crate) const BY_ADDRESS: u64 = 1 << 63;

/// See the module's documentation.
///
/// # Invariants
///
/// 1. The executor lives as long as the job is counted in it: from before anybody else sees the job until after it is done.
pub(crate) struct Head {
    /// A phase and flags.
    state: AtomicU32,
    any_outcome: AtomicBool,
    priority: Priority,
    /// Arrivals to come: one for each predecessor, and one for the end of its making.
    pending: AtomicU32,
    host: NonNull<dyn Host>,
    /// The level that it inherits from jobs that wait for it; 0 if none.
    raised: AtomicU32,
    group: Option<Arc<Group>>,
    /// `None`: empty ones.
    links: Mutex<Option<Box<Links>>>,
    /// Of a child of a group.
    place: Place,
}

// SAFETY: the executor is shared and sent, and is used while it lives (invariant 1).
unsafe impl Send for Head {}
// SAFETY: as for `Send`.
unsafe impl Sync for Head {}

/// What the lock guards.
#[derive(Default)]
struct Links {
    dependents: Vec<Dependent>,
    /// Empty once the job is ready.
    predecessors: Vec<Arc<dyn Job>>,
    /// Why a predecessor did not end well: the first in the order in which they were named.
    loss: Option<(usize, Cause)>,
    /// Why this job did not end well.
    cause: Option<Cause>,
    guests: Vec<WorkerId>,
    waker: Option<Waker>,
    /// The places on the lists of the tokens that it is under.
    ties: Vec<Subscription>,
}

/// A job that waits for another, which it named as its `place`-th.
pub(super) struct Dependent {
    pub(super) job: Arc<dyn Job>,
    pub(super) place: usize,
}

/// What became of a job when a predecessor ended.
pub(super) enum Arrival {
    /// It goes on waiting, or has ended otherwise.
    Waits,
    /// It is queued; the caller puts it into a queue of this host.
    Ready(Arc<dyn Host>),
    /// It is claimed by the caller, who ends it so.
    Lost(End),
}

/// What a job that is done leaves to be dealt with.
pub(super) struct Closed {
    pub(super) dependents: Vec<Dependent>,
    pub(super) predecessors: Vec<Arc<dyn Job>>,
    pub(super) guests: Vec<WorkerId>,
    pub(super) waker: Option<Waker>,
    pub(super) ties: Vec<Subscription>,
}

impl Head {
    /// That of a job which waits for something, be it for the end of its making.
    pub(crate) fn waiting(host: &(dyn Host + 'static), priority: Priority) -> Self {
        Self {
            pending: AtomicU32::new(mutant!("job_made_without_arrival", 0, 1)),
            ..Self::of(host, WAITING, priority)
        }
    }

    /// That of a job which is ready.
    #[inline]
    pub(crate) fn ready(host: &(dyn Host + 'static), priority: Priority) -> Self {
        Self::of(host, QUEUED, priority)
    }

    /// That of a group's child, which is ready.
    #[inline]
    pub(crate) fn of_child(
        host: &(dyn Host + 'static),
        group: Option<Arc<Group>>,
        priority: Priority,
    ) -> Self {
        Self {
            group,
            ..Self::of(host, QUEUED, priority)
        }
    }

    /// The same, of which nobody will ask for the result.
    #[inline]
    pub(crate) fn detached(self) -> Self {
        Self {
            state: AtomicU32::new(QUEUED | DETACHED),
            ..self
        }
    }

    fn of(host: &(dyn Host + 'static), state: u32, priority: Priority) -> Self {
        Self {
            state: AtomicU32::new(state),
            any_outcome: AtomicBool::new(false),
            priority,
            raised: AtomicU32::new(0),
            pending: AtomicU32::new(0),
            host: NonNull::from(host),
            group: None,
            links: Mutex::new(None),
            place: Place::nowhere(),
        }
    }

    pub(crate) fn priority(&self) -> Priority {
        self.priority
    }

    /// The level that it inherits, from jobs that wait for it or from the task that its group is part of; 0 if none.
    pub(crate) fn inherited(&self) -> u32 {
        // Ordering: Relaxed; whoever queues it looks again.
        let raised = self.raised.load(Ordering::Relaxed);
        let group = self.group.as_ref().map_or(0, |group| group.level());
        raised.max(group)
    }

    /// A job of this level waits for it. `false`: it is as urgent already, or done.
    pub(super) fn raise(&self, level: u32) -> bool {
        // Ordering: Relaxed; as above.
        !self.is_done() && self.raised.fetch_max(level, Ordering::Relaxed) < level
    }

    /// What the job is known by while it lives.
    pub(crate) fn id(&self) -> u64 {
        core::ptr::from_ref(self).addr() as u64 | BY_ADDRESS
    }

    /// Adds what the job holds up while it waits.
    pub(crate) fn add_holders(&self, holders: &mut Vec<u64>) {
        holders.push(self.id());
        if let Some(group) = &self.group {
            holders.push(group.id());
            holders.extend(group.holders());
        }
    }

    /// Whether the job holds up what has this id.
    pub(crate) fn holds(&self, id: u64) -> bool {
        let of_group = |group: &Arc<Group>| group.id() == id || group.holders().contains(&id);
        self.id() == id || self.group.as_ref().is_some_and(of_group)
    }

    #[inline]
    pub(crate) fn group(&self) -> Option<&Arc<Group>> {
        self.group.as_ref()
    }

    /// Where the job is on the list of its group.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The group of a job that is a group's child.
    pub(crate) fn group_of_child(&self) -> &Arc<Group> {
        self.group().expect("it is a group's child")
    }

    /// The executor, until the job is done.
    pub(crate) fn host(&self) -> Option<Arc<dyn Host>> {
        let links = self.open()?;
        // SAFETY: (1) the job is not done while the links are open.
        let host = unsafe { self.keep_host() };
        drop(links);
        Some(host)
    }

    /// The executor.
    ///
    /// # Safety
    ///
    /// 1. The job is counted in it, and is not done.
    pub(crate) unsafe fn keep_host(&self) -> Arc<dyn Host> {
        // SAFETY: (1) and invariant 1.
        unsafe { self.host.as_ref() }.keep()
    }

    /// Whether it is a job of the executor with this identity.
    #[inline]
    pub(crate) fn is_of(&self, identity: *const ()) -> bool {
        core::ptr::addr_eq(self.host.as_ptr(), identity)
    }

    /// Who is told of the end, which does not come meanwhile. `None`: it has come already.
    fn open(&self) -> Option<impl DerefMut<Target = Option<Box<Links>>>> {
        let links = self.links.lock();
        // Ordering: Acquire, with the Release of `close_plainly` (that of `close` is under the lock): whoever sees the end
        // sees what the job did.
        let state = self.state.fetch_or(LINKED, Ordering::Acquire);
        (state & PHASE != DONE).then_some(links)
    }

    pub(crate) fn is_done(&self) -> bool {
        // Ordering: Acquire, with the Release of `close`: whoever sees the end sees what the job did.
        let order = mutant!("job_done_no_acquire", Ordering::Relaxed, Ordering::Acquire);
        self.state.load(order) & PHASE == DONE
    }

    /// Whether its predecessors are unfinished.
    pub(crate) fn is_waiting(&self) -> bool {
        // Ordering: Relaxed; a hint, exchanges decide.
        self.state.load(Ordering::Relaxed) & PHASE == WAITING
    }

    /// Whether it may still be claimed by whoever takes it from a queue.
    pub(crate) fn is_queued(&self) -> bool {
        // Ordering: Relaxed; a hint, exchanges decide. It never becomes true again.
        self.state.load(Ordering::Relaxed) & PHASE == QUEUED
    }

    /// Takes a queued job for the caller, who runs it. `false`: somebody else has.
    #[inline]
    #[must_use]
    pub(crate) fn claim(&self) -> bool {
        self.exchange(QUEUED, CLAIMED)
    }

    /// Takes a job that was not started, for the caller, who ends it.
    #[must_use]
    pub(crate) fn claim_unstarted(&self) -> bool {
        // A waiting job may become queued in between, and never the other way.
        self.exchange(WAITING, CLAIMED) || self.exchange(QUEUED, CLAIMED)
    }

    #[inline]
    fn exchange(&self, from: u32, to: u32) -> bool {
        // Ordering: Relaxed; the exchange decides.
        let mut state = self.state.load(Ordering::Relaxed);
        while state & PHASE == from {
            let next = state ^ from ^ to;
            if mutant!("job_claim_stores") {
                // Ordering: as below.
                self.state.store(next, Ordering::Release);
                return true;
            }
            // Ordering: AcqRel. Acquire, with the Release of the exchange that made it queued, so that the
            // claimer sees what the predecessors did; Release for the same reason.
            let exchanged =
                self.state
                    .compare_exchange_weak(state, next, Ordering::AcqRel, Ordering::Relaxed);
            match exchanged {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// Has `job`, of which this is the head, wait for these.
    pub(super) fn follow(
        &self,
        job: &Arc<dyn Job>,
        predecessors: &[Arc<dyn Job>],
        any_outcome: bool,
    ) -> Arrival {
        // Ordering: Relaxed; published by the lock of the first predecessor.
        self.any_outcome.store(any_outcome, Ordering::Relaxed);
        let mut kept = Vec::with_capacity(predecessors.len());
        for (place, before) in predecessors.iter().enumerate() {
            // Ordering: Relaxed; the caller's own arrival is to come, so nobody sees zero before.
            self.pending.fetch_add(1, Ordering::Relaxed);
            let dependent = Dependent {
                job: Arc::clone(job),
                place,
            };
            match before.head().add_dependent(dependent) {
                Ok(()) => kept.push(Arc::clone(before)),
                Err(cause) => {
                    self.note_loss(place, cause.as_ref());
                    // Ordering: Relaxed; as above, and the lock of `before` was taken.
                    self.pending.fetch_sub(1, Ordering::Relaxed);
                }
            }
        }
        if let Some(mut links) = self.open() {
            links.get_or_insert_default().predecessors = kept;
        }
        if mutant!("job_made_without_arrival") && !predecessors.is_empty() {
            return Arrival::Waits;
        }
        self.arrive()
    }

    /// Adds a dependent.
    ///
    /// # Errors
    ///
    /// This job is done: how it ended, if not well.
    fn add_dependent(&self, dependent: Dependent) -> Result<(), Option<Cause>> {
        let mut links = self.links.lock();
        // Ordering: Acquire, as in `open`.
        if self.state.fetch_or(LINKED, Ordering::Acquire) & PHASE == DONE {
            return Err(links.as_ref().and_then(|links| links.cause.clone()));
        }
        links.get_or_insert_default().dependents.push(dependent);
        Ok(())
    }

    /// Notes how a predecessor ended, if not well and if that matters.
    pub(super) fn note_loss(&self, place: usize, cause: Option<&Cause>) {
        // Ordering: Relaxed; see `follow`.
        let matters = !self.any_outcome.load(Ordering::Relaxed);
        if let Some(cause) = cause
            && matters
        {
            let mut links = self.links.lock();
            let loss = &mut links.get_or_insert_default().loss;
            if loss.as_ref().is_none_or(|(first, _)| place < *first) {
                *loss = Some((place, cause.clone()));
            }
        }
    }

    /// One of the arrivals has come.
    pub(super) fn arrive(&self) -> Arrival {
        // Ordering: AcqRel: the last arrival sees what all predecessors did, and hands it on.
        let right = mutant!("job_arrive_no_acquire", Ordering::Release, Ordering::AcqRel);
        let order = mutant!("job_arrive_no_release", Ordering::Acquire, right);
        if self.pending.fetch_sub(1, order) > 1 {
            return Arrival::Waits;
        }
        let Some(mut links) = self.open() else {
            return Arrival::Waits;
        };
        let (predecessors, loss) = match links.as_mut() {
            Some(links) => (core::mem::take(&mut links.predecessors), links.loss.take()),
            None => (Vec::new(), None),
        };
        let arrival = match loss {
            Some((index, cause)) if self.exchange(WAITING, CLAIMED) => {
                Arrival::Lost(End::Lost { index, cause })
            }
            None if self.exchange(WAITING, QUEUED) => {
                // SAFETY: (1) the job is not done while the links are open.
                Arrival::Ready(unsafe { self.keep_host() })
            }
            _ => Arrival::Waits,
        };
        drop(links);
        drop(predecessors);
        arrival
    }

    /// The predecessors that are unfinished, and maybe others.
    pub(crate) fn predecessors(&self) -> Vec<Arc<dyn Job>> {
        let links = self.links.lock();
        let predecessors = links.as_ref().map(|links| links.predecessors.clone());
        predecessors.unwrap_or_default()
    }

    /// Makes a claimed job done that went well. `false`: somebody is to be told, or it was detached and its value `has_drop`.
    #[inline]
    pub(crate) fn close_plainly(&self, has_drop: bool) -> bool {
        let hindered = if has_drop { LINKED | DETACHED } else { LINKED };
        // Ordering: Release, with the Acquire of `is_done`, `open` and `detach`.
        let order = mutant!("job_done_no_release", Ordering::Relaxed, Ordering::Release);
        // Ordering: Relaxed; the exchange decides.
        let mut state = self.state.load(Ordering::Relaxed);
        while state & hindered == 0 {
            // Ordering: see `order`; Relaxed on failure, nothing is read.
            let exchanged =
                self.state
                    .compare_exchange_weak(state, state | DONE, order, Ordering::Relaxed);
            match exchanged {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// Makes a claimed job done. `None`: it was detached in the meantime, and its result is to be dropped first.
    pub(super) fn close(&self, cause: Option<&Cause>, discarded: bool) -> Option<Closed> {
        let mut links = self.links.lock();
        // Ordering: Release, with the Acquire of `is_done`, `open` and `detach`.
        let order = mutant!("job_done_no_release", Ordering::Relaxed, Ordering::Release);
        // Ordering: Relaxed; the exchange decides.
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            if state & DETACHED != 0 && !discarded {
                return None;
            }
            // Ordering: see `order`; Relaxed on failure, nothing is read.
            let exchanged =
                self.state
                    .compare_exchange_weak(state, state | DONE, order, Ordering::Relaxed);
            match exchanged {
                Ok(_) => break,
                Err(now) => state = now,
            }
        }
        let closed = links.take().map_or_else(Links::default, |links| *links);
        if let Some(cause) = cause {
            links.get_or_insert_default().cause = Some(cause.clone());
        }
        drop(links);
        Some(Closed {
            dependents: closed.dependents,
            predecessors: closed.predecessors,
            guests: closed.guests,
            waker: closed.waker,
            ties: closed.ties,
        })
    }
}
