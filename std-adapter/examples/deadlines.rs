//! A service that answers within its budget: a request's token is below the service's, each request has a deadline, slow
//! parts have budgets of their own, and a shutdown ends all of it. What comes out is checked.

#![forbid(unsafe_code)]

use std::error::Error;
use std::time::{Duration, Instant};

use taskflow_std::{
    CancellationToken, Executor, PreemptiveCancellationToken, RunError, RunOptions, SharedOutput,
    Taskflow, TaskflowFuture, checkpoint,
};

/// A request: three sources are asked, what has come is put together.
fn request(executor: &Executor, service: &CancellationToken, slow: bool) -> TaskflowFuture {
    let flow = Taskflow::with_name("request");
    let index: SharedOutput<'_, '_, usize> = flow.produce(|| 40).share();
    let cache = flow.produce(|| 2);
    let archive = flow.try_produce(move || {
        // Work that takes long asks whether it is still wanted.
        if slow {
            loop {
                checkpoint()?;
            }
        }
        Ok(0)
    });
    flow.zip((&index, cache, archive), |index: &usize, cache, archive| {
        assert_eq!(index + cache + archive, 42);
    });
    let options = RunOptions::new()
        .token(&service.child())
        .deadline(Duration::from_millis(if slow { 20 } else { 60_000 }));
    executor.run_with(&flow, options)
}

fn main() -> Result<(), Box<dyn Error>> {
    let (executor, service) = (Executor::new(2), CancellationToken::new());

    let begun = Instant::now();
    let (quick, slow) = (
        request(&executor, &service, false),
        request(&executor, &service, true),
    );
    println!("a quick request: {} tasks", quick.wait()?.tasks);
    let error = slow.wait().expect_err("the archive never answers");
    assert!(begun.elapsed() >= Duration::from_millis(20));
    assert_eq!(
        error.to_string(),
        "the run was cancelled: its deadline has passed"
    );
    println!("a slow request: {error}");

    // A budget for a part of a task, by the clock of this process.
    let budget = PreemptiveCancellationToken::from(service.child());
    let mut terms = 0_u32;
    let sum = budget.with_deadline(Duration::from_millis(5), |budget| {
        loop {
            budget.check()?;
            terms += 1;
        }
        #[expect(unreachable_code, reason = "the sum of an endless series")]
        Ok(())
    });
    let why = sum.expect_err("the series never ends");
    println!("an endless sum: {terms} terms, then {why}");
    assert!(terms > 0 && !service.is_cancelled());
    budget.reset();
    let in_time = budget.with_deadline(Duration::from_secs(60), |_| Ok("in time"));
    assert_eq!(in_time, Ok("in time"));

    // A shutdown ends what is under way and lets nothing begin.
    let endless = Taskflow::new();
    endless.emplace_async(std::future::pending);
    let under_way = executor.run_with(&endless, RunOptions::new().token(&service.child()));
    assert!(service.cancel_with("the service shuts down"));
    for run in [under_way, request(&executor, &service, false)] {
        match run.wait() {
            Err(RunError::Cancelled {
                reason: Some(reason),
                ..
            }) => assert_eq!(reason, "the service shuts down"),
            other => panic!("cancelled is expected: {other:?}"),
        }
    }
    let why = service.check().expect_err("it was cancelled");
    println!("after the shutdown: {why}");
    Ok(())
}
