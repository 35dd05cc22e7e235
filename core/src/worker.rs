//! A thread on a seat: finding tasks, running them, and what follows when they end.
//!
//! ```text
//!   find ──► run ──► complete ──► a successor is ready: run it next (bypass)
//!    ▲                  │
//!    └──────────────────┘ none is: find
//! ```
//!
//! All of it happens on one thread, in calls that user code may interrupt by panicking or re-enter by
//! waiting. So the state lies in cells, no borrow of it lives across user code, and `current` tells at
//! any moment whose code is running: a caught panic is dealt with from that alone ([`Worker::settle`]).

use core::cell::{Cell, UnsafeCell};
use core::ptr::NonNull;

use crate::flow::{Flow, View};
use crate::graph::node::{Context, Outcome};
use crate::panic::Panic;
use crate::platform::{Platform, WorkerId};
use crate::pool::{Pool, Slot};
use crate::protocol::backlog::{Backlog, Chain, Links, NONE, Taken};
use crate::protocol::completion::Tally;
use crate::protocol::deque::{DequeOwner, STEAL_MAX, Stolen};
use crate::run::{Rounds, Waiter};
use crate::seat::SeatState;
use crate::stats::Failure;
use crate::sync::Ordering;
use crate::wait::{Seated, Target};

/// Tasks that a worker runs before it looks at the injector.
const SLICE: u32 = 256;
/// Sources that a root makes ready at a time.
const SOURCES: usize = 128;

/// See the module's documentation.
pub(crate) struct Worker<'p, P: Platform> {
    pool: &'p Pool<P>,
    slot: &'p Slot,
    id: WorkerId,
    /// The seat, until it is given away. Never borrowed across user code.
    deque: UnsafeCell<Option<DequeOwner>>,
    current: Cell<Current>,
    tally: Cell<Tally>,
    tally_flow: Cell<Option<NonNull<Flow>>>,
    caught: Cell<Option<Panic>>,
    /// Tasks until the next look at the injector; 0 when the seat was given away.
    slice: Cell<u32>,
    random: Cell<u32>,
    searching: Cell<bool>,
    guest: Cell<bool>,
}

/// Whose code is running.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Current {
    /// The engine's.
    #[default]
    Engine,
    /// A task's closure.
    Task(NonNull<Flow>, u32),
    /// What belongs to a round's end: the predicate of `run_until`.
    Round(NonNull<Flow>),
}

/// What came of a turn.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Worked {
    /// Something was run.
    pub(crate) any: bool,
    /// The turn ended since nothing was ready.
    pub(crate) fuel_left: bool,
}

/// References of one flow: the first, and how many.
type Range = (u32, u32);

impl<'p, P: Platform> Worker<'p, P> {
    pub(crate) fn new(pool: &'p Pool<P>, state: &SeatState, deque: DequeOwner) -> Self {
        let worker = Self::guest(pool, state.worker.index(), deque);
        worker.searching.set(state.searching);
        worker.guest.set(state.guest);
        worker
    }

    /// A thread that waits, on the seat of a sleeping worker.
    pub(crate) fn guest(pool: &'p Pool<P>, index: usize, deque: DequeOwner) -> Self {
        let seed = u32::try_from(index).unwrap_or(0).wrapping_mul(0x9E37_79B9) | 1;
        Self {
            pool,
            slot: &pool.slots[index],
            id: WorkerId::new(index),
            deque: UnsafeCell::new(Some(deque)),
            current: Cell::default(),
            tally: Cell::default(),
            tally_flow: Cell::default(),
            caught: Cell::default(),
            slice: Cell::new(SLICE),
            random: Cell::new(seed),
            searching: Cell::new(false),
            guest: Cell::new(true),
        }
    }

    /// The seat, if it was not given away.
    pub(crate) fn into_seat(mut self) -> Option<DequeOwner> {
        self.deque.get_mut().take()
    }

    pub(crate) fn is_searching(&self) -> bool {
        self.searching.get()
    }

