//! Ready tasks in the hands of a policy.

use alloc::collections::BTreeMap;
use core::fmt;
use core::num::NonZeroU64;
use core::time::Duration;

use crate::host::Host;
use crate::priority::Priority;
use crate::sync::{Arc, StaticMutex, Weak, fresh_id};
use crate::task::TaskId;

mod looking;

/// A task that is ready to run, in the hands of a [`Scheduler`](crate::Scheduler): the right to have it run, once.
///
/// It can be moved and stored, but neither cloned nor made. Dropping one loses the task, which ends its run with
/// [`RunError::Lost`](crate::RunError::Lost), or the spawned task with [`JoinError::Lost`](crate::JoinError::Lost).
///
/// # Examples
///
/// ```compile_fail,E0599
/// fn twice(task: taskflow_core::Ready) -> [taskflow_core::Ready; 2] {
///     [task.clone(), task]
/// }
/// ```
pub struct Ready {
    executor: u64,
    tagged: Tagged,
}

/// What a token says of its task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tagged {
    pub(crate) reference: u32,
    pub(crate) flow: FlowKey,
    pub(crate) priority: Priority,
    /// A level that it inherits; 0 if none.
    pub(crate) inherited: u32,
    pub(crate) deadline: Option<Deadline>,
}

/// When a task is to have ended: nanoseconds by its host's clock and one more, so that none takes no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deadline(NonZeroU64);

impl Deadline {
    /// (After 584 years all are equal.)
    pub(crate) fn at(time: Option<Duration>) -> Option<Self> {
        let nanos = u64::try_from(time?.as_nanos()).unwrap_or(u64::MAX);
        Some(Self(NonZeroU64::MIN.saturating_add(nanos)))
    }

    /// In nanoseconds.
    pub(crate) fn nanos(self) -> u64 {
        self.0.get() - 1
    }
}

/// What tells the tasks of different flows apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowKey(u64);

impl FlowKey {
    /// Of all spawned tasks.
    pub(crate) const SPAWNED: Self = Self(0);

    pub(crate) const fn of(flow: u64) -> Self {
        Self(flow)
    }
}

impl Ready {
    /// How urgent the task is: as its [handle](crate::TaskHandle) or the call that spawned it said, or, if that is more and the policy
    /// [inherits](crate::Scheduler::inherits), as what waits for it.
    #[must_use]
    pub fn priority(&self) -> Priority {
        self.tagged
            .priority
            .max(Priority::of(self.tagged.inherited))
    }

    /// The number of its executor.
    pub(super) fn executor(&self) -> u64 {
        self.executor
    }

    /// The level that the task inherits; 0 if none.
    pub(crate) fn inherited(&self) -> u32 {
        self.tagged.inherited
    }

    /// Gives the task a level that it inherits, and the one before.
    pub(super) fn inherit(&mut self, level: u32) -> u32 {
        core::mem::replace(&mut self.tagged.inherited, level)
    }

    /// The priority that the task was given.
    pub(crate) fn own_priority(&self) -> Priority {
        self.tagged.priority
    }

    /// When the task is to have ended, by the clock of its executor's host, if its [handle](crate::TaskHandle::deadline) said so; to
    /// the nanosecond, and at most 584 years.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let deadline = self.until()?;
        Some(Duration::from_nanos(deadline.nanos()))
    }

    pub(crate) fn until(&self) -> Option<Deadline> {
        self.tagged.deadline
    }

    /// Which flow the task is of: the outermost, where graphs are nested. All spawned tasks have one key.
    #[must_use]
    pub fn flow(&self) -> FlowKey {
        self.tagged.flow
    }

    /// The task; `None` for a spawned one. A look into a table of the process, under its lock.
    #[must_use]
    pub fn task(&self) -> Option<TaskId> {
        let host = executor(self.executor)?;
        // (The task is unfinished while this token is there.)
        host.directory().task(self.tagged.reference)
    }

    /// The caller has the task in hand, and leaves it to the token.
    pub(crate) fn new(executor: &Tag, tagged: Tagged) -> Self {
        Self {
            executor: executor.0,
            tagged,
        }
    }

    pub(crate) fn is_of(&self, executor: &Tag) -> bool {
        self.executor == executor.0
    }

    /// The reference of a task that nobody has in hand but who has this.
    pub(crate) fn reference(&self) -> u32 {
        self.tagged.reference
    }

    /// Takes the task into the caller's hands.
    pub(crate) fn redeem(self) -> u32 {
        let reference = self.tagged.reference;
        core::mem::forget(self);
        reference
    }
}

impl Drop for Ready {
    /// The task is lost. What that means is left to the workers: whoever drops it may hold locks.
    fn drop(&mut self) {
        if let Some(host) = executor(self.executor) {
            host.lose(self.tagged.reference);
        }
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready")
            .field("flow", &self.flow())
            .field("priority", &self.priority())
            .finish_non_exhaustive()
    }
}

/// Which tasks whoever pops may run: any, or those that a task needs which waits.
#[derive(Clone, Copy)]
pub struct Want<'w>(Option<&'w dyn Fn(&Ready) -> bool>);

impl<'w> Want<'w> {
    pub(crate) const ANY: Self = Self(None);

    pub(crate) fn only(accepts: &'w dyn Fn(&Ready) -> bool) -> Self {
        Self(Some(accepts))
    }

    /// Whether all are.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.0.is_none()
    }

    /// Whether this one is. A range check, mostly; where graphs are nested, a walk over those that it is part of.
    #[must_use]
    pub fn accepts(&self, task: &Ready) -> bool {
        self.0.is_none_or(|accepts| accepts(task))
    }
}

impl fmt::Debug for Want<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_any() { "Any" } else { "Needed" })
    }
}

/// The executors that have a policy. Tokens may outlive theirs, so they know a number only.
static EXECUTORS: StaticMutex<BTreeMap<u64, Weak<dyn Host>>> = StaticMutex::new(BTreeMap::new());

/// The executor with this number.
pub(super) fn executor(tag: u64) -> Option<Arc<dyn Host>> {
    EXECUTORS.lock().get(&tag)?.upgrade()
}

/// What marks the tokens of one executor.
#[derive(Debug)]
pub(crate) struct Tag(u64);

impl Tag {
    pub(crate) fn new() -> Self {
        Self(fresh_id())
    }

    /// Lets tokens find the executor.
    pub(crate) fn lead_to(&self, host: Weak<dyn Host>) {
        EXECUTORS.lock().insert(self.0, host);
    }
}

impl Drop for Tag {
    fn drop(&mut self) {
        let host = EXECUTORS.lock().remove(&self.0);
        drop(host);
    }
}
