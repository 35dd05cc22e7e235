//! One submission of a flow, from the call to `run` until its result is taken.
//!
//! The state lives in two places: what tasks touch is in the [flow](crate::flow), of which one run is
//! active at a time; what the submission asked for and what came of it is here. A run is *closed* under
//! its lock, and that is the engine's last touch: the state may then be reset for the next run.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::task::Waker;
use core::time::Duration;

use crate::cancellation::CancellationToken;
use crate::directory::Directory;
use crate::error::RunError;
use crate::flow::{Flow, OBSERVED, SCHEDULED, SOME_CANCELLED, STOP};
use crate::host::Host;
use crate::mutant::mutant;
use crate::observer::RunId;
use crate::platform::WorkerId;
use crate::policy::{FailurePolicy, RunOptions};
use crate::stats::{RunStats, Suppressed};
use crate::suspension::Suspension;
use crate::sync::{Arc, AtomicBool, Mutex, Ordering};
use crate::task::TaskId;

mod cancelling;
mod late;
mod rounds;
mod ties;

pub(crate) use late::Late;
pub(crate) use rounds::{Enough, Rounds};
pub(crate) use ties::{Alarm, Ties};

/// What is asked of a submission.
pub(crate) struct Order {
    pub(crate) rounds: Rounds,
    pub(crate) policy: FailurePolicy,
    pub(crate) parent: Option<Parent>,
    pub(crate) token: Option<CancellationToken>,
    /// How long after the submission it is to be cancelled.
    pub(crate) deadline: Option<Duration>,
}

impl Order {
    /// What the options of a run say.
    pub(crate) fn of(options: RunOptions) -> Self {
        Self {
            policy: options.policy,
            token: options.token,
            deadline: options.deadline,
            ..Self::rounds(Rounds::Times(options.rounds))
        }
    }

    /// This many rounds, stopped by the first failure.
    pub(crate) fn rounds(rounds: Rounds) -> Self {
        Self {
            rounds,
            policy: FailurePolicy::StopAtFirst,
            parent: None,
            token: None,
            deadline: None,
        }
    }
}

/// The task that a run is part of.
#[derive(Clone, Debug)]
pub(crate) struct Parent {
    /// The task's flow, which lives as long as the task is unfinished.
    pub(crate) flow: Arc<Flow>,
    /// What wakes the task, if it is suspended.
    pub(crate) suspension: Option<Arc<Suspension>>,
    /// The level that the run's tasks inherit from it; 0 if none.
    pub(crate) floor: u32,
}

/// What a run's tasks came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) tasks: Tasks,
    pub(crate) skipped: u64,
    pub(crate) nested: u64,
    pub(crate) nested_skipped: u64,
}

/// How many tasks ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tasks {
    /// So many in each round.
    PerRound(u64),
    /// So many in all.
    Ended(u64),
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Run {
    done: AtomicBool,
    cell: Mutex<RunCell>,
}

/// What the lock guards.
struct RunCell {
    host: Option<Arc<dyn Host>>,
    flow: Option<Arc<Flow>>,
    rounds: Rounds,
    policy: FailurePolicy,
    parent: Option<Parent>,
    rounds_begun: u64,
    begun: Duration,
    cancelled: Option<Option<String>>,
    /// Tasks that are not to be started any more, and why.
    cancelled_tasks: BTreeMap<TaskId, Option<String>>,
    /// Why the first of them that would have run was cancelled.
    left_out: Option<Option<String>>,
    failure: Option<Suppressed>,
    suppressed: Vec<Suppressed>,
    late: Late,
    outcome: Option<Result<RunStats, RunError>>,
    waiter: Waiter,
    detached: bool,
    /// When it is over at the latest, by its host's clock.
    deadline: Option<Duration>,
    ties: Ties,
}

/// Who is to be told of the end.
#[derive(Debug, Default)]
pub(crate) enum Waiter {
    /// Nobody yet.
    #[default]
    Nobody,
    /// A task of some other runtime.
    Task(Waker),
    /// A parked thread.
    Thread(WorkerId),
    /// The task that the run is part of.
    Parent(Arc<Suspension>),
}

/// A run that becomes active.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) directory: Arc<Directory>,
    pub(crate) number: RunId,
    pub(crate) at: Duration,
    cancelled: bool,
    some_cancelled: bool,
    observed: bool,
    scheduled: bool,
    policy: FailurePolicy,
    pub(crate) deadline: Option<Duration>,
}

impl Begun {
    /// What the run's tasks must know of it.
    pub(crate) fn attention(&self) -> u32 {
        let stop = if self.cancelled { STOP } else { 0 };
        let observed = if self.observed { OBSERVED } else { 0 };
        let some = if self.some_cancelled {
            SOME_CANCELLED
        } else {
            0
        };
        let scheduled = if self.scheduled { SCHEDULED } else { 0 };
        self.policy.attention() | stop | observed | some | scheduled
    }
}