    /// Runs what there is, at most `fuel` tasks.
    pub(crate) fn work(&self, fuel: u32) -> Worked {
        let any = Cell::new(false);
        let fuel_left = Cell::new(fuel);
        self.guarded(|| {
            while fuel_left.get() > 0 && self.has_seat() {
                let Some(task) = self.find() else {
                    return;
                };
                self.found();
                any.set(true);
                let slice = SLICE.min(fuel_left.get());
                self.slice.set(slice);
                if fuel != u32::MAX {
                    fuel_left.set(fuel_left.get() - slice);
                }
                self.run(task);
            }
            if self.has_seat() {
                self.flush_and_keep();
            }
        });
        Worked {
            any: any.get(),
            fuel_left: fuel_left.get() > 0,
        }
    }

    /// Calls `body` again and again until it ends without a panic. A panic is dealt with in the next
    /// call, since that runs user code too.
    fn guarded(&self, body: impl Fn()) {
        loop {
            let result = self.pool.platform.guard(|| {
                if let Some(panic) = self.caught.take() {
                    self.settle(panic);
                }
                body();
            });
            match result {
                Ok(()) => return,
                Err(panic) => self.caught.set(Some(panic)),
            }
        }
    }

    /// Deals with a panic of user code.
    fn settle(&self, panic: Panic) {
        match self.current.replace(Current::Engine) {
            Current::Task(flow, index) => {
                // SAFETY: the task that panicked is unfinished, so its run is active.
                let flow = unsafe { flow.as_ref() };
                self.fail(flow, index, Failure::Panicked(panic));
                if let Some(next) = self.complete(flow, index) {
                    self.keep(next);
                }
            }
            // Of no task: a wrong host. There is nobody to give it to.
            Current::Engine | Current::Round(_) => drop(panic),
        }
    }

    /// Notes the failure of a task and stops its run.
    #[cold]
    fn fail(&self, flow: &Flow, index: u32, failure: Failure) {
        flow.stop();
        // SAFETY: the task is unfinished.
        let label = unsafe { flow.graph() }.label(index);
        // SAFETY: as above.
        unsafe { flow.active() }.fail(Some(label), failure);
    }

    // ---- running -------------------------------------------------------------------------------

    /// Runs a task and, one after another, a successor that it made ready.
    fn run(&self, reference: u32) {
        // SAFETY: a reference in a worker's hands is of an unfinished task, so its run is active.
        let flow: &Flow = unsafe { self.pool.directory.flow(reference) };
        // SAFETY: as above.
        let view = unsafe { flow.view() };
        let mut index = reference.wrapping_sub(view.base);
        if index == view.root() {
            match self.run_root(flow, view) {
                Some(first) => index = first,
                None => return,
            }
        }
        loop {
            let node = view.node(index);
            if flow.is_stopped() {
                let mut tally = self.tally_of(flow);
                tally.skipped += 1;
                self.tally.set(tally);
            } else {
                let mut context = Context::default();
                self.current.set(Current::Task(NonNull::from(flow), index));
                // SAFETY: (1) invariant 2 of the graph, which is frozen. (2) A task is started once a
                // round, by the worker that has its reference.
                // Unwind: `settle` finds the task in `current` and completes it.
                let outcome = unsafe { (node.call)(node.data, &mut context) };
                self.current.set(Current::Engine);
                if outcome == Outcome::Failed
                    && let Some(error) = context.failure
                {
                    self.fail(flow, index, Failure::Failed(error));
                }
            }
            let Some(next) = self.complete(flow, index) else {
                return;
            };
            let slice = self.slice.get().saturating_sub(1);
            self.slice.set(slice);
            if slice == 0 {
                return self.keep(next);
            }
            index = next.wrapping_sub(view.base);
        }
    }

