//! What tokens and deadlines leave behind.

use core::time::Duration;

use crate::support::live_bytes::{alone, live};
use taskflow_std::{
    CancellationToken, Executor, PreemptiveCancellationToken, RunOptions, Taskflow,
};

#[test]
fn a_million_runs_under_one_token_leave_nothing_with_it() {
    let _alone = alone();
    let (executor, root) = (Executor::new(1), CancellationToken::new());
    let token = root.child();
    let flow = Taskflow::new();
    flow.emplace(|| {}).token(&token.child());
    let rounds = |runs: usize| {
        for _ in 0..runs {
            let options = RunOptions::new().token(&token);
            let options = options.deadline(Duration::from_secs(3600));
            executor.run_and_wait_with(&flow, options).unwrap();
        }
    };
    rounds(1000);
    let before = live();
    let runs = if cfg!(debug_assertions) {
        20_000
    } else {
        1_000_000
    };
    rounds(runs);
    let grown = live() - before;
    assert!(grown < 1024, "{grown} bytes after {runs} runs");
    let others = |times: usize| {
        for _ in 0..times {
            drop(token.child());
            let group = executor.task_group();
            group.token(&token);
            group.spawn(|| {});
            group.wait().unwrap();
            executor.spawn(|| ()).token(&token).wait().unwrap();
        }
    };
    others(2000);
    let before = live();
    others(10_000);
    let grown = live() - before;
    assert!(grown < 2048, "{grown} bytes after others");
}

#[test]
fn deadlines_of_tokens_that_are_gone_are_swept_away() {
    let _alone = alone();
    let arm = |times: usize| {
        for _ in 0..times {
            PreemptiveCancellationToken::new().cancel_after(Duration::from_secs(3600));
        }
    };
    arm(10_000);
    let before = live();
    arm(100_000);
    let grown = live() - before;
    assert!(grown < 512 * 1024, "{grown} bytes");
}
