//! Graphs of the usual shapes and sizes: every task once, after all its predecessors, and no wake-up lost.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;

use crate::support::counter::Counter;
use crate::support::dice::Dice;
use crate::support::meeting::Meeting;
use crate::support::random_graph::RandomGraph;
use crate::support::rounds::rounds;
use crate::support::size::share;
use crate::support::small_stack::{on_a_small_stack, small};
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, TaskHandle, Taskflow};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

/// Tasks that count, connected by `connect`.
fn counting(
    size: usize,
    count: &Counter,
    connect: impl Fn(&[TaskHandle<'_>]),
) -> Taskflow<'static> {
    let flow = Taskflow::new();
    let tasks: Vec<TaskHandle<'_>> = (0..size)
        .map(|_| {
            let count = count.clone();
            flow.emplace(move || {
                count.add();
            })
        })
        .collect();
    connect(&tasks);
    drop(tasks);
    flow
}

/// Builds, runs for some rounds, and drops a big graph for each number of workers, on a small stack.
fn big(size: usize, connect: fn(&[TaskHandle<'_>])) {
    on_a_small_stack(move || {
        for workers in WORKERS {
            let count = Counter::default();
            let flow = counting(size, &count, connect);
            let executor = small(workers);
            let times = rounds();
            let stats = executor
                .run_n(&flow, times as u64)
                .wait()
                .expect("it ends well");
            assert_eq!(stats.tasks, (size * times) as u64);
            assert_eq!(count.get(), size * times);
            executor.run_and_wait(&flow).expect("it ends well");
            assert_eq!(count.get(), size * (times + 1));
        }
    });
}

#[test]
fn a_random_graph_of_a_thousand_tasks_runs_each_once_and_in_order() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for _ in 0..5 {
                let graph = RandomGraph::thrown(&mut dice, 1000, 4);
                executor.run_n(&graph.flow, 20).wait().unwrap();
                graph.ran(20);
                executor.run_and_wait(&graph.flow).unwrap();
                graph.ran(21);
            }
        }
    });
}

#[test]
fn a_chain_of_a_million_neither_recurses_nor_loses_a_task() {
    big(share(1_000_000), |tasks| {
        for pair in tasks.windows(2) {
            pair[0].precede(pair[1]);
        }
    });
}

#[test]
fn a_million_independent_tasks_run_once_each() {
    big(share(1_000_000), |_| {});
}

#[test]
fn a_tree_of_two_to_the_twentieth_tasks_runs_once_each() {
    big(share(1 << 20), |tasks| {
        for (at, task) in tasks.iter().enumerate().skip(1) {
            task.succeed(tasks[(at - 1) / 2]);
        }
    });
}

#[test]
fn a_wavefront_of_1024_by_1024_runs_once_each() {
    let side = share(1 << 20).isqrt();
    big(side * side, |tasks| {
        let side = tasks.len().isqrt();
        for (at, task) in tasks.iter().enumerate() {
            if at % side + 1 < side {
                task.precede(tasks[at + 1]);
            }
            if at + side < tasks.len() {
                task.precede(tasks[at + side]);
            }
        }
    });
}

#[test]
fn a_fan_out_and_in_of_a_million_runs_once_each() {
    big(share(1_000_000), |tasks| {
        let (first, last) = (tasks[0], tasks[tasks.len() - 1]);
        first.precede(&tasks[1..tasks.len() - 1]);
        last.succeed(&tasks[1..tasks.len() - 1]);
    });
}

#[test]
fn a_chain_of_ten_million_is_built_run_and_dropped_without_recursion() {
    on_a_small_stack(|| {
        let size = share(10_000_000);
        let flow = Taskflow::new();
        let mut last = flow.placeholder();
        for _ in 1..size {
            let next = flow.placeholder();
            last.precede(next);
            last = next;
        }
        assert_eq!(small(2).run_and_wait(&flow).unwrap().tasks, size as u64);
    });
}

#[test]
fn a_chain_of_1000_stays_on_one_worker() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for _ in 0..50 {
                let mut seen = vec![None; 1000];
                let flow = Taskflow::new();
                let tasks: Vec<TaskHandle<'_>> = seen
                    .iter_mut()
                    .map(|seen| flow.emplace(|| *seen = executor.current_worker()))
                    .collect();
                flow.linearize(&tasks);
                executor.run_and_wait(&flow).unwrap();
                drop(flow);
                assert!(seen[0].is_some());
                let moves: Vec<usize> = (1..1000).filter(|at| seen[*at] != seen[*at - 1]).collect();
                assert!(
                    moves.is_empty(),
                    "{workers} workers, moved before {moves:?}"
                );
            }
        }
    });
}

