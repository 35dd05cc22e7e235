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

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use core::ptr::NonNull;
use core::time::Duration;

use crate::flow::{Flow, View};
use crate::graph::node::{Context, Outcome};
use crate::host::Host;
use crate::nursery::Places;
use crate::observer::{Ended, EventKind};
use crate::panic::Panic;
use crate::platform::{Platform, WorkerId};
use crate::pool::{Late, Pool, Queues};
use crate::protocol::completion::Tally;
use crate::protocol::deque::DequeOwner;
use crate::protocol::lives::Credit;
use crate::seat::{SeatState, Tenure};
use crate::stats::{Failure, Suppressed};
use crate::suspension::{Caller, Holding};
use crate::sync::{Arc, UnsafeCell};
use crate::task::TaskId;
use crate::wait::Target;

mod alone;
mod asking;
mod blocks;
mod counting;
mod enclosing;
mod failing;
mod finding;
mod general;
mod helping;
mod jobs;
mod lending;
mod lines;
mod running;
mod scheduled;
mod semaphores;
mod span;
mod succession;
mod telling;
mod tenure;
mod watching;

use jobs::Frame;
pub(crate) use scheduled::Scheduled;
use span::Span;

/// See the module's documentation.
pub(crate) struct Worker<'p, P: Platform> {
    pool: &'p Pool<P>,
    queues: &'p Queues,
    id: WorkerId,
    /// There is no other seat.
    solo: Cell<bool>,
    /// It is a reason to share its pool's only seat.
    shares: Cell<bool>,
    /// For a policy: see [`hold`](Self::hold).
    room: Cell<Vec<u32>>,
    /// The queue holds what a policy lent: what its [`Lending`](crate::protocol::lending::Lending) was then.
    lent: Cell<Option<usize>>,
    /// Tasks until a policy that has something is asked again to lend it.
    reluctance: Cell<u32>,
    /// Whatever is next may be run: this is no step, and no wait inside of a task.
    roams: Cell<bool>,
    tenure: Tenure,
    /// The seat, until it is given away. Never borrowed across user code.
    deque: UnsafeCell<Option<DequeOwner>>,
    current: Cell<Current>,
    /// The innermost of the jobs on this stack.
    jobs: Cell<Option<NonNull<Frame>>>,
    tally: Cell<Tally>,
    /// Whose tasks the tally counts.
    tally_flow: Cell<Option<NonNull<Flow>>>,
    /// Successors that are still to be made ready.
    span: Span,
    caught: Cell<Option<Panic>>,
    /// Tasks until the next look at the injector; 0 when the seat was given away.
    slice: Cell<u32>,
    /// Since the last turn of others something was begun that need not end; or nobody knows, since the seat was just taken.
    endless: Cell<bool>,
    /// When others had their last turn beside what ends.
    turned: Cell<Duration>,
    random: Cell<u32>,
    searching: Cell<bool>,
    credit: Credit,
    places: Places,
}

/// Whose code is running.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Current {
    /// The engine's.
    #[default]
    Engine,
    /// A task's closure.
    Task(NonNull<Flow>, u32),
    /// That of the innermost of the jobs.
    Job,
    /// That of a call from outside of tasks, whose thread has a seat meanwhile.
    Call,
    /// What belongs to a round's end: the predicate of `run_until`.
    Round(NonNull<Flow>),
}

/// What came of a turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Worked {
    /// Something was run.
    pub(crate) any: bool,
    /// The turn ended since nothing was ready.
    pub(crate) dry: bool,
}

impl<'p, P: Platform> Worker<'p, P> {
    pub(crate) fn new(pool: &'p Pool<P>, state: &SeatState, deque: DequeOwner) -> Self {
        let queues = &pool.slots[state.worker.index()].queues;
        Self::with_queues(pool, queues, state, deque)
    }

    /// On a seat whose queues these are.
    pub(crate) fn with_queues(
        pool: &'p Pool<P>,
        queues: &'p Queues,
        state: &SeatState,
        deque: DequeOwner,
    ) -> Self {
        let solo = pool.is_solo();
        deque.set_alone(solo);
        let seed = state.worker.index().wrapping_mul(0x9E37_79B9);
        Self {
            pool,
            queues,
            id: state.worker,
            solo: Cell::new(solo),
            shares: Cell::default(),
            room: Cell::default(),
            lent: Cell::default(),
            reluctance: Cell::default(),
            roams: Cell::default(),
            tenure: state.tenure,
            deque: UnsafeCell::new(Some(deque)),
            current: Cell::default(),
            jobs: Cell::default(),
            tally: Cell::default(),
            tally_flow: Cell::default(),
            span: Span::default(),
            caught: Cell::default(),
            slice: Cell::new(pool.slice),
            #[expect(clippy::cast_possible_truncation, reason = "any odd number will do")]
            random: Cell::new(seed as u32 | 1),
            endless: Cell::new(true),
            turned: Cell::default(),
            searching: Cell::new(state.searching),
            credit: Credit::default(),
            places: Places::default(),
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
        let dry = Cell::new(false);
        let steps = fuel != u32::MAX;
        self.roams.set(!steps);
        if steps {
            // Step by step no slice would ever be over.
            self.slice.set(0);
        }
        let fuel = Cell::new(fuel);
        self.guarded(|| {
            let mut met = None;
            while fuel.get() > 0 && self.has_seat() {
                if self.slice.get() == 0 {
                    self.give_way(&mut met);
                }
                let Some(task) = met.take().or_else(|| self.find()) else {
                    return dry.set(true);
                };
                self.found();
                any.set(true);
                let slice = self.slice.get().min(fuel.get());
                self.slice.set(slice);
                met = self.run(task);
                if steps {
                    let ran = slice - self.slice.get();
                    fuel.set(fuel.get().saturating_sub(ran.max(1)));
                }
            }
            if let Some(task) = met {
                self.keep(task);
            }
            self.spill();
            self.flush_and_keep();
        });
        Worked {
            any: any.get(),
            dry: dry.get(),
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
                // SAFETY: as above.
                let view = unsafe { flow.view() };
                if view.coarse {
                    return self.settle_block(flow, &view, index, panic);
                }
                if flow.is_observed() {
                    let outcome = Ended::Failed;
                    self.tell_of_task(flow, index, EventKind::End { outcome });
                }
                self.fail(flow, index, Failure::Panicked(panic));
                if self.lasts(flow, &view, index) {
                    return self.go_on_later(flow, &view, index);
                }
                if !self.has_seat() {
                    let late = Late::of(view.base + index, Outcome::Failed);
                    return self.pool.finish_late(late);
                }
                let mut context = Context::new(self);
                if let Some(next) = self.end(flow, &view, index, Outcome::Failed, &mut context) {
                    self.keep(self.in_hand(flow, &view, next));
                }
            }
            // Of no task: a wrong host. There is nobody to give it to.
            Current::Engine | Current::Job | Current::Call | Current::Round(_) => drop(panic),
        }
    }