/// A closed run's remains: whom to tell.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) flow: Arc<Flow>,
    /// The flow of the task that the run was part of, kept until all is told.
    #[expect(dead_code, reason = "kept, not read")]
    parent: Option<Arc<Flow>>,
    pub(crate) waiter: Waiter,
    /// To be dropped before anybody is told.
    pub(crate) ties: Ties,
    /// The error of a run whose handle is gone.
    pub(crate) unheard: Option<RunError>,
}

impl Run {
    pub(crate) fn new(host: &Arc<dyn Host>, flow: &Arc<Flow>, order: Order) -> Arc<Self> {
        Arc::new(Self {
            done: AtomicBool::new(false),
            cell: Mutex::new(RunCell::new(Some(host), Some(flow), order)),
        })
    }

    /// A run that has ended before it began.
    pub(crate) fn ended(outcome: Result<RunStats, RunError>) -> Arc<Self> {
        let mut cell = RunCell::new(None, None, Order::rounds(Rounds::Times(0)));
        cell.outcome = Some(outcome);
        Arc::new(Self {
            done: AtomicBool::new(true),
            cell: Mutex::new(cell),
        })
    }

    /// The state of a closed run for a new one.
    ///
    /// # Errors
    ///
    /// Gives both back if the run is not closed or its handle not gone.
    pub(crate) fn again(
        mut spare: Arc<Self>,
        host: &Arc<dyn Host>,
        flow: &Arc<Flow>,
        order: Order,
    ) -> Result<Arc<Self>, (Arc<Self>, Order)> {
        // The lock, not the flag, tells that the engine's last touch is over.
        let closed = spare.cell.lock().flow.is_none();
        match Arc::get_mut(&mut spare) {
            Some(run) if closed => {
                // Ordering: Relaxed; the state reaches others through the flow's queue.
                run.done.store(false, Ordering::Relaxed);
                *run.cell.lock() = RunCell::new(Some(host), Some(flow), order);
                Ok(spare)
            }
            _ => Err((spare, order)),
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        // Ordering: Acquire, with the Release of `close`: whoever sees the end sees what the run did.
        self.done.load(mutant!(
            "run_done_no_acquire",
            Ordering::Relaxed,
            Ordering::Acquire
        ))
    }

    /// Where the references of this unfinished run lead.
    pub(crate) fn directory(&self) -> Arc<Directory> {
        Arc::clone(self.host().directory())
    }

    /// The executor of this unfinished run.
    pub(crate) fn host(&self) -> Arc<dyn Host> {
        let cell = self.cell.lock();
        cell.host.clone().expect("an unfinished run has its host")
    }

    /// The flow, while the run is unfinished.
    pub(crate) fn flow(&self) -> Option<Arc<Flow>> {
        self.cell.lock().flow.clone()
    }

    /// The run becomes active.
    pub(crate) fn begin(&self) -> Begun {
        let host = self.host();
        let now = host.now();
        let mut cell = self.cell.lock();
        cell.begun = now;
        cell.rounds_begun = 1;
        let observers = host.observers();
        Begun {
            directory: Arc::clone(host.directory()),
            number: observers.number_run(),
            at: now,
            cancelled: cell.cancelled.is_some(),
            some_cancelled: !cell.cancelled_tasks.is_empty(),
            observed: observers.any(),
            scheduled: host.decides(),
            policy: cell.policy,
            deadline: cell.deadline,
        }
    }

    /// Whether the first round of the active run goes on.
    pub(crate) fn is_in_first_round(&self) -> bool {
        self.cell.lock().rounds_begun == 1
    }

    /// The flow of the task that the run is part of.
    pub(crate) fn parent_flow(&self) -> Option<Arc<Flow>> {
        let cell = self.cell.lock();
        cell.parent.as_ref().map(|parent| Arc::clone(&parent.flow))
    }

    /// The level that all tasks inherit; 0 if none.
    pub(crate) fn floor(&self) -> u32 {
        self.cell
            .lock()
            .parent
            .as_ref()
            .map_or(0, |parent| parent.floor)
    }

    /// The task that the run is part of was raised, maybe before the run is active.
    pub(crate) fn raise_floor(&self, level: u32) {
        if let Some(parent) = &mut self.cell.lock().parent {
            parent.floor = parent.floor.max(level);
        }
    }

    /// Notes a failure. The first is the run's error.
    pub(crate) fn fail(&self, failed: Suppressed) {
        let mut cell = self.cell.lock();
        if cell.failure.is_none() {
            cell.failure = Some(failed);
        } else {
            cell.suppressed.push(failed);
        }
    }

    /// Has the failures of a task that were told by one of its names told by another.
    pub(crate) fn rename_failures(&self, task: TaskId, from: &str, to: &str) {
        let mut cell = self.cell.lock();
        let cell = &mut *cell;
        for failed in cell.failure.iter_mut().chain(&mut cell.suppressed) {
            if let Some(label) = &mut failed.task
                && label.id == task
                && label.name.as_deref() == Some(from)
            {
                label.name = Some(Box::from(to));
            }
        }
    }

    /// Ends the run with its result. The last touch of the engine.
    pub(crate) fn close(&self, counts: &Counts, now: Duration) -> Closed {
        let mut cell = self.cell.lock();
        let stats = cell.stats(counts, now);
        let outcome = cell.outcome_with(stats);
        let unheard = match outcome {
            Err(error) if cell.detached => Some(error),
            other => {
                cell.outcome = Some(other);
                None
            }
        };
        let parent = cell.parent.take();
        if let Some(Parent { suspension, .. }) = &parent
            && let Some(suspension) = suspension
        {
            cell.waiter = Waiter::Parent(Arc::clone(suspension));
        }
        let closed = Closed {
            parent: parent.map(|parent| parent.flow),
            host: cell.host.take().expect("a run is closed once"),
            flow: cell.flow.take().expect("a run is closed once"),
            waiter: core::mem::take(&mut cell.waiter),
            ties: core::mem::take(&mut cell.ties),
            unheard,
        };
        // Ordering: Release, with the Acquire of `is_done`.
        let order = mutant!("run_done_no_release", Ordering::Relaxed, Ordering::Release);
        self.done.store(true, order);
        closed
    }

    /// What the run has done so far.
    pub(crate) fn stats(&self) -> RunStats {
        let host = self.cell.lock().host.clone();
        let now = host.map(|host| host.now());
        let cell = self.cell.lock();
        let ended = match &cell.outcome {
            Some(Ok(ended)) => Some(ended),
            Some(Err(error)) => error.stats(),
            None => None,
        };
        match ended {
            Some(ended) => RunStats {
                suppressed: Vec::new(),
                ..*ended
            },
            None => RunStats {
                rounds: cell.rounds_begun,
                missed_deadlines: cell.late.missed_deadlines,
                overruns: cell.late.overruns,
                elapsed: now.map_or(Duration::ZERO, |now| now.saturating_sub(cell.begun)),
                ..RunStats::default()
            },
        }
    }

    /// The result, once.
    pub(crate) fn take_outcome(&self) -> Option<Result<RunStats, RunError>> {
        self.cell.lock().outcome.take()
    }

    /// Whom to tell of the end. `false`: the run has ended, nobody will be told.
    pub(crate) fn set_waiter(&self, waiter: Waiter) -> bool {
        let mut cell = self.cell.lock();
        let pending = cell.flow.is_some() || mutant!("run_waiter_unchecked");
        if pending {
            let before = core::mem::replace(&mut cell.waiter, waiter);
            drop(cell);
            drop(before);
        }
        pending
    }

    /// The handle is gone. Gives the error that nobody has seen.
    pub(crate) fn detach(&self) -> Option<RunError> {
        let mut cell = self.cell.lock();
        cell.detached = true;
        cell.outcome.take()?.err()
    }
}

impl RunCell {
    fn new(host: Option<&Arc<dyn Host>>, flow: Option<&Arc<Flow>>, order: Order) -> Self {
        Self {
            host: host.cloned(),
            flow: flow.cloned(),
            rounds: order.rounds,
            policy: order.policy,
            parent: order.parent,
            rounds_begun: 0,
            begun: Duration::ZERO,
            cancelled: None,
            cancelled_tasks: BTreeMap::new(),
            left_out: None,
            failure: None,
            suppressed: Vec::new(),
            late: Late::default(),
            outcome: None,
            waiter: Waiter::Nobody,
            detached: false,
            deadline: None,
            ties: Ties::default(),
        }
    }

    fn stats(&mut self, counts: &Counts, now: Duration) -> RunStats {
        let ended = match counts.tasks {
            Tasks::PerRound(tasks) => tasks * self.rounds_begun,
            Tasks::Ended(tasks) => tasks,
        };
        RunStats {
            rounds: self.rounds_begun,
            tasks: ended.saturating_sub(counts.skipped) + counts.nested,
            skipped: counts.skipped + counts.nested_skipped,
            elapsed: now.saturating_sub(self.begun),
            missed_deadlines: self.late.missed_deadlines,
            overruns: self.late.overruns,
            suppressed: core::mem::take(&mut self.suppressed),
        }
    }

    fn outcome_with(&mut self, stats: RunStats) -> Result<RunStats, RunError> {
        let cancelled = self.cancelled.take().or(self.left_out.take());
        match self.failure.take() {
            Some(first) => Err(RunError::of_failure(first, stats)),
            None => match cancelled {
                Some(reason) => Err(RunError::Cancelled {
                    reason,
                    stats: Box::new(stats),
                }),
                None => Ok(stats),
            },
        }
    }
}

impl fmt::Debug for RunCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunCell")
            .field("rounds_begun", &self.rounds_begun)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
