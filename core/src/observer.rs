//! Telling programs what an executor does, while it does it.
//!
//! ```text
//!   observe ──► lists of the pool ──► OBSERVED in the attention word of each active flow
//!                     ▲                              │ a task is started
//!                     │                              ▼
//!                     └───── tell ◄──── the general loop (a flow without the bit: the plain loop)
//! ```
//!
//! A flow has the bit while its active run is on an executor with observers: a run that begins takes it,
//! and attaching the first observer or detaching the last walks over the active flows, each under the lock
//! of its queue. So the plain loop knows nothing of observers.

use alloc::borrow::Cow;
use core::fmt;
use core::time::Duration;

use crate::graph::Graph;
use crate::graph::node::Outcome;
use crate::metadata::TaskMetadata;
use crate::platform::WorkerId;
use crate::sync::Arc;
use crate::task::TaskId;

mod list;

use list::Entry;
pub(crate) use list::Observers;

/// Hears what an executor does; see [`Executor::observe`](crate::Executor::observe).
///
/// Implemented by closures that take an [`Event`], and by an `Arc` of an observer.
///
/// [`event`](Self::event) is called where the event happens, before anything comes of it, so it must be quick: the
/// worker does nothing else meanwhile, and keeps its seat. It may be called by several workers at once.
///
/// - It may use the executor: cancel, start and await runs, attach and detach observers. The events of
///   what it starts come to it too, and where it waits they come in the middle of its own call: an observer
///   that starts runs must tell them apart, and may hold no lock over a wait that it needs for an event.
/// - A wait for the run that the event is of never ends, so it is answered with
///   [`RunError::Deadlock`](crate::RunError::Deadlock), as inside a task of that run. At
///   events of no run ([`Steal`](EventKind::Steal), [`Park`](EventKind::Park), [`Wake`](EventKind::Wake), [`Overrun`](EventKind::Overrun), and those of
///   spawned tasks) it must not wait for runs: nobody could tell whether the worker itself is needed for them.
/// - A panic of it is dropped, and the observer detached, where the host can catch panics.
pub trait Observer: Send + Sync + 'static {
    /// Something happens now.
    fn event(&self, event: &Event<'_>);
}

impl<F: Fn(&Event<'_>) + Send + Sync + 'static> Observer for F {
    fn event(&self, event: &Event<'_>) {
        self(event);
    }
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn event(&self, event: &Event<'_>) {
        (**self).event(event);
    }
}

/// Something that an executor does.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Event<'e> {
    /// What happens.
    pub kind: EventKind,
    /// When, by the host's clock.
    pub time: Duration,
    /// Which worker does it. A thread that waits outside of tasks works as the worker whose seat it took. A
    /// task that waited and gave its seat away ends as the worker that started it, which may be running
    /// another task by then.
    pub worker: Option<WorkerId>,
    /// The run that it is part of.
    pub run: Option<RunId>,
    /// The task that it is about.
    pub task: Option<TaskId>,
    names: Names<'e>,
}

/// Where names are looked up.
#[derive(Clone, Copy, Default)]
pub(crate) struct Names<'e> {
    pub(crate) flow: Option<&'e str>,
    pub(crate) task: Option<Subject<'e>>,
}

/// The task that an event is about.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'e> {
    /// It is unfinished while the event is told.
    Unfinished(&'e Graph, u32),
    /// It may end meanwhile.
    Apart(TaskId, &'e TaskMetadata),
}

impl Subject<'_> {
    fn id(self) -> TaskId {
        match self {
            Self::Unfinished(graph, index) => graph.id(index),
            Self::Apart(id, _) => id,
        }
    }
}

impl<'e> Event<'e> {
    /// An event of a worker, so far of no run.
    pub(crate) fn of(kind: EventKind, time: Duration, worker: WorkerId) -> Self {
        Self {
            kind,
            time,
            worker: Some(worker),
            run: None,
            task: None,
            names: Names::default(),
        }
    }

    pub(crate) fn in_run(self, run: RunId, names: Names<'e>) -> Self {
        Self {
            run: Some(run),
            task: names.task.map(Subject::id),
            names,
            ..self
        }
    }

    /// The name of the task. Looked up now, so it costs only who asks.
    #[must_use]
    pub fn task_name(&self) -> Option<&'e str> {
        match self.names.task? {
            Subject::Unfinished(graph, index) => graph.name(index),
            Subject::Apart(_, said) => Some(said.name()).filter(|name| !name.is_empty()),
        }
    }

    /// What is said of the task. Looked up now, so it costs only who asks: nothing is copied of a task of which more is said than its
    /// name and its priority.
    #[must_use]
    pub fn metadata(&self) -> Option<Cow<'e, TaskMetadata>> {
        Some(match self.names.task? {
            Subject::Unfinished(graph, index) => graph.metadata(index),
            Subject::Apart(_, said) => Cow::Borrowed(said),
        })
    }

    /// The name of the flow that runs: `Some` for the events of runs and tasks, empty if the flow has no name.
    #[must_use]
    pub fn flow_name(&self) -> Option<&'e str> {
        self.names.flow
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("kind", &self.kind)
            .field("time", &self.time)
            .field("worker", &self.worker)
            .field("run", &self.run)
            .field("task", &self.task)
            .field("task_name", &self.task_name())
            .field("flow_name", &self.flow_name())
            .finish()
    }
}