#[test]
fn half_as_many_chains_as_workers_use_no_more_than_half_of_the_workers() {
    within_a_minute(|| {
        for workers in [2, 4, 8] {
            let executor = Executor::new(workers);
            for _ in 0..20 {
                let used: Vec<AtomicUsize> = (0..workers).map(|_| AtomicUsize::new(0)).collect();
                let flow = Taskflow::new();
                for _ in 0..workers / 2 {
                    let chain: Vec<TaskHandle<'_>> = (0..1000)
                        .map(|_| {
                            flow.emplace(|| {
                                let worker = executor.current_worker().expect("inside a task");
                                used[worker.index()].fetch_add(1, Ordering::Relaxed);
                            })
                        })
                        .collect();
                    flow.linearize(&chain);
                }
                executor.run_and_wait(&flow).unwrap();
                drop(flow);
                let busy = used
                    .iter()
                    .filter(|used| used.load(Ordering::Relaxed) > 0)
                    .count();
                assert!(busy <= workers / 2, "{busy} of {workers} workers");
            }
        }
    });
}

#[test]
fn sources_that_wait_for_all_workers_lose_no_wake_up() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, meeting) = (Executor::new(workers), Meeting::of(workers));
            let flow = Taskflow::new();
            let size = share(65_536) / workers * workers;
            for _ in 0..size {
                let meeting = meeting.clone();
                flow.emplace(move || meeting.attend());
            }
            assert_eq!(executor.run(&flow).wait().unwrap().tasks, size as u64);
        }
    });
}

#[test]
fn a_wide_level_behind_a_chain_that_waits_for_all_workers_loses_no_wake_up() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, meeting) = (Executor::new(workers), Meeting::of(workers));
            let flow = Taskflow::new();
            let chain: Vec<TaskHandle<'_>> = (0..100).map(|_| flow.placeholder()).collect();
            flow.linearize(&chain);
            let last = flow.placeholder();
            for _ in 0..1024 / workers * workers {
                let meeting = meeting.clone();
                let wide = flow.emplace(move || meeting.attend());
                last.succeed(wide.succeed(chain[99]));
            }
            executor.run_n(&flow, 10).wait().unwrap();
        }
    });
}

#[test]
fn the_spine_of_a_tree_whose_other_children_block_all_other_workers_finishes() {
    within_a_minute(|| {
        for workers in [2, 4, 8] {
            let executor = Executor::new(workers);
            for _ in 0..1024 / 16 {
                let (flow, spine_ended) = (Taskflow::new(), Counter::default());
                let mut spine = flow.placeholder();
                for depth in 0..100 {
                    let next = flow.placeholder();
                    spine.precede(next);
                    if depth % 10 == 0 && depth / 10 < workers - 1 {
                        let ended = spine_ended.clone();
                        spine.precede(flow.emplace(move || {
                            while ended.get() == 0 {
                                thread::yield_now();
                            }
                        }));
                    }
                    spine = next;
                }
                let ended = spine_ended.clone();
                spine.precede(flow.emplace(move || {
                    ended.add();
                }));
                executor.run(&flow).wait().unwrap();
            }
        }
    });
}

#[test]
fn a_wavefront_whose_diagonals_wait_for_one_another_finishes() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, count) = (Executor::new(workers), Counter::default());
            let flow = Taskflow::new();
            let longest = Meeting::of(workers);
            let tasks: Vec<TaskHandle<'_>> = (0..workers * workers)
                .map(|at| {
                    let (count, meeting) = (count.clone(), longest.clone());
                    let (row, column) = (at / workers, at % workers);
                    flow.emplace(move || {
                        if row + column + 1 == workers {
                            meeting.attend();
                        }
                        count.add();
                    })
                })
                .collect();
            for (at, task) in tasks.iter().enumerate() {
                if at % workers + 1 < workers {
                    task.precede(tasks[at + 1]);
                }
                if at + workers < tasks.len() {
                    task.precede(tasks[at + workers]);
                }
            }
            executor.run_n(&flow, 1024).wait().unwrap();
            assert_eq!(count.get(), 1024 * workers * workers);
        }
    });
}

#[test]
fn a_fan_out_whose_first_tasks_wait_for_the_last_finishes() {
    within_a_minute(|| {
        for workers in [2, 4, 8] {
            let executor = Executor::new(workers);
            for _ in 0..20 {
                let (flow, ran) = (Taskflow::new(), Arc::new(AtomicUsize::new(0)));
                let source = flow.placeholder();
                for at in 0..1000 {
                    let ran = Arc::clone(&ran);
                    // One less than there are workers: the tenth of all that is waited for gets through.
                    let waits = at % 10 != 0 && at / 10 < workers - 1 && at % 10 == 5;
                    source.precede(flow.emplace(move || {
                        if at % 10 == 0 {
                            ran.fetch_add(1, Ordering::SeqCst);
                        }
                        while waits && ran.load(Ordering::SeqCst) < 100 {
                            thread::yield_now();
                        }
                    }));
                }
                assert_eq!(executor.run(&flow).wait().unwrap().tasks, 1001);
            }
        }
    });
}
