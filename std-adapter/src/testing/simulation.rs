//! Running a body under seeds.

use core::mem::ManuallyDrop;
use std::panic::resume_unwind;
use std::sync::Arc;

use taskflow_core::{Builder, Scheduler, WorkStealing};

use super::dice::Dice;
use super::platform::Simulated;
use super::schedule::Schedule;
use super::seeds;
use super::trace::{Trace, Who};
use super::world::{Payload, World, switch};

/// An executor inside of a simulation.
pub type Executor<S = WorkStealing> = taskflow_core::Executor<Simulated, S>;

/// Seeds that are tried where nobody says how many.
const SEEDS: u64 = 100;

/// Steps after which a simulation counts as endless.
const STEPS_MAX: u64 = 1_000_000;

/// The settings of simulations.
///
/// # Examples
///
/// The clock of a simulation moves as its seed says, and on when all wait:
///
/// ```
/// use std::time::Duration;
/// use taskflow_std::{Taskflow, testing::Simulation};
///
/// Simulation::new().workers(2).seeds(10).check(|executor, _| {
///     let flow = Taskflow::new();
///     flow.emplace_async(|| std::future::pending());
///     let mut run = executor.run(&flow);
///     assert!(run.wait_timeout(Duration::from_secs(3600)).is_none());
///     assert!(run.cancel());
/// });
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is simulated before `check` or `replay`"]
pub struct Simulation {
    workers: Option<usize>,
    refuse: Option<usize>,
    seeds: u64,
    steps_max: u64,
}

impl Simulation {
    /// Simulations whose number of workers, from 1 to 8, and all else is drawn from the seed.
    pub fn new() -> Self {
        Self {
            workers: None,
            refuse: None,
            seeds: SEEDS,
            steps_max: STEPS_MAX,
        }
    }

    /// With so many workers, at least one.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers.max(1));
        self
    }

    /// One start of a substitute in so many is refused, as by a machine that has no thread left: 0 for none, 1 for all. Drawn
    /// from the seed otherwise. The first start of a worker is never refused.
    pub fn refused_starts(mut self, one_in: usize) -> Self {
        self.refuse = Some(one_in);
        self
    }

    /// How many seeds to try where the environment does not say; 100 otherwise.
    pub fn seeds(mut self, seeds: u64) -> Self {
        self.seeds = seeds;
        self
    }

    /// Steps after which a simulation fails as one that does not end; a million otherwise.
    pub fn steps_max(mut self, steps: u64) -> Self {
        self.steps_max = steps;
        self
    }

    /// Calls `body` under one seed after another: under the one that `TASKFLOW_SEED` names, or those that `TASKFLOW_SEEDS`
    /// names (a number, or `FROM..TO`), or those from 0 on.
    ///
    /// The dice are the seed's: what a body draws from them, it draws again when it is replayed.
    ///
    /// # Panics
    ///
    /// With what `body`, or a task's host, or [`watch`](Simulated::watch) panicked with; or if all wait and nobody will
    /// wake them, if there is no end, or if a worker is left when the body has returned (an executor was kept). How to
    /// see it again is printed before.
    pub fn check(&self, body: impl FnMut(&Arc<Executor>, &mut Dice) + Send) {
        self.check_over(WorkStealing::new, body);
    }

    /// As [`check`](Self::check), with an executor whose policy is made anew for each seed.
    ///
    /// # Panics
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_std::{FifoScheduler, Taskflow, testing::Simulation};
    ///
    /// Simulation::new().seeds(10).check_over(FifoScheduler::new, |executor, _| {
    ///     let flow = Taskflow::new();
    ///     flow.emplace(|| {});
    ///     assert_eq!(executor.run_and_wait(&flow).unwrap().tasks, 1);
    /// });
    /// ```
    pub fn check_over<S: Scheduler>(
        &self,
        scheduler: impl Fn() -> S + Send + Sync,
        mut body: impl FnMut(&Arc<Executor<S>>, &mut Dice) + Send,
    ) {
        for seed in seeds::asked_for(self.seeds) {
            self.replay_over(seed, &scheduler, &mut body);
        }
    }

    /// Calls `body` under one seed. Gives what happened.
    ///
    /// # Panics
    ///
    /// As [`check`](Self::check), and inside of a simulation.
    pub fn replay(&self, seed: u64, body: impl FnMut(&Arc<Executor>, &mut Dice) + Send) -> Trace {
        self.replay_over(seed, &WorkStealing::new, body)
    }

    fn replay_over<S: Scheduler>(
        &self,
        seed: u64,
        scheduler: &(impl Fn() -> S + Send + Sync),
        body: impl FnMut(&Arc<Executor<S>>, &mut Dice) + Send,
    ) -> Trace {
        let (trace, result) = self.simulate(seed, scheduler, body);
        if let Err(panic) = result {
            let thread = std::thread::current();
            let test = thread.name().filter(|name| *name != "main");
            eprint!("{trace}");
            eprintln!("{}", seeds::replay(seed, test));
            resume_unwind(panic);
        }
        trace
    }

    fn simulate<S: Scheduler>(
        &self,
        seed: u64,
        scheduler: &(impl Fn() -> S + Send + Sync),
        mut body: impl FnMut(&Arc<Executor<S>>, &mut Dice) + Send,
    ) -> (Trace, Result<(), Payload>) {
        let mut schedule = Schedule::new(seed, self.workers, self.refuse);
        let mut dice = Dice::of(schedule.dice.number());
        World::simulate(schedule, self.steps_max, || {
            let builder = Builder::new(Simulated::new()).scheduler(scheduler());
            let built = builder.build();
            let executor = Arc::new(built.expect("first workers are started"));
            let executor = ManuallyDrop::new(executor);
            body(&executor, &mut dice);
            // (A body that panics leaves all as it is.)
            drop(ManuallyDrop::into_inner(executor));
        })
    }
}

