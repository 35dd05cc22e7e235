//! Graphs in graphs in graphs: deep, stopped in the middle, and waiting for one another.

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::gate::Gate;
use crate::support::rig::{WORKERS, on_each_rig};
use crate::support::size::share;
use crate::support::stepped::stepped;
use crate::support::throwing::throw;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Manual, Module, RunError, Subflow, Taskflow, TaskflowFuture};

/// Leaves `result` to the sum of what two children leave, and so on.
fn fib(subflow: &Subflow<'_, 'static>, n: u64, larger_first: bool, result: &Arc<AtomicU64>) {
    if n < 2 {
        result.fetch_add(n, Ordering::Relaxed);
        return;
    }
    let order = if larger_first { [1, 2] } else { [2, 1] };
    for less in order {
        let result = Arc::clone(result);
        subflow.emplace_subflow(move |inner| fib(inner, n - less, larger_first, &result));
    }
}

#[test]
fn a_subflow_that_calls_itself_counts_fibonacci_in_either_order_of_the_operands() {
    let (n, expected) = if share(20) == 20 {
        (25, 75_025)
    } else {
        (14, 377)
    };
    within_a_minute(move || {
        on_each_rig(|rig| {
            for larger_first in [true, false] {
                let (flow, result) = (Taskflow::new(), Arc::new(AtomicU64::new(0)));
                let sum = Arc::clone(&result);
                flow.emplace_subflow(move |subflow| {
                    fib(subflow, n, larger_first, &sum);
                });
                rig.run(&flow).unwrap();
                assert_eq!(result.load(Ordering::Relaxed), expected);
            }
        });
    });
}

/// As `fib`, each level joined: what the children gave is there when the join returns.
fn joined_fib(subflow: &mut Subflow<'_, 'static>, n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let results = [1, 2].map(|less| {
        let result = Arc::new(AtomicU64::new(0));
        let own = Arc::clone(&result);
        subflow.emplace_subflow(move |inner| {
            own.store(joined_fib(inner, n - less), Ordering::Relaxed);
        });
        result
    });
    subflow.join().expect("nothing fails");
    results
        .iter()
        .map(|result| result.load(Ordering::Relaxed))
        .sum()
}

#[test]
fn a_subflow_that_joins_at_every_level_counts_fibonacci() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (flow, result) = (Taskflow::new(), Arc::new(AtomicU64::new(0)));
            let own = Arc::clone(&result);
            flow.emplace_subflow(move |subflow| {
                own.store(joined_fib(subflow, 9), Ordering::Relaxed);
            });
            rig.run(&flow).unwrap();
            assert_eq!(result.load(Ordering::Relaxed), 34);
        });
    });
}

type Work = Arc<dyn Fn() + Send + Sync>;

/// A subflow in a subflow, so many levels, and the work in the innermost.
fn nest(subflow: &Subflow<'_, 'static>, levels: usize, work: Work) {
    if levels == 0 {
        subflow.emplace(move || work());
        return;
    }
    let dropped = work.clone();
    subflow.emplace_subflow(move |inner| nest(inner, levels - 1, dropped.clone()));
}

/// A flow of so many nested subflows.
fn nested(levels: usize, work: Work) -> Taskflow<'static> {
    let flow = Taskflow::new();
    flow.emplace_subflow(move |subflow| nest(subflow, levels - 1, Arc::clone(&work)));
    flow
}

fn on_a_small_stack(body: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(128 << 10);
    let thread = thread.spawn(body).expect("a thread can be started");
    if let Err(payload) = thread.join() {
        std::panic::resume_unwind(payload);
    }
}

fn small_executor(workers: usize) -> Executor {
    let builder = Executor::builder()
        .workers(workers)
        .stack_size_bytes(128 << 10);
    builder.build().expect("threads can be started")
}

