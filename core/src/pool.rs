//! The workers of one executor and what they share.

use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::time::Duration;

use crate::directory::Directory;
use crate::error::RunError;
use crate::guests::Guests;
use crate::host::Host;
use crate::platform::{Platform, WorkerId, with_local};
use crate::protocol::backlog::{Backlog, Chain};
use crate::protocol::deque::{Deque, DequeOwner};
use crate::protocol::idle::Idle;
use crate::seat::{Seat, SeatConfig, SeatPool, SeatState, Step};
use crate::sync::{AtomicBool, Mutex, Ordering, Padded};
use crate::victims::Victims;
use crate::wait::{Deadlock, Seated, Target, Wait};
use crate::worker::Worker;

/// Entries of a worker's queue.
const DEQUE_LEN: usize = 1024;

/// Called with the error of a run whose handle is gone.
pub(crate) type ErrorHandler = Box<dyn Fn(&RunError) + Send + Sync>;

/// What the builder decided.
pub(crate) struct PoolConfig {
    pub(crate) workers: usize,
    pub(crate) spin: u32,
    pub(crate) seat: SeatConfig,
    pub(crate) on_unheard: Option<ErrorHandler>,
}

/// See the module's documentation.
pub(crate) struct Pool<P: Platform> {
    this: Weak<Self>,
    pub(crate) platform: P,
    pub(crate) slots: Box<[Padded<Slot>]>,
    pub(crate) idle: Idle,
    pub(crate) directory: Arc<Directory>,
    /// Tasks that come from no worker of this pool.
    pub(crate) injector: Padded<Backlog>,
    /// Tasks that ended on a thread without a seat; what follows them is still to be done.
    pub(crate) late: Late,
    /// Rounds of search before sleep.
    pub(crate) spin: u32,
    guests: Guests,
    lives: Mutex<Lives>,
    closed: AtomicBool,
    seat_config: SeatConfig,
    on_unheard: Option<ErrorHandler>,
}

/// One worker's share.
pub(crate) struct Slot {
    pub(crate) deque: Arc<Deque>,
    pub(crate) backlog: Backlog,
    pub(crate) victims: Victims,
    /// The owner's end of the deque, while the worker sleeps. Whoever takes it has the seat.
    vacated: Mutex<Option<DequeOwner>>,
    /// The seat was claimed for this worker, which may take it up.
    granted: AtomicBool,
}

/// Tasks whose end is to be dealt with.
#[derive(Default)]
pub(crate) struct Late {
    some: AtomicBool,
    tasks: Mutex<Vec<u32>>,
}

/// The runs of an executor, and who waits for the last of them.
#[derive(Default)]
struct Lives {
    runs: usize,
    waiters: Vec<WorkerId>,
    close_at_end: bool,
}

