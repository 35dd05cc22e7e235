//! A task that waits, for whoever may want it sooner.

use core::fmt;

use super::PriorityError;
use super::shared::{Queue, Waiting};
use crate::sync::{Arc, AtomicBool, Ordering, Weak};
use crate::task::TaskId;

/// A task that waits in a [`SharedDynamicScheduler`](super::SharedDynamicScheduler), to be made more or less urgent, or taken out. `Clone`
/// and `Send`; it keeps no scheduler alive.
///
/// It is of one scheduler and of one time that the task waits: when that was started or taken out, the handle says so for good, also
/// when the task is queued again, in another round or run.
#[derive(Clone)]
pub struct PriorityHandle {
    queue: Weak<Queue>,
    task: TaskId,
    fate: Arc<Fate>,
}

impl PriorityHandle {
    pub(super) fn new(queue: &Arc<Queue>, task: TaskId, fate: &Arc<Fate>) -> Self {
        Self {
            queue: Arc::downgrade(queue),
            task,
            fate: Arc::clone(fate),
        }
    }

    /// The task.
    #[must_use]
    pub fn task(&self) -> TaskId {
        self.task
    }

    /// As [`SharedDynamicScheduler::reprioritize`](super::SharedDynamicScheduler::reprioritize).
    ///
    /// # Errors
    ///
    /// The task runs, is done, or was taken out; or the scheduler is gone.
    pub fn reprioritize(&self, level: u32) -> Result<u32, PriorityError> {
        self.queue()?
            .reprioritize(self.task, level, Some(&self.fate))
    }

    /// As [`SharedDynamicScheduler::remove`](super::SharedDynamicScheduler::remove).
    ///
    /// # Errors
    ///
    /// The task runs, is done, or was taken out; or the scheduler is gone.
    pub fn remove(&self) -> Result<(), PriorityError> {
        self.queue()?.remove(self.task, Some(&self.fate))
    }

    /// The present level.
    ///
    /// # Errors
    ///
    /// The task runs, is done, or was taken out; or the scheduler is gone.
    pub fn level(&self) -> Result<u32, PriorityError> {
        self.queue()?.level(self.task, Some(&self.fate))
    }

    fn queue(&self) -> Result<Arc<Queue>, PriorityError> {
        self.queue.upgrade().ok_or(PriorityError::Gone)
    }
}

impl fmt::Debug for PriorityHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PriorityHandle").field(&self.task).finish()
    }
}

/// What became of a task of which there are handles. Changed under the queue's lock.
#[derive(Debug)]
pub(super) struct Fate {
    removed: AtomicBool,
    /// The number of the round in which it waited.
    round: u32,
}

impl Fate {
    pub(super) fn of(waiting: &Waiting) -> Self {
        Self {
            removed: AtomicBool::new(false),
            round: waiting.round(),
        }
    }

    pub(super) fn remove(&self) {
        // Ordering: Relaxed; the queue's lock orders it.
        self.removed.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_removed(&self) -> bool {
        // Ordering: Relaxed; as above.
        self.removed.load(Ordering::Relaxed)
    }

    pub(super) fn round(&self) -> u32 {
        self.round
    }

    /// Whether what waits is what this is about.
    pub(super) fn is_of(&self, waiting: &Waiting) -> bool {
        let fate = waiting.fate.as_deref();
        fate.is_some_and(|fate| core::ptr::eq(fate, self))
    }
}
