//! Who holds which units, and who waits for them, in the whole process.
//!
//! All of it is behind one lock, which every operation on a semaphore takes: an acquisition, a release, the
//! end of a run. That is what lets it tell whether anybody is left who could release (see
//! [`standing`](super::standing)). Nothing of a host and no user code runs under the lock: what is to be
//! queued is queued when it is open again ([`Effects`]).

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::inheriting::Heritage;
use super::{Need, Needs, Semaphore};
use crate::error::SemaphoreLabel;
use crate::flow::Flow;
use crate::host::Host;
use crate::sync::{Arc, StaticMutex};
use crate::task::TaskId;

static ARBITER: StaticMutex<Arbiter> = StaticMutex::new(Arbiter {
    parties: BTreeMap::new(),
    last_ticket: 0,
    suspects: BTreeSet::new(),
    heir: None,
    stale: false,
    urgent: Vec::new(),
    heritage: Heritage::NONE,
    effects: Effects {
        resumed: Vec::new(),
        told: Vec::new(),
        gone: Vec::new(),
    },
});

/// What finds who is to be as urgent as tasks that wait.
pub(crate) type Heir = fn(&mut Arbiter);

/// See the module's documentation.
pub(crate) struct Arbiter {
    /// The flows with a run whose tasks, or those of graphs nested in it, use semaphores.
    pub(super) parties: BTreeMap<u64, Party>,
    pub(super) last_ticket: u64,
    /// Outermost flows of which it is to be seen whether their waiting tasks have any hope.
    pub(super) suspects: BTreeSet<u64>,
    /// What finds who is as urgent as a task that waits, while one waits that is urgent.
    pub(super) heir: Option<Heir>,
    /// It is to be called.
    pub(super) stale: bool,
    /// Tasks that came to wait and are urgent, for it.
    pub(super) urgent: Vec<(u64, u32)>,
    pub(super) heritage: Heritage,
    pub(super) effects: Effects,
}

/// The active run of a flow.
pub(super) struct Party {
    pub(super) flow: Arc<Flow>,
    /// The flows of the tasks that the run is part of, the innermost first.
    pub(super) outer: Vec<u64>,
    /// Of the outermost flow: all that are part of it, itself included.
    pub(super) members: BTreeSet<u64>,
    /// For its own run, and for each that is part of it.
    uses: usize,
    /// Its own run uses semaphores.
    entered: bool,
    /// Tasks between their start and their end.
    pub(super) tasks: BTreeMap<u32, Stand>,
    /// Tasks that wait, or are suspended until a run that is stuck has ended.
    pub(super) blocked: usize,
    /// All of its unfinished tasks are blocked.
    pub(super) stuck: bool,
    /// What its tasks wait for, and how many of them do.
    pub(super) waiting: BTreeMap<u64, (Semaphore, usize)>,
    /// Semaphores that it may hold units of.
    pub(super) held: BTreeMap<u64, Semaphore>,
    /// Semaphores that a task of the graph releases.
    releases: Vec<Semaphore>,
}

/// Where a task stands.
pub(super) enum Stand {
    Waiting(Waiting),
    /// It has what it waited for, and is queued to go on with this need.
    Handed(usize),
    /// Its run was stopped while it waited. It is queued, and holds nothing.
    Stopped,
    /// Nobody can release what it waited for. It is queued, and holds nothing.
    Starved,
    /// It has all it needs.
    Running,
}

/// A task that waits.
pub(super) struct Waiting {
    pub(super) ticket: u64,
    pub(super) needs: Arc<Vec<Need>>,
    /// The need that it waits for; it has those before.
    pub(super) place: usize,
    /// The units of that need that it has.
    pub(super) got: usize,
    pub(super) task: Task,
}

/// A task that can be queued.
pub(crate) struct Task {
    pub(crate) id: TaskId,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) reference: u32,
}

/// What is left to do when the lock is open again.
#[derive(Default)]
pub(super) struct Effects {
    pub(super) resumed: Vec<Task>,
    /// What policies are to be told.
    pub(super) told: Vec<Box<dyn FnOnce() + Send>>,
    gone: Vec<Arc<Flow>>,
}

/// Whether a task may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Turn {
    /// It has what it needs.
    Run,
    /// It waits, and is not the caller's any more.
    Wait,
    /// It is to be skipped, since its run is stopped.
    Skip,
    /// It is to be skipped, and so is what comes after it.
    Starve,
}

/// Calls `act` with the lock, and then does what came of it.
fn arbitrate<R>(act: impl FnOnce(&mut Arbiter) -> R) -> R {
    let mut arbiter = ARBITER.lock();
    let result = act(&mut arbiter);
    arbiter.judge();
    if core::mem::take(&mut arbiter.stale)
        && let Some(inherit) = arbiter.heir
    {
        inherit(&mut arbiter);
    }
    let effects = core::mem::take(&mut arbiter.effects);
    drop(arbiter);
    for tell in effects.told {
        tell();
    }
    for task in effects.resumed {
        // It is unfinished until it is called again, so its run and its executor are there.
        task.host.resume(task.reference);
    }
    drop(effects.gone);
    result
}

/// A run of a flow is active, and nothing of it was started. `outer` are the flows of the tasks that it is
/// part of, the innermost first.
pub(crate) fn enter(flow: &Arc<Flow>, outer: &[Arc<Flow>], releases: Vec<Semaphore>) {
    arbitrate(|arbiter| arbiter.enter(flow, outer, releases));
}

/// All tasks of a run have ended: what it holds is given back. `again`: another run of the flow is next.
pub(crate) fn leave(flow: u64, again: bool) {
    arbitrate(|arbiter| arbiter.leave(flow, again));
}