impl<P: Platform> Pool<P> {
    /// A pool whose workers all sleep, and have not been started.
    pub(crate) fn new(platform: P, config: PoolConfig) -> Arc<Self> {
        let workers = config.workers;
        let idle = Idle::new(workers);
        let slot = |index| {
            let (deque, owner) = Deque::new(DEQUE_LEN, workers == 1);
            Padded(Slot {
                deque,
                backlog: Backlog::default(),
                victims: Victims::of(index, workers, &platform),
                vacated: Mutex::new(Some(owner)),
                granted: AtomicBool::new(false),
            })
        };
        let slots: Box<[_]> = (0..workers).map(slot).collect();
        for index in (0..workers).rev() {
            idle.announce(index, false);
        }
        Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            slots,
            idle,
            directory: Directory::new(),
            injector: Padded(Backlog::default()),
            late: Late::default(),
            spin: config.spin,
            guests: Guests::new(workers),
            lives: Mutex::new(Lives::default()),
            closed: AtomicBool::new(false),
            seat_config: config.seat,
            on_unheard: config.on_unheard,
            platform,
        })
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
        let seat = Seat::new(Weak::clone(&self.this) as Weak<dyn SeatPool>, worker);
        self.platform.start(seat)
    }

    /// Whether one worker is all there is: nobody steals, nobody need be woken from a task.
    pub(crate) fn is_solo(&self) -> bool {
        self.slots.len() == 1
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
        self.notify();
        self.guests
            .wake_blocked(|guest| self.platform.unpark(guest));
    }

    /// Leaves the end of a task to the workers.
    pub(crate) fn finish_late(&self, task: u32) {
        let mut tasks = self.late.tasks.lock();
        tasks.push(task);
        // Ordering: Relaxed; a hint, the lock decides. Whoever sleeps passes a fence first.
        self.late.some.store(true, Ordering::Relaxed);
        drop(tasks);
        self.notify();
        self.guests
            .wake_blocked(|guest| self.platform.unpark(guest));
    }

    /// A task whose end is to be dealt with.
    pub(crate) fn take_late(&self) -> Option<u32> {
        // Ordering: Relaxed; as in `finish_late`.
        if !self.late.some.load(Ordering::Relaxed) {
            return None;
        }
        let mut tasks = self.late.tasks.lock();
        let task = tasks.pop();
        // Ordering: Relaxed; changed under the lock.
        self.late.some.store(!tasks.is_empty(), Ordering::Relaxed);
        task
    }

    /// Whether any queue holds anything. For the second look before sleep, after a fence.
    fn has_work(&self) -> bool {
        // Ordering: Relaxed; `announce` has passed a SeqCst fence.
        !self.injector.is_empty()
            || self.late.some.load(Ordering::Relaxed)
            || self
                .slots
                .iter()
                .any(|slot| !slot.deque.is_empty() || !slot.backlog.is_empty())
    }

    /// Gives a seat back, asleep. `Some`: there is something to do after all, the seat is kept.
    fn vacate(&self, worker: usize, deque: DequeOwner, searching: bool) -> Option<DequeOwner> {
        *self.slots[worker].vacated.lock() = Some(deque);
        self.idle.announce(worker, searching);
        if self.has_work() && self.idle.retract(worker) {
            self.idle.force_search();
            return self.slots[worker].vacated.lock().take();
        }
        None
    }

    /// Gives up a seat that a guest had. Its worker, or another, is woken if there is something to do.
    pub(crate) fn leave_guest_seat(&self, worker: usize, deque: DequeOwner) {
        *self.slots[worker].vacated.lock() = Some(deque);
        self.idle.announce(worker, false);
        if self.has_work() {
            self.notify();
        }
    }

    /// Gives the seat of a task that waits to a substitute, which was started for it.
    pub(crate) fn hand_over(&self, worker: usize, deque: DequeOwner) {
        *self.slots[worker].vacated.lock() = Some(deque);
        self.idle.force_search();
        self.grant(worker);
    }

    /// Puts a guest on the seat of a sleeping worker to help the target. `false`: nobody sleeps.
    fn lend(&self, target: Target<'_>, root: Option<u32>) -> bool {
        let Some(index) = self.idle.claim() else {
            return false;
        };
        let Some(deque) = self.slots[index].vacated.lock().take() else {
            return false;
        };
        let guest = Worker::guest(self, index, deque);
        with_local(&self.platform, |local| {
            let help = || {
                if let Some(root) = root {
                    guest.start(root);
                }
                guest.help(target);
            };
            match local {
                Some(local) => local.enter(&guest, help),
                None => help(),
            }
        });
        if let Some(deque) = guest.into_seat() {
            self.leave_guest_seat(index, deque);
        }
        true
    }

    /// Puts the calling thread on the seat of a sleeping worker until nothing is ready.
    fn help_any(&self) {
        if let Some(index) = self.idle.claim() {
            let mut state = SeatState {
                deque: self.slots[index].vacated.lock().take(),
                guest: true,
                ..SeatState::asleep(WorkerId::new(index))
            };
            while state.deque.is_some() {
                self.turn(&mut state, u32::MAX);
            }
        }
    }

    /// As [`Host::wait`], called on the stack of `seated`.
    fn wait_from(
        &self,
        seated: Option<&dyn Seated>,
        target: Target<'_>,
        root: Option<u32>,
        timeout: Option<Duration>,
    ) -> bool {
        let own = seated.filter(|worker| worker.pool() == self.identity());
        let help = |root: Option<u32>| match own.filter(|worker| worker.has_seat()) {
            Some(worker) => {
                if let Some(root) = root {
                    worker.start(root);
                }
                worker.help(target);
            }
            None => {
                if !self.lend(target, root)
                    && let Some(root) = root
                {
                    self.launch(root);
                }
            }
        };
        help(root);
        if target.is_done() {
            return true;
        }
        let deadline = timeout.map(|timeout| self.platform.now().saturating_add(timeout));
        let kept = seated.is_some_and(|worker| worker.has_seat() && !worker.leave_seat());
        let guest = self.guests.enter(kept);
        loop {
            if !target.wake_at_end(guest.id()) {
                return true;
            }
            let left = deadline.map(|deadline| deadline.saturating_sub(self.platform.now()));
            if left == Some(Duration::ZERO) {
                target.forget_waiter();
                return target.is_done();
            }
            // Once more: what was injected before this guest was listed as blocked woke nobody.
            help(None);
            if target.is_done() {
                return true;
            }
            self.platform.park(guest.id(), left);
        }
    }

    /// Waits until no run is left.
    ///
    /// # Errors
    ///
    /// The caller is a task of this pool.
    pub(crate) fn wait_for_all(&self) -> Result<(), Deadlock> {
        if self.is_current() {
            return Err(Deadlock);
        }
        let guest = self.guests.enter(false);
        loop {
            let mut lives = self.lives.lock();
            if lives.runs == 0 {
                return Ok(());
            }
            if !lives.waiters.contains(&guest.id()) {
                lives.waiters.push(guest.id());
            }
            drop(lives);
            self.help_any();
            self.platform.park(guest.id(), None);
        }
    }

    /// Whether the caller is a task of this pool, as far as the platform can tell.
    pub(crate) fn is_current(&self) -> bool {
        self.on_stack(|worker| worker.is_some())
    }

    /// Calls `look` with the innermost worker of this pool on the caller's stack.
    pub(crate) fn on_stack<R>(&self, look: impl FnOnce(Option<&dyn Seated>) -> R) -> R {
        with_local(&self.platform, |local| match local {
            Some(local) => {
                local.with(|worker| look(worker.filter(|worker| worker.pool() == self.identity())))
            }
            None => look(None),
        })
    }

    /// Lets all seats end once nothing is left to do.
    pub(crate) fn close(&self) {
        // Ordering: Release, with the Acquire of `is_closed`.
        self.closed.store(true, Ordering::Release);
        for index in 0..self.slots.len() {
            self.platform.unpark(WorkerId::new(index));
        }
    }

    /// Closes the pool after its last run.
    pub(crate) fn close_at_end(&self) {
        let mut lives = self.lives.lock();
        lives.close_at_end = true;
        let now = lives.runs == 0;
        drop(lives);
        if now {
            self.close();
        }
    }

    fn is_closed(&self) -> bool {
        // Ordering: Acquire, with the Release of `close`.
        self.closed.load(Ordering::Acquire)
    }

    /// Takes up the seat of a sleeping worker that was granted to it, or, when polled, still is its own.
    fn sit(&self, state: &mut SeatState) -> Option<DequeOwner> {
        let index = state.worker.index();
        if let Some(deque) = state.deque.take() {
            return Some(deque);
        }
        let slot = &self.slots[index];
        // Ordering: Acquire, with the Release of `grant`.
        if slot.granted.swap(false, Ordering::Acquire) {
            state.searching = true;
        } else if !self.idle.retract(index) {
            return None;
        }
        slot.vacated.lock().take()
    }
}

