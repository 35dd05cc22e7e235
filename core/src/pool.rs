//! The workers of one executor and what they share.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::condition::Choices;
use crate::directory::Directory;
use crate::error::RunError;
use crate::graph::node::Outcome;
use crate::guests::Guests;
use crate::host::Host;
use crate::mutant::mutant;
use crate::nursery::Nursery;
use crate::observer::Observers;
use crate::platform::{Platform, WorkerId, with_local};
use crate::protocol::backlog::{Backlog, Chain, TwoEnded};
use crate::protocol::deque::{Deque, DequeOwner};
use crate::protocol::idle::Idle;
use crate::protocol::listed::Listed;
use crate::protocol::sharing::Sharing;
use crate::scheduler::Policy;
use crate::seat::{Seat, SeatConfig, SeatPool};
use crate::sync::{Arc, AtomicBool, AtomicUsize, Mutex, Ordering, Padded, Weak, erase};
use crate::victims::Victims;
use crate::wait::Seated;
use crate::worker::Scheduled;

mod alarms;
mod forking;
mod living;
mod patience;
mod scheduling;
mod seating;
mod spare;
mod standing_in;
mod waiting;

use alarms::Alarms;
pub(crate) use alarms::{AlarmId, Overrun};
use living::Living;
pub(crate) use scheduling::Installed;
use spare::Spare;

/// Entries of a worker's queue: few under the model checker, to which each is dear, and on processors without
/// compare-and-swap, whose boards have little memory. What does not fit goes to the backlog.
const DEQUE_LEN: usize = if cfg!(taskflow_loom) {
    4
} else if cfg!(target_has_atomic = "ptr") {
    1024
} else {
    64
};

/// Tasks that a worker runs before it looks at the injector.
const SLICE: u32 = 256;

/// Called with the error of a run whose handle is gone.
pub(crate) type ErrorHandler = Box<dyn Fn(&RunError) + Send + Sync>;

/// What the builder decided.
pub(crate) struct PoolConfig<P: Platform> {
    pub(crate) workers: usize,
    pub(crate) spin: u32,
    pub(crate) seat: SeatConfig,
    pub(crate) on_unheard: Option<ErrorHandler>,
    /// A policy, and what workers do with one. `None`: the engine's own queues.
    pub(crate) policy: Option<(Box<dyn Policy>, Scheduled<P>)>,
}

/// See the module's documentation.
pub(crate) struct Pool<P: Platform> {
    this: Weak<Self>,
    pub(crate) platform: P,
    pub(crate) slots: Box<[Padded<Slot>]>,
    pub(crate) idle: Idle,
    pub(crate) directory: Arc<Directory>,
    /// Ready jobs.
    pub(crate) nursery: Nursery,
    pub(crate) observers: Arc<Observers>,
    /// Tasks that come from no worker of this pool.
    pub(crate) injector: Padded<Backlog>,
    /// Tasks that ended on a thread without a seat; what follows them is still to be done.
    pub(crate) late: LateTasks,
    /// How often a worker took what the injector held.
    taken: AtomicUsize,
    /// The spare seats that are in use.
    pub(crate) spares: Listed<Spare>,
    /// Whether the only seat of a single worker is the only one.
    pub(crate) sharing: Sharing,
    /// Deadlines of runs.
    pub(crate) alarms: Alarms,
    /// Rounds of search before sleep.
    pub(crate) spin: u32,
    /// Tasks that a worker runs before it looks at the injector.
    pub(crate) slice: u32,
    /// Who decides what runs next, if not the queues.
    pub(crate) policy: Option<Installed>,
    /// What workers do with a policy.
    pub(crate) scheduled: Option<Scheduled<P>>,
    guests: Guests,
    living: Padded<Living<P>>,
    closed: AtomicBool,
    seat_config: SeatConfig,
    on_unheard: Option<ErrorHandler>,
}

/// One worker's share.
pub(crate) struct Slot {
    pub(crate) queues: Queues,
    pub(crate) victims: Victims,
    /// The owner's end of the deque, while the worker sleeps. Whoever takes it has the seat.
    vacated: Mutex<Option<DequeOwner>>,
    /// The seat was claimed for this worker, which may take it up.
    granted: AtomicBool,
}

