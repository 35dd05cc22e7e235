//! Tasks that run in blocks are tasks as any: each once, in order, with its own panic, end and cancellation.

use core::num::NonZeroU32;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex};

use crate::support::counter::Counter;
use crate::support::dice::Dice;
use crate::support::journal::Journal;
use crate::support::random_graph::RandomGraph;
use crate::support::throwing::throw;
use crate::support::watchdog::within_a_minute;
use taskflow_core::{Executor as CoreExecutor, Manual, Step};
use taskflow_std::{
    Coarsening, Ended, Executor, FailurePolicy, Module, RunError, RunOptions, TaskError,
    TaskHandle, Taskflow,
};

const WORKERS: [usize; 4] = [1, 2, 4, 8];
const LENGTHS: [u32; 5] = [1, 2, 7, 64, 10_000];

fn of(length: u32) -> Coarsening {
    Coarsening::Blocks(NonZeroU32::new(length).expect("not zero"))
}

#[test]
fn every_task_of_a_random_graph_runs_once_a_round_after_its_predecessors() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for length in LENGTHS {
                let graph = RandomGraph::thrown(&mut dice, 500, 4);
                graph.flow.coarsen(of(length));
                let stats = executor.run_n(&graph.flow, 20).wait().unwrap();
                assert_eq!((stats.rounds, stats.tasks), (20, 10_000));
                graph.ran(20);
                let queued: Vec<_> = (0..5).map(|_| executor.run(&graph.flow)).collect();
                for run in queued {
                    assert_eq!(run.wait().unwrap().tasks, 500);
                }
                graph.ran(25);
                graph.flow.coarsen(Coarsening::Off);
                executor.run_and_wait(&graph.flow).unwrap();
                graph.ran(26);
            }
        }
    });
}

#[test]
fn edges_that_lead_back_in_the_order_of_creation_and_edits_between_runs_are_heeded() {
    within_a_minute(|| {
        for workers in WORKERS {
            for length in LENGTHS {
                let executor = Executor::new(workers);
                let seen = Mutex::new(Vec::new());
                let flow = Taskflow::new();
                flow.coarsen(of(length));
                let seen = &seen;
                let tasks: Vec<TaskHandle<'_>> = (0..200)
                    .map(|at| flow.emplace(move || seen.lock().unwrap().push(at)))
                    .collect();
                // The last first.
                for pair in tasks.windows(2) {
                    pair[0].succeed(pair[1]);
                }
                executor.run_and_wait(&flow).unwrap();
                let downwards: Vec<_> = (0..200).rev().collect();
                assert_eq!(core::mem::take(&mut *seen.lock().unwrap()), downwards);
                flow.remove(tasks[100]);
                tasks[99].succeed(tasks[101]);
                executor.run_and_wait(&flow).unwrap();
                let without: Vec<_> = (0..200).rev().filter(|at| *at != 100).collect();
                assert_eq!(core::mem::take(&mut *seen.lock().unwrap()), without);
            }
        }
    });
}

/// 100 tasks in a row, counted; the one numbered 40 does something, and 20 more are in no order.
fn row_with(
    count: &Counter,
    at_forty: impl Fn() -> Result<(), TaskError> + Send + 'static,
) -> Taskflow<'static> {
    let flow = Taskflow::new();
    let mut at_forty = Some(at_forty);
    let mut before: Option<TaskHandle<'_>> = None;
    for at in 0..100 {
        let count = count.clone();
        let work = (at == 40).then(|| at_forty.take()).flatten();
        let task = flow
            .try_emplace(move || {
                work.as_ref().map_or(Ok(()), |work| work())?;
                count.add();
                Ok(())
            })
            .name(format!("{at}"));
        if let Some(before) = before {
            before.precede(task);
        }
        before = Some(task);
    }
    for _ in 0..20 {
        let count = count.clone();
        flow.emplace(move || {
            count.add();
        });
    }
    flow
}

