//! A cancelled run starts no new task, says that it was cancelled, and leaves all others alone.

use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::blocked_flow::BlockedFlow;
use crate::support::counter::Counter;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, RunCanceller, RunError, RunStats, Taskflow};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

#[track_caller]
fn cancelled(result: Result<RunStats, RunError>) -> (Option<String>, RunStats) {
    match result {
        Err(RunError::Cancelled { reason, stats }) => (reason, *stats),
        other => panic!("cancelled is expected: {other:?}"),
    }
}

/// A flow that blocks in its first task, with `tail` tasks after it that count.
fn blocked_with_tail(tail: usize, count: &Counter) -> BlockedFlow {
    let blocked = BlockedFlow::new("to be cancelled");
    let first = blocked.flow.tasks()[0];
    for _ in 0..tail {
        let count = count.clone();
        first.precede(blocked.flow.emplace(move || {
            count.add();
        }));
    }
    blocked
}

#[test]
fn a_cancelled_run_starts_no_new_task_of_ten_thousand_that_wait() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (count, executor) = (Counter::default(), Executor::new(workers));
            let blocked = blocked_with_tail(10_000, &count);
            let run = executor.run(&blocked.flow);
            blocked.begun.pass();
            assert!(run.cancel());
            assert!(!run.is_done(), "the running task still runs");
            blocked.end.open();
            let (reason, stats) = cancelled(run.wait());
            assert_eq!((reason, count.get()), (None, 0));
            assert_eq!((stats.tasks, stats.skipped), (1, 10_000));
            let again = executor.run(&blocked.flow).wait().unwrap();
            assert_eq!((again.tasks, count.get()), (10_001, 10_000));
        }
    });
}

#[test]
fn cancelling_twice_is_cancelling_once_and_the_first_reason_stays() {
    within_a_minute(|| {
        let count = Counter::default();
        let blocked = blocked_with_tail(1, &count);
        let executor = Executor::new(1);
        let run = executor.run(&blocked.flow);
        blocked.begun.pass();
        let canceller = run.canceller();
        assert!(canceller.cancel_with("too late"));
        assert!(!canceller.clone().cancel_with("much too late"));
        assert!(!run.cancel() && !canceller.cancel());
        blocked.end.open();
        let (reason, _) = cancelled(run.wait());
        assert_eq!(reason.as_deref(), Some("too late"));
        assert!(!canceller.cancel(), "it has ended");
        assert_eq!(executor.run(&blocked.flow).wait().unwrap().tasks, 2);
    });
}

#[test]
fn the_reason_is_in_the_text_of_the_error() {
    within_a_minute(|| {
        let count = Counter::default();
        let blocked = blocked_with_tail(1, &count);
        let executor = Executor::new(1);
        let run = executor.run(&blocked.flow);
        blocked.begun.pass();
        run.canceller().cancel_with("the user left");
        blocked.end.open();
        let text = run.wait().unwrap_err().to_string();
        assert!(text.contains("the user left"), "{text}");
    });
}

#[test]
fn a_run_that_has_ended_cannot_be_cancelled() {
    let executor = Executor::new(1);
    let flow = Taskflow::new();
    flow.emplace(|| {});
    let mut run = executor.run(&flow);
    let canceller = run.canceller();
    let result = run.wait_timeout(core::time::Duration::from_secs(50));
    result.expect("the run ends").unwrap();
    assert!(!run.cancel() && !canceller.cancel());
    assert_eq!(executor.run(&flow).wait().unwrap().tasks, 1);
}

#[test]
fn a_cancelled_queued_run_runs_nothing_and_leaves_the_others_alone() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (count, executor) = (Counter::default(), Executor::new(workers));
            let blocked = blocked_with_tail(3, &count);
            let first = executor.run(&blocked.flow);
            let second = executor.run_n(&blocked.flow, 5);
            let third = executor.run(&blocked.flow);
            blocked.begun.pass();
            assert!(second.cancel());
            blocked.end.open();
            assert_eq!(third.wait().unwrap().tasks, 4);
            assert_eq!(first.wait().unwrap().tasks, 4);
            let (_, stats) = cancelled(second.wait());
            assert_eq!(stats.tasks, 0);
            assert_eq!(count.get(), 6);
        }
    });
}

