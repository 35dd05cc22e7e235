//! How urgent tasks of the active run are, beyond what they say themselves, since others wait for them.
//!
//! Three things raise a task: what comes after it in its graph, which the [graph](crate::graph) knows; its whole flow, when a
//! more urgent task waits for the end of the run (the *floor*, in two bits of the attention word, which stays for the run); and single
//! tasks for a cause that may go again, a list.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Flow, Standing};
use crate::graph::urgency::Urgency;
use crate::host::Host;
use crate::priority::Priority;
use crate::semaphore::{Need, arbiter};
use crate::suspension::Hold;
use crate::sync::{Arc, Ordering};
use crate::task::TaskId;

/// All tasks of the run are at least `High`.
pub(super) const HIGH: u32 = 256;
/// All tasks of the run are `Critical`.
pub(super) const CRITICAL: u32 = 512;
/// Both.
pub(crate) const FLOOR: u32 = HIGH | CRITICAL;
/// Single tasks are raised.
const RAISED: u32 = 1024;

/// Why tasks are raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// One that is as urgent waits for this semaphore.
    Semaphore(u64),
    /// This task was made as urgent.
    Task(u32),
}

/// Which causes count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Causes {
    All,
    /// All but semaphores: for the [arbiter](crate::semaphore::arbiter), which is about to find those anew.
    Lasting,
}

impl Causes {
    fn contain(self, cause: Cause) -> bool {
        self == Self::All || !matches!(cause, Cause::Semaphore(_))
    }
}

/// Tasks that are raised.
#[derive(Debug)]
pub(super) struct Raise {
    cause: Cause,
    level: u32,
    /// In rising order; `None`: all.
    tasks: Option<Vec<u32>>,
}

impl Raise {
    fn is_of(&self, task: u32) -> bool {
        let tasks = self.tasks.as_ref();
        tasks.is_none_or(|tasks| tasks.binary_search(&task).is_ok())
    }
}

/// The bits of a floor.
pub(super) fn floor(level: u32) -> u32 {
    match Priority::of(level) {
        Priority::Critical => HIGH | CRITICAL,
        Priority::High => HIGH,
        Priority::Normal | Priority::Low => 0,
    }
}

impl Flow {
    /// Finds what a policy asks of the graph, unless it is found. The graph is frozen, and the caller is about to queue a run of it, as its owner, or
    /// as the user of a module.
    pub(crate) fn find_urgency(&self) {
        let _finding = self.finding.lock();
        // SAFETY: it is written by whoever has this lock; and nobody edits the graph: the owner of the flow calls this, or nobody has a
        // handle, where it is a module's.
        let found = unsafe { &*self.urgency.get() };
        // SAFETY: as above.
        let graph = unsafe { self.graph() };
        if found.as_ref().is_some_and(|found| found.is_of(graph)) {
            return;
        }
        let fresh = Box::new(Urgency::of(graph));
        let queue = self.queue.lock();
        // SAFETY: the graph was edited since it was found, or it never was, so no run is unfinished whose policy asks: such a run
        // was queued after this had been called. All others who read it have the lock of the queue.
        let before = unsafe { &mut *self.urgency.get() }.replace(fresh);
        drop(queue);
        drop(before);
    }

    /// What a policy asks of the graph, if it is found.
    ///
    /// # Safety
    ///
    /// 1. As for [`view`](Self::view).
    /// 2. The policy of the active run asks for it, or the caller has the lock of the queue.
    #[inline]
    pub(super) unsafe fn urgency(&self) -> Option<&Urgency> {
        // SAFETY: (1) (2) it is not written meanwhile.
        let found = unsafe { &*self.urgency.get() };
        // SAFETY: (1).
        let graph = unsafe { self.graph() };
        found.as_deref().filter(|found| found.is_of(graph))
    }

    /// The level that a task inherits for these causes; 0 if none.
    ///
    /// # Safety
    ///
    /// As for [`urgency`](Self::urgency).
    #[inline]
    pub(crate) unsafe fn inherited(&self, index: u32, causes: Causes) -> u32 {
        // SAFETY: the same.
        let waiting = unsafe { self.urgency() }.map_or(Priority::Low, |all| all.inherited(index));
        let attention = self.attention();
        let floor = if attention & CRITICAL != 0 {
            Priority::Critical
        } else if attention & HIGH != 0 {
            Priority::High
        } else {
            Priority::Low
        };
        let most = waiting.max(floor);
        let level = if most > Priority::Normal {
            most.level()
        } else {
            0
        };
        if attention & RAISED == 0 {
            return level;
        }
        let raises = self.raises.lock();
        let levels = raises
            .iter()
            .filter(|raise| causes.contain(raise.cause) && raise.is_of(index));
        levels.fold(level, |level, raise| level.max(raise.level))
    }

    /// Raises tasks of the active run for a cause, or no more; `tasks` are in rising order, and `None` are all. The caller tells the policy.
    pub(crate) fn set_raise(&self, cause: Cause, level: u32, tasks: Option<Vec<u32>>) {
        let raise = Raise {
            cause,
            level,
            tasks,
        };
        let mut raises = self.raises.lock();
        let before = raises.iter().position(|raise| raise.cause == cause);
        let before = before.map(|place| raises.swap_remove(place));
        if raise.level > 0 {
            raises.push(raise);
            // Ordering: Relaxed; the lock orders the list, and whoever queues a task looks again.
            self.attention.fetch_or(RAISED, Ordering::Relaxed);
        } else if raises.is_empty() {
            // Ordering: Relaxed; as above.
            self.attention.fetch_and(!RAISED, Ordering::Relaxed);
        }
        drop(raises);
        drop(before);
    }