/// The ready tasks of a seat.
pub(crate) struct Queues {
    pub(crate) deque: Arc<Deque>,
    /// What did not fit into the deque.
    pub(crate) backlog: TwoEnded,
}

impl Queues {
    /// Empty ones, and who may fill them.
    fn new() -> (Self, DequeOwner) {
        let (deque, owner) = Deque::new(DEQUE_LEN);
        let backlog = TwoEnded::default();
        (Self { deque, backlog }, owner)
    }

    /// Whether there is nothing. A hint: it may change at once.
    pub(crate) fn is_empty(&self) -> bool {
        self.deque.is_empty() && self.backlog.is_empty()
    }
}

/// A task whose end is to be dealt with. Its failures are noted already.
#[derive(Debug)]
pub(crate) struct Late {
    pub(crate) task: u32,
    /// `None`: it was lost before it began.
    pub(crate) outcome: Option<Outcome>,
    pub(crate) choices: Choices,
}

impl Late {
    /// A task that chose nothing.
    pub(crate) fn of(task: u32, outcome: Outcome) -> Self {
        Self {
            task,
            outcome: Some(outcome),
            choices: Choices::default(),
        }
    }

    /// A task that its policy has lost.
    fn lost(task: u32) -> Self {
        Self {
            task,
            outcome: None,
            choices: Choices::default(),
        }
    }
}

/// Tasks whose end is to be dealt with.
#[derive(Default)]
pub(crate) struct LateTasks {
    some: AtomicBool,
    tasks: Mutex<Vec<Late>>,
}

