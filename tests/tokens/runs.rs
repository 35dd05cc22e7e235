//! Runs under tokens.

use std::sync::Arc;

use taskflow_std::{
    CancellationToken, Executor, RunError, RunOptions, RunStats, Taskflow, TaskflowFuture,
    checkpoint,
};

use crate::support::counter::Counter;
use crate::support::gate::Gate;
use crate::support::rig::{Rig, WORKERS, on_each_rig};
use crate::support::watchdog::within_a_minute;

#[track_caller]
pub(super) fn cancelled(result: Result<RunStats, RunError>) -> (Option<String>, RunStats) {
    match result {
        Err(RunError::Cancelled { reason, stats }) => (reason, *stats),
        other => panic!("cancelled is expected: {other:?}"),
    }
}

/// Steps until the run's first task has begun to wait.
fn until_pending(rig: &Rig, polls: &Counter) {
    while polls.get() == 0 {
        rig.step();
    }
}

/// A flow whose first task waits for ever, with so many behind it.
fn endless(polls: &Counter, tail: usize) -> Taskflow<'static> {
    let (flow, polls) = (Taskflow::new(), polls.clone());
    let first = flow.emplace_async(move || {
        polls.add();
        std::future::pending()
    });
    for _ in 0..tail {
        first.precede(flow.emplace(|| unreachable!("cancelled")));
    }
    flow
}

fn under(token: &CancellationToken) -> RunOptions {
    RunOptions::new().token(token)
}

#[test]
fn a_token_cancels_all_runs_under_it_and_wakes_what_is_suspended() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (token, polls) = (CancellationToken::new(), Counter::default());
            let flows: Vec<_> = (0..5).map(|_| endless(&polls, 100)).collect();
            let child = token.child();
            let tokens = [&token, &child, &token, &child, &token];
            let runs: Vec<_> = flows
                .iter()
                .zip(tokens)
                .map(|(flow, token)| rig.start_with(flow, under(token)))
                .collect();
            let other = endless(&polls, 1);
            let other = rig.start(&other);
            while polls.get() < 6 {
                rig.step();
            }
            assert!(token.cancel_with("all of you"));
            for result in rig.finish_all(runs) {
                let (reason, stats) = cancelled(result);
                assert_eq!(reason.as_deref(), Some("all of you"));
                assert_eq!(stats.skipped, 100);
            }
            assert!(!other.is_done() && other.cancel());
            cancelled(rig.finish(other));
        });
    });
}

#[test]
fn a_run_under_a_cancelled_token_starts_nothing() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let token = CancellationToken::new();
            token.cancel_with("before");
            let flow = Taskflow::new();
            for _ in 0..100 {
                flow.emplace(|| unreachable!("cancelled"));
            }
            let runs: Vec<_> = (0..3)
                .map(|_| rig.start_with(&flow, under(&token.child())))
                .collect();
            for result in rig.finish_all(runs) {
                let (reason, stats) = cancelled(result);
                assert_eq!(reason.as_deref(), Some("before"));
                assert_eq!((stats.tasks, stats.skipped), (0, 100));
            }
        });
    });
}

#[test]
fn a_token_cancels_a_run_that_waits_for_its_turn_and_no_other() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (token, count, polls) = (
                CancellationToken::new(),
                Counter::default(),
                Counter::default(),
            );
            let (flow, first, gate) = (Taskflow::new(), polls.clone(), Counter::default());
            let (open, counted) = (gate.clone(), count.clone());
            flow.emplace_async(move || {
                first.add();
                let open = open.clone();
                std::future::poll_fn(move |context| {
                    if open.get() > 0 {
                        return std::task::Poll::Ready(());
                    }
                    context.waker().wake_by_ref();
                    std::task::Poll::Pending
                })
            })
            .precede(flow.emplace(move || {
                counted.add();
            }));
            let runs = [
                rig.start(&flow),
                rig.start_with(&flow, under(&token)),
                rig.start(&flow),
            ];
            until_pending(rig, &polls);
            assert!(token.cancel());
            gate.add();
            let [one, two, three] = <[_; 3]>::try_from(rig.finish_all(Vec::from(runs))).unwrap();
            assert_eq!((one.unwrap().tasks, three.unwrap().tasks), (2, 2));
            assert_eq!(cancelled(two).1.skipped, 2);
            assert_eq!(count.get(), 2);
        });
    });
}

