//! Tasks that hold no worker while they wait: for the run of a nested graph, for spawned tasks, for a
//! future.
//!
//! ```text
//!   call ──► begins something, answers `Pending` ──► suspended ──► wake ──► queued ──► call again
//!                                                        ▲                                │
//!                                                        └────────── `Pending` ───────────┘──► done
//! ```
//!
//! A suspended task is unfinished, so its run goes on and everything it refers to lives. What it waits for
//! is on its flow's list of [`Hold`]s, so that stopping the run stops that too.

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

use crate::flow::Flow;
use crate::graph::node::{Context, Outcome};
use crate::group::Group;
use crate::host::Host;
use crate::platform::WorkerId;
use crate::protocol::waking::Waking;
use crate::run::Run;
use crate::semaphore::arbiter;
use crate::sync::{Arc, Mutex, impl_wake};
use crate::task::TaskId;
use crate::wait::Target;

/// What a call may ask of the worker that makes it.
pub(crate) trait Caller {
    /// The worker's executor.
    fn host(&self) -> Arc<dyn Host>;

    /// The worker.
    fn worker(&self) -> WorkerId;

    /// The task's flow.
    fn flow(&self) -> &Flow;

    /// The task.
    fn task(&self) -> TaskId;

    /// The task's reference.
    fn reference(&self) -> u32;

    /// Makes the root of a run, or a suspended task of the same run, ready on this worker.
    fn start(&self, task: u32);

    /// How the caller has its seat at this moment. `None`: it gave it away, since user code waited.
    fn seat(&self) -> Option<Holding>;

    /// What is left of the worker's slice: zero if it has to give way, or has no seat any more.
    fn slice(&self) -> &Cell<u32>;

    /// Calls a task of the block at hand, or skips it, where the run asks for attention.
    fn step(&self, task: u32, context: &mut Context<'_>);

    /// A task of the block at hand, which was called, did not just end.
    fn step_ended(&self, task: u32, outcome: Outcome, context: &mut Context<'_>);

    /// A part of the task was cancelled: so is the task.
    fn break_off(&self, reason: Option<String>);

    /// Waits on this task's stack. `root` is a root that the caller was given to start.
    fn wait(&self, target: Target<'_>, root: Option<u32>);
}

/// How a worker has its seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holding {
    /// There is no other seat: nobody else touches what tasks of the executor share.
    Alone,
    /// Others may have seats too.
    Beside,
}

/// A task's right to be called again. Kept by the task, and by whoever is to wake it; it may outlive both
/// the task and its flow.
pub(crate) struct Suspension {
    waking: Waking,
    place: Mutex<Option<Place>>,
}

/// Where to queue the task.
struct Place {
    host: Arc<dyn Host>,
    reference: u32,
}

impl Suspension {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            waking: Waking::default(),
            place: Mutex::new(None),
        })
    }

    /// The task is being called for the first time in a round.
    pub(crate) fn begin(&self, context: &Context<'_>) {
        let place = Place {
            host: context.caller.host(),
            reference: context.caller.reference(),
        };
        let before = self.place.lock().replace(place);
        drop(before);
        self.waking.resume(|| ());
    }

    /// The task is being called again. Gives what `look` sees; see [`Waking::resume`].
    pub(crate) fn resume(&self, look: impl FnOnce() -> bool) -> bool {
        self.waking.resume(look)
    }

    /// See [`Waking::suspend`].
    pub(crate) fn suspend(&self) -> bool {
        self.waking.suspend()
    }

    /// The task is done.
    pub(crate) fn end(&self) {
        self.waking.end();
        let place = self.place.lock().take();
        drop(place);
    }

    /// Has the task called again, if it is suspended or about to be. Any thread, any number of times.
    pub(crate) fn wake(&self) {
        if !self.waking.wake() {
            return;
        }
        // Whoever suspended the task has left its place here, and it stays until the task is called again.
        let (host, reference) = match &*self.place.lock() {
            Some(place) => (Arc::clone(&place.host), place.reference),
            None => return,
        };
        host.resume(reference);
    }
}

impl_wake!(Suspension);

impl fmt::Debug for Suspension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Suspension").field(&self.waking).finish()
    }
}

