//! The host of a simulation.

use core::error::Error;
use core::fmt;
use core::num::NonZeroUsize;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use taskflow_core::{Local, Panic, Platform, Seat, Step, WorkerId};

use super::moment::Moment;
use super::style::Pace;
use super::trace::{Parking, Who};
use super::world::{World, WorldId, switch};

/// The host of an executor inside of a simulation; see [`testing`](crate::testing) for what it does.
///
/// Executors on it work inside the simulation in which the host was made, on the thread of that.
#[derive(Debug)]
pub struct Simulated {
    world: WorldId,
    executor: usize,
    parallelism: NonZeroUsize,
}

/// The seed has it that no substitute can be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the simulation refuses to start a worker")
    }
}

impl Error for Refused {}

impl Simulated {
    /// The host of one more executor.
    ///
    /// # Panics
    ///
    /// Outside of a simulation.
    #[must_use]
    pub fn new() -> Self {
        #[cfg(taskflow_mutants)]
        crate::mutant::choose();
        let world = World::here().expect("a simulated executor is made inside of a simulation");
        let mut schedule = world.schedule.borrow_mut();
        Self {
            world: world.id(),
            executor: schedule.add_executor(),
            parallelism: NonZeroUsize::new(schedule.trace.workers).unwrap_or(NonZeroUsize::MIN),
        }
    }

    /// Calls `look` after each step of the simulation, between the steps of its workers. A panic of it fails the
    /// simulation there and then. It must not wait, nor start or cancel anything.
    pub fn watch(&self, look: impl FnMut(&Moment) + 'static) {
        self.world().watch(Box::new(look));
    }

    fn world(&self) -> Rc<World> {
        World::of(self.world)
            .expect("a simulated executor is used inside of its simulation, on the thread of that")
    }

    fn parking(&self, worker: WorkerId) -> Parking {
        Parking {
            executor: self.executor,
            id: worker.index(),
        }
    }
}

impl Default for Simulated {
    fn default() -> Self {
        Self::new()
    }
}

impl Platform for Simulated {
    type Error = Refused;

    /// How many workers the simulation was told to have, or has drawn.
    fn parallelism(&self) -> NonZeroUsize {
        self.parallelism
    }

    fn start(&self, seat: Seat) -> Result<(), Refused> {
        let world = World::of(self.world).ok_or(Refused)?;
        let parking = self.parking(seat.worker());
        let mut schedule = world.schedule.borrow_mut();
        if !schedule.may_start(parking) {
            return Err(Refused);
        }
        let tasks_one_by_one = match schedule.style.pace {
            Pace::Run => 0,
            Pace::Step => usize::MAX,
            Pace::Mixed => schedule.dice.below(100),
        };
        drop(schedule);
        world.start(Who::Worker(parking), move || {
            work(seat, parking, tasks_one_by_one);
        });
        Ok(())
    }

    fn park(&self, worker: WorkerId, timeout: Option<Duration>) {
        park(&self.world(), self.parking(worker), timeout);
    }

    /// What comes when the simulation is over is for nobody.
    fn unpark(&self, worker: WorkerId) {
        if let Some(world) = World::of(self.world) {
            world.schedule.borrow_mut().unpark(self.parking(worker));
        }
    }

    fn now(&self) -> Duration {
        self.world().schedule.borrow().now
    }

    fn guard<R>(&self, stretch: impl FnOnce() -> R) -> Result<R, Panic> {
        catch_unwind(AssertUnwindSafe(stretch)).map_err(Panic::new)
    }

    fn throw(&self, panic: Panic) -> ! {
        resume_unwind(panic.into_payload())
    }

    fn local(&self, f: &mut dyn FnMut(&Local)) {
        let local = World::of(self.world).map(|world| world.schedule.borrow().local());
        if let Some(local) = local {
            f(&local);
        }
    }

    /// The same for the same seed, and different for different ones.
    fn distance(&self, from: WorkerId, to: WorkerId) -> u8 {
        World::of(self.world).map_or(0, |world| {
            let schedule = world.schedule.borrow();
            schedule.distance(self.executor, from.index(), to.index())
        })
    }
}

fn park(world: &World, parking: Parking, timeout: Option<Duration>) {
    world.schedule.borrow_mut().park(parking, timeout);
    switch();
}

/// A worker's life: so many tasks one by one, and the others as they come.
fn work(mut seat: Seat, parking: Parking, tasks_one_by_one: usize) {
    for _ in 0..tasks_one_by_one {
        match seat.step() {
            Step::Ran => switch(),
            Step::Idle => {
                if let Some(world) = World::here() {
                    park(&world, parking, None);
                }
            }
            Step::Closed => return,
        }
    }
    seat.run();
}