    /// Makes a batch of sources ready, and itself again if there are more. Gives one of them to be run.
    fn run_root(&self, flow: &Flow, view: View<'_>) -> Option<u32> {
        let progress = flow.progress();
        let sources = view.sources();
        // Ordering: Relaxed; handed on with the root's reference.
        let begin = progress.cursor.load(Ordering::Relaxed);
        let mut tally = self.tally_of(flow);
        if begin == 0 && flow.is_stopped() {
            // Nothing of this round was started, so no counter is out of place.
            tally.finished += view.tasks + 1;
            tally.skipped += view.tasks;
            self.tally.set(tally);
            return None;
        }
        let end = sources.len().min(begin + SOURCES);
        let batch = &sources[begin..end];
        let more = end < sources.len();
        if more {
            // Ordering: Relaxed; published with the root's reference.
            progress.cursor.store(end, Ordering::Relaxed);
        } else {
            tally.finished += 1;
            self.tally.set(tally);
        }
        let (first, others) = batch.split_first()?;
        let mut out = Outbox::default();
        for source in others {
            self.push(&mut out, view.base + source);
        }
        if more {
            self.push(&mut out, view.base + view.root());
        }
        self.send(out);
        Some(*first)
    }

    /// A task has ended: counts it, and makes ready what waited for it alone. Gives one such task to be
    /// run next.
    fn complete(&self, flow: &Flow, index: u32) -> Option<u32> {
        // SAFETY: the task is not counted yet, so the run is active.
        let view = unsafe { flow.view() };
        if !self.has_seat() {
            self.pool.finish_late(view.base + index);
            return None;
        }
        let solo = self.pool.is_solo();
        let mut next = None;
        let mut out = Outbox::default();
        for successor in view.successors(index) {
            let node = view.node(*successor);
            let strong = node.strong();
            let ready = strong <= 1
                || if solo {
                    node.counter.arrive_alone(strong)
                } else {
                    node.counter.arrive(strong)
                };
            if ready {
                let reference = view.base + successor;
                if next.is_none() {
                    next = Some(reference);
                } else {
                    self.push(&mut out, reference);
                }
            }
        }
        self.send(out);
        let mut tally = self.tally_of(flow);
        tally.finished += 1;
        self.tally.set(tally);
        next
    }

    // ---- making ready --------------------------------------------------------------------------

    /// Puts a task into the queue, to be shown by `send`.
    fn push(&self, out: &mut Outbox, task: u32) {
        out.any = true;
        let Err(task) = self.with_deque(|deque| deque.push(task)) else {
            return;
        };
        let links = &*self.pool.directory;
        match &mut out.overflow {
            Some(chain) => chain.append(task, links),
            None => out.overflow = Some(Chain::of(task)),
        }
    }

    /// Shows others what was pushed.
    fn send(&self, out: Outbox) {
        if !out.any {
            return;
        }
        self.with_deque(DequeOwner::publish);
        if let Some(chain) = out.overflow {
            self.slot.backlog.push(chain, &*self.pool.directory);
        }
        if !self.pool.is_solo() {
            self.pool.notify();
        }
    }

    /// Queues one task.
    fn keep(&self, task: u32) {
        if !self.has_seat() {
            return self.pool.inject(Chain::of(task));
        }
        let mut out = Outbox::default();
        self.push(&mut out, task);
        self.send(out);
    }

    fn with_deque<R>(&self, act: impl FnOnce(&DequeOwner) -> R) -> R {
        // SAFETY: only this thread uses the cell; `act` runs no user code, so nobody gives the seat
        // away meanwhile.
        let deque = unsafe { &*self.deque.get() };
        act(deque.as_ref().expect("callers have checked for the seat"))
    }

    // ---- counting ------------------------------------------------------------------------------

    /// The tally of `flow`; that of another flow is flushed.
    fn tally_of(&self, flow: &Flow) -> Tally {
        let flow = NonNull::from(flow);
        if self.tally_flow.get() != Some(flow) {
            self.flush_and_keep();
            self.tally_flow.set(Some(flow));
        }
        self.tally.get()
    }

    /// Flushes, and queues the root if that begins another round.
    fn flush_and_keep(&self) {
        if let Some(root) = self.flush() {
            self.keep(root);
        }
    }

    /// Counts what was finished. Gives the root if that ends a round and begins the next.
    fn flush(&self) -> Option<u32> {
        let flow = self.tally_flow.take()?;
        let tally = self.tally.take();
        if tally.finished == 0 {
            return None;
        }
        // SAFETY: tasks of the flow are not counted yet, so its run is active.
        let flow = unsafe { flow.as_ref() };
        let progress = flow.progress();
        if tally.skipped > 0 {
            // Ordering: Relaxed; ordered by the flush below.
            progress.skipped.fetch_add(tally.skipped, Ordering::Relaxed);
        }
        if progress.completion.flush(tally.finished) {
            self.round_over(flow)
        } else {
            None
        }
    }

