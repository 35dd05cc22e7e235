//! A run does the rounds it was asked for, and says so.

use core::time::Duration;
use std::panic::resume_unwind;

use crate::support::blocked_flow::BlockedFlow;
use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::meeting::Meeting;
use crate::support::payload::text_of;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, RunError, RunStats, Taskflow, TaskflowError};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

/// A diamond whose tasks count.
fn counting(count: &Counter) -> Taskflow<'static> {
    let flow = Taskflow::new();
    let [a, b, c, d] = [(); 4].map(|()| {
        let count = count.clone();
        flow.emplace(move || {
            count.add();
        })
    });
    a.precede([b, c]);
    d.succeed([b, c]);
    flow
}

#[track_caller]
fn did(stats: &RunStats, rounds: u64, tasks: u64) {
    assert_eq!((stats.rounds, stats.tasks), (rounds, tasks));
    assert_eq!((stats.skipped, stats.suppressed.len()), (0, 0));
}

#[test]
fn a_run_is_one_round() {
    for workers in WORKERS {
        let (count, executor) = (Counter::default(), Executor::new(workers));
        let flow = counting(&count);
        did(&executor.run(&flow).wait().unwrap(), 1, 4);
        did(&executor.run_and_wait(&flow).unwrap(), 1, 4);
        assert_eq!(count.get(), 8);
    }
}

#[test]
fn run_n_is_as_many_rounds_as_asked() {
    for workers in WORKERS {
        let (count, executor) = (Counter::default(), Executor::new(workers));
        let flow = counting(&count);
        for rounds in [1, 2, 3, 100] {
            did(
                &executor.run_n(&flow, rounds).wait().unwrap(),
                rounds,
                4 * rounds,
            );
        }
        assert_eq!(count.get(), 4 * 106);
    }
}

#[test]
fn no_round_is_a_completed_run_of_no_task() {
    let (count, executor) = (Counter::default(), Executor::new(2));
    let flow = counting(&count);
    let run = executor.run_n(&flow, 0);
    did(&run.wait().unwrap(), 0, 0);
    assert_eq!(count.get(), 0);
}

#[test]
fn run_until_asks_after_every_round_so_there_is_one_at_least() {
    for workers in WORKERS {
        let (count, executor) = (Counter::default(), Executor::new(workers));
        let flow = counting(&count);
        did(&executor.run_until(&flow, || true).wait().unwrap(), 1, 4);
        let seen = count.clone();
        let mut asked = 0;
        let until = executor.run_until(&flow, move || {
            asked += 1;
            assert_eq!(seen.get(), 4 + 4 * asked, "asked between rounds");
            asked == 50
        });
        did(&until.wait().unwrap(), 50, 200);
        assert_eq!(count.get(), 204);
    }
}

#[test]
fn a_panic_of_the_predicate_ends_the_run_and_names_no_task() {
    for workers in WORKERS {
        let (count, executor) = (Counter::default(), Executor::new(workers));
        let flow = counting(&count);
        let mut left = 3;
        let error = executor.run_until(&flow, move || {
            left -= 1;
            if left == 0 {
                resume_unwind(Box::new("enough of this"));
            }
            false
        });
        let error = error.wait().unwrap_err();
        let RunError::Panicked {
            task: None,
            panic,
            stats,
        } = error
        else {
            panic!("a panic of no task: {error:?}");
        };
        assert_eq!(text_of(panic.into_payload()), "enough of this");
        assert_eq!((stats.rounds, stats.tasks), (3, 12));
        did(&executor.run(&flow).wait().unwrap(), 1, 4);
    }
}

#[test]
fn run_many_starts_a_round_of_each() {
    for workers in WORKERS {
        let (count, executor) = (Counter::default(), Executor::new(workers));
        let flows: Vec<Taskflow<'static>> = (0..50).map(|_| counting(&count)).collect();
        let runs = executor.run_many(&flows);
        assert_eq!(runs.len(), 50);
        for run in runs {
            did(&run.wait().unwrap(), 1, 4);
        }
        assert_eq!(count.get(), 200);
        assert!(executor.run_many([]).is_empty());
    }
}

