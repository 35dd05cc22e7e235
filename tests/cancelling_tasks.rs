//! A task that is cancelled is left out with what comes after it, and nothing else is.

/// Tasks that wait when they are cancelled.
mod waiting;

use std::sync::{Arc, Mutex};

use crate::support::counter::Counter;
use crate::support::dice::Dice;
use crate::support::gate::Gate;
use crate::support::rig::on_each_rig;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{
    Executor, RunCanceller, RunError, RunOptions, RunStats, TaskHandle, TaskId, Taskflow,
    TaskflowFuture,
};

/// What tasks of a run cancel it with.
#[derive(Clone, Default)]
struct Canceller(Arc<Mutex<Option<RunCanceller>>>, Gate);

impl Canceller {
    fn of(&self, run: TaskflowFuture) -> TaskflowFuture {
        *self.0.lock().expect("nothing panics with this lock") = Some(run.canceller());
        self.1.open();
        run
    }

    fn get(&self) -> RunCanceller {
        self.1.pass();
        let canceller = self.0.lock().expect("nothing panics with this lock");
        canceller
            .clone()
            .expect("it was set before the gate opened")
    }
}

#[track_caller]
fn cancelled(result: Result<RunStats, RunError>) -> (Option<String>, RunStats) {
    match result {
        Err(RunError::Cancelled { reason, stats }) => (reason, *stats),
        other => panic!("cancelled is expected: {other:?}"),
    }
}

fn counting(flow: &Taskflow<'static>, count: &Counter) -> TaskId {
    let count = count.clone();
    let task = flow.emplace(move || {
        count.add();
    });
    task.id()
}

/// A graph whose first task, before all others, cancels some of them.
struct Pruned {
    flow: Taskflow<'static>,
    canceller: Canceller,
    ran: Vec<Counter>,
    /// Whether a task runs in a round in which those are cancelled.
    runs: Vec<bool>,
}

impl Pruned {
    fn thrown(dice: &mut Dice) -> Self {
        let size = 1 + dice.below(50);
        let (flow, canceller) = (Taskflow::new(), Canceller::default());
        let mut pruned = Self {
            flow,
            canceller,
            ran: Vec::new(),
            runs: Vec::new(),
        };
        let mut cancelled = Vec::new();
        let mut tasks: Vec<TaskHandle<'_>> = Vec::new();
        for at in 0..size {
            let count = Counter::default();
            let task = pruned.flow.task(counting(&pruned.flow, &count));
            let task = task.expect("it is there");
            let mut runs = dice.below(6) > 0;
            if !runs {
                cancelled.push(task.id());
            }
            for _ in 0..dice.below(4).min(at) {
                let before = dice.below(at);
                task.succeed(tasks[before]);
                runs &= pruned.runs[before];
            }
            tasks.push(task);
            pruned.ran.push(count);
            pruned.runs.push(runs);
        }
        let canceller = pruned.canceller.clone();
        let mut once = true;
        let first = pruned.flow.emplace(move || {
            if core::mem::take(&mut once) {
                let run = canceller.get();
                for task in &cancelled {
                    assert!(run.cancel_task(*task) && !run.cancel_task(*task));
                }
            }
        });
        first.precede(tasks);
        pruned
    }

    fn counts(&self) -> Vec<usize> {
        self.ran.iter().map(Counter::get).collect()
    }
}

#[test]
fn what_comes_after_a_cancelled_task_is_left_out_in_each_round_and_in_no_later_run() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let mut dice = Dice::shaken();
            for _ in 0..20 {
                let pruned = Pruned::thrown(&mut dice);
                let rounds = 1 + dice.below(3);
                let options = RunOptions::new().rounds(rounds as u64);
                let run = rig.start_with(&pruned.flow, options);
                let result = rig.finish(pruned.canceller.of(run));
                let expected: Vec<usize> = pruned
                    .runs
                    .iter()
                    .map(|runs| rounds * usize::from(*runs))
                    .collect();
                assert_eq!(pruned.counts(), expected);
                let left = pruned.runs.iter().filter(|runs| !**runs).count();
                if left > 0 {
                    let (_, stats) = cancelled(result);
                    let tasks = pruned.runs.len() - left + 1;
                    assert_eq!(stats.skipped as usize, left * rounds);
                    assert_eq!(stats.tasks as usize, tasks * rounds);
                } else {
                    result.expect("nothing was cancelled");
                }
                rig.run(&pruned.flow).expect("nothing is cancelled");
                let all: Vec<usize> = expected.iter().map(|before| before + 1).collect();
                assert_eq!(pruned.counts(), all);
            }
        });
    });
}

#[test]
fn a_task_that_runs_when_it_is_cancelled_ends_as_if_nobody_had_asked() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (flow, canceller, after) =
                (Taskflow::new(), Canceller::default(), Counter::default());
            let own = Arc::new(Mutex::new(None::<TaskId>));
            let (run, id) = (canceller.clone(), Arc::clone(&own));
            let task = flow.emplace(move || {
                let id = id.lock().expect("nothing panics with this lock");
                assert!(run.get().cancel_task(id.expect("it was set")));
            });
            *own.lock().expect("nothing panics with this lock") = Some(task.id());
            task.precede(flow.task(counting(&flow, &after)).expect("it is there"));
            let stats = rig.finish(canceller.of(rig.start(&flow)));
            assert_eq!(
                (stats.expect("nothing was left out").tasks, after.get()),
                (2, 1)
            );
        });
    });
}