#[test]
fn a_panic_or_an_error_in_a_block_is_that_of_its_task_and_the_policy_says_what_else_runs() {
    within_a_minute(|| {
        for workers in WORKERS {
            for length in LENGTHS {
                let executor = Executor::new(workers);
                for throws in [true, false] {
                    let count = Counter::default();
                    let flow = row_with(&count, move || {
                        if throws {
                            throw("forty");
                        }
                        Err(TaskError::from(core::fmt::Error))
                    });
                    flow.coarsen(of(length));
                    let end = |policy| {
                        let options = RunOptions::new().on_failure(policy);
                        let error = executor.run_with(&flow, options).wait().unwrap_err();
                        let task = match &error {
                            RunError::Panicked {
                                task: Some(task), ..
                            } if throws => task,
                            RunError::Failed {
                                task: Some(task), ..
                            } if !throws => task,
                            other => panic!("{other:?}"),
                        };
                        assert_eq!(task.name.as_deref(), Some("40"));
                        let stats = error.stats().expect("it was started");
                        assert_eq!(stats.tasks + stats.skipped, 120);
                        (count.get(), stats.skipped)
                    };
                    let (ran, skipped) = end(FailurePolicy::StopAtFirst);
                    assert!((40..=60).contains(&ran), "{ran}");
                    assert_eq!(skipped, 119 - ran as u64);
                    let (all, skipped) = end(FailurePolicy::KeepIndependent);
                    assert_eq!((all - ran, skipped), (60, 59));
                    let (in_all, skipped) = end(FailurePolicy::CollectAll);
                    assert_eq!((in_all - all, skipped), (119, 0));
                }
            }
        }
    });
}

#[test]
fn a_cancelled_run_starts_no_further_task_of_a_block() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let (count, cancel) = (Counter::default(), Arc::new(Mutex::new(None)));
            let canceller = Arc::clone(&cancel);
            let flow = row_with(&count, move || {
                // The canceller is there once the lock is free.
                let canceller = canceller.lock().unwrap();
                let canceller: &taskflow_std::RunCanceller = canceller.as_ref().expect("it is");
                assert!(canceller.cancel_with("enough"));
                Ok(())
            });
            flow.coarsen(of(1000));
            let mut place = cancel.lock().unwrap();
            let run = executor.run(&flow);
            *place = Some(run.canceller());
            drop(place);
            let Err(RunError::Cancelled { reason, stats }) = run.wait() else {
                panic!("it was cancelled");
            };
            assert_eq!(reason.as_deref(), Some("enough"));
            assert_eq!(stats.tasks as usize, count.get());
            assert!((41..=61).contains(&count.get()), "{}", count.get());
        }
    });
}

#[test]
fn a_cancelled_task_of_a_block_is_left_out_with_what_comes_after_it() {
    within_a_minute(|| {
        for workers in WORKERS {
            for length in LENGTHS {
                let executor = Executor::new(workers);
                let (count, begun) = (Counter::default(), Arc::new(Mutex::new(())));
                let hold = begun.lock().unwrap();
                let waits = Arc::clone(&begun);
                let flow = row_with(&count, move || {
                    drop(waits.lock().unwrap());
                    Ok(())
                });
                flow.coarsen(of(length));
                let tasks = flow.tasks();
                let fifty = tasks
                    .iter()
                    .find(|task| task.label() == "50")
                    .expect("it is there")
                    .id();
                let run = executor.run(&flow);
                assert!(run.cancel_task(fifty));
                drop(hold);
                let error = run.wait().unwrap_err();
                assert!(matches!(error, RunError::Cancelled { .. }), "{error}");
                // 50 to 99 of the row were not.
                assert_eq!(count.get(), 70);
                executor.run_and_wait(&flow).unwrap();
                assert_eq!(count.get(), 190);
            }
        }
    });
}

#[test]
fn observers_hear_of_each_task_of_a_block() {
    within_a_minute(|| {
        for workers in WORKERS {
            for length in LENGTHS {
                let executor = Executor::new(workers);
                let count = Counter::default();
                let flow = row_with(&count, || Ok(()));
                flow.coarsen(of(length));
                executor.run_and_wait(&flow).unwrap();
                let journal = Journal::default();
                let observer = executor.observe(journal.clone());
                executor.run_n(&flow, 2).wait().unwrap();
                drop(observer);
                executor.run_and_wait(&flow).unwrap();
                assert_eq!(journal.tasks(), [240; 3]);
                assert_eq!(journal.ended(Ended::Done), 240);
                journal.assert_in_order();
                assert_eq!(journal.of("7").len(), 6);
                let flows = journal.count(|heard| heard.flow_name.as_deref() == Some(""));
                assert_eq!(flows, 3 * 240 + 2);
            }
        }
    });
}