#[test]
fn a_cancelled_run_ahead_leaves_the_queued_ones_alone() {
    within_a_minute(|| {
        let (count, executor) = (Counter::default(), Executor::new(2));
        let blocked = blocked_with_tail(3, &count);
        let first = executor.run(&blocked.flow);
        let second = executor.run(&blocked.flow);
        blocked.begun.pass();
        first.cancel();
        blocked.end.open();
        assert_eq!(second.wait().unwrap().tasks, 4);
        cancelled(first.wait());
    });
}

#[test]
fn a_run_of_endless_rounds_is_cancelled_from_outside() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let (count, flow) = (Counter::default(), Taskflow::new());
            let counted = count.clone();
            flow.emplace(move || {
                counted.add();
            });
            let by_number = executor.run_n(&flow, u64::MAX);
            let by_predicate = executor.run_until(&flow, || false);
            while count.get() < 100 {
                thread::yield_now();
            }
            by_number.cancel();
            let (_, stats) = cancelled(by_number.wait());
            assert!(stats.rounds >= 100);
            let before = count.get();
            while count.get() < before + 100 {
                thread::yield_now();
            }
            let canceller = by_predicate.canceller();
            let waiting = thread::spawn(move || cancelled(by_predicate.wait()));
            assert!(canceller.cancel());
            waiting.join().unwrap();
        }
    });
}

#[test]
fn a_task_can_cancel_its_own_run() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let own: Arc<Mutex<Option<RunCanceller>>> = Arc::default();
            let flow = Taskflow::new();
            let (seen, count) = (Arc::clone(&own), Counter::default());
            let first = flow.emplace(move || {
                let canceller = seen.lock().unwrap().take();
                assert!(canceller.unwrap().cancel_with("by itself"));
            });
            let counted = count.clone();
            first.precede(flow.emplace(move || {
                counted.add();
            }));
            let slot = own.lock().unwrap();
            let run = executor.run(&flow);
            let mut slot = slot;
            *slot = Some(run.canceller());
            drop(slot);
            let (reason, stats) = cancelled(run.wait());
            assert_eq!(reason.as_deref(), Some("by itself"));
            assert_eq!((stats.tasks, stats.skipped, count.get()), (1, 1, 0));
        }
    });
}

#[test]
fn cancelling_one_flow_leaves_another_alone() {
    within_a_minute(|| {
        let (count, other_count) = (Counter::default(), Counter::default());
        let executor = Executor::new(2);
        let (one, other) = (
            blocked_with_tail(100, &count),
            blocked_with_tail(100, &other_count),
        );
        let (first, second) = (executor.run(&one.flow), executor.run(&other.flow));
        one.begun.pass();
        other.begun.pass();
        first.cancel();
        one.end.open();
        other.end.open();
        cancelled(first.wait());
        assert_eq!(second.wait().unwrap().tasks, 101);
        assert_eq!((count.get(), other_count.get()), (0, 100));
    });
}

#[test]
fn a_run_cancelled_at_any_moment_is_cancelled_or_complete() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let executor = Executor::new(workers);
            let (count, flow) = (Counter::default(), Taskflow::new());
            let tasks: Vec<_> = (0..50)
                .map(|_| {
                    let count = count.clone();
                    flow.emplace(move || {
                        count.add();
                    })
                })
                .collect();
            for (before, after) in tasks.iter().zip(tasks.iter().skip(4)) {
                before.precede(after);
            }
            for moment in 0..2000 {
                let before = count.get();
                let run = executor.run(&flow);
                for _ in 0..moment % 100 {
                    core::hint::spin_loop();
                }
                run.cancel();
                let result = run.wait();
                let ran = (count.get() - before) as u64;
                match result {
                    Ok(stats) => assert_eq!((stats.tasks, ran), (50, 50)),
                    error => {
                        let (_, stats) = cancelled(error);
                        assert_eq!(stats.tasks, ran);
                        assert!(stats.rounds == 0 || stats.tasks + stats.skipped == 50);
                    }
                }
            }
        }
    });
}
