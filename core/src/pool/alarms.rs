//! The deadlines of an executor's runs, the budgets of observed calls, and who looks after them.
//!
//! ```text
//!                     arm: the first one, or an earlier one (wakes the watcher, or somebody to become it)
//!   nobody watches ────────────────────────────────► one of those who park does so until the nearest deadline
//!        ▲                                                │ goes to work: wakes another who parks
//!        └────────── nobody parks, or none is armed ◄─────┘
//! ```
//!
//! Of the threads of a pool that park, workers and guests, one is the *watcher*: it parks no longer than to the
//! nearest deadline, and cancels the runs whose time is up. So where no deadline is armed nobody wakes, and where a
//! thousand are, one does.
//!
//! Where nobody parks all are at work, and look themselves: before each task of a run with a deadline (a bit of its attention
//! word), before each spawned task while any is armed, at each step of a stepped worker, and where a task asks
//! ([`Runtime::check`](crate::Runtime::check)). A task that does not ask holds its run's end up, as under any cancel.
//!
//! All of it is under one lock, under which that of a run is taken and no other: a thread that is going to park is on the list before it computes how
//! long, and whoever arms a deadline, or stops watching, looks at the list afterwards. So somebody who parks knows of the nearest
//! deadline, or is being woken.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use super::Pool;
use crate::flow::Flow;
use crate::future::stop_run;
use crate::metadata::TaskMetadata;
use crate::observer::{Event, EventKind, Names, RunId, Subject};
use crate::platform::{Platform, WorkerId};
use crate::run::Run;
use crate::sync::{Arc, AtomicBool, Mutex, Ordering};
use crate::task::TaskId;

/// Which deadline: its time, and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AlarmId(Duration, u64);

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Alarms {
    armed: AtomicBool,
    list: Mutex<List>,
}

/// A call of a task that has a budget, and is observed.
#[derive(Debug)]
pub(crate) struct Overrun {
    pub(crate) flow: Arc<Flow>,
    pub(crate) said: Arc<TaskMetadata>,
    pub(crate) run: RunId,
    pub(crate) task: TaskId,
    pub(crate) worker: WorkerId,
    pub(crate) budget: Duration,
    pub(crate) begun: Duration,
}

/// What is to be done at a time.
enum Due {
    /// The run is over.
    Run(Arc<Run>),
    /// The call takes longer than it was to.
    Call(Overrun),
}

#[derive(Default)]
struct List {
    due: BTreeMap<AlarmId, Due>,
    last: u64,
    /// Who parks, or is about to.
    parked: Vec<WorkerId>,
    /// One of them.
    watcher: Option<WorkerId>,
}

impl List {
    /// Who is to be woken to watch: nobody if somebody does, or no deadline is left.
    fn successor(&self) -> Option<WorkerId> {
        if self.watcher.is_some() || self.due.is_empty() {
            return None;
        }
        self.parked.last().copied()
    }
}

impl Alarms {
    /// Whether any deadline is armed.
    #[inline]
    pub(crate) fn any(&self) -> bool {
        // Ordering: Relaxed; a hint, the lock decides. A worker that sees it late sees it before its next task, and
        // who parks takes the lock.
        self.armed.load(Ordering::Relaxed)
    }

    /// The nearest deadline.
    pub(crate) fn nearest(&self) -> Option<Duration> {
        let list = self.list.lock();
        let (id, _) = list.due.first_key_value()?;
        Some(id.0)
    }

    /// O(log n). Gives who is to be woken for it, too.
    fn arm(&self, at: Duration, due: Due) -> (AlarmId, Option<WorkerId>) {
        let mut list = self.list.lock();
        list.last += 1;
        let id = AlarmId(at, list.last);
        list.due.insert(id, due);
        // Ordering: Relaxed; see `any`.
        self.armed.store(true, Ordering::Relaxed);
        let first = list
            .due
            .first_key_value()
            .is_some_and(|(first, _)| *first == id);
        let woken = list.watcher.filter(|_| first).or_else(|| list.successor());
        (id, woken)
    }

    /// O(log n). `false`: somebody has it in hand, or had.
    pub(crate) fn disarm(&self, id: AlarmId) -> bool {
        let mut list = self.list.lock();
        let due = list.due.remove(&id);
        // Ordering: Relaxed; see `any`.
        self.armed.store(!list.due.is_empty(), Ordering::Relaxed);
        drop(list);
        due.is_some()
    }

