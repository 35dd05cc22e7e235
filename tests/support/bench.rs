//! The same test on threads and on stepped workers, with 1, 2, 4 and 8 of them.

use core::num::NonZeroUsize;
use core::time::Duration;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use taskflow_std::{
    Builder, Executor, Local, Manual, NoThread, Panic, Platform, RunError, RunOptions, RunStats,
    Seat, Step, Taskflow, TaskflowFuture, WorkerId,
};

use crate::support::dice::Dice;

pub(crate) const WORKERS: [usize; 4] = [1, 2, 4, 8];

/// An executor of either kind.
pub(crate) trait Bench {
    /// Starts a run.
    fn start(&self, flow: &Taskflow<'static>, options: RunOptions) -> TaskflowFuture;

    /// Brings a run to its end.
    fn finish(&self, run: TaskflowFuture) -> Result<RunStats, RunError>;

    /// Lets a stepped worker do something, or a thread.
    fn step(&self);

    /// One round.
    fn run(&self, flow: &Taskflow<'static>) -> Result<RunStats, RunError> {
        self.finish(self.start(flow, RunOptions::new()))
    }

    /// Several rounds.
    fn run_n(&self, flow: &Taskflow<'static>, rounds: u64) -> Result<RunStats, RunError> {
        self.finish(self.start(flow, RunOptions::new().rounds(rounds)))
    }
}

impl Bench for Executor {
    fn start(&self, flow: &Taskflow<'static>, options: RunOptions) -> TaskflowFuture {
        self.run_with(flow, options)
    }

    fn finish(&self, run: TaskflowFuture) -> Result<RunStats, RunError> {
        run.wait()
    }

    fn step(&self) {
        std::thread::yield_now();
    }
}

/// The manual host, on a machine that can unwind.
#[derive(Debug)]
pub(crate) struct Catching(Manual);

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

/// Workers that are stepped as the dice fall.
#[derive(Debug)]
pub(crate) struct Stepped {
    executor: taskflow_core::Executor<Catching>,
    dice: RefCell<Dice>,
}

fn with_local(f: &mut dyn FnMut(&Local)) {
    thread_local! {
        static LOCAL: Local = const { Local::new() };
    }
    LOCAL.with(|local| f(local));
}

impl Stepped {
    pub(crate) fn new(workers: usize) -> Self {
        let builder = Builder::new(Catching(Manual::with_local(with_local))).workers(workers);
        Self {
            executor: builder.build().expect("no thread is needed"),
            dice: RefCell::new(Dice::shaken()),
        }
    }
}

impl Bench for Stepped {
    fn start(&self, flow: &Taskflow<'static>, options: RunOptions) -> TaskflowFuture {
        self.executor.run_with(flow, options)
    }

    fn finish(&self, run: TaskflowFuture) -> Result<RunStats, RunError> {
        let mut idle = 0;
        while !run.is_done() {
            let worker = self.dice.borrow_mut().below(self.executor.num_workers());
            match self.executor.platform().0.step(worker) {
                Step::Ran => idle = 0,
                Step::Idle => idle += 1,
                Step::Closed => panic!("the executor is there"),
            }
            assert!(idle < 10_000, "nothing is ready, and the run has not ended");
        }
        run.wait()
    }

    fn step(&self) {
        let worker = self.dice.borrow_mut().below(self.executor.num_workers());
        self.executor.platform().0.step(worker);
    }
}

/// Calls `body` with each bench. Hangs of threads are not noticed here: see the watchdog.
pub(crate) fn on_each_bench(mut body: impl FnMut(&dyn Bench)) {
    for workers in WORKERS {
        let threads = Executor::new(workers);
        warm_up(&threads);
        body(&threads);
        let stepped = Stepped::new(workers);
        warm_up(&stepped);
        body(&stepped);
    }
}

/// No test is to meet queues that nobody has used yet.
fn warm_up(bench: &dyn Bench) {
    let flow = Taskflow::new();
    flow.placeholder().precede(flow.placeholder());
    bench.step();
    bench.run(&flow).expect("nothing fails");
    bench.run_n(&flow, 2).expect("nothing fails");
}
