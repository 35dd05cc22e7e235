//! The simulation that goes on on a thread: its schedule, and the strands that it switches between.
//!
//! ```text
//!   start, spawn        chosen                    park, pause
//!  ──────────────► ready ─────► running ─────────────────────────► parked, or ready again
//!                    ▲             │ returns                          │
//!                    │             ▼                                  │
//!                    │           ended                                │
//!                    └────────────── unparked, or the time is up ─────┘
//! ```
//!
//! No borrow of the schedule lives while strands are switched.

use core::any::Any;
use core::cell::{Cell, RefCell};
use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::thread::{self, ThreadId};

use generator::{Generator, Gn};

use super::moment::{Moment, Watch};
use super::schedule::{Next, Schedule};
use super::trace::{Trace, Who};

/// The stack of a strand. It takes the memory that is touched only.
const STACK_BYTES: usize = 1 << 20;

thread_local! {
    static HERE: RefCell<Option<Rc<World>>> = const { RefCell::new(None) };
    static SIMULATIONS: Cell<u64> = const { Cell::new(0) };
}

/// What a strand, or a simulation, panicked with.
pub(crate) type Payload = Box<dyn Any + Send>;

/// Which simulation of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WorldId(ThreadId, u64);

/// See the module's documentation.
pub(crate) struct World {
    id: WorldId,
    pub(crate) schedule: RefCell<Schedule>,
    /// Strands that have begun since the last switch.
    born: RefCell<Vec<Generator<'static, (), ()>>>,
    watches: RefCell<Vec<Watch>>,
    failure: Cell<Option<Payload>>,
    steps_max: u64,
}

impl World {
    /// The simulation that goes on on this thread.
    pub(crate) fn here() -> Option<Rc<Self>> {
        HERE.try_with(|here| here.borrow().clone()).ok().flatten()
    }

    /// The same, if it is this one.
    pub(crate) fn of(id: WorldId) -> Option<Rc<Self>> {
        Self::here().filter(|world| world.id == id)
    }

    pub(crate) fn id(&self) -> WorldId {
        self.id
    }

    /// Calls `body` on a strand of its own, and lets all strands go on until they have ended. Gives what happened, and
    /// what a strand panicked with, or what this simulation has to say of them.
    ///
    /// # Panics
    ///
    /// Inside of a simulation.
    pub(crate) fn simulate(
        schedule: Schedule,
        steps_max: u64,
        body: impl FnOnce() + Send,
    ) -> (Trace, Result<(), Payload>) {
        assert!(
            Self::here().is_none(),
            "a simulation inside of a simulation"
        );
        let number = SIMULATIONS.get() + 1;
        SIMULATIONS.set(number);
        let world = Rc::new(Self {
            id: WorldId(thread::current().id(), number),
            schedule: RefCell::new(schedule),
            born: RefCell::default(),
            watches: RefCell::default(),
            failure: Cell::default(),
            steps_max,
        });
        HERE.set(Some(Rc::clone(&world)));
        let gone = Gone;
        world.schedule.borrow_mut().add_strand(Who::Body);
        let mut strands = vec![strand(body)];
        let result = world.drive(&mut strands);
        // A strand that has not ended stands in the middle of something, and so it stays.
        strands
            .into_iter()
            .filter(|strand| !strand.is_done())
            .for_each(core::mem::forget);
        world.watches.take();
        drop(gone);
        let trace = core::mem::take(&mut world.schedule.borrow_mut().trace);
        (trace, result)
    }

    /// Another strand.
    pub(crate) fn start(&self, who: Who, body: impl FnOnce() + Send + 'static) {
        self.schedule.borrow_mut().add_strand(who);
        self.born.borrow_mut().push(strand(body));
    }

    /// Calls `watch` after each step.
    pub(crate) fn watch(&self, watch: Watch) {
        self.watches.borrow_mut().push(watch);
    }

    fn drive(&self, strands: &mut Vec<Generator<'_, (), ()>>) -> Result<(), Payload> {
        loop {
            let next = self.schedule.borrow_mut().next();
            match next {
                Next::Go(strand) => {
                    strands[strand].resume();
                    if strands[strand].is_done() {
                        self.schedule.borrow_mut().end();
                    }
                    strands.extend(self.born.take());
                }
                Next::Over => return Ok(()),
                Next::Hang => {
                    let waits = self.schedule.borrow().who_waits();
                    return Err(said(&format!("all wait, and nobody wakes them:{waits}")));
                }
            }
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            let moment = Moment::of(&self.schedule.borrow());
            if moment.steps >= self.steps_max {
                let waits = self.schedule.borrow().who_waits();
                return Err(said(&format!(
                    "no end after {} steps:{waits}",
                    moment.steps
                )));
            }
            self.show(&moment)?;
        }
    }

    /// Shows a moment to those who watch.
    fn show(&self, moment: &Moment) -> Result<(), Payload> {
        let mut watches = self.watches.take();
        let look = || watches.iter_mut().for_each(|watch| watch(moment));
        let result = catch_unwind(AssertUnwindSafe(look));
        self.watches.borrow_mut().append(&mut watches);
        result
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("id", &self.id)
            .field("schedule", &self.schedule)
            .finish_non_exhaustive()
    }
}

/// Lets others go on. On a strand only.
pub(crate) fn switch() {
    #[expect(
        deprecated,
        reason = "its successor hands a strand's body what this needs deep inside of calls of others"
    )]
    generator::yield_with(());
}

/// What runs on a strand: the first panic is the simulation's failure.
fn strand<'b>(body: impl FnOnce() + Send + 'b) -> Generator<'b, (), ()> {
    let words = STACK_BYTES / size_of::<usize>();
    let body = move || {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(body))
            && let Some(world) = World::here()
        {
            world.failure.set(Some(panic));
        }
    };
    Gn::new_opt(words, body)
}

fn said(text: &str) -> Payload {
    catch_unwind(|| panic!("{text}")).expect_err("it panics")
}

/// Takes a simulation off this thread when it is over.
struct Gone;

impl Drop for Gone {
    fn drop(&mut self) {
        HERE.set(None);
    }
}
