//! The queue of an executor, and of whoever changes what waits in it.

use alloc::vec::Vec;
use core::time::Duration;

use super::handle::Fate;
use super::{DynamicPriorityScheduler, PriorityError, PriorityHandle};
use crate::platform::WorkerId;
use crate::scheduler::{Deadline, Lift, Ready, Scheduler, Want};
use crate::sync::{Arc, AtomicBool, Mutex, Ordering};
use crate::task::TaskId;

/// Runs the most urgent of the ready tasks first, by levels that may be changed while they wait: the policy of an executor, and a handle
/// for whoever changes them. `Clone`; all clones are one scheduler.
///
/// A task begins to wait at the [level](crate::Priority::level) of its priority. Within a level the nearest
/// [deadline](crate::TaskHandle::deadline) comes first, then who waits longest.
///
/// A task inherits the level of what waits for it, as over a [`PriorityScheduler`](crate::PriorityScheduler).
///
/// One queue behind one lock, which is held while a task is queued, taken or changed, and never while one runs. So it
/// is for tasks that are long compared to a microsecond. A wait inside a task looks over all that is queued.
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use taskflow_core::{Builder, Manual, SharedDynamicScheduler, Taskflow};
///
/// let scheduler = SharedDynamicScheduler::new();
/// let builder = Builder::new(Manual::new()).workers(1).scheduler(scheduler.clone());
/// let executor = builder.build()?;
/// let (flow, order) = (Taskflow::new(), Arc::new(Mutex::new(Vec::new())));
/// let tasks = ["a", "b", "c"].map(|name| {
///     let order = Arc::clone(&order);
///     flow.emplace(move || order.lock().unwrap().push(name))
/// });
/// let run = executor.run(&flow);
/// executor.platform().step(0);
/// // They are ready now.
/// assert_eq!(scheduler.reprioritize(tasks[2].id(), 1000)?, 200);
/// executor.platform().step_all();
/// run.wait()?;
/// assert_eq!(*order.lock().unwrap(), ["c", "a", "b"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SharedDynamicScheduler(Arc<Queue>);

/// What the clones share.
#[derive(Debug, Default)]
pub(super) struct Queue {
    tasks: Mutex<DynamicPriorityScheduler<Key, Waiting>>,
    /// It is the policy of an executor.
    installed: AtomicBool,
    /// Nothing is inherited.
    aloof: AtomicBool,
    /// The number of the executor; 0 before anything was ready.
    executor: Mutex<u64>,
}

/// Who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Task(TaskId),
    /// A spawned task, which has no identity: the number of its push.
    Spawned(u64),
}

/// A task that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    ready: Ready,
    /// The level that it was given.
    level: u32,
    since: Duration,
    /// Steps of an escalation that it has taken.
    steps: usize,
    /// There is a handle.
    pub(super) fate: Option<Arc<Fate>>,
}

impl SharedDynamicScheduler {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Each task has its own level alone, whatever waits for it. To be said before an executor is built.
    #[must_use]
    pub fn without_inheritance(self) -> Self {
        // Ordering: Relaxed; the executor is built later.
        self.0.aloof.store(true, Ordering::Relaxed);
        self
    }

    /// Gives a task that waits another level; among those of it, it has the place of its age. Gives the level that it had been given. O(log n).
    ///
    /// A task that is not ready yet is raised to that level, and with it all unfinished tasks that it depends on, until it has ended:
    /// O(log k) for each of those and their edges, and a pass over what is queued. Not without [inheritance](Self::without_inheritance).
    ///
    /// # Errors
    ///
    /// The task runs, is done, or was removed; or it is none of this executor. Nothing was changed. Finding that out, or a task that is not
    /// ready, is O(flows that have run here).
    pub fn reprioritize(&self, task: TaskId, level: u32) -> Result<u32, PriorityError> {
        self.0.reprioritize(task, level, None)
    }

    /// Has a task that waits not begin: it is left out of its run with what comes after it, as
    /// [`TaskflowFuture::cancel_task`](crate::TaskflowFuture::cancel_task) does. O(log n) here.
    ///
    /// # Errors
    ///
    /// The task is not ready, runs, is done, or was removed before; or it is none of this executor.
    pub fn remove(&self, task: TaskId) -> Result<(), PriorityError> {
        self.0.remove(task, None)
    }

    /// The level of a task that waits: what it was given, or what it inherits if that is more.
    ///
    /// # Errors
    ///
    /// As for [`remove`](Self::remove).
    pub fn level(&self, task: TaskId) -> Result<u32, PriorityError> {
        self.0.level(task, None)
    }

    /// A handle of a task that waits. Allocates for the first of a task.
    ///
    /// # Errors
    ///
    /// As for [`remove`](Self::remove).
    pub fn handle(&self, task: TaskId) -> Result<PriorityHandle, PriorityError> {
        let mut tasks = self.0.tasks.lock();
        let Some(waiting) = tasks.get_mut(&Key::Task(task)) else {
            drop(tasks);
            return Err(self.0.why(task, None));
        };
        let fresh = || Arc::new(Fate::of(waiting));
        let fate = waiting.fate.clone().unwrap_or_else(fresh);
        waiting.fate = Some(Arc::clone(&fate));
        Ok(PriorityHandle::new(&self.0, task, &fate))
    }