#[test]
fn a_task_that_leaves_by_the_token_of_its_run_has_not_failed() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for deep in [false, true] {
                for round in 0..50 {
                    let token = CancellationToken::new();
                    // The task asks a token above that of its run, so it may know before the run does.
                    let (asked, begun) = (token.clone(), Gate::default());
                    let first = begun.clone();
                    let work = move || {
                        first.open();
                        loop {
                            asked.check()?;
                        }
                    };
                    let flow = Taskflow::new();
                    if deep {
                        let work = Arc::new(work);
                        flow.emplace_subflow(move |inner| {
                            let work = Arc::clone(&work);
                            inner.try_emplace(move || work());
                        });
                    } else {
                        flow.try_emplace(work);
                    }
                    let run = executor.run_with(&flow, under(&token.child().child()));
                    begun.pass();
                    let why = format!("round {round}");
                    token.cancel_with(why.as_str());
                    assert_eq!(cancelled(run.wait()).0, Some(why));
                }
            }
        }
    });
}

#[test]
fn a_task_that_leaves_by_a_token_that_is_not_above_its_run_has_failed() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (stranger, own) = (CancellationToken::new(), CancellationToken::new());
            stranger.cancel_with("not yours");
            let flow = Taskflow::new();
            let asked = stranger.clone();
            flow.try_emplace(move || Ok(asked.check()?));
            let result = rig.finish(rig.start_with(&flow, under(&own)));
            let Err(RunError::Failed { error, .. }) = result else {
                panic!("failed is expected: {result:?}");
            };
            assert_eq!(error.to_string(), "the token was cancelled: not yours");
        });
    });
}

#[test]
fn a_token_is_cancelled_by_a_task_of_the_run_that_is_under_it() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let token = CancellationToken::new();
            let flow = Taskflow::new();
            let inside = token.clone();
            let first = flow.emplace(move || {
                assert!(inside.cancel_with("myself"));
            });
            first.precede(flow.emplace(|| unreachable!("cancelled")));
            let result = rig.finish(rig.start_with(&flow, under(&token)));
            let (reason, stats) = cancelled(result);
            assert_eq!(reason.as_deref(), Some("myself"));
            assert_eq!((stats.tasks, stats.skipped), (1, 1));
        });
    });
}

#[test]
fn the_last_handle_of_a_token_may_go_while_runs_are_under_it() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (flow, count) = (Taskflow::new(), Counter::default());
            let counted = count.clone();
            flow.emplace(move || {
                counted.add();
            });
            let token = CancellationToken::new();
            let runs: Vec<_> = (0..10)
                .map(|_| rig.start_with(&flow, under(&token)))
                .collect();
            drop(token);
            for result in rig.finish_all(runs) {
                result.unwrap();
            }
            assert_eq!(count.get(), 10);
        });
    });
}

#[test]
fn a_cancel_after_the_end_changes_nothing() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let token = CancellationToken::new();
            let flow = Taskflow::new();
            flow.emplace(|| {});
            for _ in 0..3 {
                let run = rig.start_with(&flow, under(&token));
                rig.finish(run).unwrap();
                token.cancel();
                let next = rig.start(&flow);
                rig.finish(next).unwrap();
                token.reset();
            }
        });
    });
}

#[test]
fn a_run_is_waited_for_in_a_scope_and_at_once_under_a_token() {
    within_a_minute(|| {
        let token = CancellationToken::new();
        token.cancel_with("scoped");
        let executor = Executor::new(2);
        let called = Counter::default();
        let flow = Taskflow::new();
        flow.emplace(|| {
            called.add();
        });
        let result = executor.run_and_wait_with(&flow, under(&token));
        assert_eq!(cancelled(result).0.as_deref(), Some("scoped"));
        let inner = executor.scope(|scope| scope.run_with(&flow, under(&token)).wait());
        assert_eq!(cancelled(inner.unwrap()).0.as_deref(), Some("scoped"));
        let inside = executor.scope(|scope| {
            let task = scope.spawn(|| called.add()).token(&token);
            task.wait()
        });
        // (It may have begun.)
        assert!(called.get() <= 1, "{inside:?}");
    });
}

#[test]
fn a_plain_task_asks_from_any_depth_whether_its_run_was_cancelled() {
    fn deep(depth: usize) -> Result<(), taskflow_std::Preempted> {
        match depth {
            0 => loop {
                checkpoint()?;
            },
            _ => deep(depth - 1),
        }
    }
    within_a_minute(|| {
        assert_eq!(checkpoint(), Ok(()), "outside of tasks");
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let token = CancellationToken::new();
            let begun = Gate::default();
            let first = begun.clone();
            let flow = Taskflow::new();
            flow.try_emplace(move || {
                checkpoint()?;
                first.open();
                Ok(deep(10)?)
            });
            let run: TaskflowFuture = executor.run_with(&flow, under(&token));
            begun.pass();
            token.cancel_with("deep");
            assert_eq!(cancelled(run.wait()).0.as_deref(), Some("deep"));
        }
    });
}