impl<P: Platform> Pool<P> {
    /// A pool whose workers all sleep, and have not been started.
    pub(crate) fn new(platform: P, config: PoolConfig<P>) -> Arc<Self> {
        let workers = config.workers;
        let idle = Idle::new(workers);
        let slot = |index| {
            let (queues, owner) = Queues::new();
            Padded(Slot {
                queues,
                victims: Victims::of(index, workers, &platform),
                vacated: Mutex::new(Some(owner)),
                granted: AtomicBool::new(false),
            })
        };
        let slots: Box<[_]> = (0..workers).map(slot).collect();
        for index in (0..workers).rev() {
            idle.announce(index, false);
        }
        let directory = Directory::new();
        let (policy, scheduled) = config.policy.unzip();
        let policy = policy.map(Installed::new);
        let pool = Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            // (With a policy, each task is asked for.)
            slice: if policy.is_some() { 1 } else { SLICE },
            policy,
            scheduled,
            slots,
            idle,
            nursery: Nursery::default(),
            observers: Observers::new(workers, &directory),
            directory,
            injector: Padded(Backlog::default()),
            late: LateTasks::default(),
            taken: AtomicUsize::new(0),
            spares: Listed::default(),
            sharing: Sharing::default(),
            alarms: Alarms::default(),
            spin: config.spin,
            guests: Guests::new(workers),
            living: Padded(Living::default()),
            closed: AtomicBool::new(false),
            seat_config: config.seat,
            on_unheard: config.on_unheard,
            platform,
        });
        if let Some(installed) = &pool.policy {
            installed.tag().lead_to(Arc::downgrade(&pool.host()));
        }
        pool
    }

    /// Hands every seat to the platform.
    ///
    /// # Errors
    ///
    /// The platform's own; the pool is closed then.
    pub(crate) fn start(&self) -> Result<(), P::Error> {
        for index in 0..self.slots.len() {
            if let Err(error) = self.start_seat(WorkerId::new(index)) {
                self.close();
                return Err(error);
            }
        }
        Ok(())
    }

    pub(crate) fn start_seat(&self, worker: WorkerId) -> Result<(), P::Error> {
        let pool = erase!(self.keep() => dyn SeatPool);
        self.platform
            .start(Seat::new(Arc::downgrade(&pool), worker))
    }

    /// How many workers there are.
    pub(crate) fn workers(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn has_one_worker(&self) -> bool {
        self.slots.len() == 1
    }

    /// Whether the seat of the caller is all there is: nobody steals, nobody need be woken from a task.
    pub(crate) fn is_solo(&self) -> bool {
        self.has_one_worker() && self.sharing.is_alone()
    }

    /// The pool as flows and handles see it.
    pub(crate) fn host(&self) -> Arc<dyn Host> {
        erase!(self.keep() => dyn Host)
    }

    fn keep(&self) -> Arc<Self> {
        self.this
            .upgrade()
            .expect("whoever works in the pool keeps it")
    }

    /// What identifies this pool among those whose workers are on a thread's stack.
    pub(crate) fn identity(&self) -> *const () {
        core::ptr::from_ref(self).cast()
    }

    /// Call after making a task visible: wakes a sleeper if nobody is searching.
    pub(crate) fn notify(&self) {
        if let Some(worker) = self.idle.notify() {
            self.grant(worker);
        }
    }

    /// Lets a claimed worker take up its seat.
    fn grant(&self, worker: usize) {
        // Ordering: Release, with the Acquire of `sit`; the seat itself goes through its lock.
        self.slots[worker].granted.store(true, Ordering::Release);
        self.platform.unpark(WorkerId::new(worker));
    }

    /// Makes tasks ready that no worker has in hand.
    pub(crate) fn inject(&self, chain: Chain) {
        self.injector.push(chain, &*self.directory);
        self.wake_helpers();
    }

    /// Call after making a task visible that its owner is not going to run: as `notify`, and wakes
    /// guests that keep a seat.
    pub(crate) fn wake_helpers(&self) {
        self.stir();
        self.notify();
        self.guests
            .wake_blocked(|guest| self.platform.unpark(guest));
    }

    /// Leaves the end of a task to the workers.
    pub(crate) fn finish_late(&self, task: Late) {
        let mut tasks = self.late.tasks.lock();
        tasks.push(task);
        // Ordering: Relaxed; a hint, the lock decides. Whoever sleeps passes a fence first.
        self.late.some.store(true, Ordering::Relaxed);
        drop(tasks);
        self.wake_helpers();
    }

    /// Whether there are tasks whose end is to be dealt with.
    pub(crate) fn has_late(&self) -> bool {
        // Ordering: Relaxed; as in `finish_late`.
        self.late.some.load(Ordering::Relaxed)
    }

    /// A task whose end is to be dealt with.
    pub(crate) fn take_late(&self) -> Option<Late> {
        if !self.has_late() {
            return None;
        }
        let mut tasks = self.late.tasks.lock();
        let task = tasks.pop();
        // Ordering: Relaxed; changed under the lock.
        self.late.some.store(!tasks.is_empty(), Ordering::Relaxed);
        task
    }

    /// Whether any queue holds anything. For the second look of this worker before sleep, after a fence.
    fn has_work(&self, worker: usize) -> bool {
        // Ordering: Relaxed; `announce` has passed a SeqCst fence.
        !self.injector.is_empty()
            || self.late.some.load(Ordering::Relaxed)
            || self.slots.iter().any(|slot| !slot.queues.is_empty())
            || self.spares.any(|seat| !seat.queues.is_empty())
            || self.draw(worker)
    }

    /// Calls `look` with the innermost worker on the caller's stack, as far as the platform can tell.
    pub(crate) fn on_stack<R>(&self, look: impl FnOnce(Option<&dyn Seated>) -> R) -> R {
        with_local(&self.platform, |local| match local {
            Some(local) => local.with(look),
            None => look(None),
        })
    }

    /// Lets all seats end once nothing is left to do.
    pub(crate) fn close(&self) {
        if !mutant!("close_wakes_first") {
            // Ordering: Release, with the Acquire of `is_closed`.
            self.closed.store(true, Ordering::Release);
        }
        for index in 0..self.slots.len() {
            self.platform.unpark(WorkerId::new(index));
        }
        if mutant!("close_wakes_first") {
            // Ordering: as above.
            self.closed.store(true, Ordering::Release);
        }
    }

    fn is_closed(&self) -> bool {
        // Ordering: Acquire, with the Release of `close`.
        self.closed.load(Ordering::Acquire)
    }
}