    /// No run is active: nothing is raised.
    pub(super) fn forget_raises(&self) {
        let raises = core::mem::take(&mut *self.raises.lock());
        drop(raises);
    }

    /// Raises all tasks of the active run, and what those wait for.
    pub(crate) fn raise_floor(this: &Arc<Self>, level: u32) {
        let mut next = Vec::from([Arc::clone(this)]);
        while let Some(flow) = next.pop() {
            let Some(host) = flow.raise_own_floor(level) else {
                continue;
            };
            next.extend(flow.waited_for(None, level, &*host));
            host.reorder(&flow, None);
            arbiter::raised(flow.id);
        }
    }

    /// `None`: it is as high already, or no run is active.
    fn raise_own_floor(&self, level: u32) -> Option<Arc<dyn Host>> {
        let bits = floor(level);
        let queue = self.queue.lock();
        let run = queue.active.as_ref()?;
        // Ordering: Relaxed; as for `set_raise`. The lock keeps the run active.
        let before = self.attention.fetch_or(bits, Ordering::Relaxed);
        (before & bits != bits).then(|| run.host())
    }

    /// Of these tasks of the active run that release a semaphore, and all that come before them, the places in rising order. `holds` is asked
    /// with what a task acquires. `None`: no run is active. O(those and the edges to them), by the logarithm.
    pub(crate) fn before_release(
        &self,
        semaphore: u64,
        holds: impl Fn(u32, &[Need]) -> bool,
    ) -> Option<Vec<u32>> {
        let queue = self.queue.lock();
        queue.active.as_ref()?;
        // SAFETY: a run is active, and does not end while the queue is locked.
        let graph = unsafe { self.graph() };
        // SAFETY: as above.
        let found = unsafe { self.urgency() };
        let releasers = found.into_iter().flat_map(|all| all.releasers(semaphore));
        let tasks = releasers.filter(|task| {
            let needs = graph.needs(*task);
            needs.is_some_and(|needs| holds(*task, &needs.acquire))
        });
        // SAFETY: as above.
        Some(unsafe { self.unfinished_before(tasks) })
    }

    /// Raises a task that is not ready and all unfinished ones that it depends on, until it has ended. Gives the level that the task
    /// had. `None`: no such task of the active run is not ready.
    pub(crate) fn raise_task(
        this: &Arc<Self>,
        host: &dyn Host,
        task: TaskId,
        level: u32,
    ) -> Option<u32> {
        if this.standing(host.directory(), task) != Standing::NotReady {
            return None;
        }
        let (tasks, before) = this.note_raise(task, level)?;
        host.reorder(this, Some(&tasks));
        for nested in this.waited_for(Some(&tasks), level, host) {
            host.raise_floor(&nested, level);
        }
        arbiter::raised(this.id);
        Some(before)
    }

    /// Gives the tasks that are raised, and the level that the task had.
    fn note_raise(&self, task: TaskId, level: u32) -> Option<(Vec<u32>, u32)> {
        let queue = self.queue.lock();
        queue.active.as_ref()?;
        // SAFETY: a run is active, and does not end while the queue is locked.
        let graph = unsafe { self.graph() };
        let index = graph.find(task)?;
        // SAFETY: as above.
        let inherited = unsafe { self.inherited(index, Causes::All) };
        let before = graph.priority(index).level().max(inherited);
        // SAFETY: as above.
        let tasks = unsafe { self.unfinished_before(core::iter::once(index)) };
        self.set_raise(Cause::Task(index), level, Some(tasks.clone()));
        Some((tasks, before))
    }

    /// A task has ended, and raises nothing any more.
    pub(super) fn lower(&self, index: u32) {
        if self.attention() & RAISED != 0 {
            self.set_raise(Cause::Task(index), 0, None);
        }
    }

    /// These tasks and those before them that are not known to have ended. Where tasks may run several times in a round, all before them.
    ///
    /// # Safety
    ///
    /// As for [`urgency`](Self::urgency).
    unsafe fn unfinished_before(&self, tasks: impl Iterator<Item = u32>) -> Vec<u32> {
        // SAFETY: the same.
        let found = unsafe { self.urgency() };
        // SAFETY: the same.
        let view = unsafe { self.view() };
        let ready = |task: u32| {
            // SAFETY: the same.
            view.weak.is_none() && unsafe { self.has_been_ready(task) }
        };
        found.map_or_else(Vec::new, |all| all.before_few(tasks, ready))
    }

    /// The host of the active run.
    pub(crate) fn active_host(&self) -> Option<Arc<dyn Host>> {
        let queue = self.queue.lock();
        // (It is not closed while the queue is locked.)
        Some(queue.active.as_ref()?.host())
    }

    /// Raises the groups that tasks of the active run have: these tasks, in rising order, or all. Gives the flows of the graphs that they
    /// are suspended for.
    pub(crate) fn waited_for(
        &self,
        tasks: Option<&[u32]>,
        level: u32,
        host: &dyn Host,
    ) -> Vec<Arc<Self>> {
        let (mut flows, mut groups) = (Vec::new(), false);
        let holds = self.holds.lock();
        for (task, hold) in holds.entries() {
            if tasks.is_some_and(|tasks| tasks.binary_search(&task.index()).is_err()) {
                continue;
            }
            match hold {
                Hold::Run(run) => {
                    // Its turn may still come.
                    run.raise_floor(level);
                    flows.extend(run.flow());
                }
                Hold::Group(group) => groups |= group.raise(level),
                Hold::Future(_) | Hold::Semaphores(_) | Hold::Turn(_) => {}
            }
        }
        drop(holds);
        if groups {
            host.reorder_jobs();
        }
        flows
    }
}
