//! Deadlines by a virtual clock: heard when they come, whoever sleeps, works or waits then.

use core::time::Duration;
use std::sync::{Arc, Mutex};

use taskflow_core::Platform;
use taskflow_std::testing::{Executor, Simulation, pause};
use taskflow_std::{RunError, RunOptions, RunStats, Taskflow};

fn simulate(body: impl Fn(&Arc<Executor>, usize) + Sync) {
    for workers in [1, 2, 4, 8] {
        for refused in [0, 1] {
            Simulation::new()
                .workers(workers)
                .refused_starts(refused)
                .seeds(15)
                .check(|executor, _| body(executor, workers));
        }
    }
}

fn after(time: Duration) -> RunOptions {
    RunOptions::new().deadline(time)
}

#[track_caller]
fn too_late(result: Result<RunStats, RunError>) {
    match result {
        Err(RunError::Cancelled { reason, .. }) => {
            assert_eq!(reason.as_deref(), Some("its deadline has passed"));
        }
        other => panic!("cancelled is expected: {other:?}"),
    }
}

/// A flow that never ends.
fn pending() -> Taskflow<'static> {
    let flow = Taskflow::new();
    flow.emplace_async(std::future::pending);
    flow
}

#[test]
fn runs_that_wait_for_ever_end_in_the_order_of_their_deadlines() {
    simulate(|executor, _| {
        let (flows, ended) = (
            [(); 4].map(|()| pending()),
            Arc::new(Mutex::new(Vec::new())),
        );
        let begun = executor.platform().now();
        let hour = Duration::from_secs(3600);
        // Armed in no order: later ones are armed while nearer ones are watched, and the other way round.
        let runs = [3, 1, 4, 2].map(|hours| {
            let flow = &flows[hours as usize - 1];
            (hours, executor.run_with(flow, after(hour * hours)))
        });
        for (hours, run) in runs {
            too_late(run.wait());
            let now = executor.platform().now().saturating_sub(begun);
            assert!(now >= hour * hours, "too early: {now:?}");
            ended.lock().expect("no panic").push(hours);
        }
        assert_eq!(executor.next_deadline(), None);
    });
}

#[test]
fn a_nearer_deadline_is_heard_while_a_later_one_is_watched() {
    simulate(|executor, _| {
        let (near, far) = (pending(), pending());
        let hour = Duration::from_secs(3600);
        let far = executor.run_with(&far, after(hour * 1000));
        for _ in 0..20 {
            pause();
        }
        too_late(executor.run_with(&near, after(hour)).wait());
        assert!(executor.platform().now() < hour * 999 && !far.is_done());
        assert!(far.cancel());
        far.wait().unwrap_err();
    });
}

#[test]
fn a_task_that_waits_for_a_run_with_a_deadline_goes_on_when_that_has_come() {
    simulate(|executor, workers| {
        let inner = Arc::clone(executor);
        let flow = Taskflow::new();
        flow.emplace(move || {
            let waits = pending();
            too_late(
                inner
                    .run_with(&waits, after(Duration::from_secs(60)))
                    .wait(),
            );
        });
        match executor.run(&flow).wait() {
            Ok(_) => {}
            Err(other) => panic!("{workers} workers: {other}"),
        }
        drop(flow);
    });
}

#[test]
fn an_executor_that_is_dropped_waits_for_the_deadlines_of_its_runs() {
    simulate(|executor, _| {
        let flow = pending();
        let run = executor.run_with(&flow, after(Duration::from_secs(60)));
        executor.wait_for_all().unwrap();
        assert!(run.is_done());
        too_late(run.wait());
        drop(executor.run_with(&flow, after(Duration::from_secs(60))));
    });
}