#[test]
fn deep_nests_run_end_and_fail_without_using_the_stack() {
    let levels = share(100_000);
    within_a_minute(move || {
        on_a_small_stack(move || {
            for workers in [1, 2] {
                let executor = small_executor(workers);
                let ran = Counter::default();
                let count = ran.clone();
                let flow = nested(
                    levels,
                    Arc::new(move || {
                        count.add();
                    }),
                );
                let stats = executor.run(&flow).wait().unwrap();
                assert_eq!((stats.tasks, ran.get()), (levels as u64 + 1, 1));
                let flow = nested(levels, Arc::new(|| throw("deep")));
                let error = executor.run(&flow).wait().unwrap_err();
                assert!(matches!(error, RunError::Panicked { .. }));
                assert_eq!(error.stats().unwrap().tasks, levels as u64 + 1);
            }
            let manual = taskflow_core::Executor::<Manual>::new(1);
            let flow = nested(levels, Arc::new(|| {}));
            assert_eq!(manual.run_and_wait(&flow).unwrap().tasks, levels as u64 + 1);
        });
    });
}

#[test]
fn a_cancel_reaches_the_innermost_of_a_deep_nest() {
    let levels = share(100_000);
    within_a_minute(move || {
        on_a_small_stack(move || {
            for workers in [1, 2] {
                let executor = small_executor(workers);
                let (begun, end) = (Gate::default(), Gate::default());
                let (first, second) = (begun.clone(), end.clone());
                let flow = nested(
                    levels,
                    Arc::new(move || {
                        first.open();
                        second.pass();
                    }),
                );
                let after = Counter::default();
                let count = after.clone();
                flow.tasks()[0].precede(flow.emplace(move || {
                    count.add();
                }));
                let run = executor.run(&flow);
                begun.pass();
                assert!(run.cancel());
                end.open();
                let Err(RunError::Cancelled { stats, .. }) = run.wait() else {
                    panic!("it was cancelled");
                };
                assert_eq!((stats.tasks, stats.skipped), (levels as u64 + 1, 1));
                assert_eq!(after.get(), 0);
            }
        });
    });
}

#[test]
fn a_nest_cancelled_between_any_two_steps_ends_and_drops_all() {
    on_each_rig(|rig| {
        for steps in 0..40 {
            let drops = Counter::default();
            let dropped = Arc::new(Dropped(drops.clone()));
            let flow = nested(
                6,
                Arc::new(move || {
                    let _held = &dropped;
                }),
            );
            let run = rig.start(&flow);
            for _ in 0..steps {
                rig.step();
            }
            let cancelled = run.cancel();
            match rig.finish(run) {
                Ok(stats) => assert_eq!(stats.tasks, 7),
                Err(RunError::Cancelled { stats, .. }) => {
                    assert!(cancelled);
                    assert!(stats.tasks + stats.skipped <= 7);
                }
                Err(other) => panic!("{other}"),
            }
            assert_eq!(rig.run(&flow).unwrap().tasks, 7);
            drop(flow);
            assert_eq!(drops.get(), 1);
        }
    });
}

#[test]
fn a_flow_dropped_while_its_nest_runs_drops_its_captures_at_the_end() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let (begun, end, drops) = (Gate::default(), Gate::default(), Counter::default());
            let (first, second) = (begun.clone(), end.clone());
            let dropped = Dropped(drops.clone());
            let flow = nested(
                5,
                Arc::new(move || {
                    first.open();
                    second.pass();
                    assert_eq!(dropped.0.get(), 0);
                }),
            );
            let run = executor.run(&flow);
            begun.pass();
            drop(flow);
            assert_eq!(drops.get(), 0);
            end.open();
            assert_eq!(run.wait().unwrap().tasks, 6);
            assert_eq!(drops.get(), 1);
        }
    });
}

#[test]
fn a_child_that_waits_for_a_later_run_of_an_outer_flow_ends_with_deadlock() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let slot: Arc<Mutex<Option<TaskflowFuture>>> = Arc::default();
            let (own, told) = (Arc::clone(&slot), Counter::default());
            let heard = told.clone();
            let flow = nested(
                3,
                Arc::new(move || {
                    let later = own.lock().unwrap().take();
                    if let Some(later) = later {
                        assert!(matches!(later.wait(), Err(RunError::Deadlock)));
                        heard.add();
                    }
                }),
            );
            // The children of the first run look when the later one is there.
            let mut later = slot.lock().unwrap();
            let first = rig.start(&flow);
            *later = Some(rig.start(&flow));
            drop(later);
            rig.finish(first).unwrap();
            // The later one goes on without a handle.
            rig.run(&flow).unwrap();
            assert_eq!(told.get(), 1);
        });
    });
}

