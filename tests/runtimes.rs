//! A runtime task spawns tasks that are part of it, and starts others of its graph.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};

use crate::support::counter::Counter;
use crate::support::dice::Dice;
use crate::support::drops::Dropped;
use crate::support::gate::Gate;
use crate::support::stepped::{step_until, stepped};
use crate::support::watchdog::within_a_minute;
use taskflow_std::{
    Executor, Failure, FailurePolicy, GroupScope, Manual, RunCanceller, RunError, RunOptions,
    Runtime, ScheduleError, Taskflow,
};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

fn fibonacci<'env>(runtime: &Runtime<'env>, n: usize, left_first: bool, sum: &'env AtomicUsize) {
    if n < 2 {
        sum.fetch_add(n, Ordering::SeqCst);
        return;
    }
    let (first, second) = if left_first {
        (n - 1, n - 2)
    } else {
        (n - 2, n - 1)
    };
    runtime.spawn_with(move |runtime| fibonacci(runtime, first, left_first, sum));
    fibonacci(runtime, second, left_first, sum);
}

fn fibonacci_in_groups(runtime: &Runtime<'_>, n: usize) -> usize {
    if n < 2 {
        return n;
    }
    let mut left = 0;
    let right = runtime.group(|group| {
        group.spawn(|| left = fibonacci_in_groups(runtime, n - 1));
        fibonacci_in_groups(runtime, n - 2)
    });
    left + right.expect("nobody panics")
}

#[test]
fn what_a_runtime_task_spawned_has_ended_when_its_successors_start() {
    for workers in WORKERS {
        let executor = Executor::new(workers);
        let ended = AtomicUsize::new(0);
        let flow = Taskflow::new();
        let parent = flow.emplace_runtime(|runtime| {
            for _ in 0..200 {
                runtime.spawn(|| {
                    ended.fetch_add(1, Ordering::SeqCst);
                });
            }
            runtime.spawn_with(|runtime| {
                for _ in 0..200 {
                    runtime.spawn(|| {
                        ended.fetch_add(1, Ordering::SeqCst);
                    });
                }
            });
        });
        parent.precede(flow.emplace(|| assert_eq!(ended.load(Ordering::SeqCst) % 400, 0)));
        for round in 1..=20 {
            executor.run_and_wait(&flow).unwrap();
            assert_eq!(ended.load(Ordering::SeqCst), 400 * round);
        }
    }
}

#[test]
fn runtime_tasks_recurse_in_both_orders_of_their_operands() {
    for workers in WORKERS {
        for left_first in [true, false] {
            let sum = AtomicUsize::new(0);
            let flow = Taskflow::new();
            flow.emplace_runtime(|runtime| fibonacci(runtime, 16, left_first, &sum));
            Executor::new(workers).run_and_wait(&flow).unwrap();
            assert_eq!(sum.load(Ordering::SeqCst), 987);
        }
    }
}

#[test]
fn groups_of_runtime_tasks_nest_and_borrow_from_the_stack() {
    within_a_minute(|| {
        for workers in WORKERS {
            let sum = AtomicUsize::new(0);
            {
                let flow = Taskflow::new();
                flow.emplace_runtime(|runtime| {
                    sum.store(fibonacci_in_groups(runtime, 14), Ordering::SeqCst);
                });
                Executor::new(workers).run_and_wait(&flow).unwrap();
            }
            assert_eq!(sum.load(Ordering::SeqCst), 377);
        }
    });
}

#[test]
fn every_interleaving_ends_what_a_runtime_task_spawned_before_it() {
    let mut dice = Dice::shaken();
    for workers in WORKERS {
        let executor = stepped::<Manual>(workers);
        for _ in 0..100 {
            let count = Counter::default();
            let flow = Taskflow::new();
            let children = dice.below(20);
            let seen = count.clone();
            let parent = flow.emplace_runtime(move |runtime| {
                for _ in 0..children {
                    let count = seen.clone();
                    runtime.spawn_with(move |runtime| {
                        let inner = count.clone();
                        runtime.spawn(move || {
                            inner.add();
                        });
                        count.add();
                    });
                }
            });
            let seen = count.clone();
            parent.precede(flow.emplace(move || assert_eq!(seen.get(), 2 * children)));
            let run = executor.run(&flow);
            step_until(&executor, &mut dice, || run.is_done());
            run.wait().unwrap();
            assert_eq!(count.get(), 2 * children);
        }
    }
}