    /// All tasks of a round are counted, and this worker alone has the flow.
    fn round_over(&self, flow: &Flow) -> Option<u32> {
        // SAFETY: the run is active until `end_run` below.
        let run = unsafe { flow.active() };
        let outer = self.current.replace(Current::Round(NonNull::from(flow)));
        // The predicate and its drop are user code. They are guarded here, since this may be in the
        // middle of the end of another flow's task.
        let again = self.pool.platform.guard(|| {
            let mut rounds = run.take_rounds();
            let again = !flow.is_stopped()
                && match &mut rounds {
                    Rounds::Times(left) => {
                        *left -= 1;
                        *left > 0
                    }
                    Rounds::Until(enough) => !enough(),
                };
            again.then_some(rounds)
        });
        self.current.set(outer);
        match again {
            Ok(Some(rounds)) => {
                run.round_begins(rounds);
                // SAFETY: this worker alone has the flow.
                return Some(unsafe { flow.begin_round() });
            }
            Ok(None) => {}
            Err(panic) => run.fail(None, Failure::Panicked(panic)),
        }
        self.end_run(flow);
        None
    }

    /// Ends the active run and tells whoever waits for it.
    fn end_run(&self, flow: &Flow) {
        let now = self.pool.platform.now();
        // SAFETY: all tasks are counted, and this worker is the one that counted the last.
        let ended = unsafe { flow.end_run(now) };
        let closed = ended.closed;
        if let Some((host, root)) = ended.next {
            host.launch(root);
        }
        let host = closed.host;
        let waker = match closed.waiter {
            Waiter::Nobody => None,
            Waiter::Thread(guest) => {
                host.unpark(guest);
                None
            }
            Waiter::Task(waker) => Some(waker),
        };
        host.run_ended();
        if waker.is_none() && closed.unheard.is_none() && !ended.orphan {
            return;
        }
        // User code again, guarded as in `round_over`. Nobody could be told of a panic.
        let outer = self.current.replace(Current::Engine);
        let told = self.pool.platform.guard(|| {
            if let Some(waker) = waker {
                waker.wake();
            }
            if let Some(error) = closed.unheard {
                host.report(&error);
            }
            if ended.orphan {
                // SAFETY: the owner has dropped the flow and no run is left.
                unsafe { closed.flow.clear() };
            }
        });
        drop(told);
        self.current.set(outer);
    }

    // ---- finding -------------------------------------------------------------------------------

    /// A task to be run, from wherever there is one.
    fn find(&self) -> Option<u32> {
        if self.slice.get() == 0 {
            self.slice.set(SLICE);
            self.refill(&self.pool.injector);
        }
        if let Some(task) = self.with_deque(DequeOwner::take) {
            return Some(task);
        }
        if self.refill(&self.slot.backlog) {
            return self.with_deque(DequeOwner::take);
        }
        if let Some(root) = self.flush() {
            return Some(root);
        }
        // What the flush above ended may have put something into this worker's own queue.
        if let Some(task) = self.with_deque(DequeOwner::take) {
            return Some(task);
        }
        self.search()
    }

    /// A task from what is not this worker's own.
    fn search(&self) -> Option<u32> {
        if !self.searching.get() && !self.pool.idle.start_search() {
            return None;
        }
        self.searching.set(true);
        for round in 0..=self.pool.spin {
            if round > 0 {
                core::hint::spin_loop();
            }
            while let Some(late) = self.pool.take_late() {
                if let Some(next) = self.resume_late(late) {
                    return Some(next);
                }
            }
            if self.refill(&self.pool.injector) {
                return self.with_deque(DequeOwner::take);
            }
            for victim in self.slot.victims.from(self.next_random()) {
                let victim = &self.pool.slots[victim];
                if let Some(task) = self.steal(victim) {
                    return Some(task);
                }
                if self.refill(&victim.backlog) {
                    return self.with_deque(DequeOwner::take);
                }
            }
        }
        None
    }