    /// Notes the failure of a task and stops its run.
    #[cold]
    fn fail(&self, flow: &Flow, index: u32, failure: Failure) {
        let task = None;
        let _ = self.fail_with(flow, index, &mut Vec::from([Suppressed { task, failure }]));
    }

    /// The flow of a reference that this worker has in hand: one that it took from a queue, or was given
    /// to start or to end, and has not handed on since.
    #[inline]
    fn locate(&self, reference: u32) -> (&Flow, View<'_>) {
        // SAFETY: such a reference is of an unfinished task. So its run is active, and keeps the flow,
        // which keeps its registration. Nobody but this worker can finish the task. (Or it is of the
        // pool's nursery, whose flows stay.)
        let flow: &Flow = unsafe { self.pool.directory.flow(reference) };
        // SAFETY: as above.
        (flow, unsafe { flow.view() })
    }

    /// The flow whose code `current` is.
    fn flow_of(&self, current: Current) -> Option<&Flow> {
        match current {
            Current::Engine | Current::Job | Current::Call => None,
            // SAFETY: the task or round is unfinished, so its run is active.
            Current::Task(flow, _) | Current::Round(flow) => Some(unsafe { flow.as_ref() }),
        }
    }

    /// The seat's queue. Not to be held across user code, which may give the seat away.
    #[inline]
    fn deque(&self) -> Option<&DequeOwner> {
        // SAFETY: only this thread uses the cell, and it is changed by `stand_up` alone, in user code.
        unsafe { &*self.deque.get() }.as_ref()
    }

    /// The task that makes a call.
    fn index(&self) -> u32 {
        match self.current.get() {
            Current::Task(_, index) => index,
            Current::Engine | Current::Job | Current::Call | Current::Round(_) => {
                unreachable!("calls are made by tasks")
            }
        }
    }

    fn has_seat(&self) -> bool {
        self.deque().is_some()
    }

    /// Gives the seat away.
    fn stand_up(&self) -> Option<DequeOwner> {
        self.slice.set(0);
        // SAFETY: only this thread uses the cell, and no borrow of it is alive here.
        unsafe { &mut *self.deque.get() }.take()
    }
}

impl<P: Platform> Caller for Worker<'_, P> {
    fn host(&self) -> Arc<dyn Host> {
        self.pool.host()
    }

    fn worker(&self) -> WorkerId {
        self.id
    }

    fn flow(&self) -> &Flow {
        let flow = self.flow_of(self.current.get());
        flow.expect("calls are made by tasks")
    }

    fn start(&self, task: u32) {
        self.keep(task);
    }

    fn seat(&self) -> Option<Holding> {
        self.has_seat().then(|| {
            if self.solo.get() {
                Holding::Alone
            } else {
                Holding::Beside
            }
        })
    }

    fn break_off(&self, reason: Option<String>) {
        // SAFETY: the task that makes the call is unfinished, and in this worker's hands.
        unsafe { Caller::flow(self).break_off(self.index(), reason) };
    }

    fn wait(&self, target: Target<'_>, root: Option<u32>) {
        self.pool.wait_from(Some(self), target, root, None);
    }

    fn slice(&self) -> &Cell<u32> {
        &self.slice
    }

    fn step(&self, task: u32, context: &mut Context<'_>) {
        self.step_of_block(Caller::flow(self), task, context);
    }

    fn step_ended(&self, task: u32, outcome: Outcome, context: &mut Context<'_>) {
        self.end_step(Caller::flow(self), task, outcome, context);
    }

    fn task(&self) -> TaskId {
        // SAFETY: the task that makes the call is unfinished.
        unsafe { Caller::flow(self).graph() }.id(self.index())
    }

    fn reference(&self) -> u32 {
        // SAFETY: the task that makes the call is unfinished, so its run is active.
        unsafe { Caller::flow(self).view() }.base + self.index()
    }
}

impl<P: Platform> Drop for Worker<'_, P> {
    /// A host that unwinds through the engine loses no seat.
    fn drop(&mut self) {
        debug_assert_eq!(self.tally.get().finished, 0, "a tally was not flushed");
        if let Some(deque) = self.deque.get_mut().take() {
            self.give_back(deque);
        }
        self.pool.take_back(&self.credit);
        self.pool.nursery.give_back(&self.places);
        if self.shares.take() {
            self.pool.sharing.end();
        }
    }
}
