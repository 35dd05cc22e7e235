//! Whatever is dropped, cancelled, awaited or forgotten at whatever moment, every run ends and every
//! capture is dropped once.

use core::time::Duration;
use std::panic::resume_unwind;
use std::thread;

use crate::support::counter::Counter;
use crate::support::dice::Dice;
use crate::support::drops::Dropped;
use crate::support::forgotten::forget;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, RunError, RunStats, TaskHandle, Taskflow, TaskflowFuture};

const RUNS: usize = 10_000;

/// A flow of any small shape; a few of its tasks panic or give up now and then.
fn any_flow(dice: &mut Dice, drops: &Counter, made: &mut usize) -> Taskflow<'static> {
    let flow = Taskflow::new();
    let size = 1 + dice.below(12);
    let mut tasks: Vec<TaskHandle<'_>> = Vec::new();
    for at in 0..size {
        *made += 1;
        let dropped = Dropped(drops.clone());
        let (mut turn, fails_at) = (0, dice.below(200));
        let task = match dice.below(12) {
            0 => flow.emplace(move || {
                turn += 1;
                if turn == fails_at {
                    resume_unwind(Box::new(turn));
                }
                let _kept = &dropped;
            }),
            1 => flow.try_emplace(move || {
                turn += 1;
                let _kept = &dropped;
                if turn == fails_at {
                    Err(core::fmt::Error.into())
                } else {
                    Ok(())
                }
            }),
            2 => flow.emplace(move || {
                let _kept = &dropped;
                thread::yield_now();
            }),
            _ => flow.emplace(move || {
                let _kept = &dropped;
            }),
        };
        for _ in 0..dice.below(3).min(at) {
            task.succeed(tasks[dice.below(at)]);
        }
        tasks.push(task);
    }
    drop(tasks);
    flow
}

fn judged(result: &Result<RunStats, RunError>) {
    match result {
        Ok(stats) => assert_eq!(stats.skipped, 0),
        Err(RunError::Panicked { .. } | RunError::Failed { .. } | RunError::Cancelled { .. }) => {}
        Err(other) => panic!("{other}"),
    }
}

/// Does something with a run.
fn treat(dice: &mut Dice, mut run: TaskflowFuture, kept: &mut Vec<TaskflowFuture>) {
    match dice.below(8) {
        0 => drop(run),
        1 => judged(&run.wait()),
        2 => {
            run.cancel();
            kept.push(run);
        }
        3 => {
            let canceller = run.canceller();
            drop(run);
            canceller.cancel_with("by the dice");
        }
        4 => {
            let timeout = Duration::from_micros(dice.below(50) as u64);
            if let Some(result) = run.wait_timeout(timeout) {
                judged(&result);
            }
        }
        5 => forget(run.canceller()),
        _ => kept.push(run),
    }
}

/// So many runs of some flows on some executors, all of which come and go.
fn storm(mut dice: Dice, runs: usize) {
    let (drops, mut made) = (Counter::default(), 0);
    let mut executors = vec![Executor::new(2)];
    let mut flows: Vec<Taskflow<'static>> = Vec::new();
    let mut kept = Vec::new();
    for _ in 0..runs {
        if flows.is_empty() || dice.below(20) == 0 {
            flows.push(any_flow(&mut dice, &drops, &mut made));
        }
        let executor = dice.below(executors.len());
        let flow = dice.below(flows.len());
        let run = match dice.below(4) {
            0 => executors[executor].run_n(&flows[flow], dice.below(5) as u64),
            1 => {
                let mut left = dice.below(5);
                executors[executor].run_until(&flows[flow], move || {
                    left = left.saturating_sub(1);
                    left == 0
                })
            }
            2 => {
                judged(&executors[executor].run_and_wait(&flows[flow]));
                executors[executor].run(&flows[flow])
            }
            _ => executors[executor].run(&flows[flow]),
        };
        treat(&mut dice, run, &mut kept);
        match dice.below(400) {
            0 => executors.push(Executor::new(1 + dice.below(4))),
            1 if executors.len() > 1 => drop(executors.swap_remove(executor)),
            2..=12 => drop(flows.swap_remove(flow)),
            13..=16 => executors[executor].wait_for_all().expect("it ends well"),
            17..=30 => kept.drain(..).for_each(|run| judged(&run.wait())),
            _ => {}
        }
    }
    kept.drain(..).for_each(|run| judged(&run.wait()));
    drop(executors);
    drop(flows);
    while drops.get() < made {
        thread::yield_now();
    }
    assert_eq!(drops.get(), made);
}

#[test]
fn ten_thousand_runs_with_everything_dropped_at_any_moment_all_end() {
    within_a_minute(|| storm(Dice::shaken(), RUNS));
}

#[test]
fn four_threads_doing_the_same_at_once_all_end() {
    within_a_minute(|| {
        thread::scope(|threads| {
            for _ in 0..4 {
                let mut dice = Dice::shaken();
                dice.number();
                threads.spawn(move || storm(dice, RUNS / 4));
            }
        });
    });
}

#[test]
fn a_thousand_executors_that_come_and_go_end_with_their_runs() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        let (drops, mut made) = (Counter::default(), 0);
        for _ in 0..1000 {
            let executor = Executor::new(1 + dice.below(4));
            let flow = any_flow(&mut dice, &drops, &mut made);
            let run = executor.run_n(&flow, 3);
            match dice.below(3) {
                0 => drop((executor, flow)),
                1 => drop((flow, executor)),
                _ => drop((run, executor)),
            }
        }
        while drops.get() < made {
            thread::yield_now();
        }
        assert_eq!(drops.get(), made);
    });
}

#[test]
fn one_flow_edited_and_run_on_many_executors_in_turn_stays_whole() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        let executors: Vec<Executor> = (1..=4).map(Executor::new).collect();
        let (flow, count) = (Taskflow::new(), Counter::default());
        let mut expected = 0;
        for _ in 0..RUNS {
            if dice.below(4) == 0 {
                let counted = count.clone();
                flow.emplace(move || {
                    counted.add();
                });
            }
            if flow.len() > 20 {
                let tasks = flow.tasks();
                flow.remove(tasks[dice.below(tasks.len())]);
            }
            let executor = &executors[dice.below(4)];
            expected += flow.len();
            let result = match dice.below(2) {
                0 => executor.run(&flow).wait(),
                _ => executor.run_and_wait(&flow),
            };
            assert_eq!(result.unwrap().tasks, flow.len() as u64);
            assert_eq!(count.get(), expected);
        }
    });
}