/// A task is about to run. `task` tells where to queue it, should it have to wait.
pub(crate) fn acquire(
    flow: &Flow,
    index: u32,
    needs: &Arc<Vec<Need>>,
    stopped: bool,
    task: impl FnOnce() -> Task,
) -> Turn {
    arbitrate(|arbiter| arbiter.acquire(flow, index, needs, stopped, task))
}

/// A task has ended: it releases what it is to, or, if it was skipped, gives back what it acquired. Gives
/// the semaphores that had all their units already.
pub(crate) fn end(flow: u64, index: u32, needs: &Needs, skipped: bool) -> Vec<SemaphoreLabel> {
    arbitrate(|arbiter| arbiter.end(flow, index, needs, skipped))
}

/// A run is stopped: its waiting tasks are to be skipped.
pub(crate) fn stop(flow: u64) {
    arbitrate(|arbiter| {
        for index in arbiter.waiting_in(flow) {
            arbiter.dismiss(flow, index, Stand::Stopped);
        }
    });
}

/// A task was cancelled: if it waits, it is to be skipped.
pub(crate) fn stop_task(task: TaskId) {
    arbitrate(|arbiter| {
        if arbiter.waits(task) {
            arbiter.dismiss(task.flow(), task.index(), Stand::Stopped);
        }
    });
}

/// All tasks of a flow have become more urgent.
pub(crate) fn raised(flow: u64) {
    arbitrate(|arbiter| arbiter.look_at_levels(flow));
}

/// Tasks of a flow were counted, and some of the others wait. The flow itself may be gone.
pub(crate) fn counted(flow: u64) {
    arbitrate(|arbiter| arbiter.look_at(flow));
}

impl Party {
    fn new(flow: &Arc<Flow>) -> Self {
        Self {
            flow: Arc::clone(flow),
            outer: Vec::new(),
            members: BTreeSet::new(),
            uses: 0,
            entered: false,
            tasks: BTreeMap::new(),
            blocked: 0,
            stuck: false,
            waiting: BTreeMap::new(),
            held: BTreeMap::new(),
            releases: Vec::new(),
        }
    }

    /// The outermost flow that the run is part of.
    pub(super) fn top(&self) -> u64 {
        self.outer.last().copied().unwrap_or(self.flow.id())
    }

    /// A task does not wait any more.
    pub(super) fn waits_no_more(&mut self, semaphore: u64) {
        if let Some((_, tasks)) = self.waiting.get_mut(&semaphore) {
            *tasks -= 1;
            if *tasks == 0 {
                self.waiting.remove(&semaphore);
            }
        }
    }
}

impl Arbiter {
    fn enter(&mut self, flow: &Arc<Flow>, outer: &[Arc<Flow>], releases: Vec<Semaphore>) {
        let ids: Vec<u64> = outer.iter().map(|flow| flow.id()).collect();
        let top = ids.last().copied().unwrap_or(flow.id());
        for semaphore in &releases {
            let mut units = semaphore.shared.units.lock();
            units.releasers.insert(flow.id());
            drop(units);
            self.stale = true;
        }
        let party = self.party(flow);
        if !core::mem::replace(&mut party.entered, true) {
            party.uses += 1;
        }
        party.members.clear();
        party.outer.clone_from(&ids);
        party.releases = releases;
        for (place, flow) in outer.iter().enumerate() {
            let party = self.party(flow);
            party.uses += 1;
            party.outer = ids[place + 1..].to_vec();
        }
        if let Some(top) = self.parties.get_mut(&top) {
            top.members.insert(flow.id());
            top.members.extend(ids);
        }
    }

    fn party(&mut self, flow: &Arc<Flow>) -> &mut Party {
        self.parties
            .entry(flow.id())
            .or_insert_with(|| Party::new(flow))
    }

    fn leave(&mut self, flow: u64, again: bool) {
        let Some(party) = self.parties.get_mut(&flow) else {
            return;
        };
        debug_assert!(party.tasks.is_empty(), "a task has not ended");
        let outer = core::mem::take(&mut party.outer);
        let held = core::mem::take(&mut party.held);
        for semaphore in held.into_values() {
            self.give_back(flow, &semaphore, usize::MAX);
        }
        if let Some(top) = outer.last().and_then(|top| self.parties.get_mut(top)) {
            top.members.remove(&flow);
        }
        if again {
            // Until that run is active the flow is one from which releases can be hoped for.
            if let Some(party) = self.parties.get_mut(&flow) {
                party.members.insert(flow);
            }
        } else {
            self.forget_releases(flow);
            self.put_down(flow, None);
        }
        let top = outer.last().copied();
        for outer in outer {
            self.put_down(outer, top);
        }
    }

    /// No release is to be hoped for from this flow any more.
    fn forget_releases(&mut self, flow: u64) {
        let Some(party) = self.parties.get_mut(&flow) else {
            return;
        };
        party.entered = false;
        self.stale = true;
        for semaphore in core::mem::take(&mut party.releases) {
            let mut units = semaphore.shared.units.lock();
            units.releasers.remove(&flow);
            for (waiting, _) in units.line.values() {
                if let Some(party) = self.parties.get(waiting) {
                    self.suspects.insert(party.top());
                }
            }
        }
    }

    /// A run that a party was there for has ended.
    fn put_down(&mut self, flow: u64, top: Option<u64>) {
        let Some(party) = self.parties.get_mut(&flow) else {
            return;
        };
        party.uses -= 1;
        if party.uses > 0 {
            return;
        }
        if let Some(party) = self.parties.remove(&flow) {
            self.effects.gone.push(party.flow);
        }
        if let Some(top) = top.and_then(|top| self.parties.get_mut(&top)) {
            top.members.remove(&flow);
        }
    }
}