impl Default for Simulation {
    fn default() -> Self {
        Self::new()
    }
}

/// Calls `body` with an executor under many seeds, each of which decides all that may happen between threads. See
/// [`Simulation::check`], and [`Simulation`] for other settings than the usual ones.
///
/// # Panics
///
/// As [`Simulation::check`].
///
/// # Examples
///
/// ```
/// use taskflow_std::{Taskflow, testing};
///
/// testing::check(|executor, _| {
///     let flow = Taskflow::new();
///     let text = flow.produce(|| "to be or not to be".to_owned()).share();
///     let words = text.map(|text| text.split(' ').count());
///     executor.run_and_wait(&flow).unwrap();
///     assert_eq!(words.take(), Some(6));
/// });
/// ```
pub fn check(body: impl FnMut(&Arc<Executor>, &mut Dice) + Send) {
    Simulation::new().check(body);
}

/// Lets the others go on, if they can: what a task does that waits for something the library knows nothing of. Outside of
/// a simulation it lets other threads go on.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use taskflow_std::{Taskflow, testing::{self, Simulation}};
///
/// // Two tasks that wait for one another need two workers.
/// Simulation::new().workers(2).check(|executor, _| {
///     let (flow, here) = (Taskflow::new(), Arc::new(AtomicUsize::new(0)));
///     for _ in 0..2 {
///         let here = Arc::clone(&here);
///         flow.emplace(move || {
///             here.fetch_add(1, Ordering::Relaxed);
///             while here.load(Ordering::Relaxed) < 2 {
///                 testing::pause();
///             }
///         });
///     }
///     executor.run(&flow).wait().unwrap();
/// });
/// ```
pub fn pause() {
    if World::here().is_some() {
        switch();
    } else {
        std::thread::yield_now();
    }
}

/// Calls `body` as another thread outside of the pool would, inside of a simulation; on a new thread outside of one. The
/// simulation goes on until it returns.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use taskflow_std::{Taskflow, testing};
///
/// testing::check(|executor, _| {
///     for _ in 0..3 {
///         let executor = Arc::clone(executor);
///         testing::spawn(move || {
///             let flow = Taskflow::new();
///             flow.emplace(|| {});
///             assert_eq!(executor.run(&flow).wait().unwrap().tasks, 1);
///         });
///     }
/// });
/// ```
pub fn spawn(body: impl FnOnce() + Send + 'static) {
    match World::here() {
        Some(world) => world.start(Who::Outside, body),
        None => drop(std::thread::spawn(body)),
    }
}
