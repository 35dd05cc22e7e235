//! Runs awaited inside async tasks.

use std::sync::{Arc, Mutex};

use taskflow_std::{Executor, RunError, Taskflow, TaskflowFuture};

use crate::support::block_on::block_on;
use crate::support::counter::Counter;
use crate::support::shared_flow::SharedFlow;
use crate::support::watchdog::within_a_minute;

/// What a run inside a task came to.
type Outcome = Arc<Mutex<Option<Result<u64, RunError>>>>;

/// Adds a task that awaits the run that `start` gives it.
fn awaiting<'f>(
    flow: &'f Taskflow<'static>,
    start: impl Fn() -> TaskflowFuture + Send + 'static,
) -> (taskflow_std::TaskHandle<'f>, Outcome) {
    let outcome = Outcome::default();
    let result = Arc::clone(&outcome);
    let task = flow.emplace_async(move || {
        let (run, result) = (start(), Arc::clone(&result));
        async move {
            let outcome = run.await.map(|stats| stats.tasks);
            *result.lock().expect("nothing panics with this lock") = Some(outcome);
        }
    });
    (task, outcome)
}

#[test]
fn an_async_task_awaits_runs_of_other_flows_on_the_only_worker() {
    within_a_minute(|| {
        for workers in [1, 2] {
            let executor = Arc::new(Executor::new(workers));
            let inner = Taskflow::new();
            inner.linearize([(); 3].map(|()| inner.emplace(|| {})));
            let inner = SharedFlow::of(inner);
            let outer = Taskflow::new();
            let mut outcomes = Vec::new();
            for _ in 0..10 {
                let (inner, executor) = (inner.clone(), Arc::clone(&executor));
                outcomes.push(awaiting(&outer, move || inner.start(&executor)).1);
            }
            for _ in 0..100 {
                assert_eq!(block_on(executor.run(&outer)).unwrap().tasks, 10);
                for outcome in &outcomes {
                    assert!(matches!(*outcome.lock().unwrap(), Some(Ok(3))));
                }
            }
            // The tasks keep the executor.
            drop(outer);
        }
    });
}

#[test]
fn awaiting_a_run_that_waits_for_the_task_is_refused() {
    within_a_minute(|| {
        for nested in [false, true] {
            let executor = Arc::new(Executor::new(1));
            let runs = Counter::default();
            let flow = Taskflow::new();
            let this: Arc<Mutex<Option<SharedFlow>>> = Arc::default();
            let (count, own, pool) = (runs.clone(), Arc::clone(&this), Arc::clone(&executor));
            let outcome = Outcome::default();
            let result = Arc::clone(&outcome);
            let attempt = move || {
                let first = count.add() == 0;
                let own = own.lock().unwrap().clone();
                let run = own.filter(|_| first).map(|own| own.start(&pool));
                let result = Arc::clone(&result);
                async move {
                    if let Some(run) = run {
                        let outcome = run.await.map(|stats| stats.tasks);
                        *result.lock().unwrap() = Some(outcome);
                    }
                }
            };
            if nested {
                flow.emplace_subflow(move |parts| {
                    parts.emplace_async(attempt.clone());
                });
            } else {
                flow.emplace_async(attempt);
            }
            let flow = SharedFlow::of(flow);
            *this.lock().unwrap() = Some(flow.clone());
            block_on(flow.start(&executor)).unwrap();
            let refused = outcome.lock().unwrap().take();
            assert!(
                matches!(refused, Some(Err(RunError::Deadlock))),
                "{refused:?}"
            );
            // The run itself went on, behind the first.
            executor.wait_for_all().unwrap();
            assert_eq!(runs.get(), 2);
            *this.lock().unwrap() = None;
        }
    });
}

#[test]
fn waiting_in_a_subflow_for_its_own_flow_is_refused() {
    within_a_minute(|| {
        let executor = Arc::new(Executor::new(2));
        let flow = Taskflow::new();
        let this: Arc<Mutex<Option<SharedFlow>>> = Arc::default();
        let (own, pool) = (Arc::clone(&this), Arc::clone(&executor));
        let refused = Counter::default();
        let count = refused.clone();
        flow.emplace_subflow(move |parts| {
            let Some(own) = own.lock().unwrap().take() else {
                return;
            };
            let (pool, count) = (Arc::clone(&pool), count.clone());
            parts.emplace(move || {
                if matches!(own.start(&pool).wait(), Err(RunError::Deadlock)) {
                    count.add();
                }
            });
        });
        let flow = SharedFlow::of(flow);
        *this.lock().unwrap() = Some(flow.clone());
        flow.start(&executor).wait().unwrap();
        executor.wait_for_all().unwrap();
        assert_eq!(refused.get(), 1);
    });
}