impl<P: Platform> Host for Pool<P> {
    fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    fn now(&self) -> Duration {
        self.platform.now()
    }

    fn launch(&self, root: u32) {
        self.inject(Chain::of(root));
    }

    fn run_submitted(&self) {
        self.lives.lock().runs += 1;
    }

    fn run_ended(&self) {
        let mut lives = self.lives.lock();
        lives.runs -= 1;
        if lives.runs > 0 {
            return;
        }
        let waiters = core::mem::take(&mut lives.waiters);
        let close = lives.close_at_end;
        drop(lives);
        for waiter in waiters {
            self.platform.unpark(waiter);
        }
        if close {
            self.close();
        }
    }

    fn unpark(&self, guest: WorkerId) {
        self.platform.unpark(guest);
    }

    fn report(&self, error: &RunError) {
        if let Some(handler) = &self.on_unheard {
            handler(error);
        }
    }

    fn wait(&self, target: Target<'_>, root: Option<u32>, timeout: Option<Duration>) -> bool {
        with_local(&self.platform, |local| match local {
            Some(local) => local.with(|seated| self.wait_from(seated, target, root, timeout)),
            None => self.wait_from(None, target, root, timeout),
        })
    }

    fn begin_wait(&self, flow: u64) -> Result<Option<Wait>, Deadlock> {
        let from = with_local(&self.platform, |local| local?.with(|seated| seated?.flow()));
        from.map(|from| Wait::begin(from, flow)).transpose()
    }
}

impl<P: Platform> SeatPool for Pool<P> {
    fn turn(&self, state: &mut SeatState, fuel: u32) -> Step {
        if state.left || self.is_closed() {
            return Step::Closed;
        }
        let Some(deque) = self.sit(state) else {
            return Step::Idle;
        };
        let worker = Worker::new(self, state, deque);
        let ran = with_local(&self.platform, |local| match local {
            Some(local) => local.enter(&worker, || worker.work(fuel)),
            None => worker.work(fuel),
        });
        let searching = worker.is_searching();
        let Some(deque) = worker.into_seat() else {
            state.left = true;
            return Step::Closed;
        };
        if ran.fuel_left {
            state.deque = self.vacate(state.worker.index(), deque, searching);
            state.searching = state.deque.is_some();
        } else {
            state.deque = Some(deque);
            state.searching = searching;
        }
        if ran.any || state.deque.is_some() {
            Step::Ran
        } else {
            Step::Idle
        }
    }

    fn sleep(&self, worker: WorkerId) -> bool {
        let slot = &self.slots[worker.index()];
        loop {
            // Ordering: Acquire, with the Release of `grant`; `sit` takes the grant.
            if slot.granted.load(Ordering::Acquire) {
                return true;
            }
            if self.is_closed() {
                return false;
            }
            self.platform.park(worker, None);
        }
    }

    fn config(&self) -> &SeatConfig {
        &self.seat_config
    }
}