    /// What waits, in the order in which it would run, and its levels. A spawned task has no identity. Changes nothing; O(n log n), part of it
    /// under the lock.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(Option<TaskId>, u32)> {
        let all = self.0.tasks.lock().snapshot();
        let all = all.into_iter().map(|(key, level)| match key {
            Key::Task(task) => (Some(task), level),
            Key::Spawned(_) => (None, level),
        });
        all.collect()
    }

    /// Shows the age of what has waited so long, its level, and the steps that it has taken. `escalate` gives both anew. Gives how many tasks
    /// were raised.
    pub(super) fn raise_old(
        &self,
        from: Duration,
        escalate: impl Fn(Duration, u32, usize) -> (u32, usize),
    ) -> usize {
        let mut raised = 0;
        let mut tasks = self.0.tasks.lock();
        let mut now = None;
        tasks.change_oldest(|waiting| {
            let now = *now.get_or_insert_with(|| waiting.ready.now());
            let age = now.saturating_sub(waiting.since);
            if age < from {
                return None;
            }
            let before = core::mem::replace(&mut waiting.level, 0);
            (waiting.level, waiting.steps) = escalate(age, before, waiting.steps);
            raised += usize::from(waiting.level > before);
            Some(waiting.effective())
        });
        raised
    }

    /// How many tasks wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.tasks.lock().len()
    }

    /// Whether no task waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Waiting {
    fn effective(&self) -> u32 {
        self.level.max(self.ready.inherited())
    }

    /// The number of the round in which it waits.
    pub(super) fn round(&self) -> u32 {
        self.ready.round()
    }
}

impl Queue {
    /// The number of the executor; 0 before anything was ready.
    pub(super) fn executor(&self) -> u64 {
        *self.executor.lock()
    }

    pub(super) fn reprioritize(
        &self,
        task: TaskId,
        level: u32,
        fate: Option<&Fate>,
    ) -> Result<u32, PriorityError> {
        let mut tasks = self.tasks.lock();
        let key = Key::Task(task);
        if let Some(waiting) = tasks.get_mut(&key)
            && is_meant(waiting, fate)
        {
            let before = core::mem::replace(&mut waiting.level, level);
            let effective = waiting.effective();
            tasks.reprioritize(&key, effective);
            return Ok(before);
        }
        drop(tasks);
        // Ordering: Relaxed; see `without_inheritance`.
        let inherits = fate.is_none() && !self.aloof.load(Ordering::Relaxed);
        let raised = inherits.then(|| self.raise_absent(task, level));
        raised.flatten().ok_or_else(|| self.why(task, fate))
    }

    pub(super) fn remove(&self, task: TaskId, fate: Option<&Fate>) -> Result<(), PriorityError> {
        let mut tasks = self.tasks.lock();
        let key = Key::Task(task);
        let meant = tasks
            .get(&key)
            .is_some_and(|waiting| is_meant(waiting, fate));
        let removed = meant.then(|| tasks.remove(&key)).flatten();
        if let Some(fate) = removed.as_ref().and_then(|waiting| waiting.fate.as_ref()) {
            fate.remove();
        }
        drop(tasks);
        let waiting = removed.ok_or_else(|| self.why(task, fate))?;
        // (It is none that was spawned.)
        drop(waiting.ready.cancel());
        Ok(())
    }

    pub(super) fn level(&self, task: TaskId, fate: Option<&Fate>) -> Result<u32, PriorityError> {
        let tasks = self.tasks.lock();
        let key = Key::Task(task);
        let waiting = tasks.get(&key).filter(|waiting| is_meant(waiting, fate));
        let level = waiting.map(Waiting::effective);
        drop(tasks);
        level.ok_or_else(|| self.why(task, fate))
    }
}

/// Whether what waits is meant: if a handle asks, what that is of.
fn is_meant(waiting: &Waiting, fate: Option<&Fate>) -> bool {
    fate.is_none_or(|fate| fate.is_of(waiting))
}

impl Scheduler for SharedDynamicScheduler {
    type Local = ();

    /// # Panics
    ///
    /// If the scheduler was given to another executor before: what one pops would be lost to the other.
    fn local(&self, worker: WorkerId) {
        // Ordering: Relaxed; no data hangs on it.
        let before = worker.index() == 0 && self.0.installed.swap(true, Ordering::Relaxed);
        assert!(
            !before,
            "the scheduler has an executor; make another scheduler for this one"
        );
    }

    fn push(&self, _: Option<&mut ()>, task: Ready) {
        *self.0.executor.lock() = task.executor();
        let about = task.about();
        let level = task.own_priority().level();
        let deadline = task.until().map(Deadline::nanos);
        let waiting = Waiting {
            ready: task,
            level,
            since: about.now,
            steps: 0,
            fate: None,
        };
        let mut tasks = self.0.tasks.lock();
        let key = match about.task {
            Some(task) => Key::Task(task),
            None => Key::Spawned(tasks.pushes()),
        };
        let twice = tasks.push_until(key, waiting.effective(), deadline, waiting);
        debug_assert!(twice.is_none(), "a task is ready once at a time");
    }

    fn inherits(&self) -> bool {
        // Ordering: Relaxed; see `without_inheritance`.
        !self.0.aloof.load(Ordering::Relaxed)
    }

    fn tracks(&self) -> bool {
        true
    }

    fn reorder(&self, lift: &Lift<'_>) {
        let mut tasks = self.0.tasks.lock();
        tasks.change_oldest(|waiting| {
            lift.apply(&mut waiting.ready);
            Some(waiting.effective())
        });
    }

    fn pop(&self, (): &mut (), want: Want<'_>) -> Option<Ready> {
        let mut tasks = self.0.tasks.lock();
        let (_, waiting) = if want.is_any() {
            tasks.pop()?
        } else {
            tasks.pop_accepted(|waiting| want.accepts(&waiting.ready))?
        };
        drop(tasks);
        Some(waiting.ready)
    }
}
