//! Groups and spawned tasks under tokens, and children that give up.

use core::time::Duration;
use std::sync::Arc;

use taskflow_std::{
    CancellationToken, Executor, JoinError, RunError, TaskGroup, Taskflow, checkpoint,
};

use crate::support::counter::Counter;
use crate::support::gate::Gate;
use crate::support::rig::{Rig, WORKERS, on_each_rig};
use crate::support::watchdog::within_a_minute;

fn group(rig: &Rig) -> TaskGroup {
    match rig {
        Rig::Threads(executor) => executor.task_group(),
        Rig::Stepped(executor, _) => executor.task_group(),
    }
}

#[track_caller]
fn reason(result: Result<(), RunError>) -> Option<String> {
    match result {
        Err(RunError::Cancelled { reason, .. }) => reason,
        other => panic!("cancelled is expected: {other:?}"),
    }
}

#[test]
fn a_group_is_cancelled_with_its_token_in_each_generation_of_both() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (token, group, ran) = (CancellationToken::new(), group(rig), Counter::default());
            group.token(&token);
            for round in 0..3 {
                let (begun, end) = (Gate::default(), Gate::default());
                if matches!(rig, Rig::Threads(_)) {
                    let (first, second, asks) = (begun.clone(), end.clone(), token.clone());
                    group.try_spawn(move || {
                        first.open();
                        second.pass();
                        Ok(asks.check()?)
                    });
                    begun.pass();
                }
                let count = ran.clone();
                let why = format!("round {round}");
                assert!(token.cancel_with(why.as_str()));
                group.spawn(move || {
                    count.add();
                });
                end.open();
                assert_eq!(reason(group.wait()), Some(why.clone()));
                let count = ran.clone();
                group.spawn(move || {
                    count.add();
                });
                assert_eq!(
                    reason(group.wait()),
                    Some(why),
                    "the token is cancelled still"
                );
                assert_eq!(ran.get(), round);
                token.reset();
                let count = ran.clone();
                group.spawn(move || {
                    count.add();
                });
                group.wait().unwrap();
                assert_eq!(ran.get(), round + 1);
            }
        });
    });
}

#[test]
fn a_group_that_is_put_under_a_cancelled_token_starts_nothing() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (token, group) = (CancellationToken::new(), group(rig));
            token.cancel_with("before");
            group.token(&token);
            group.spawn(|| unreachable!("cancelled"));
            assert_eq!(reason(group.wait()).as_deref(), Some("before"));
            group.token(&CancellationToken::new());
            group.spawn(|| {});
            group.wait().unwrap();
        });
    });
}

#[test]
fn the_error_of_a_child_is_the_error_of_its_group() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let group = group(rig);
            group.try_spawn(|| Err("one".parse::<u8>().unwrap_err().into()));
            group.try_spawn(|| Err("two".parse::<u8>().unwrap_err().into()));
            group.try_spawn(|| Ok(()));
            let error = group.wait().unwrap_err();
            let RunError::Failed {
                task: None,
                error,
                stats,
            } = error
            else {
                panic!("failed is expected: {error:?}");
            };
            assert_eq!(error.to_string(), "invalid digit found in string");
            assert_eq!((stats.tasks, stats.suppressed.len()), (3, 1));
            group.wait().unwrap();
        });
    });
}

#[test]
fn the_errors_of_what_a_runtime_task_spawns_are_its_own() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let flow = Taskflow::new();
            let parent = flow.emplace_runtime(|rt| {
                rt.try_spawn(|| Err("one".parse::<u8>().unwrap_err().into()));
            });
            let id = parent.id();
            let error = rig.run(&flow).unwrap_err();
            assert!(matches!(error, RunError::Failed { task: Some(task), .. } if task.id == id));

            let flow = Taskflow::new();
            flow.try_emplace_runtime(|rt| {
                let inner = rt.group(|group| {
                    group.try_spawn(|| Err("one".parse::<u8>().unwrap_err().into()));
                });
                assert!(matches!(&inner, Err(RunError::Failed { task: None, .. })));
                Ok(())
            });
            // On a host without threads such a group needs a second seat.
            if !matches!(rig, Rig::Stepped(executor, _) if executor.num_workers() == 1) {
                rig.run(&flow).unwrap();
            }
        });
    });
}