#[test]
fn a_stop_reaches_what_a_runtime_task_spawned_while_its_closure_goes_on() {
    let executor = Arc::new(stepped::<Manual>(2));
    let (inner, ran) = (Arc::clone(&executor), Counter::default());
    let count = ran.clone();
    let stop: Arc<Mutex<Option<RunCanceller>>> = Arc::default();
    let stopper = Arc::clone(&stop);
    let flow = Taskflow::new();
    flow.emplace_runtime(move |runtime| {
        let count = count.clone();
        runtime.spawn(move || {
            count.add();
        });
        let stop = stopper.lock().unwrap().take();
        assert!(stop.is_some_and(|stop| stop.cancel()));
        // The other worker looks for something to do.
        assert!(runtime.worker().is_some_and(|worker| worker.index() == 0));
        for _ in 0..10 {
            inner.platform().step(1);
        }
    });
    let run = executor.run(&flow);
    *stop.lock().unwrap() = Some(run.canceller());
    while !run.is_done() {
        executor.platform().step(0);
    }
    assert!(matches!(run.wait(), Err(RunError::Cancelled { .. })));
    assert_eq!(ran.get(), 0);
}

#[test]
fn the_panic_of_a_spawned_task_is_the_error_of_its_runtime_task_and_the_rest_is_kept() {
    for workers in WORKERS {
        let flow = Taskflow::new();
        let parent = flow.emplace_runtime(|runtime| {
            for _ in 0..3 {
                runtime.spawn(|| resume_unwind(Box::new("boom")));
            }
        });
        parent
            .name("parent")
            .precede(flow.emplace(|| unreachable!("after a failure")));
        let executor = Executor::new(workers);
        let error = executor.run_and_wait(&flow).unwrap_err();
        assert_eq!(error.to_string(), "task 0 (\"parent\") panicked: boom");
        let suppressed = &error.stats().unwrap().suppressed;
        assert_eq!(suppressed.len(), 2);
        assert!(
            suppressed
                .iter()
                .all(|failed| matches!(failed.failure, Failure::Panicked(_)))
        );
        executor.run(&Taskflow::new()).wait().unwrap();
    }
}

#[test]
fn a_runtime_task_that_panics_waits_for_what_it_spawned_which_may_borrow() {
    for workers in [2, 4, 8] {
        let (begun, goes_on) = (Gate::default(), Gate::default());
        let ended = AtomicUsize::new(0);
        let flow = Taskflow::new();
        let (first, second) = (begun.clone(), goes_on.clone());
        let seen = &ended;
        flow.emplace_runtime(move |runtime| {
            let (begun, goes_on) = (first.clone(), second.clone());
            runtime.spawn(move || {
                begun.open();
                goes_on.pass();
                seen.fetch_add(1, Ordering::SeqCst);
            });
            first.pass();
            second.open();
            resume_unwind(Box::new("boom"));
        });
        let error = Executor::new(workers).run_and_wait(&flow).unwrap_err();
        assert_eq!(ended.load(Ordering::SeqCst), 1);
        assert!(matches!(error, RunError::Panicked { task: Some(_), .. }));
    }
}

#[test]
fn a_runtime_task_that_gives_up_drops_what_has_not_begun() {
    let (ran, dropped) = (Counter::default(), Counter::default());
    let executor = stepped::<Manual>(1);
    let flow = Taskflow::new();
    let (count, drops) = (ran.clone(), dropped.clone());
    flow.try_emplace_runtime(move |runtime| {
        for _ in 0..5 {
            let (count, drops) = (count.clone(), Dropped(drops.clone()));
            runtime.spawn(move || {
                let _drops = drops;
                count.add();
            });
        }
        "x".parse::<u8>()?;
        Ok(())
    });
    let error = executor.run(&flow).wait().unwrap_err();
    assert!(matches!(error, RunError::Failed { .. }));
    assert_eq!((ran.get(), dropped.get()), (0, 5));
}

#[test]
fn captures_of_spawned_tasks_are_dropped_once_also_when_they_are_cancelled() {
    for workers in WORKERS {
        let (made, dropped) = (Counter::default(), Counter::default());
        let executor = Executor::new(workers);
        let flow = Taskflow::new();
        let begun = Gate::default();
        let (count, drops, gate) = (made.clone(), dropped.clone(), begun.clone());
        flow.emplace_runtime(move |runtime| {
            for _ in 0..100 {
                count.add();
                let drops = Dropped(drops.clone());
                runtime.spawn(move || drop(drops));
            }
            gate.open();
            while !runtime.is_cancelled() {
                std::thread::yield_now();
            }
            assert!(runtime.check().is_err());
            count.add();
            let drops = Dropped(drops.clone());
            runtime.spawn(move || drop(drops));
        });
        let run = executor.run(&flow);
        begun.pass();
        assert!(run.canceller().cancel_with("enough"));
        let error = run.wait().unwrap_err();
        assert_eq!(error.to_string(), "the run was cancelled: enough");
        assert_eq!((made.get(), dropped.get()), (101, 101));
    }
}

#[test]
fn a_runtime_task_schedules_what_it_declared_and_nothing_else() {
    for workers in WORKERS {
        let (count, after) = (Counter::default(), Counter::default());
        let flow = Taskflow::new();
        let (ran, followed) = (count.clone(), after.clone());
        let extra = flow.emplace(move || {
            ran.add();
        });
        extra.precede(flow.emplace(move || {
            followed.add();
        }));
        let other = flow.emplace(|| {});
        let (id, not) = (extra.id(), other.id());
        let chooser = flow.emplace_runtime(move |runtime| {
            assert_eq!(runtime.schedule(id), Ok(()));
            assert_eq!(
                runtime.schedule(not),
                Err(ScheduleError::NotDeclared { task: not })
            );
        });
        chooser.may_schedule(extra);
        let executor = Executor::new(workers);
        let stats = executor.run_n(&flow, 10).wait().unwrap();
        assert_eq!((count.get(), after.get(), stats.tasks), (10, 10, 40));
    }
}

