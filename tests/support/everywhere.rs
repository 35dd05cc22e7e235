//! Every host that a promise is tried on.

use core::cell::RefCell;

use taskflow_core::{Builder, Local, Manual, ScopedRun, Step};
use taskflow_std::{Executor, RunError, RunStats, Taskflow};

use crate::support::dice::Dice;

/// An executor on threads, or one that is stepped by dice.
#[derive(Debug)]
pub(crate) enum Host {
    Threads(Executor),
    Stepped(taskflow_core::Executor<Manual>, RefCell<Dice>),
}

/// Calls `body` on threads and on stepped workers, 1, 2, 4 and 8 of them.
pub(crate) fn everywhere(body: impl Fn(&Host)) {
    for workers in [1, 2, 4, 8] {
        body(&Host::Threads(Executor::new(workers)));
        let builder = Builder::new(Manual::with_local(with_local)).workers(workers);
        let executor = builder.build().expect("no thread is needed");
        body(&Host::Stepped(executor, RefCell::new(Dice::shaken())));
    }
}

impl Host {
    /// Runs one round.
    pub(crate) fn run(&self, flow: &Taskflow<'_>) -> Result<RunStats, RunError> {
        match self {
            Self::Threads(executor) => executor.run_and_wait(flow),
            Self::Stepped(executor, dice) => executor
                .scope(|scope| {
                    let run = scope.run(flow);
                    step(executor, &mut dice.borrow_mut(), &run);
                    run.wait()
                })
                .and_then(|result| result),
        }
    }

    /// Runs so many rounds at a stretch.
    pub(crate) fn run_n(
        &self,
        flow: &Taskflow<'static>,
        rounds: u64,
    ) -> Result<RunStats, RunError> {
        match self {
            Self::Threads(executor) => executor.run_n(flow, rounds).wait(),
            Self::Stepped(executor, dice) => {
                let run = executor.run_n(flow, rounds);
                let dice = &mut dice.borrow_mut();
                while !run.is_done() {
                    executor.platform().step(dice.below(executor.num_workers()));
                }
                run.wait()
            }
        }
    }
}

/// Steps workers by the dice until a run has ended.
fn step(executor: &taskflow_core::Executor<Manual>, dice: &mut Dice, run: &ScopedRun<'_>) {
    let mut idle = 0;
    while !run.is_done() {
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

fn with_local(f: &mut dyn FnMut(&Local)) {
    thread_local! {
        static LOCAL: Local = const { Local::new() };
    }
    LOCAL.with(|local| f(local));
}