    /// Half of a victim's tasks: one to be run, the others into this worker's queue.
    fn steal(&self, victim: &Slot) -> Option<u32> {
        let mut loot = [0; STEAL_MAX];
        loop {
            match victim.deque.steal_half(&mut loot) {
                Stolen::Empty => return None,
                Stolen::Contended => core::hint::spin_loop(),
                Stolen::Some(count) => {
                    let mut out = Outbox::default();
                    for task in &loot[1..count] {
                        self.push(&mut out, *task);
                    }
                    self.send(out);
                    return Some(loot[0]);
                }
            }
        }
    }

    /// Moves what a backlog holds into this worker's queue, as far as there is room. `true`: something.
    fn refill(&self, backlog: &Backlog) -> bool {
        let Some(taken) = backlog.take() else {
            return false;
        };
        let links = &*self.pool.directory;
        let mut taken = if core::ptr::eq(backlog, &*self.pool.injector) {
            taken.reversed(links)
        } else {
            taken
        };
        let room = STEAL_MAX * 4;
        for _ in 0..room {
            let Some(task) = self.unlink(&mut taken) else {
                break;
            };
            if let Err(task) = self.with_deque(|deque| deque.push(task)) {
                self.slot.backlog.push(Chain::of(task), links);
                break;
            }
        }
        taken.put_back(&self.slot.backlog, links);
        self.with_deque(DequeOwner::publish);
        if !self.pool.is_solo() {
            self.pool.notify();
        }
        true
    }

    /// The first task of a chain, its counter armed again.
    fn unlink(&self, taken: &mut Taken) -> Option<u32> {
        let links = &*self.pool.directory;
        let task = taken.pop(links)?;
        debug_assert!(task != NONE);
        // SAFETY: a task in a chain is unfinished, so its run is active.
        let flow: &Flow = unsafe { self.pool.directory.flow(task) };
        // SAFETY: as above.
        let view = unsafe { flow.view() };
        let strong = view.node(task.wrapping_sub(view.base)).strong();
        links.counter(task).rearm(strong);
        Some(task)
    }

    /// Ends a task whose closure has returned on a thread without a seat.
    fn resume_late(&self, task: u32) -> Option<u32> {
        // SAFETY: the task is unfinished, so its run is active.
        let flow: &Flow = unsafe { self.pool.directory.flow(task) };
        // SAFETY: as above.
        let base = unsafe { flow.view() }.base;
        self.complete(flow, task.wrapping_sub(base))
    }

    /// Ends the search: something was found.
    fn found(&self) {
        if self.searching.replace(false) && self.pool.idle.stop_search() {
            self.pool.notify();
        }
    }

    fn next_random(&self) -> u32 {
        // Xorshift (G. Marsaglia, Xorshift RNGs, Journal of Statistical Software 8(14), 2003).
        let mut x = self.random.get();
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        self.random.set(x);
        x
    }

    // ---- helping a wait ------------------------------------------------------------------------

    /// A ready task of the range. What else this worker's own queue holds goes to the injector.
    fn find_in(&self, range: Range) -> Option<u32> {
        let mut foreign = None;
        let mut found = None;
        while let Some(task) = self.with_deque(DequeOwner::take_oldest) {
            if in_range(range, task) {
                found = Some(task);
                break;
            }
            self.collect(&mut foreign, task);
        }
        if let Some(chain) = foreign {
            self.pool.inject(chain);
        }
        if found.is_some() {
            return found;
        }
        if let Some(task) = self.sift(&self.slot.backlog, range) {
            return Some(task);
        }
        if let Some(root) = self.flush() {
            if in_range(range, root) {
                return Some(root);
            }
            self.keep(root);
        }
        if let Some(task) = self.sift(&self.pool.injector, range) {
            return Some(task);
        }
        for victim in self.slot.victims.from(self.next_random()) {
            let victim = &self.pool.slots[victim];
            let mut loot = 0;
            loop {
                match victim
                    .deque
                    .steal_if(|task| in_range(range, task), &mut loot)
                {
                    Stolen::Some(_) => return Some(loot),
                    Stolen::Empty => break,
                    Stolen::Contended => core::hint::spin_loop(),
                }
            }
            if let Some(task) = self.sift(&victim.backlog, range) {
                return Some(task);
            }
        }
        None
    }

