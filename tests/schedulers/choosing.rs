//! A policy of one's own that leaves tasks out, beside what else a run may ask for.

use core::time::Duration;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::dice::Dice;
use crate::support::watchdog::within_a_minute;
use taskflow_core::{Builder, Manual};
use taskflow_std::{
    Coarsening, Executor, FifoScheduler, Module, PriorityScheduler, Ready, RoundRobinScheduler,
    RunError, RunOptions, Scheduler, SharedDynamicScheduler, StdPlatform, TaskId, Taskflow, Want,
    WorkerId,
};

/// A queue that leaves tasks out when they come first in it, and says which.
struct Choosy {
    queue: FifoScheduler,
    leaves_out: Box<dyn Fn(&Ready) -> bool + Send + Sync>,
    left_out: Arc<Mutex<HashSet<TaskId>>>,
    /// How many tokens could not be cancelled.
    refused: Arc<AtomicUsize>,
    /// A task of a graph came twice, or a spawned one was cancelled.
    wrong: Arc<AtomicBool>,
}

impl Scheduler for Choosy {
    type Local = ();

    fn local(&self, _: WorkerId) {}

    fn push(&self, local: Option<&mut ()>, task: Ready) {
        self.queue.push(local, task);
    }

    fn pop(&self, local: &mut (), want: Want<'_>) -> Option<Ready> {
        loop {
            let ready = self.queue.pop(local, want)?;
            if !(self.leaves_out)(&ready) {
                return Some(ready);
            }
            // (Noted before: its run may have ended when the cancel returns.)
            let task = ready.task();
            let left_out = || self.left_out.lock().expect("nobody panics with it");
            let is_new = task.is_none_or(|task| left_out().insert(task));
            match ready.cancel() {
                Ok(()) if task.is_some() && is_new => {}
                Ok(()) => self.wrong.store(true, Ordering::Relaxed),
                Err(ready) => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    return Some(ready);
                }
            }
        }
    }
}

/// An executor whose policy leaves out one task in so many.
fn choosy(dice: &Dice, workers: usize, sides: usize) -> (Executor<Choosy>, Choices) {
    let dice = Mutex::new(dice.clone());
    let choices = Choices::default();
    let policy = Choosy {
        queue: FifoScheduler::new(),
        leaves_out: Box::new(move |_| {
            let mut dice = dice.lock().expect("nobody panics with it");
            dice.below(sides) == 0
        }),
        left_out: Arc::clone(&choices.left_out),
        refused: Arc::clone(&choices.refused),
        wrong: Arc::clone(&choices.wrong),
    };
    let builder = Builder::new(StdPlatform::default()).workers(workers);
    let built = builder.scheduler(policy).build();
    (built.expect("threads start"), choices)
}

#[derive(Default)]
struct Choices {
    left_out: Arc<Mutex<HashSet<TaskId>>>,
    refused: Arc<AtomicUsize>,
    wrong: Arc<AtomicBool>,
}

#[test]
fn what_a_policy_cancels_is_left_out_with_what_comes_after_it_and_the_rest_runs_once() {
    const TASKS: usize = 60;
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        for workers in [1, 2, 4] {
            let (executor, choices) = choosy(&dice, workers, 20);
            let mut whole = 0;
            for _ in 0..50 {
                let runs: Arc<[AtomicUsize; TASKS]> =
                    Arc::new([(); TASKS].map(|()| AtomicUsize::new(0)));
                let (flow, mut tasks, mut before) = (Taskflow::new(), Vec::new(), Vec::new());
                for at in 0..TASKS {
                    let counted = Arc::clone(&runs);
                    let task = flow.emplace(move || {
                        counted[at].fetch_add(1, Ordering::Relaxed);
                    });
                    let chosen: Vec<usize> =
                        (0..dice.below(3).min(at)).map(|_| dice.below(at)).collect();
                    for earlier in &chosen {
                        task.succeed(tasks[*earlier]);
                    }
                    before.push(chosen);
                    tasks.push(task);
                }
                let result = executor.run(&flow).wait();
                let cancelled =
                    core::mem::take(&mut *choices.left_out.lock().expect("nobody panics with it"));
                let mut is_out = [false; TASKS];
                for at in 0..TASKS {
                    is_out[at] = cancelled.contains(&tasks[at].id())
                        || before[at].iter().any(|earlier| is_out[*earlier]);
                    let ran = runs[at].load(Ordering::Relaxed);
                    assert_eq!(ran, usize::from(!is_out[at]), "task {at}");
                }
                let expected = is_out.iter().filter(|out| !**out).count() as u64;
                match result {
                    Ok(stats) => {
                        whole += 1;
                        assert!(cancelled.is_empty());
                        assert_eq!(stats.tasks, expected);
                    }
                    Err(RunError::Cancelled { stats, .. }) => {
                        assert!(!cancelled.is_empty());
                        assert_eq!(stats.tasks, expected);
                        assert_eq!(stats.tasks + stats.skipped, TASKS as u64);
                    }
                    Err(error) => panic!("it was cancelled: {error}"),
                }
            }
            assert!(whole < 50, "no task was left out");
            assert!(!choices.wrong.load(Ordering::Relaxed));
            assert_eq!(choices.refused.load(Ordering::Relaxed), 0);
        }
    });
}