    /// Something whose time is up. A run is marked as cancelled before anybody else can look, so that whoever finds it gone from the list
    /// may leave its tasks out; it is to be stopped still.
    fn take_due(&self, now: Duration) -> Option<Due> {
        let mut list = self.list.lock();
        let first = list.due.first_entry()?;
        if first.key().0 > now {
            return None;
        }
        let due = first.remove();
        if let Due::Run(run) = &due {
            run.cancel(Some("its deadline has passed".into()));
        }
        // Ordering: Relaxed; see `any`.
        self.armed.store(!list.due.is_empty(), Ordering::Relaxed);
        Some(due)
    }

    /// `thread` is going to park. Gives the nearest deadline if it is to watch.
    fn enter(&self, thread: WorkerId) -> Option<Duration> {
        let mut list = self.list.lock();
        if !list.parked.contains(&thread) {
            list.parked.push(thread);
        }
        let nearest = list.due.first_key_value()?.0.0;
        if *list.watcher.get_or_insert(thread) == thread {
            return Some(nearest);
        }
        None
    }

    /// `thread` is going to work. Gives who is to be woken to watch in its place.
    fn leave(&self, thread: WorkerId) -> Option<WorkerId> {
        let mut list = self.list.lock();
        list.parked.retain(|parked| *parked != thread);
        list.watcher = list.watcher.filter(|watcher| *watcher != thread);
        list.successor()
    }
}

impl<P: Platform> Pool<P> {
    #[inline]
    pub(crate) fn has_alarms(&self) -> bool {
        self.alarms.any()
    }

    /// Cancels the runs whose time is up.
    #[inline]
    pub(crate) fn ring(&self) {
        if self.alarms.any() {
            self.ring_all();
        }
    }

    /// As [`ring`](Self::ring), when that is known to be so.
    #[cold]
    pub(super) fn ring_all(&self) {
        let now = self.platform.now();
        while let Some(due) = self.alarms.take_due(now) {
            match due {
                Due::Run(run) => stop_run(&run),
                Due::Call(call) => self.tell_of_overrun(&call, now),
            }
        }
    }

    /// As [`Host::arm`](crate::host::Host::arm).
    pub(super) fn arm_for(&self, at: Duration, run: &Arc<Run>) -> AlarmId {
        self.arm_due(at, Due::Run(Arc::clone(run)))
    }

    /// Has observers told of a call that is not [disarmed](Alarms::disarm) before that time.
    pub(crate) fn arm_call(&self, at: Duration, call: Overrun) -> AlarmId {
        self.arm_due(at, Due::Call(call))
    }

    fn arm_due(&self, at: Duration, due: Due) -> AlarmId {
        let (id, woken) = self.alarms.arm(at, due);
        if let Some(thread) = woken {
            self.platform.unpark(thread);
        }
        id
    }

    /// On whatever thread, which has nothing of the task's flow in hand that this depends on.
    fn tell_of_overrun(&self, call: &Overrun, now: Duration) {
        let kind = EventKind::Overrun {
            budget: call.budget,
            running: now.saturating_sub(call.begun),
        };
        let names = Names {
            flow: Some(call.flow.name()),
            task: Some(Subject::Apart(call.task, &call.said)),
        };
        let event = Event::of(kind, now, call.worker).in_run(call.run, names);
        self.observers
            .tell(&self.platform, call.worker.index(), &event);
    }
}

/// A thread that parks, perhaps several times, and watches meanwhile if nobody else does.
pub(super) struct Watch<'p, P: Platform> {
    pool: &'p Pool<P>,
    thread: WorkerId,
}

impl<'p, P: Platform> Watch<'p, P> {
    pub(super) fn new(pool: &'p Pool<P>, thread: WorkerId) -> Self {
        Self { pool, thread }
    }

    /// Parks, no longer than `timeout`, nor than to the nearest deadline if this thread is the watcher. Cancels the runs whose time is up.
    pub(super) fn park(&self, timeout: Option<Duration>) {
        let platform = &self.pool.platform;
        let nearest = self.pool.alarms.enter(self.thread);
        let left = nearest.map(|nearest| nearest.saturating_sub(platform.now()));
        let shortest = [timeout, left].into_iter().flatten().min();
        if left != Some(Duration::ZERO) {
            platform.park(self.thread, shortest);
        }
        self.pool.ring();
    }
}

impl<P: Platform> Drop for Watch<'_, P> {
    fn drop(&mut self) {
        if let Some(thread) = self.pool.alarms.leave(self.thread) {
            self.pool.platform.unpark(thread);
        }
    }
}
