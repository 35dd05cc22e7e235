//! Cancels, resets, subscriptions and ends of runs, all at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use taskflow_std::{CancellationToken, Executor, RunError, RunOptions, Taskflow};

use super::runs::cancelled;
use crate::support::rig::WORKERS;
use crate::support::watchdog::within_a_minute;

#[test]
fn every_run_under_a_token_that_is_cancelled_and_reset_all_the_time_ends() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let root = CancellationToken::new();
            let child = root.child();
            let over = Arc::new(AtomicBool::new(false));
            let storms: Vec<_> = [root.clone(), child.clone()]
                .into_iter()
                .map(|token| {
                    let over = Arc::clone(&over);
                    thread::spawn(move || {
                        // Ordering: Relaxed; a request.
                        while !over.load(Ordering::Relaxed) {
                            token.cancel_with("storm");
                            thread::yield_now();
                            token.reset();
                            thread::yield_now();
                        }
                    })
                })
                .collect();
            let flow = Taskflow::new();
            flow.emplace(|| {})
                .precede([flow.emplace(|| {}), flow.emplace(|| {})]);
            let group = executor.task_group();
            group.token(&child);
            for _ in 0..500 {
                let runs = [&root, &child]
                    .map(|token| executor.run_with(&flow, RunOptions::new().token(token)));
                group.spawn(|| {});
                let task = executor.spawn(|| ()).token(&child);
                for run in runs {
                    match run.wait() {
                        Ok(stats) => assert_eq!(stats.tasks, 3),
                        other => assert_eq!(cancelled(other).0.as_deref(), Some("storm")),
                    }
                }
                let ended = group.wait();
                assert!(
                    matches!(ended, Ok(()) | Err(RunError::Cancelled { .. })),
                    "{ended:?}"
                );
                drop(task.wait());
            }
            // Ordering: Relaxed; a request.
            over.store(true, Ordering::Relaxed);
            for storm in storms {
                storm.join().unwrap();
            }
            root.reset();
            child.reset();
            let options = RunOptions::new().token(&child);
            assert_eq!(executor.run_with(&flow, options).wait().unwrap().tasks, 3);
        }
    });
}