    /// Takes a backlog apart: tasks of the range come here, one of them to be run; the others go to
    /// the injector.
    fn sift(&self, backlog: &Backlog, range: Range) -> Option<u32> {
        let mut taken = backlog.take()?;
        let mut found = None;
        let mut foreign = None;
        let mut out = Outbox::default();
        while let Some(task) = self.unlink(&mut taken) {
            if !in_range(range, task) {
                self.collect(&mut foreign, task);
            } else if found.is_none() {
                found = Some(task);
            } else {
                self.push(&mut out, task);
            }
        }
        self.send(out);
        if let Some(chain) = foreign {
            self.pool.injector.push(chain, &*self.pool.directory);
            self.pool.notify();
        }
        found
    }

    fn collect(&self, chain: &mut Option<Chain>, task: u32) {
        match chain {
            Some(chain) => chain.append(task, &*self.pool.directory),
            None => *chain = Some(Chain::of(task)),
        }
    }
}

impl<P: Platform> Seated for Worker<'_, P> {
    fn pool(&self) -> *const () {
        self.pool.identity()
    }

    fn worker(&self) -> WorkerId {
        self.id
    }

    fn flow(&self) -> Option<u64> {
        match self.current.get() {
            Current::Engine => None,
            // SAFETY: the task or round is unfinished, so its run is active.
            Current::Task(flow, _) | Current::Round(flow) => Some(unsafe { flow.as_ref() }.id()),
        }
    }

    fn has_seat(&self) -> bool {
        // SAFETY: only this thread uses the cell, and no borrow that changes it is alive.
        unsafe { &*self.deque.get() }.is_some()
    }

    fn start(&self, root: u32) {
        self.keep(root);
    }

    fn help(&self, target: Target<'_>) {
        let Some(flow) = target.flow() else {
            return;
        };
        let Some(range) = flow.range(&self.pool.directory) else {
            return;
        };
        drop(flow);
        let outer = self.current.replace(Current::Engine);
        let outer_slice = self.slice.get();
        self.guarded(|| {
            while self.has_seat() && !target.is_done() {
                let Some(task) = self.find_in(range) else {
                    break;
                };
                if target.is_done() {
                    // It may be of a later run of the flow, which nobody here waits for.
                    self.keep(task);
                    break;
                }
                self.slice.set(SLICE);
                self.run(task);
            }
            if self.has_seat() {
                self.flush_and_keep();
            }
        });
        self.current.set(outer);
        self.slice
            .set(if self.has_seat() { outer_slice } else { 0 });
    }

    fn leave_seat(&self) -> bool {
        let outer = self.current.replace(Current::Engine);
        self.guarded(|| self.flush_and_keep());
        self.current.set(outer);
        let index = self.id.index();
        if self.guest.get() {
            // SAFETY: only this thread uses the cell, and no borrow of it is alive here.
            let deque = unsafe { &mut *self.deque.get() }.take();
            if let Some(deque) = deque {
                self.pool.leave_guest_seat(index, deque);
            }
        } else {
            if self.pool.start_seat(self.id).is_err() {
                return false;
            }
            // SAFETY: only this thread uses the cell, and no borrow of it is alive here.
            let deque = unsafe { &mut *self.deque.get() }.take();
            if let Some(deque) = deque {
                self.pool.hand_over(index, deque);
            }
        }
        self.slice.set(0);
        true
    }
}

impl<P: Platform> Drop for Worker<'_, P> {
    /// A host that unwinds through the engine loses no seat.
    fn drop(&mut self) {
        if let Some(deque) = self.deque.get_mut().take() {
            self.pool.leave_guest_seat(self.id.index(), deque);
        }
    }
}

/// What one step makes ready.
#[derive(Debug, Default)]
struct Outbox {
    any: bool,
    overflow: Option<Chain>,
}

fn in_range((first, count): Range, task: u32) -> bool {
    task.wrapping_sub(first) < count
}