#[test]
fn the_token_of_a_spawned_task_is_given_back_by_its_cancel_and_the_task_runs() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let (executor, choices) = choosy(&Dice::shaken(), workers, 1);
            let spawned: Vec<_> = (0..100).map(|n| executor.spawn(move || n)).collect();
            for (n, handle) in spawned.into_iter().enumerate() {
                // (A wait may claim it before the policy gives it.)
                while !handle.is_done() {
                    std::thread::yield_now();
                }
                assert_eq!(handle.wait().expect("it runs"), n);
            }
            assert_eq!(choices.refused.load(Ordering::Relaxed), 100);
            assert!(!choices.wrong.load(Ordering::Relaxed));
            assert!(
                choices
                    .left_out
                    .lock()
                    .expect("nobody panics with it")
                    .is_empty()
            );
        }
    });
}

/// Runs `check` over each policy that is built in, on one worker that is stepped.
macro_rules! over_each_policy {
    ($check:expr) => {{
        fn stepped<S: Scheduler>(scheduler: S) -> taskflow_core::Executor<Manual, S> {
            let builder = Builder::new(Manual::new()).workers(1).scheduler(scheduler);
            builder.build().expect("no thread is needed")
        }
        $check(&stepped(FifoScheduler::new()), "fifo");
        $check(&stepped(RoundRobinScheduler::new()), "round robin");
        $check(&stepped(PriorityScheduler::new()), "priority");
        $check(&stepped(SharedDynamicScheduler::new()), "dynamic");
    }};
}

#[test]
fn a_module_that_asks_for_blocks_is_run_task_by_task_in_the_order_of_the_policy() {
    fn check<S: Scheduler>(executor: &taskflow_core::Executor<Manual, S>, policy: &str) {
        let order = Arc::new(Mutex::new(Vec::new()));
        let (inner, outer) = (Taskflow::new(), Taskflow::new());
        inner.coarsen(Coarsening::Blocks(4.try_into().expect("not zero")));
        // Two rows, which a block would run one after the other.
        for row in 0..2 {
            inner.linearize([0, 1, 2, 3].map(|place| {
                let order = Arc::clone(&order);
                inner.emplace(move || {
                    let mut order = order.lock().expect("nobody panics with it");
                    order.push((row, place));
                })
            }));
        }
        outer.composed_of(&Module::new(inner));
        for round in 0..3 {
            let run = executor.run(&outer);
            executor.platform().step_all();
            run.wait().expect("it ends well");
            let ran = core::mem::take(&mut *order.lock().expect("nobody panics with it"));
            let in_turn: Vec<_> = (0..4).flat_map(|place| [(0, place), (1, place)]).collect();
            assert_eq!(ran, in_turn, "over {policy}, in run {round}");
        }
    }
    over_each_policy!(check);
}

#[test]
fn a_run_ends_at_its_deadline_beside_an_endless_loop_of_another_whatever_the_policy() {
    fn check<S: Scheduler>(executor: &taskflow_core::Executor<Manual, S>, policy: &str) {
        let (endless, short) = (Taskflow::new(), Taskflow::new());
        let entry = endless.placeholder();
        let again = endless.emplace_condition(|| 0);
        entry.precede(again);
        again.precede(again);
        // A chain that the time is not enough for.
        let count = Arc::new(AtomicUsize::new(0));
        let chain: Vec<_> = (0..1_000)
            .map(|_| {
                let count = Arc::clone(&count);
                short.emplace(move || {
                    count.fetch_add(1, Ordering::Relaxed);
                })
            })
            .collect();
        short.linearize(chain);
        let looping = executor.run(&endless);
        let limit = RunOptions::new().deadline(Duration::from_millis(5));
        let limited = executor.run_with(&short, limit);
        for _ in 0..100 {
            executor.platform().step(0);
        }
        let early = limited.is_done();
        executor.platform().advance(Duration::from_millis(10));
        // (What is left out has its turn like others.)
        let has_ended = (0..5_000).any(|_| {
            executor.platform().step(0);
            limited.is_done()
        });
        // An executor that is dropped waits for its runs.
        assert!(looping.cancel());
        executor.platform().step_all();
        assert!(has_ended && !early, "over {policy}");
        match limited.wait() {
            Err(RunError::Cancelled { stats, .. }) => {
                assert!((1..1_000).contains(&stats.tasks), "over {policy}");
                assert_eq!(count.load(Ordering::Relaxed) as u64, stats.tasks);
            }
            other => panic!("over {policy}: {other:?}"),
        }
        assert!(matches!(looping.wait(), Err(RunError::Cancelled { .. })));
    }
    over_each_policy!(check);
}
