//! Runs of one flow follow one another in the order of submission; different flows run together.

use std::thread;

use crate::support::blocked_flow::BlockedFlow;
use crate::support::counter::Counter;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, TaskHandle, Taskflow, TaskflowFuture};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

/// Tasks between the first and the last of a round.
const WIDTH: usize = 10;

/// A round of a source, `WIDTH` tasks and a sink, which fails unless each of its tasks finds the count
/// that the rounds before have left.
fn exact(count: &Counter) -> Taskflow<'static> {
    let flow = Taskflow::new();
    let size = WIDTH + 2;
    let counted = count.clone();
    let source = flow.emplace(move || assert_eq!(counted.add() % size, 0));
    let counted = count.clone();
    let sink = flow.emplace(move || assert_eq!(counted.add() % size, size - 1));
    for _ in 0..WIDTH {
        let counted = count.clone();
        let middle = flow.emplace(move || assert!((1..=WIDTH).contains(&(counted.add() % size))));
        source.precede(middle);
        sink.succeed(middle);
    }
    flow
}

#[test]
fn five_hundred_overlapping_runs_of_one_flow_follow_one_another_with_exact_counts_between() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (count, executor) = (Counter::default(), Executor::new(workers));
            let flow = exact(&count);
            let runs: Vec<TaskflowFuture> = (0..500).map(|_| executor.run(&flow)).collect();
            for (number, run) in runs.into_iter().enumerate() {
                assert_eq!(run.wait().unwrap().tasks, 12);
                assert!(count.get() >= 12 * (number + 1));
            }
            assert_eq!(count.get(), 6000);
        }
    });
}

#[test]
fn a_run_of_rounds_is_not_mixed_with_the_runs_around_it() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (count, executor) = (Counter::default(), Executor::new(workers));
            let flow = exact(&count);
            let seen = count.clone();
            let first = executor.run_n(&flow, 30);
            let mut rounds = 0;
            let second = executor.run_until(&flow, move || {
                rounds += 1;
                assert_eq!(seen.get(), 12 * (30 + rounds));
                rounds == 40
            });
            let third = executor.run_n(&flow, 30);
            assert_eq!(third.wait().unwrap().rounds, 30);
            assert_eq!(count.get(), 1200);
            assert!(first.is_done() && second.is_done());
            assert_eq!(second.wait().unwrap().rounds, 40);
            first.wait().unwrap();
        }
    });
}

#[test]
fn runs_end_in_the_order_of_submission() {
    within_a_minute(|| {
        let executor = Executor::new(4);
        let flow = Taskflow::new();
        flow.linearize([(); 5].map(|()| flow.emplace(|| {})));
        for _ in 0..200 {
            let mut runs: Vec<TaskflowFuture> = (0..10).map(|_| executor.run(&flow)).collect();
            runs.pop().unwrap().wait().unwrap();
            assert!(runs.iter().all(TaskflowFuture::is_done));
        }
    });
}

#[test]
fn a_queued_run_starts_nothing_before_the_run_ahead_has_ended() {
    within_a_minute(|| {
        let blocked = BlockedFlow::new("ahead");
        let count = Counter::default();
        let counted = count.clone();
        blocked.flow.tasks()[0].precede(blocked.flow.emplace(move || {
            counted.add();
        }));
        let executor = Executor::new(4);
        let ahead = executor.run(&blocked.flow);
        let mut queued = executor.run(&blocked.flow);
        blocked.begun.pass();
        assert!(
            queued
                .wait_timeout(core::time::Duration::from_millis(20))
                .is_none()
        );
        assert_eq!((count.get(), queued.stats().rounds), (0, 0));
        blocked.end.open();
        queued.wait().unwrap();
        assert!(ahead.is_done());
        assert_eq!(count.get(), 2);
    });
}

#[test]
fn a_blocked_flow_holds_no_other_flow_up() {
    within_a_minute(|| {
        let blocked = BlockedFlow::new("slow");
        let executor = Executor::new(2);
        let slow = executor.run(&blocked.flow);
        blocked.begun.pass();
        let count = Counter::default();
        let quick = exact(&count);
        for _ in 0..100 {
            executor.run(&quick).wait().unwrap();
        }
        assert!(!slow.is_done());
        blocked.end.open();
        slow.wait().unwrap();
    });
}

/// A layered graph of `size` tasks that count.
fn layered(size: usize, count: &Counter) -> Taskflow<'static> {
    let flow = Taskflow::new();
    let tasks: Vec<TaskHandle<'_>> = (0..size)
        .map(|_| {
            let count = count.clone();
            flow.emplace(move || {
                count.add();
            })
        })
        .collect();
    for (before, after) in tasks.iter().zip(tasks.iter().skip(8)) {
        before.precede(after);
    }
    drop(tasks);
    flow
}

#[test]
fn four_flows_submitted_two_hundred_times_in_turn_run_240_000_tasks() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let sizes = [16, 1024, 32, 128];
            let counts = [(); 4].map(|()| Counter::default());
            let flows: Vec<Taskflow<'static>> = sizes
                .iter()
                .zip(&counts)
                .map(|(size, count)| layered(*size, count))
                .collect();
            for _ in 0..200 {
                for flow in &flows {
                    drop(executor.run(flow));
                }
            }
            executor.wait_for_all().unwrap();
            for (size, count) in sizes.iter().zip(&counts) {
                assert_eq!(count.get(), 200 * size);
            }
        }
    });
}

#[test]
fn runs_of_one_flow_on_two_executors_do_not_overlap() {
    within_a_minute(|| {
        let count = Counter::default();
        let flow = exact(&count);
        let (one, other) = (Executor::new(2), Executor::new(2));
        let runs: Vec<TaskflowFuture> = (0..200)
            .flat_map(|_| [one.run(&flow), other.run(&flow)])
            .collect();
        for run in runs {
            assert_eq!(run.wait().unwrap().tasks, 12);
        }
        assert_eq!(count.get(), 4800);
    });
}

#[test]
fn thirty_two_outside_threads_submit_sixty_four_flows_each() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let (count, executor) = (Counter::default(), Executor::new(workers));
            thread::scope(|threads| {
                for _ in 0..32 {
                    threads.spawn(|| {
                        let flows: Vec<Taskflow<'static>> =
                            (0..64).map(|_| layered(32, &count)).collect();
                        for run in executor.run_many(&flows) {
                            assert_eq!(run.wait().unwrap().tasks, 32);
                        }
                    });
                }
            });
            assert_eq!(count.get(), 32 * 64 * 32);
        }
    });
}
