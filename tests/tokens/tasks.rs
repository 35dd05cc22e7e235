//! Tasks of a flow with tokens of their own.

use taskflow_std::{CancellationToken, Executor, Module, RunOptions, Taskflow};

use super::runs::cancelled;
use crate::support::counter::Counter;
use crate::support::gate::Gate;
use crate::support::rig::{WORKERS, on_each_rig};
use crate::support::watchdog::within_a_minute;

#[test]
fn a_task_under_a_cancelled_token_is_left_out_with_what_comes_after_it() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (flow, ran) = (Taskflow::new(), Counter::default());
            let add = || {
                let ran = ran.clone();
                flow.emplace(move || {
                    ran.add();
                })
            };
            let (one, two, _alone) = (add(), add(), add());
            one.precede(two);
            let token = CancellationToken::new();
            one.token(&token);
            token.cancel_with("not today");
            let (reason, stats) = cancelled(rig.run(&flow));
            assert_eq!((reason.as_deref(), ran.get()), (Some("not today"), 1));
            assert_eq!((stats.tasks, stats.skipped), (1, 2));
            token.reset();
            assert_eq!(rig.run_n(&flow, 2).unwrap().tasks, 6);
        });
    });
}

#[test]
fn a_task_is_left_out_when_its_token_is_cancelled_while_its_run_goes_on() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let flow = Taskflow::new();
            let token = CancellationToken::new();
            let inside = token.clone();
            let first = flow.emplace(move || {
                inside.cancel();
            });
            let second = flow.emplace(|| unreachable!("cancelled"));
            second.token(&token);
            first.precede(second);
            let (_, stats) = cancelled(rig.run(&flow));
            assert_eq!((stats.tasks, stats.skipped), (1, 1));
        });
    });
}

#[test]
fn a_module_and_a_future_are_stopped_with_the_token_of_their_task() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (polls, token) = (Counter::default(), CancellationToken::new());
            let pending = |flow: &Taskflow<'static>| {
                let polls = polls.clone();
                flow.emplace_async(move || {
                    polls.add();
                    std::future::pending()
                })
                .id()
            };
            let inner = Taskflow::new();
            pending(&inner);
            let flow = Taskflow::new();
            flow.composed_of(&Module::new(inner)).token(&token);
            let alone = pending(&flow);
            flow.task(alone).expect("it is there").token(&token.child());
            flow.emplace(|| {});
            let run = rig.start(&flow);
            while polls.get() < 2 {
                rig.step();
            }
            token.cancel_with("parts");
            let (reason, stats) = cancelled(rig.finish(run));
            assert_eq!(reason.as_deref(), Some("parts"));
            assert!(stats.tasks >= 1, "{stats:?}");
        });
    });
}

#[test]
fn the_token_of_a_task_within_a_module_leaves_that_task_out() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let token = CancellationToken::new();
            let inner = Taskflow::new();
            inner.emplace(|| unreachable!("cancelled")).token(&token);
            token.cancel();
            let flow = Taskflow::new();
            flow.composed_of(&Module::new(inner));
            cancelled(rig.run(&flow));
        });
    });
}

#[test]
fn a_removed_task_takes_its_token_along() {
    let token = CancellationToken::new();
    token.cancel();
    let mut flow = Taskflow::new();
    let gone = flow.emplace(|| {});
    gone.token(&token);
    flow.remove(gone);
    flow.emplace(|| {});
    let executor = Executor::new(1);
    assert_eq!(executor.run(&flow).wait().unwrap().tasks, 1);
    flow.emplace(|| {}).token(&token);
    cancelled(executor.run(&flow).wait());
    flow.clear();
    flow.emplace(|| {});
    assert_eq!(executor.run(&flow).wait().unwrap().tasks, 1);
}

#[test]
fn a_task_that_runs_asks_for_its_own_token() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let (token, begun) = (CancellationToken::new(), Gate::default());
            let first = begun.clone();
            let flow = Taskflow::new();
            let asks = flow.try_emplace(move || {
                first.open();
                loop {
                    taskflow_std::checkpoint()?;
                }
            });
            asks.token(&token);
            let run = executor.run_with(&flow, RunOptions::new());
            begun.pass();
            token.cancel_with("you alone");
            let (reason, _) = cancelled(run.wait());
            assert_eq!(reason.as_deref(), Some("you alone"));
        }
    });
}