#[test]
fn run_many_and_wait_gives_the_results_in_the_order_of_the_flows() {
    for workers in WORKERS {
        let executor = Executor::new(workers);
        let mut sums = [0_u64; 20];
        let flows: Vec<Taskflow<'_>> = sums
            .iter_mut()
            .enumerate()
            .map(|(at, sum)| {
                let flow = Taskflow::new();
                flow.emplace(move || *sum += at as u64);
                for _ in 0..at {
                    flow.placeholder();
                }
                flow
            })
            .collect();
        flows[7].tasks()[0].precede(flows[7].tasks()[0]);
        let results = executor.run_many_and_wait(&flows);
        for (at, result) in results.into_iter().enumerate() {
            match result {
                Ok(stats) => did(&stats, 1, at as u64 + 1),
                Err(RunError::Invalid(_)) => assert_eq!(at, 7),
                Err(other) => panic!("flow {at}: {other}"),
            }
        }
        drop(flows);
        assert_eq!(sums.iter().sum::<u64>(), 190 - 7);
    }
}

#[test]
fn run_concurrent_runs_its_flows_at_the_same_time() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let (meeting, drops) = (Meeting::of(workers), Counter::default());
            let mut made = Vec::new();
            let runs = executor.run_concurrent(workers, |number| {
                made.push(number);
                let flow = Taskflow::new();
                let (meeting, dropped) = (meeting.clone(), Dropped(drops.clone()));
                flow.emplace(move || {
                    let _kept = &dropped;
                    meeting.attend();
                });
                flow
            });
            assert_eq!(runs.len(), workers);
            for run in runs {
                did(&run.wait().unwrap(), 1, 1);
            }
            assert_eq!(made, (0..workers).collect::<Vec<_>>());
            while drops.get() < workers {
                std::thread::yield_now();
            }
            assert_eq!(drops.get(), workers, "each flow is dropped once");
        }
    });
}

#[test]
fn what_a_flow_of_run_concurrent_captured_is_gone_when_its_executor_is() {
    within_a_minute(|| {
        for _ in 0..100 {
            let (executor, drops) = (Executor::new(2), Counter::default());
            let runs = executor.run_concurrent(4, |_| {
                let (flow, dropped) = (Taskflow::new(), Dropped(drops.clone()));
                flow.emplace(move || {
                    let _kept = &dropped;
                });
                flow
            });
            runs.into_iter().for_each(|run| drop(run.wait().unwrap()));
            drop(executor);
            assert_eq!(drops.get(), 4);
        }
    });
}

#[test]
fn a_once_task_runs_once_and_a_second_round_is_refused_by_name_before_anything_runs() {
    for workers in WORKERS {
        let (count, executor) = (Counter::default(), Executor::new(workers));
        let flow = counting(&count);
        let mut owned = Some(String::from("moved"));
        let taken = owned.take().unwrap();
        flow.emplace_once(move || drop(taken)).name("the one");
        let named = |result: Result<RunStats, RunError>| match result {
            Err(RunError::Invalid(TaskflowError::Once { task })) => {
                assert_eq!(task.name.as_deref(), Some("the one"));
            }
            other => panic!("refused by name is expected: {other:?}"),
        };
        named(executor.run_n(&flow, 2).wait());
        named(executor.run_until(&flow, || true).wait());
        assert_eq!(count.get(), 0);
        did(&executor.run_n(&flow, 1).wait().unwrap(), 1, 5);
        named(executor.run(&flow).wait());
        named(executor.run_and_wait(&flow));
        named(executor.run_n(&flow, 1).wait());
        assert_eq!(count.get(), 4);
        did(&executor.run_n(&flow, 0).wait().unwrap(), 0, 0);
    }
}

#[test]
fn a_queued_second_round_of_a_once_task_is_refused_too() {
    within_a_minute(|| {
        let blocked = BlockedFlow::new("once");
        blocked.flow.emplace_once(|| {}).name("the one");
        let executor = Executor::new(2);
        let first = executor.run(&blocked.flow);
        let second = executor.run(&blocked.flow);
        blocked.end.open();
        did(&first.wait().unwrap(), 1, 2);
        let error = second.wait().unwrap_err();
        assert!(
            matches!(error, RunError::Invalid(TaskflowError::Once { .. })),
            "{error:?}"
        );
    });
}

