//! Two ways that nothing orders and that lead to one task are found out, and it never runs twice at once.

use core::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::support::counter::Counter;
use crate::support::dice::Dice;
use crate::support::gate::Gate;
use crate::support::rig::{WORKERS, on_each_rig};
use crate::support::watchdog::within_a_minute;
use taskflow_std::{
    Branch, Executor, FailurePolicy, Manual, RunError, RunOptions, TaskHandle, TaskId, Taskflow,
};

/// A task that panics if it is called while it runs.
fn exclusive<'f>(flow: &'f Taskflow<'static>, calls: &Counter) -> TaskHandle<'f> {
    let (busy, calls) = (AtomicBool::new(false), calls.clone());
    flow.emplace(move || {
        assert!(!busy.swap(true, Ordering::SeqCst), "it runs twice at once");
        calls.add();
        std::hint::spin_loop();
        busy.store(false, Ordering::SeqCst);
    })
}

#[track_caller]
fn raced(error: &RunError) -> TaskId {
    match error {
        RunError::TaskRace { task, .. } => task.id,
        other => panic!("a race is expected: {other}"),
    }
}

/// A task that runs until its run is stopped.
fn until_stopped<'f>(flow: &'f Taskflow<'static>, begun: &Gate, calls: &Counter) -> TaskHandle<'f> {
    let (begun, calls) = (begun.clone(), calls.clone());
    let task = flow.emplace_subflow(move |subflow| {
        calls.add();
        begun.open();
        while !subflow.is_cancelled() {
            thread::yield_now();
        }
    });
    task.name("slow")
}

#[test]
fn a_slow_side_branch_in_a_loop_is_a_task_race_on_threads() {
    within_a_minute(|| {
        for workers in [2, 4, 8] {
            let executor = Executor::new(workers);
            let (flow, begun, calls) = (Taskflow::new(), Gate::default(), Counter::default());
            let a = flow.placeholder();
            let slow = until_stopped(&flow, &begun, &calls);
            let condition = flow.emplace_condition(move || {
                begun.pass();
                0_usize
            });
            flow.placeholder().precede(a);
            a.precede([slow, condition.task()]);
            condition.precede(a);
            let error = executor.run(&flow).wait().unwrap_err();
            assert_eq!(raced(&error), slow.id());
            assert!(error.to_string().contains("\"slow\""), "{error}");
            assert_eq!(calls.get(), 1);
        }
    });
}

#[test]
fn a_slow_side_branch_in_a_loop_is_a_task_race_on_one_worker() {
    // The condition has the lower index and is next, so the side branch waits in the queue meanwhile.
    let executor = taskflow_core::Executor::<Manual>::new(1);
    let (flow, calls) = (Taskflow::new(), Counter::default());
    let start = flow.placeholder();
    let a = flow.placeholder();
    let condition = flow.emplace_condition(|| 0_usize);
    let slow = exclusive(&flow, &calls);
    start.precede(a);
    a.precede([condition.task(), slow]);
    condition.precede(a);
    for _ in 0..3 {
        let error = executor.run_and_wait(&flow).unwrap_err();
        assert_eq!(raced(&error), slow.id());
        assert_eq!(calls.get(), 0);
    }
    let other = Taskflow::new();
    other.placeholder();
    assert_eq!(executor.run_and_wait(&other).unwrap().tasks, 1);
}

#[test]
fn a_branch_to_a_task_that_runs_is_a_task_race() {
    within_a_minute(|| {
        for workers in [2, 4, 8] {
            let executor = Executor::new(workers);
            let (flow, begun) = (Taskflow::new(), Gate::default());
            let (calls, after) = (Counter::default(), Counter::default());
            let slow = until_stopped(&flow, &begun, &calls);
            slow.precede(exclusive(&flow, &after));
            flow.emplace_condition(|| 0_usize).precede(slow);
            let again = flow.emplace_condition(move || {
                begun.pass();
                0_usize
            });
            again.precede(slow);
            let error = executor.run(&flow).wait().unwrap_err();
            assert_eq!(raced(&error), slow.id());
            assert_eq!((calls.get(), after.get()), (1, 0));
        }
    });
}

#[test]
fn no_closure_runs_twice_at_once_whatever_is_started_when() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        on_each_rig(|rig| {
            for _ in 0..60 {
                let flow = Taskflow::new();
                let calls = Counter::default();
                let tasks: Vec<_> = (0..8).map(|_| exclusive(&flow, &calls)).collect();
                flow.placeholder().precede(tasks[0]);
                for (at, task) in tasks.iter().enumerate().skip(1) {
                    task.succeed(tasks[dice.below(at)]);
                }
                for _ in 0..3 {
                    let mut choices: Vec<usize> = (0..6).map(|_| dice.below(4)).collect();
                    let condition = flow.emplace_multi_condition(move || {
                        let branch = choices.pop().map_or(Branch::NONE, Branch::index);
                        [branch, Branch::index(1)].into_iter().take(choices.len())
                    });
                    condition.succeed(tasks[dice.below(8)]);
                    (0..3).for_each(|_| drop(condition.precede(tasks[dice.below(8)]).label()));
                }
                for policy in [FailurePolicy::StopAtFirst, FailurePolicy::KeepIndependent] {
                    let options = RunOptions::new().on_failure(policy);
                    let before = calls.get();
                    match rig.finish(rig.start_with(&flow, options)) {
                        Ok(stats) => assert!(stats.tasks as usize > calls.get() - before),
                        Err(error) => {
                            raced(&error);
                        }
                    }
                }
            }
        });
    });
}

#[test]
fn a_flow_that_raced_runs_all_its_tasks_the_next_time() {
    for policy in [FailurePolicy::StopAtFirst, FailurePolicy::KeepIndependent] {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let (flow, calls) = (Taskflow::new(), Counter::default());
            let mut runs = 0;
            let start = flow.placeholder();
            let slow = exclusive(&flow, &calls);
            let join = exclusive(&flow, &calls);
            let pick = flow.emplace_multi_condition(move || {
                runs += 1;
                // Both the task and what comes after it: a race of the second with the first's end, or none.
                0..=usize::from(runs == 1)
            });
            start.precede(pick);
            slow.precede(join);
            pick.precede([slow, join]);
            match executor
                .run_with(&flow, RunOptions::new().on_failure(policy))
                .wait()
            {
                Ok(stats) => assert_eq!(stats.tasks, 5),
                Err(error) => assert_eq!(raced(&error), join.id()),
            }
            let before = calls.get();
            for round in 1..=3 {
                let options = RunOptions::new().on_failure(policy);
                assert_eq!(executor.run_with(&flow, options).wait().unwrap().tasks, 4);
                assert_eq!(calls.get(), before + 2 * round);
            }
        }
    }
}