#[test]
fn a_child_that_leaves_since_its_group_was_cancelled_has_not_failed() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let group = Arc::new(executor.task_group());
            let (begun, inside) = (Gate::default(), Arc::clone(&group));
            let first = begun.clone();
            group.try_spawn(move || {
                first.open();
                loop {
                    inside.check()?;
                    std::thread::yield_now();
                }
            });
            begun.pass();
            assert!(group.cancel_with("enough"));
            assert_eq!(reason(group.wait()).as_deref(), Some("enough"));
        }
    });
}

#[test]
fn a_spawned_task_that_has_not_begun_is_cancelled_with_its_token() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let token = CancellationToken::new();
            let gate = Gate::default();
            let holds = gate.clone();
            let first = executor.spawn(move || holds.pass());
            let second = executor
                .spawn_after([first.done()], || unreachable!("cancelled"))
                .token(&token);
            let third = executor.spawn_after([second.done()], || unreachable!("it follows"));
            token.cancel_with("too late");
            gate.open();
            assert!(
                matches!(second.wait(), Err(JoinError::Cancelled { reason: Some(why) })
                if why == "too late")
            );
            assert!(matches!(
                third.wait(),
                Err(JoinError::Dependency { index: 0, .. })
            ));
            first.wait().unwrap();
            let late = executor.spawn_after([executor.spawn(|| ()).done()], || ());
            drop(late.token(&token).wait());
        }
    });
}

#[test]
fn a_spawned_task_that_runs_asks_for_its_token_and_for_its_group() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let token = CancellationToken::new();
            let (begun, let_go) = (Gate::default(), Gate::default());
            let (first, second) = (begun.clone(), let_go.clone());
            let task = executor.spawn(move || {
                first.open();
                second.pass();
                loop {
                    if let Err(preempted) = checkpoint() {
                        return preempted.reason().map(str::to_owned);
                    }
                }
            });
            begun.pass();
            let task = task.token(&token);
            let_go.open();
            token.cancel_with("asked");
            assert_eq!(task.wait().unwrap().as_deref(), Some("asked"));

            let group = executor.task_group();
            let begun = Gate::default();
            let first = begun.clone();
            group.try_spawn(move || {
                first.open();
                loop {
                    checkpoint()?;
                }
            });
            begun.pass();
            group.cancel();
            assert_eq!(reason(group.wait()), None);
        }
    });
}

#[test]
fn a_wait_with_a_time_limit_ends_with_the_time_or_with_the_value() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let held = || {
                let (begun, end) = (Gate::default(), Gate::default());
                let (first, second) = (begun.clone(), end.clone());
                let body = move || {
                    first.open();
                    second.pass();
                };
                (begun, end, body)
            };
            let (begun, end, body) = held();
            let mut task = executor.spawn(move || {
                body();
                7
            });
            begun.pass();
            assert!(task.wait_timeout(Duration::ZERO).is_none());
            assert!(task.wait_timeout(Duration::from_millis(2)).is_none());
            end.open();
            let value = task.wait_timeout(Duration::from_secs(50));
            assert_eq!(value.expect("the gate is open").unwrap(), 7);
            let again = task.wait_timeout(Duration::ZERO);
            assert!(matches!(again, Some(Err(JoinError::Taken))));

            let (begun, end, body) = held();
            let group = executor.task_group();
            group.spawn(body);
            begun.pass();
            assert!(group.wait_timeout(Duration::ZERO).is_none());
            assert!(group.wait_timeout(Duration::from_millis(2)).is_none());
            end.open();
            let ended = group.wait_timeout(Duration::from_secs(50));
            ended.expect("the gate is open").unwrap();
        }
    });
}
