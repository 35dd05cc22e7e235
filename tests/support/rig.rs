//! The same test on threads and on stepped workers, with 1, 2, 4 and 8 of them.

use core::borrow::Borrow;
use core::num::NonZeroUsize;
use core::time::Duration;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use taskflow_std::{
    Executor, Local, Manual, NoThread, Panic, Platform, RunError, RunOptions, RunStats, Runnable,
    Seat, Taskflow, TaskflowFuture, WorkerId,
};

use crate::support::dice::Dice;
use crate::support::stepped::{step_until, stepped};

pub(crate) const WORKERS: [usize; 4] = [1, 2, 4, 8];

/// An executor that a test knows how to drive.
#[derive(Debug)]
pub(crate) enum Rig {
    Threads(Executor),
    /// Stepped as the dice fall.
    Stepped(taskflow_core::Executor<Catching>, RefCell<Dice>),
}

impl Rig {
    pub(crate) fn threads(workers: usize) -> Self {
        Self::Threads(Executor::new(workers))
    }

    pub(crate) fn stepped(workers: usize) -> Self {
        Self::Stepped(stepped(workers), RefCell::new(Dice::shaken()))
    }

    /// Starts one round.
    pub(crate) fn start(&self, flow: &impl Runnable<'static>) -> TaskflowFuture {
        self.start_with(flow, RunOptions::new())
    }

    /// Starts a run.
    pub(crate) fn start_with(
        &self,
        flow: &impl Runnable<'static>,
        options: RunOptions,
    ) -> TaskflowFuture {
        match self {
            Self::Threads(executor) => executor.run_with(flow, options),
            Self::Stepped(executor, _) => executor.run_with(flow, options),
        }
    }

    /// Lets a stepped worker do something, or a thread.
    pub(crate) fn step(&self) {
        match self {
            Self::Threads(_) => std::thread::yield_now(),
            Self::Stepped(executor, dice) => {
                let worker = dice.borrow_mut().below(executor.num_workers());
                executor.platform().0.step(worker);
            }
        }
    }

    /// Brings a run to its end.
    #[track_caller]
    pub(crate) fn finish(&self, run: TaskflowFuture) -> Result<RunStats, RunError> {
        self.finish_all(vec![run]).remove(0)
    }

    /// Brings runs to their end, and gives their results in the order given.
    #[track_caller]
    pub(crate) fn finish_all(&self, runs: Vec<TaskflowFuture>) -> Vec<Result<RunStats, RunError>> {
        if let Self::Stepped(executor, dice) = self {
            step_until(executor, &mut dice.borrow_mut(), || {
                runs.iter().all(TaskflowFuture::is_done)
            });
        }
        runs.into_iter().map(TaskflowFuture::wait).collect()
    }

    /// One round.
    #[track_caller]
    pub(crate) fn run(&self, flow: &impl Runnable<'static>) -> Result<RunStats, RunError> {
        self.finish(self.start(flow))
    }

    /// Several rounds.
    #[track_caller]
    pub(crate) fn run_n(
        &self,
        flow: &impl Runnable<'static>,
        rounds: u64,
    ) -> Result<RunStats, RunError> {
        self.finish(self.start_with(flow, RunOptions::new().rounds(rounds)))
    }

    /// One round of a flow that may borrow.
    #[track_caller]
    pub(crate) fn run_and_wait<'env>(
        &self,
        flow: &impl Runnable<'env>,
    ) -> Result<RunStats, RunError> {
        match self {
            Self::Threads(executor) => executor.run_and_wait(flow),
            Self::Stepped(executor, dice) => executor
                .scope(|scope| {
                    let run = scope.run(flow);
                    step_until(executor, &mut dice.borrow_mut(), || run.is_done());
                    run.wait()
                })
                .and_then(|result| result),
        }
    }

    /// Whatever a test did with it, it runs what comes next.
    #[track_caller]
    fn assert_it_serves(&self) {
        let flow = Taskflow::new();
        flow.placeholder().precede(flow.placeholder());
        self.step();
        for result in [
            self.run(&flow),
            self.run_n(&flow, 1),
            self.run_and_wait(&flow),
        ] {
            assert_eq!(result.expect("nothing fails").tasks, 2);
        }
    }
}

/// Calls `body` with each rig. Hangs of threads are not noticed here: see the watchdog.
#[track_caller]
pub(crate) fn on_each_rig(mut body: impl FnMut(&Rig)) {
    for workers in WORKERS {
        for rig in [Rig::threads(workers), Rig::stepped(workers)] {
            body(&rig);
            rig.assert_it_serves();
        }
    }
}

/// The manual host, on a machine that can unwind.
#[derive(Debug)]
pub(crate) struct Catching(pub(crate) Manual);

impl From<Manual> for Catching {
    fn from(manual: Manual) -> Self {
        Self(manual)
    }
}

impl Borrow<Manual> for Catching {
    fn borrow(&self) -> &Manual {
        &self.0
    }
}

impl Platform for Catching {
    type Error = NoThread;

    fn parallelism(&self) -> NonZeroUsize {
        self.0.parallelism()
    }

    fn start(&self, seat: Seat) -> Result<(), NoThread> {
        self.0.start(seat)
    }

    fn park(&self, worker: WorkerId, timeout: Option<Duration>) {
        self.0.park(worker, timeout);
    }

    fn unpark(&self, worker: WorkerId) {
        self.0.unpark(worker);
    }

    fn now(&self) -> Duration {
        self.0.now()
    }

    fn guard<R>(&self, stretch: impl FnOnce() -> R) -> Result<R, Panic> {
        catch_unwind(AssertUnwindSafe(stretch)).map_err(Panic::new)
    }

    fn local(&self, f: &mut dyn FnMut(&Local)) {
        self.0.local(f);
    }
}