#[test]
fn a_task_of_a_block_that_waits_for_another_flow_leaves_its_worker_and_the_block_goes_on() {
    within_a_minute(|| {
        for workers in WORKERS {
            for length in LENGTHS {
                let executor = Arc::new(Executor::new(workers));
                let inner_count = Counter::default();
                let inner = Module::new({
                    let flow = Taskflow::new();
                    for _ in 0..10 {
                        let count = inner_count.clone();
                        flow.emplace(move || {
                            count.add();
                        });
                    }
                    flow
                });
                let within = Arc::downgrade(&executor);
                let count = Counter::default();
                let flow = row_with(&count, move || {
                    let executor = within.upgrade().expect("its task runs");
                    executor.run(&inner).wait()?;
                    Ok(())
                });
                flow.coarsen(of(length));
                for round in 1..=10 {
                    let stats = executor.run_and_wait(&flow).unwrap();
                    assert_eq!((stats.tasks, stats.skipped), (120, 0));
                    assert_eq!((count.get(), inner_count.get()), (120 * round, 10 * round));
                }
            }
        }
    });
}

#[test]
fn values_travel_between_blocks_and_a_producer_that_fails_leaves_its_consumers_out() {
    within_a_minute(|| {
        for workers in WORKERS {
            for length in LENGTHS {
                let executor = Executor::new(workers);
                let fails = Arc::new(AtomicU64::new(0));
                let flow = Taskflow::new();
                let number = Arc::clone(&fails);
                let first = flow.try_produce(move || match number.load(Ordering::Relaxed) {
                    0 => Ok(1u64),
                    _ => Err(TaskError::from(core::fmt::Error)),
                });
                let mut last = first;
                for _ in 0..50 {
                    last = last.map(|number| number + 1);
                }
                flow.coarsen(of(length));
                executor.run_and_wait(&flow).unwrap();
                assert_eq!(last.take(), Some(51));
                fails.store(1, Ordering::Relaxed);
                let options = RunOptions::new().on_failure(FailurePolicy::CollectAll);
                let error = executor.run_with(&flow, options).wait().unwrap_err();
                assert_eq!(error.stats().map(|stats| stats.skipped), Some(50));
                assert_eq!(last.take(), None);
            }
        }
    });
}

#[test]
fn a_module_is_run_in_blocks_and_a_flow_with_a_condition_is_not() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let count = Counter::default();
            let part = row_with(&count, || Ok(()));
            part.coarsen(of(7));
            let module = Module::new(part);
            let flow = Taskflow::new();
            flow.coarsen(of(7));
            let turns = Counter::default();
            let uses = flow.composed_of(&module);
            let again = flow.emplace_condition(move || usize::from(turns.add() % 5 == 4));
            flow.placeholder().precede(uses);
            uses.precede(again);
            again.precede(uses);
            executor.run_n(&flow, 2).wait().unwrap();
            assert_eq!(count.get(), 2 * 5 * 120);
        }
    });
}

/// What one round of a tree was.
#[derive(Debug)]
struct Round {
    /// Blocks, or tasks where there are none; and the root.
    steps: usize,
    /// Of its tasks.
    order: Vec<usize>,
}

impl Round {
    /// As only blocks have it.
    fn is_row_by_row(&self) -> bool {
        self.order.is_sorted()
    }
}

/// Rounds of a tree of so many tasks on one stepped worker. `each`: how long a task of a round takes.
fn rounds_of_a_tree(
    tasks: usize,
    rounds: usize,
    each: impl Fn(usize) -> Duration + Sync,
) -> Vec<Round> {
    let executor = CoreExecutor::<Manual>::new(1);
    let (round, order) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let (executor, round, order, each) = (&executor, &round, &order, &each);
    let flow = Taskflow::new();
    flow.coarsen(Coarsening::Adaptive);
    let tasks: Vec<TaskHandle<'_>> = (0..tasks)
        .map(|at| {
            flow.emplace(move || {
                let takes = each(round.load(Ordering::Relaxed));
                executor.platform().advance(takes);
                order.lock().expect("no panic").push(at);
            })
        })
        .collect();
    for (at, task) in tasks.iter().enumerate().skip(1) {
        task.succeed(tasks[(at - 1) / 2]);
    }
    drop(tasks);
    let rounds = (0..rounds).map(|number| {
        round.store(number, Ordering::Relaxed);
        let mut steps = 0;
        let ended = executor.scope(|scope| {
            let run = scope.run(&flow);
            while !run.is_done() {
                steps += usize::from(executor.platform().step(0) == Step::Ran);
            }
        });
        ended.expect("nothing fails");
        let order = core::mem::take(&mut *order.lock().expect("no panic"));
        Round { steps, order }
    });
    rounds.collect()
}

