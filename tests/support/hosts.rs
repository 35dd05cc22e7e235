//! Flows on threads and on stepped workers alike.

use std::sync::Mutex;

use taskflow_core::{
    Builder, Executor, Local, Manual, RunError, RunStats, Step, Taskflow, TaskflowFuture,
};
use taskflow_std::StdPlatform;

use super::dice::Dice;

/// An executor that a test knows how to drive.
pub(crate) enum Host {
    Threads(Executor<StdPlatform>),
    /// Stepped by the dice.
    Stepped(Executor<Manual>, Mutex<Dice>),
}

fn with_local(f: &mut dyn FnMut(&Local)) {
    thread_local! {
        static LOCAL: Local = const { Local::new() };
    }
    LOCAL.with(|local| f(local));
}

impl Host {
    pub(crate) fn threads(workers: usize) -> Self {
        Self::Threads(Executor::new(workers))
    }

    pub(crate) fn stepped(workers: usize) -> Self {
        let builder = Builder::new(Manual::with_local(with_local)).workers(workers);
        let executor = builder.build().expect("no thread is needed");
        Self::Stepped(executor, Mutex::new(Dice::shaken()))
    }

    pub(crate) fn start(&self, flow: &Taskflow<'static>) -> TaskflowFuture {
        match self {
            Self::Threads(executor) => executor.run(flow),
            Self::Stepped(executor, _) => executor.run(flow),
        }
    }

    /// Lets some time pass.
    pub(crate) fn turn(&self) {
        match self {
            Self::Threads(_) => std::thread::yield_now(),
            Self::Stepped(executor, dice) => {
                let mut dice = dice.lock().expect("one test at a time");
                executor.platform().step(dice.below(executor.num_workers()));
            }
        }
    }

    /// The results of runs, in the order given.
    #[track_caller]
    pub(crate) fn end(&self, runs: Vec<TaskflowFuture>) -> Vec<Result<RunStats, RunError>> {
        if let Self::Stepped(executor, dice) = self {
            let mut dice = dice.lock().expect("one test at a time");
            let mut idle = 0;
            while !runs.iter().all(TaskflowFuture::is_done) {
                match executor.platform().step(dice.below(executor.num_workers())) {
                    Step::Ran => idle = 0,
                    Step::Idle => idle += 1,
                    Step::Closed => panic!("the executor is there"),
                }
                assert!(
                    idle < 10_000,
                    "nobody has anything to do, and a run has not ended"
                );
            }
        }
        runs.into_iter().map(TaskflowFuture::wait).collect()
    }

    /// Runs one flow to its end.
    #[track_caller]
    pub(crate) fn run(&self, flow: &Taskflow<'static>) -> Result<RunStats, RunError> {
        self.end(vec![self.start(flow)]).remove(0)
    }

    /// Runs a flow for many rounds to its end.
    #[track_caller]
    pub(crate) fn run_n(
        &self,
        flow: &Taskflow<'static>,
        rounds: u64,
    ) -> Result<RunStats, RunError> {
        let run = match self {
            Self::Threads(executor) => executor.run_n(flow, rounds),
            Self::Stepped(executor, _) => executor.run_n(flow, rounds),
        };
        self.end(vec![run]).remove(0)
    }
}

/// Calls `test` with 1, 2, 4 and 8 workers, on threads and stepped by the dice.
#[track_caller]
pub(crate) fn on_all_hosts(test: impl Fn(&Host)) {
    for workers in [1, 2, 4, 8] {
        test(&Host::threads(workers));
        test(&Host::stepped(workers));
    }
}
