//! Weak edges that meet in one task, in the engine: the task is started by one at a time, and what starts it later
//! comes after its last end.
//!
//! The workers are stepped, each on a thread of the checker's, until they find nothing to do. A preemption bound of n
//! means: all schedules with at most n forced switches.

use taskflow_core::{RunError, Taskflow, WorkStealing};

use crate::support::datum::Datum;
use crate::support::explore::explore;
use crate::support::stepped::{Stepped, step_apart};

/// Two conditions that nothing orders start one task: it runs twice, the second time after the first, or the race is
/// told. Three threads, one of which waits; bound 1.
#[test]
fn a_task_that_two_conditions_start_runs_after_its_last_end_or_is_a_race() {
    explore(Some(1), || {
        let (executor, seats) = Stepped::executor(WorkStealing::default());
        let flow = Taskflow::new();
        let calls = Datum::default();
        let made = calls.clone();
        let task = flow.emplace(move || made.add_one());
        for _ in 0..2 {
            flow.emplace_condition(|| 0_usize).precede(task);
        }
        let run = executor.run(&flow);
        step_apart(seats, || ());
        assert!(run.is_done(), "a task was left");
        match run.wait() {
            Ok(stats) => assert_eq!((stats.tasks, calls.get()), (4, 2)),
            Err(RunError::TaskRace { task: raced, .. }) => {
                assert_eq!(raced.id, task.id());
                assert!(calls.get() <= 1);
            }
            Err(error) => panic!("{error}"),
        }
    });
}