/// What happens in an [`Event`].
///
/// An observer that is attached before a run begins gets, of this run, in this order as far as one comes
/// of another: `RunBegin`; of each task that is started, as often as it is, `Ready`, `Start`, `End`;
/// `RunEnd`, after which the end of the run is told to who waits for it. A task's `End` comes before the
/// `Ready` of its successors. Runs of nested graphs are runs of their own, within the task.
///
/// A spawned task, which is of no run, has a `Start` and an `End` without a [`TaskId`].
///
/// A task that is skipped has the three as well; only if a run is stopped before a round of it begins,
/// the tasks of that round have no events. A task that suspends has an `End` with
/// [`Suspended`](Ended::Suspended) and another `Start` when it goes on, on any worker, without a `Ready`. So of every task
/// `Start` and `End` alternate, and each pair is on one thread.
///
/// An observer that comes in the middle of a run may miss the `Ready` and the `Start` of tasks that are ready or running
/// then, and the `Ready` of those that follow directly on tasks running then: either both `Start` and `End` of a task are missing, or
/// its `Start` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// A run begins: its first task is about to become ready. On the worker that begins it.
    RunBegin,
    /// All tasks of all rounds of a run have ended. On the worker that ended the last.
    RunEnd,
    /// Nothing is left that a task waits for. On the worker that ended the last of it, before anybody can
    /// start the task.
    Ready,
    /// A worker calls a task, or finds that it is to be skipped. A run that is cancelled here does not call
    /// the task any more.
    Start,
    /// A task that was started has returned. On the same thread.
    End {
        /// How it ended.
        outcome: Ended,
    },
    /// A call of the task has taken its [budget](crate::TaskHandle::budget), or longer. Told by whoever finds it out: a thread that
    /// sleeps or waits, while the task runs and perhaps after it has ended; else by its worker, before `End`. Once a call.
    Overrun {
        /// What it was to take at most.
        budget: Duration,
        /// How long it has taken so far.
        running: Duration,
    },
    /// The task has ended after its [deadline](crate::TaskHandle::deadline). On the worker that ended it, after `End`.
    DeadlineMissed {
        /// By so much.
        late: Duration,
    },
    /// A worker that had nothing to do has taken tasks from another.
    Steal {
        /// The other.
        from: WorkerId,
        /// How many.
        tasks: usize,
    },
    /// A worker finds nothing to do and is going to sleep. On hosts that step their workers nobody sleeps.
    Park,
    /// A worker that slept is going to work.
    Wake,
}

/// How a call of a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ended {
    /// The task is done.
    Done,
    /// It panicked or gave an error.
    Failed,
    /// It was not called, or did nothing for want of what it needs.
    Skipped,
    /// It had begun and was broken off, since it or its run was cancelled.
    Cancelled,
    /// It is not done: it waits without a worker and will be started again.
    Suspended,
}

impl Ended {
    pub(crate) fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done | Outcome::Branched => Self::Done,
            Outcome::Failed => Self::Failed,
            Outcome::Skipped => Self::Skipped,
            Outcome::Cancelled => Self::Cancelled,
            Outcome::Pending | Outcome::Unfinished => Self::Suspended,
        }
    }
}

/// The number of a run: runs of an executor are counted from one as they begin, nested ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(usize);

impl RunId {
    pub(crate) const NONE: Self = Self(0);

    /// The number.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0 as u64
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An observer that is attached. Detaches it when dropped.
///
/// Leaked, it leaves the observer attached for good, as [`keep`](Self::keep) does without a leak.
#[must_use = "dropping the handle detaches the observer"]
pub struct ObserverHandle {
    attached: Option<(Arc<Observers>, Arc<Entry>)>,
}

impl ObserverHandle {
    /// Detaches the observer. No event is told to it afterwards, but calls that are under way on other
    /// threads, or just about to be made, may end later. The observer is dropped here, or by the last of them.
    ///
    /// What it costs is a walk over the flows that ran on the executor and live; tasks are not held up.
    pub fn detach(self) {
        drop(self);
    }

    /// Leaves the observer attached for as long as the executor lives.
    pub fn keep(mut self) {
        self.attached = None;
    }

    /// Whether the observer is attached still: it is detached when it panics.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        let entry = self.attached.as_ref().map(|(_, entry)| entry);
        entry.is_some_and(|entry| !entry.is_gone())
    }
}

impl Drop for ObserverHandle {
    fn drop(&mut self) {
        if let Some((observers, entry)) = self.attached.take() {
            drop(observers.detach(&entry));
        }
    }
}

impl fmt::Debug for ObserverHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObserverHandle")
            .field("attached", &self.is_attached())
            .finish()
    }
}