#[test]
fn a_child_may_wait_for_another_flow_with_children_of_its_own() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let ran = Counter::default();
            let count = ran.clone();
            let inner = Mutex::new(nested(
                4,
                Arc::new(move || {
                    count.add();
                }),
            ));
            let host = Arc::clone(&executor);
            let flow = nested(
                4,
                Arc::new(move || {
                    let run = host.run(&inner.lock().unwrap());
                    run.wait().unwrap();
                }),
            );
            executor.run_n(&flow, 20).wait().unwrap();
            assert_eq!(ran.get(), 20);
        }
    });
}

#[test]
fn the_cancel_of_another_run_that_a_task_hands_on_is_a_failure_of_the_task() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let inner = Mutex::new(Taskflow::new());
            inner.lock().unwrap().placeholder();
            let (flow, after) = (Taskflow::new(), Counter::default());
            let (host, count) = (Arc::clone(&executor), after.clone());
            let task = flow.try_emplace(move || {
                let inner = inner.lock().unwrap();
                let ahead = host.run(&inner);
                let run = host.run_until(&inner, || false);
                run.cancel();
                ahead.wait()?;
                run.wait()?;
                Ok(())
            });
            task.name("waits").precede(flow.emplace(move || {
                count.add();
            }));
            let error = executor.run(&flow).wait().unwrap_err();
            assert_eq!(
                error.to_string(),
                "task 0 (\"waits\") failed: the run was cancelled"
            );
            assert_eq!(after.get(), 0);
        }
    });
}

#[test]
fn a_module_that_uses_itself_over_a_subflow_ends_with_deadlock() {
    within_a_minute(|| {
        let executor = Executor::new(2);
        let slot: Arc<OnceLock<Mutex<Option<Module<'static>>>>> = Arc::default();
        let own = Arc::clone(&slot);
        let steps = Taskflow::new();
        steps.emplace_subflow(move |subflow| {
            let module = own.get().and_then(|slot| slot.lock().unwrap().clone());
            subflow
                .composed_of(&module.expect("it was put there"))
                .name("itself");
        });
        let module = Module::new(steps);
        slot.set(Mutex::new(Some(module.clone()))).ok();
        let flow = Taskflow::new();
        flow.composed_of(&module);
        let error = executor.run(&flow).wait().unwrap_err();
        assert!(error.to_string().contains("\"itself\""), "{error}");
        *slot.get().unwrap().lock().unwrap() = None;
    });
}

#[test]
fn a_join_on_one_manual_worker_that_knows_no_thread_runs_the_children() {
    let (flow, ran) = (Taskflow::new(), Counter::default());
    let count = ran.clone();
    flow.emplace_subflow(move |subflow| {
        for _ in 0..10 {
            let count = count.clone();
            subflow.emplace_subflow(move |inner| {
                let count = count.clone();
                inner.emplace(move || {
                    count.add();
                });
                inner.join().unwrap();
            });
        }
        subflow.join().unwrap();
    });
    let executor = taskflow_core::Executor::<Manual>::new(1);
    assert_eq!(executor.run_and_wait(&flow).unwrap().tasks, 21);
    assert_eq!(ran.get(), 10);
}

#[test]
fn a_wait_in_a_task_runs_what_a_graph_below_its_run_spawns() {
    within_a_minute(|| {
        // No substitute runs it instead.
        let executor = stepped::<Manual>(1);
        let (executor, ran) = (&executor, &Counter::default());
        let outer = Taskflow::new();
        outer.try_emplace(move || {
            let inner = Taskflow::new();
            inner.emplace_subflow(move |subflow| {
                subflow.emplace_runtime(move |rt| {
                    for _ in 0..4 {
                        rt.spawn(move || {
                            ran.add();
                        });
                    }
                });
            });
            executor.run_and_wait(&inner)?;
            Ok(())
        });
        executor.run_and_wait(&outer).expect("nothing fails");
        assert_eq!(ran.get(), 4);
    });
}