#[test]
fn a_task_that_leaves_by_its_check_is_no_failure_and_what_comes_after_it_is_left_out() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (flow, canceller, reason) = (
                Taskflow::new(),
                Canceller::default(),
                Arc::new(Mutex::new(None)),
            );
            let own = Arc::new(Mutex::new(None::<TaskId>));
            let (run, id, text) = (canceller.clone(), Arc::clone(&own), Arc::clone(&reason));
            let task = flow.try_emplace_runtime(move |runtime| {
                runtime.check()?;
                let id = id.lock().expect("nothing panics with this lock");
                run.get()
                    .cancel_task_with(id.expect("it was set"), "too dear");
                runtime.spawn(|| unreachable!("it was cancelled"));
                let preempted = runtime.check().expect_err("it was cancelled");
                *text.lock().expect("nothing panics with this lock") =
                    preempted.reason().map(String::from);
                Err(preempted.into())
            });
            *own.lock().expect("nothing panics with this lock") = Some(task.id());
            task.precede(flow.emplace(|| unreachable!("it comes after it")));
            let beside = counting(&flow, &Counter::default());
            let result = rig.finish(canceller.of(rig.start(&flow)));
            let (why, stats) = cancelled(result);
            assert_eq!(why.as_deref(), Some("too dear"));
            assert_eq!(stats.skipped, 1);
            let reason = reason.lock().expect("nothing panics with this lock");
            assert_eq!(reason.as_deref(), Some("too dear"));
            assert!(flow.task(beside).is_some());
        });
    });
}

#[test]
fn a_cancelled_condition_chooses_nothing() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (flow, canceller, count) =
                (Taskflow::new(), Canceller::default(), Counter::default());
            let own = Arc::new(Mutex::new(None::<TaskId>));
            let (run, id, rounds) = (canceller.clone(), Arc::clone(&own), count.clone());
            let begin = flow.emplace(|| {});
            let body = flow.emplace(move || {
                if rounds.add() == 5 {
                    let id = id.lock().expect("nothing panics with this lock");
                    run.get().cancel_task(id.expect("it was set"));
                }
            });
            let again = flow.emplace_condition(|| 0);
            begin.precede(body);
            body.precede(again);
            again.precede(body);
            *own.lock().expect("nothing panics with this lock") = Some(again.id());
            let (_, stats) = cancelled(rig.finish(canceller.of(rig.start(&flow))));
            assert_eq!((count.get(), stats.skipped), (6, 1));
        });
    });
}

#[test]
fn only_tasks_of_the_unfinished_run_can_be_cancelled_and_removed_ones_stand_for_nothing() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (flow, other, count) = (Taskflow::new(), Taskflow::new(), Counter::default());
            let foreign = counting(&other, &count);
            let removed = counting(&flow, &count);
            flow.remove(flow.task(removed).expect("it is there"));
            let first = Gate::default();
            let gate = first.clone();
            let begin = flow.emplace(move || gate.pass());
            let task = counting(&flow, &count);
            assert_eq!(
                task.index() + begin.id().index(),
                1,
                "the place is used again"
            );
            begin.precede(flow.task(task).expect("it is there"));
            let run = rig.start(&flow);
            let canceller = run.canceller();
            assert!(!run.cancel_task(foreign));
            run.cancel_task(removed);
            first.open();
            rig.finish(run).expect("nothing was left out");
            assert!(!canceller.cancel_task(task), "it has ended");
            assert_eq!(count.get(), 1);
            let run = rig.start(&flow);
            let canceller = run.canceller();
            if run.cancel() {
                assert!(!canceller.cancel_task(task));
                let (reason, _) = cancelled(rig.finish(run));
                assert_eq!(reason, None);
            }
        });
    });
}

#[test]
fn a_task_of_a_queued_run_is_left_out_when_that_has_its_turn() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (flow, count, gate) = (Taskflow::new(), Counter::default(), Gate::default());
            let held = gate.clone();
            let begin = flow.emplace(move || held.pass());
            let task = counting(&flow, &count);
            begin.precede(flow.task(task).expect("it is there"));
            let (first, second, third) = (rig.start(&flow), rig.start(&flow), rig.start(&flow));
            assert!(second.cancel_task(task));
            gate.open();
            let mut results = rig.finish_all(vec![first, second, third]);
            results.remove(0).expect("nothing of it was cancelled");
            let (_, stats) = cancelled(results.remove(0));
            assert_eq!((stats.tasks, stats.skipped), (1, 1));
            results.remove(0).expect("nothing of it was cancelled");
            assert_eq!(count.get(), 2);
        });
    });
}

#[test]
fn tasks_that_are_cancelled_at_any_moment_leave_the_flow_in_order() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        for workers in [1, 2, 4] {
            let executor = Executor::new(workers);
            for _ in 0..200 {
                let (flow, ran) = (Taskflow::new(), Counter::default());
                let mut ids = Vec::new();
                for at in 0..40 {
                    let id = counting(&flow, &ran);
                    let task = flow.task(id).expect("it is there");
                    for _ in 0..dice.below(3).min(at) {
                        task.succeed(flow.task(ids[dice.below(at)]).expect("it is there"));
                    }
                    ids.push(id);
                }
                let run = executor.run_n(&flow, 3);
                for _ in 0..5 {
                    run.cancel_task(ids[dice.below(ids.len())]);
                }
                let ended = match run.wait() {
                    Ok(stats) => stats,
                    result => cancelled(result).1,
                };
                assert_eq!(ended.tasks, ran.get() as u64);
                assert_eq!(ended.tasks + ended.skipped, 120);
                let stats = executor.run_and_wait(&flow).expect("nothing is cancelled");
                assert_eq!((stats.tasks, stats.skipped), (40, 0));
            }
        }
    });
}