#[test]
fn only_tasks_that_are_measured_to_be_tiny_are_run_in_blocks() {
    let tiny = rounds_of_a_tree(127, 20, |_| Duration::from_nanos(50));
    let in_blocks: Vec<bool> = tiny.iter().map(Round::is_row_by_row).collect();
    // Three rounds are measured, and three in blocks. They are no faster on this clock, so they are given up.
    assert_eq!(in_blocks[..6], [false, false, false, true, true, true]);
    assert_eq!(in_blocks[6..], [false; 14]);
    let long = rounds_of_a_tree(127, 20, |_| Duration::from_micros(50));
    for round in &long {
        assert_eq!(round.order, tiny[0].order);
    }
}

#[test]
fn blocks_are_cut_again_where_tasks_turn_out_shorter_than_they_seemed() {
    within_a_minute(|| {
        // A block is to take 5 us: 25 tasks, 500, 5000.
        let rounds = rounds_of_a_tree(1023, 20, |round| match round {
            0..3 => Duration::from_nanos(200),
            3..6 => Duration::from_nanos(10),
            _ => Duration::from_nanos(1),
        });
        let steps: Vec<usize> = rounds.iter().map(|round| round.steps).collect();
        assert!(steps[0] > 1000, "{steps:?}");
        for (times, next) in [(3, 6), (6, 9)] {
            assert!(steps[times] > steps[next], "{steps:?}");
            assert_eq!(steps[times..next], [steps[times]; 3], "{steps:?}");
        }
        // The fastest way of all stays.
        assert!(rounds[19].is_row_by_row());
        assert_eq!(steps[19], steps[6], "{steps:?}");
    });
}

#[test]
fn a_run_of_many_rounds_turns_to_blocks_and_back_between_two_of_them() {
    within_a_minute(|| {
        let executor = CoreExecutor::<Manual>::new(1);
        let (executor, order) = (&executor, &Mutex::new(Vec::new()));
        let flow = Taskflow::new();
        flow.coarsen(Coarsening::Adaptive);

        let tasks: Vec<TaskHandle<'_>> = (0..127)
            .map(|at| {
                flow.emplace(move || {
                    executor.platform().advance(Duration::from_nanos(50));
                    order.lock().unwrap().push(at);
                })
            })
            .collect();
        for (at, task) in tasks.iter().enumerate().skip(1) {
            task.succeed(tasks[(at - 1) / 2]);
        }
        let options = RunOptions::new().rounds(20);
        executor.run_and_wait_with(&flow, options).unwrap();
        let order = order.lock().unwrap();
        let row_by_row: Vec<_> = (0..127).collect();
        let in_blocks: Vec<bool> = order
            .chunks(127)
            .map(|round| {
                let mut sorted = round.to_vec();
                sorted.sort_unstable();
                assert_eq!(sorted, row_by_row, "each task once a round");
                round == row_by_row
            })
            .collect();
        assert_eq!(in_blocks.len(), 20);
        assert!(
            !in_blocks[0] && in_blocks[3] && !in_blocks[19],
            "{in_blocks:?}"
        );
    });
}

#[test]
fn a_module_that_asks_for_blocks_is_run_in_them_from_its_second_round_on() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, ran) = (Executor::new(workers), Counter::default());
            let flow = Taskflow::new();
            flow.coarsen(Coarsening::Blocks(NonZeroU32::new(8).unwrap()));
            let chain: Vec<_> = (0..100)
                .map(|_| {
                    let ran = ran.clone();
                    flow.emplace(move || {
                        ran.add();
                    })
                })
                .collect();
            flow.linearize(chain);
            executor.run_n(&Module::new(flow), 50).wait().unwrap();
            assert_eq!(ran.get(), 50 * 100);
        }
    });
}
