//! Tokens that are cancelled at any moment.

use std::sync::{Arc, Mutex};

use taskflow_std::testing::{check, pause, spawn};
use taskflow_std::{CancellationToken, Module, RunError, RunOptions, Taskflow};

#[test]
fn a_suspended_run_hears_its_token_whenever_that_is_cancelled() {
    check(|executor, dice| {
        let root = CancellationToken::new();
        let (tokens, flow) = ([root.clone(), root.child()], Taskflow::new());
        for _ in 0..1 + dice.below(3) {
            flow.emplace_async(std::future::pending);
        }
        let inner = Taskflow::new();
        inner.emplace_async(std::future::pending);
        flow.composed_of(&Module::new(inner));
        let pauses = dice.below(20);
        let canceller = root.canceller();
        spawn(move || {
            for _ in 0..pauses {
                pause();
            }
            assert!(canceller.cancel_with("simulated"));
        });
        let runs = tokens
            .each_ref()
            .map(|token| executor.run_with(&flow, RunOptions::new().token(token)));
        for run in runs {
            let result = run.wait();
            assert!(
                matches!(&result, Err(RunError::Cancelled { reason: Some(why), .. })
                    if why == "simulated"),
                "{result:?}"
            );
        }
    });
}

#[test]
fn nothing_starts_under_a_token_after_its_cancel_has_returned() {
    check(|executor, dice| {
        let token = CancellationToken::new();
        let told = Arc::new(Mutex::new(false));
        let flow = Taskflow::new();
        for _ in 0..50 {
            let told = Arc::clone(&told);
            flow.emplace(move || {
                // A task that was taken up before may be here still, so it is asked before it pauses.
                assert!(!*told.lock().expect("no panic"), "started after the cancel");
            });
        }
        let group = executor.task_group();
        group.token(&token);
        let (canceller, pauses) = (token.canceller(), dice.below(20));
        let tells = Arc::clone(&told);
        spawn(move || {
            for _ in 0..pauses {
                pause();
            }
            canceller.cancel();
            *tells.lock().expect("no panic") = true;
        });
        let runs = [(); 3].map(|()| executor.run_with(&flow, RunOptions::new().token(&token)));
        for _ in 0..20 {
            let told = Arc::clone(&told);
            group.spawn(move || assert!(!*told.lock().expect("no panic"), "as above"));
        }
        for run in runs {
            let result = run.wait();
            assert!(
                matches!(result, Ok(_) | Err(RunError::Cancelled { .. })),
                "{result:?}"
            );
        }
        let result = group.wait();
        assert!(
            matches!(result, Ok(()) | Err(RunError::Cancelled { .. })),
            "{result:?}"
        );
    });
}
