//! The part of a job that the engine knows.

use alloc::vec::Vec;
use core::task::Waker;

use super::Job;
use super::ending::End;
use super::error::Cause;
use crate::cancellation::Subscription;
use crate::group::Group;
use crate::host::Host;
use crate::mutant::mutant;
use crate::platform::WorkerId;
use crate::priority::Priority;
use crate::sync::{Arc, AtomicBool, AtomicU32, AtomicUsize, Mutex, Ordering};

mod telling;

/// Predecessors are unfinished.
const WAITING: u32 = 0;
/// Whoever wins the exchange runs it.
const QUEUED: u32 = 1;
/// Being run, or being ended without that.
const CLAIMED: u32 = 2;
const DONE: u32 = 3;

/// Distinguishes jobs and groups, which are known by their addresses, from flows.
pub(crate) const BY_ADDRESS: u64 = 1 << 63;

/// See the module's documentation.
pub(crate) struct Head {
    state: AtomicU32,
    /// Arrivals to come: one for each predecessor, and one for the end of its making.
    pending: AtomicUsize,
    any_outcome: AtomicBool,
    priority: Priority,
    /// The level that it inherits from jobs that wait for it; 0 if none.
    raised: AtomicU32,
    group: Option<Arc<Group>>,
    links: Mutex<Links>,
}

/// What the lock guards.
struct Links {
    /// `None` when done.
    host: Option<Arc<dyn Host>>,
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
    /// Nobody will ask for the result.
    detached: bool,
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
    pub(crate) fn new(host: &Arc<dyn Host>, group: Option<Arc<Group>>) -> Self {
        Self {
            state: AtomicU32::new(WAITING),
            pending: AtomicUsize::new(mutant!("job_made_without_arrival", 0, 1)),
            any_outcome: AtomicBool::new(false),
            priority: Priority::default(),
            raised: AtomicU32::new(0),
            group,
            links: Mutex::new(Links {
                host: Some(Arc::clone(host)),
                dependents: Vec::new(),
                predecessors: Vec::new(),
                loss: None,
                cause: None,
                guests: Vec::new(),
                waker: None,
                ties: Vec::new(),
                detached: false,
            }),
        }
    }

    /// One that is as urgent as this.
    pub(crate) fn with_priority(self, priority: Priority) -> Self {
        Self { priority, ..self }
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

    pub(crate) fn group(&self) -> Option<&Arc<Group>> {
        self.group.as_ref()
    }

    /// The executor, until the job is done.
    pub(crate) fn host(&self) -> Option<Arc<dyn Host>> {
        self.links.lock().host.clone()
    }

    /// Whether it is a job of the executor with this identity, and not done.
    pub(crate) fn is_of(&self, identity: *const ()) -> bool {
        let links = self.links.lock();
        links
            .host
            .as_ref()
            .is_some_and(|host| host.identity() == identity)
    }

    pub(crate) fn is_done(&self) -> bool {
        // Ordering: Acquire, with the Release of `close`: whoever sees the end sees what the job did.
        let order = mutant!("job_done_no_acquire", Ordering::Relaxed, Ordering::Acquire);
        self.state.load(order) == DONE
    }

    /// Whether its predecessors are unfinished.
    pub(crate) fn is_waiting(&self) -> bool {
        // Ordering: Relaxed; a hint, exchanges decide.
        self.state.load(Ordering::Relaxed) == WAITING
    }

    /// Whether it may still be claimed by whoever takes it from a queue.
    pub(crate) fn is_queued(&self) -> bool {
        // Ordering: Relaxed; a hint, exchanges decide. It never becomes true again.
        self.state.load(Ordering::Relaxed) == QUEUED
    }

    /// A job without predecessors is ready at once. Nobody else has it yet.
    pub(crate) fn begin_queued(&self) {
        // Ordering: Relaxed; published with the job itself.
        self.state.store(QUEUED, Ordering::Relaxed);
    }

    /// Takes a queued job for the caller, who runs it. `false`: somebody else has.
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

    fn exchange(&self, from: u32, to: u32) -> bool {
        if mutant!("job_claim_stores") {
            // Ordering: as below.
            let found = self.state.load(Ordering::Acquire) == from;
            if found {
                // Ordering: as below.
                self.state.store(to, Ordering::Release);
            }
            return found;
        }
        // Ordering: AcqRel. Acquire, with the Release of the exchange that made it queued, so that the
        // claimer sees what the predecessors did; Release for the same reason.
        self.state
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
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
        self.links.lock().predecessors = kept;
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
        if links.host.is_none() {
            return Err(links.cause.clone());
        }
        links.dependents.push(dependent);
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
            if links.loss.as_ref().is_none_or(|(first, _)| place < *first) {
                links.loss = Some((place, cause.clone()));
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
        let mut links = self.links.lock();
        let predecessors = core::mem::take(&mut links.predecessors);
        let arrival = match (links.loss.take(), &links.host) {
            (Some((index, cause)), _) if self.exchange(WAITING, CLAIMED) => {
                Arrival::Lost(End::Lost { index, cause })
            }
            (None, Some(host)) if self.exchange(WAITING, QUEUED) => {
                Arrival::Ready(Arc::clone(host))
            }
            _ => Arrival::Waits,
        };
        drop(links);
        drop(predecessors);
        arrival
    }

    /// The predecessors that are unfinished, and maybe others.
    pub(crate) fn predecessors(&self) -> Vec<Arc<dyn Job>> {
        self.links.lock().predecessors.clone()
    }

    /// Makes the job done. `None`: it was detached in the meantime, and its result is to be dropped first.
    pub(super) fn close(&self, cause: Option<&Cause>, discarded: bool) -> Option<Closed> {
        let mut links = self.links.lock();
        if links.detached && !discarded {
            return None;
        }
        links.cause = cause.cloned();
        // Not the last: the caller has one.
        links.host = None;
        let closed = Closed {
            dependents: core::mem::take(&mut links.dependents),
            predecessors: core::mem::take(&mut links.predecessors),
            guests: core::mem::take(&mut links.guests),
            waker: links.waker.take(),
            ties: core::mem::take(&mut links.ties),
        };
        // Ordering: Release, with the Acquire of `is_done`.
        let order = mutant!("job_done_no_release", Ordering::Relaxed, Ordering::Release);
        self.state.store(DONE, order);
        Some(closed)
    }
}