/// What a suspended task waits for, and what stopping its run must reach.
#[derive(Clone)]
pub(crate) enum Hold {
    /// A future: it is dropped when the task is called again.
    Future(Arc<Suspension>),
    /// The run of a nested graph.
    Run(Arc<Run>),
    /// Spawned tasks.
    Group(Arc<Group>),
    /// Semaphores: what the tasks of this flow wait for.
    Semaphores(u64),
    /// Semaphores: what this task waits for.
    Turn(TaskId),
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Future(_) => "Future",
            Self::Run(_) => "Run",
            Self::Group(_) => "Group",
            Self::Semaphores(_) => "Semaphores",
            Self::Turn(_) => "Turn",
        })
    }
}

/// The holds of a flow.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    entries: Vec<Option<(TaskId, Hold)>>,
    free: Vec<usize>,
}

impl Holds {
    pub(crate) fn add(&mut self, task: TaskId, hold: Hold) -> usize {
        match self.free.pop() {
            Some(place) => {
                self.entries[place] = Some((task, hold));
                place
            }
            None => {
                self.entries.push(Some((task, hold)));
                self.entries.len() - 1
            }
        }
    }

    pub(crate) fn remove(&mut self, place: usize) -> Option<Hold> {
        self.free.push(place);
        self.entries[place].take().map(|(_, hold)| hold)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.len() == self.free.len()
    }

    /// All holds there are.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Hold> {
        self.entries.iter().flatten().map(|(_, hold)| hold)
    }

    /// All holds, and whose they are.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (TaskId, &Hold)> {
        let entries = self.entries.iter().flatten();
        entries.map(|(task, hold)| (*task, hold))
    }

    /// The holds of one task. O(all).
    pub(crate) fn of(&self, task: TaskId) -> impl Iterator<Item = &Hold> {
        let entries = self.entries.iter().flatten();
        entries.filter_map(move |(holder, hold)| (*holder == task).then_some(hold))
    }
}

/// What a suspending task keeps from call to call.
#[derive(Debug, Default)]
pub(crate) struct Suspender {
    suspension: Option<Arc<Suspension>>,
    hold: Option<usize>,
}

impl Suspender {
    /// Begins: the task is being called for the first time in a round. Gives what wakes it.
    pub(crate) fn begin(&mut self, context: &Context<'_>) -> Arc<Suspension> {
        let suspension = self.suspension.get_or_insert_with(Suspension::new);
        suspension.begin(context);
        Arc::clone(suspension)
    }

    /// The task is called again.
    pub(crate) fn resume(&self, context: &mut Context<'_>) {
        if let Some(suspension) = &self.suspension {
            // Looked at once more: the wake of a stop that came after the caller's look is answered here.
            let flow = context.caller.flow();
            let task = context.caller.task();
            context.stopped |= suspension.resume(|| flow.is_stopped_for(task));
        }
    }

    /// Lets stopping the run, or the task, reach what the task waits for, as [`Flow::hold`].
    pub(crate) fn hold(&mut self, context: &Context<'_>, hold: Hold) {
        let caller = context.caller;
        self.hold = Some(caller.flow().hold(caller.task(), hold));
    }

    /// The task waits for what it holds.
    pub(crate) fn wait_on(&self, context: &mut Context<'_>) {
        context.suspension = self.suspension.clone();
    }

    /// The task has what it waited for.
    pub(crate) fn let_go(&mut self, context: &Context<'_>) {
        if let Some(place) = self.hold.take() {
            context.caller.flow().let_go(place);
        }
    }

    /// The task is done.
    pub(crate) fn end(&mut self, context: &Context<'_>) {
        self.let_go(context);
        if let Some(suspension) = &self.suspension {
            suspension.end();
        }
    }
}

/// Stops all that is held, and what that holds in turn.
pub(crate) fn release(mut holds: Vec<Hold>) {
    while let Some(hold) = holds.pop() {
        match hold {
            Hold::Future(suspension) => suspension.wake(),
            Hold::Group(group) => {
                group.cancel(None);
            }
            Hold::Semaphores(flow) => arbiter::stop(flow),
            Hold::Turn(task) => arbiter::stop_task(task),
            Hold::Run(run) => {
                if run.cancel(None)
                    && let Some(flow) = run.flow()
                {
                    holds.extend(flow.stop_run(&run));
                }
            }
        }
    }
}