#[test]
fn scheduling_a_task_that_is_scheduled_is_a_task_race() {
    let executor = stepped::<Manual>(1);
    let flow = Taskflow::new();
    let extra = flow.emplace(|| {}).name("extra");
    let id = extra.id();
    let chooser = flow.emplace_runtime(move |runtime| {
        assert_eq!(runtime.schedule(id), Ok(()));
        assert_eq!(
            runtime.schedule(id),
            Err(ScheduleError::Running { task: id })
        );
    });
    chooser.may_schedule(extra);
    let error = executor.run(&flow).wait().unwrap_err();
    let RunError::TaskRace { task, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(task.name.as_deref(), Some("extra"));
}

#[test]
fn a_suspended_runtime_task_holds_no_worker() {
    let executor = Executor::new(1);
    let (ran, gate) = (Counter::default(), Gate::default());
    let flow = Taskflow::new();
    let opened = gate.clone();
    flow.emplace_runtime(move |runtime| {
        let gate = opened.clone();
        runtime.spawn(move || gate.open());
    });
    let count = ran.clone();
    flow.emplace(move || {
        count.add();
    });
    executor.run(&flow).wait().unwrap();
    gate.pass();
    assert_eq!(ran.get(), 1);
}

#[test]
fn worker_is_that_of_the_calling_task() {
    for workers in WORKERS {
        let flow = Taskflow::new();
        flow.emplace_runtime(|runtime| {
            let own = runtime.worker().expect("a task runs on a worker");
            assert!(own.index() < 8);
        });
        let executor = Executor::new(workers);
        executor.run(&flow).wait().unwrap();
    }
}

#[test]
fn failures_of_spawned_tasks_leave_independent_tasks_alone_if_the_run_is_to_go_on() {
    for workers in WORKERS {
        let ran = Counter::default();
        let flow = Taskflow::new();
        let parent = flow.emplace_runtime(|runtime| {
            runtime.spawn(|| resume_unwind(Box::new("boom")));
        });
        parent.precede(flow.emplace(|| unreachable!("it depends on what failed")));
        let count = ran.clone();
        flow.linearize([
            flow.placeholder(),
            flow.emplace(move || {
                count.add();
            }),
        ]);
        let options = RunOptions::new().on_failure(FailurePolicy::KeepIndependent);
        let error = Executor::new(workers)
            .run_with(&flow, options)
            .wait()
            .unwrap_err();
        assert_eq!(ran.get(), 1);
        assert_eq!(error.stats().unwrap().skipped, 1);
    }
}

/// Spawns a task that spawns another, again and again until somebody has said that it is enough.
fn spawn_until<'env>(runtime: &Runtime<'env>, enough: &'env Counter) {
    runtime.spawn_with(move |runtime| {
        if enough.get() == 0 {
            spawn_until(runtime, enough);
        }
    });
}

#[test]
fn a_chain_of_spawned_tasks_that_goes_on_for_ever_lets_older_tasks_have_their_turn() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let enough = Counter::default();
            {
                let flow = Taskflow::new();
                flow.emplace_runtime(|runtime| spawn_until(runtime, &enough));
                flow.emplace(|| {
                    enough.add();
                });
                executor.run_and_wait(&flow).unwrap();
            }
            // Without anybody who helps.
            let flow = Taskflow::new();
            let (count, other) = (Counter::default(), Counter::default());
            let (ours, theirs) = (count.clone(), other.clone());
            flow.emplace_runtime(move |runtime| chain(runtime, ours.clone()));
            flow.emplace(move || {
                count.add();
                theirs.add();
            });
            let run = executor.run(&flow);
            while other.get() == 0 {
                std::thread::yield_now();
            }
            run.wait().unwrap();
            // In a group, where the wait takes its children from a list.
            let flow = Taskflow::new();
            flow.emplace_runtime(|runtime| {
                let enough = Counter::default();
                let first = enough.clone();
                let group = runtime.group(|group| {
                    group.spawn(move || {
                        first.add();
                    });
                    group_chain(group, enough);
                });
                group.unwrap();
            });
            executor.run(&flow).wait().unwrap();
        }
    });
}

fn chain(runtime: &Runtime<'static>, enough: Counter) {
    runtime.spawn_with(move |runtime| {
        if enough.get() == 0 {
            chain(runtime, enough);
        }
    });
}

fn group_chain<'scope>(group: &'scope GroupScope<'scope, '_>, enough: Counter) {
    group.spawn(move || {
        if enough.get() == 0 {
            group_chain(group, enough);
        }
    });
}