#[test]
fn new_work_makes_a_once_task_able_to_run_again() {
    let executor = Executor::new(1);
    let flow = Taskflow::new();
    let task = flow.emplace_once(|| {});
    executor.run(&flow).wait().unwrap();
    let count = Counter::default();
    let counted = count.clone();
    flow.work(task, move || {
        counted.add();
    });
    executor.run_n(&flow, 3).wait().unwrap();
    assert_eq!(count.get(), 3);
}

#[test]
fn a_timed_wait_gives_the_handle_back_and_the_result_once() {
    within_a_minute(|| {
        let blocked = BlockedFlow::new("timed");
        let executor = Executor::new(1);
        let mut run = executor.run(&blocked.flow);
        blocked.begun.pass();
        assert!(run.wait_timeout(Duration::ZERO).is_none());
        assert!(run.wait_timeout(Duration::from_millis(5)).is_none());
        assert!(!run.is_done());
        blocked.end.open();
        let result = run.wait_timeout(Duration::from_secs(50));
        did(&result.expect("the run ends").unwrap(), 1, 1);
        assert!(run.is_done());
        assert!(matches!(
            run.wait_timeout(Duration::ZERO),
            Some(Err(RunError::Taken))
        ));
        assert!(matches!(run.wait(), Err(RunError::Taken)));
    });
}

#[test]
fn the_stats_of_a_running_run_tell_its_rounds() {
    within_a_minute(|| {
        let blocked = BlockedFlow::new("told");
        let executor = Executor::new(1);
        let run = executor.run_n(&blocked.flow, 3);
        blocked.begun.pass();
        assert_eq!(run.stats().rounds, 1);
        blocked.end.open();
        while !run.is_done() {
            std::thread::yield_now();
        }
        did(&run.stats(), 3, 3);
        did(&run.wait().unwrap(), 3, 3);
    });
}

#[test]
fn the_time_of_a_run_is_between_its_begin_and_its_end() {
    within_a_minute(|| {
        let blocked = BlockedFlow::new("measured");
        let executor = Executor::new(1);
        let before = std::time::Instant::now();
        let run = executor.run(&blocked.flow);
        blocked.begun.pass();
        let begun = std::time::Instant::now();
        while begun.elapsed() < Duration::from_millis(20) {
            std::thread::yield_now();
        }
        blocked.end.open();
        let told = run.wait().unwrap().elapsed;
        assert!(told >= Duration::from_millis(20), "{told:?}");
        assert!(told <= before.elapsed(), "{told:?}");
    });
}

#[test]
fn waiting_for_all_waits_for_runs_whose_handles_are_gone() {
    for workers in WORKERS {
        let (count, executor) = (Counter::default(), Executor::new(workers));
        executor.wait_for_all().unwrap();
        let flows: Vec<Taskflow<'static>> = (0..20).map(|_| counting(&count)).collect();
        for round in 1..=20 {
            for flow in &flows {
                drop(executor.run_n(flow, 5));
            }
            executor.wait_for_all().unwrap();
            assert_eq!(count.get(), round * 20 * 5 * 4);
        }
    }
}

#[test]
fn an_executor_has_as_many_workers_as_asked_and_chooses_for_zero() {
    for workers in WORKERS {
        assert_eq!(Executor::new(workers).num_workers(), workers);
    }
    let processors = std::thread::available_parallelism().unwrap().get();
    assert_eq!(Executor::new(0).num_workers(), processors);
    assert_eq!(taskflow_std::default_executor().num_workers(), processors);
}

#[test]
fn dropping_an_executor_waits_for_its_runs() {
    for workers in WORKERS {
        let count = Counter::default();
        let flows: Vec<Taskflow<'static>> = (0..10).map(|_| counting(&count)).collect();
        let executor = Executor::new(workers);
        let runs: Vec<_> = flows.iter().map(|flow| executor.run_n(flow, 100)).collect();
        drop(executor);
        assert_eq!(count.get(), 4000);
        for run in runs {
            assert!(run.is_done());
            did(&run.wait().unwrap(), 100, 400);
        }
    }
}
