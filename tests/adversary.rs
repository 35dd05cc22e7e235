//! Programs that once broke the engine.

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod watchdog;
}

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use support::watchdog::within_a_minute;
use taskflow_core::{Builder, Local, Manual};
use taskflow_std::{Executor, RunError, Taskflow, Module};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

#[test]
fn a_wait_inside_a_graph_with_weak_edges_loses_no_count() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            for round in 0..50 {
                let flow = Taskflow::new();
                let start = flow.placeholder();
                let again = Arc::clone(&executor);
                let middle = flow.emplace(move || {
                    let inner = Taskflow::new();
                    for _ in 0..round { inner.emplace(|| {}); }
                    again.run(&inner).wait().expect("it ends well");
                });
                let mut left = 10;
                let choose = flow.emplace_condition(move || {
                    left -= 1;
                    usize::from(left == 0)
                });
                let end = flow.placeholder();
                start.precede(middle);
                middle.precede(choose);
                choose.precede(middle);
                choose.precede(end);
                let stats = executor.run(&flow).wait().expect("it ends well");
                assert_eq!((stats.tasks, stats.skipped), (22, 0));
            }
        }
    });
}

#[test]
fn a_task_that_hands_on_a_foreign_cancellation_fails_its_run() {
    for workers in WORKERS {
        let executor = Arc::new(Executor::new(workers));
        let again = Arc::clone(&executor);
        let flow = Taskflow::new();
        let give_up = flow.try_emplace(move || {
            let other = Taskflow::new();
            let gate = again.run_n(&other, 1);
            gate.wait().ok();
            other.emplace(|| {});
            let run = again.run_until(&other, || false);
            run.cancel();
            run.wait()?;
            Ok(())
        });
        let late = flow.emplace(|| {});
        give_up.precede(late);
        let result = executor.run(&flow).wait();
        let error = result.expect_err("a task gave up");
        assert!(matches!(error, RunError::Failed { .. }), "{error:?}");
    }
}

#[test]
fn modules_in_modules_are_dropped_without_recursion() {
    let mut module = Module::new(Taskflow::new());
    for _ in 0..100_000 {
        let flow = Taskflow::new();
        flow.composed_of(&module);
        module = Module::new(flow);
    }
    drop(module);
}

#[test]
fn the_error_of_a_module_deep_down_is_told_without_recursion() {
    let bad = Taskflow::new();
    let task = bad.emplace(|| {});
    task.precede(task);
    let mut module = Module::new(bad);
    for _ in 0..20_000 {
        let flow = Taskflow::new();
        flow.composed_of(&module);
        module = Module::new(flow);
    }
    assert!(module.validate().is_err());
}

#[test]
fn a_graph_whose_tasks_only_schedule_one_another_has_no_source() {
    let flow = Taskflow::new();
    let task = flow.emplace_runtime(|_| {});
    task.may_schedule(task);
    assert!(flow.validate().is_err());
}
