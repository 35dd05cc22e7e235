//! Programs that once broke the engine.

use core::cell::Cell;
use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex};
use std::{io, thread};

use crate::support::dice::Dice;
use crate::support::gate::Gate;
use crate::support::watchdog::within_a_minute;
use taskflow_core::{Builder, Local, Panic, Platform, Seat, WorkerId};
use taskflow_std::{
    Executor, FailurePolicy, Module, RunError, RunOptions, StdPlatform, Subflow, Taskflow,
    TaskflowFuture,
};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

#[test]
fn a_wait_inside_a_graph_with_weak_edges_loses_no_count() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            for round in 0..50 {
                let flow = Taskflow::new();
                let start = flow.placeholder();
                let again = Arc::clone(&executor);
                let middle = flow.emplace(move || {
                    let inner = Taskflow::new();
                    for _ in 0..round {
                        inner.emplace(|| {});
                    }
                    again.run(&inner).wait().expect("it ends well");
                });
                let mut left = 10;
                let choose = flow.emplace_condition(move || {
                    left -= 1;
                    usize::from(left == 0)
                });
                let end = flow.placeholder();
                start.precede(middle);
                middle.precede(choose);
                choose.precede(middle);
                choose.precede(end);
                let stats = executor.run(&flow).wait().expect("it ends well");
                assert_eq!((stats.tasks, stats.skipped), (22, 0));
            }
        }
    });
}

#[test]
fn a_task_that_hands_on_a_foreign_cancellation_fails_its_run() {
    for workers in WORKERS {
        let executor = Arc::new(Executor::new(workers));
        let again = Arc::clone(&executor);
        let flow = Taskflow::new();
        let give_up = flow.try_emplace(move || {
            let other = Taskflow::new();
            let gate = again.run_n(&other, 1);
            gate.wait().ok();
            other.emplace(|| {});
            let run = again.run_until(&other, || false);
            run.cancel();
            run.wait()?;
            Ok(())
        });
        let late = flow.emplace(|| {});
        give_up.precede(late);
        let result = executor.run(&flow).wait();
        let error = result.expect_err("a task gave up");
        assert!(matches!(error, RunError::Failed { .. }), "{error:?}");
    }
}

#[test]
fn modules_in_modules_are_dropped_without_recursion() {
    let mut module = Module::new(Taskflow::new());
    for _ in 0..100_000 {
        let flow = Taskflow::new();
        flow.composed_of(&module);
        module = Module::new(flow);
    }
    drop(module);
}

#[test]
fn the_error_of_a_module_deep_down_is_told_without_recursion() {
    let bad = Taskflow::new();
    let task = bad.emplace(|| {});
    task.precede(task);
    let mut module = Module::new(bad);
    for _ in 0..20_000 {
        let flow = Taskflow::new();
        flow.composed_of(&module);
        module = Module::new(flow);
    }
    assert!(module.validate().is_err());
}

#[test]
fn a_graph_whose_tasks_only_schedule_one_another_has_no_source() {
    let flow = Taskflow::new();
    let task = flow.emplace_runtime(|_| {});
    task.may_schedule(task);
    assert!(flow.validate().is_err());
}

#[test]
fn modules_in_modules_run_without_recursion() {
    within_a_minute(|| {
        let mut module = Module::new(Taskflow::new());
        for _ in 0..20_000 {
            let flow = Taskflow::new();
            flow.composed_of(&module);
            module = Module::new(flow);
        }
        let flow = Taskflow::new();
        flow.composed_of(&module);
        drop(module);
        for workers in [1, 2] {
            let executor = Executor::new(workers);
            executor.run(&flow).wait().expect("it ends well");
        }
    });
}

fn nest(subflow: &Subflow<'_, 'static>, depth: usize, stop: Option<&Arc<AtomicBool>>) {
    if let Some(stop) = stop
        && depth == 0
    {
        stop.store(true, Ordering::SeqCst);
        while stop.load(Ordering::SeqCst) {
            thread::yield_now();
        }
    } else if depth > 0 {
        let stop = stop.cloned();
        subflow.emplace_subflow(move |subflow| nest(subflow, depth - 1, stop.as_ref()));
    }
}

#[test]
fn subflows_in_subflows_are_cancelled_without_recursion() {
    within_a_minute(|| {
        for workers in [1, 2] {
            let executor = Executor::new(workers);
            let stop = Arc::new(AtomicBool::new(false));
            let flow = Taskflow::new();
            let at_the_bottom = Arc::clone(&stop);
            flow.emplace_subflow(move |subflow| nest(subflow, 20_000, Some(&at_the_bottom)));
            let run = executor.run(&flow);
            while !stop.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            run.cancel();
            drop(flow);
            stop.store(false, Ordering::SeqCst);
            drop(executor);
            assert!(matches!(run.wait(), Err(RunError::Cancelled { .. })));
        }
    });
}

/// A host that catches panics where a stretch of work begins and nowhere else.
struct CatchesOutside(StdPlatform);

impl Platform for CatchesOutside {
    type Error = io::Error;

    fn parallelism(&self) -> NonZeroUsize {
        self.0.parallelism()
    }

    fn start(&self, seat: Seat) -> io::Result<()> {
        self.0.start(seat)
    }

    fn park(&self, worker: WorkerId, timeout: Option<Duration>) {
        self.0.park(worker, timeout);
    }

    fn unpark(&self, worker: WorkerId) {
        self.0.unpark(worker);
    }

    fn now(&self) -> Duration {
        self.0.now()
    }

    fn guard<R>(&self, stretch: impl FnOnce() -> R) -> Result<R, Panic> {
        thread_local! {
            static INSIDE: Cell<bool> = const { Cell::new(false) };
        }
        if INSIDE.replace(true) {
            return Ok(stretch());
        }
        let result = self.0.guard(stretch);
        INSIDE.set(false);
        result
    }

    fn local(&self, f: &mut dyn FnMut(&Local)) {
        self.0.local(f);
    }
}

#[test]
fn what_a_runtime_task_spawned_ends_before_it_whatever_the_host_catches() {
    within_a_minute(|| {
        for _ in 0..10 {
            let host = CatchesOutside(StdPlatform::default());
            let executor = Builder::new(host).workers(2).build().expect("threads");
            let (begun, ended) = (AtomicBool::new(false), AtomicBool::new(false));
            let flow = Taskflow::new();
            flow.emplace_runtime(|runtime| {
                runtime.spawn(|| {
                    begun.store(true, Ordering::SeqCst);
                    thread::sleep(Duration::from_millis(20));
                    ended.store(true, Ordering::SeqCst);
                });
                while !begun.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
                panic!("half way");
            });
            let result = executor.run_and_wait(&flow);
            assert!(ended.load(Ordering::SeqCst), "a child is left behind");
            assert!(matches!(result, Err(RunError::Panicked { .. })));
        }
    });
}

#[test]
fn a_round_that_ends_late_may_wait_for_the_task_that_comes_next() {
    within_a_minute(|| {
        let (executor, other) = (Executor::new(1), Arc::new(Executor::new(2)));
        let (begun, gate) = (Arc::new(AtomicUsize::new(0)), Gate::default());
        let long_run: Arc<Mutex<Option<TaskflowFuture>>> = Arc::default();
        let late: Vec<_> = (0..2)
            .map(|_| {
                let flow = Taskflow::new();
                let (other, begun, gate) = (Arc::clone(&other), Arc::clone(&begun), gate.clone());
                flow.emplace(move || {
                    let held_up = Taskflow::new();
                    held_up.emplace(|| {
                        begun.fetch_add(1, Ordering::SeqCst);
                        gate.pass();
                    });
                    other.run_and_wait(&held_up).expect("it ends well");
                });
                let long_run = Arc::clone(&long_run);
                let run = executor.run_until(&flow, move || {
                    let run = long_run.lock().expect("no panic").take();
                    run.is_none_or(|run| run.wait().is_ok())
                });
                (flow, run)
            })
            .collect();
        while begun.load(Ordering::SeqCst) < 2 {
            thread::yield_now();
        }
        let long = Taskflow::new();
        let is_known = Arc::clone(&long_run);
        let first = long.emplace(move || {
            while is_known.lock().expect("no panic").is_none() {
                thread::yield_now();
            }
            gate.open();
            thread::sleep(Duration::from_millis(50));
        });
        let mut last = first;
        for _ in 0..1000 {
            let next = long.emplace(|| {});
            last.precede(next);
            last = next;
        }
        *long_run.lock().expect("no panic") = Some(executor.run(&long));
        for (_, run) in late {
            run.wait().expect("it ends well");
        }
    });
}

#[test]
fn of_two_uses_of_a_module_that_wait_for_one_another_one_is_refused() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let begun = Gate::default();
            let second: Arc<Mutex<Option<TaskflowFuture>>> = Arc::default();
            let parts = Taskflow::new();
            let (to_open, to_await) = (begun.clone(), Arc::clone(&second));
            let refused = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&refused);
            parts.emplace(move || {
                to_open.open();
                let run = loop {
                    if let Some(run) = to_await.lock().expect("no panic").take() {
                        break run;
                    }
                    if count.load(Ordering::SeqCst) > 0 {
                        return;
                    }
                    thread::yield_now();
                };
                thread::sleep(Duration::from_millis(20));
                match run.wait() {
                    // Whichever of the two comes second is refused.
                    Err(RunError::Deadlock | RunError::Failed { .. }) => {
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                    other => panic!("{other:?}"),
                }
            });
            let module = Module::new(parts);
            let flows = [(); 2].map(|()| {
                let flow = Taskflow::new();
                flow.composed_of(&module);
                flow
            });
            let first = executor.run(&flows[0]);
            begun.pass();
            *second.lock().expect("no panic") = Some(executor.run(&flows[1]));
            first.wait().expect("it ends well");
            executor.wait_for_all().expect("called outside");
            assert_eq!(refused.load(Ordering::SeqCst), 1);
        }
    });
}

/// A task of a random graph: never twice at once, and counted.
fn busy(calls: &Arc<AtomicUsize>) -> impl Fn() + Send + 'static + use<> {
    let (calls, inside) = (Arc::clone(calls), AtomicBool::new(false));
    move || {
        assert!(!inside.swap(true, Ordering::SeqCst), "twice at once");
        calls.fetch_add(1, Ordering::SeqCst);
        thread::yield_now();
        inside.store(false, Ordering::SeqCst);
    }
}

#[test]
fn random_graphs_with_weak_edges_end_and_count_what_ran() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        for workers in [1, 2, 4] {
            let executor = Arc::new(Executor::new(workers));
            for _ in 0..300 {
                let (calls, budget) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
                let nested = Arc::new(AtomicUsize::new(0));
                let flow = Taskflow::new();
                let count = 5 + dice.below(20);
                let sources = if dice.below(4) == 0 { 300 } else { 3 };
                let mut tasks: Vec<_> = (0..sources).map(|_| flow.emplace(busy(&calls))).collect();
                for _ in 0..count {
                    let (work, mut own) = (busy(&calls), dice.number());
                    let mut choose = move |end: u64| {
                        own = own.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        usize::try_from((own >> 33) % end).expect("it is small")
                    };
                    let left = Arc::clone(&budget);
                    let task = match dice.below(7) {
                        0 | 1 => *flow.emplace_condition(move || {
                            work();
                            let goes_on = left.fetch_add(1, Ordering::SeqCst) < 30;
                            goes_on.then(|| choose(4))
                        }),
                        2 => *flow.emplace_multi_condition(move || {
                            work();
                            let goes_on = left.fetch_add(1, Ordering::SeqCst) < 30;
                            [choose(4), choose(4)].map(|branch| goes_on.then_some(branch))
                        }),
                        3 => {
                            let executor = Arc::clone(&executor);
                            flow.emplace(move || {
                                work();
                                let inner = Taskflow::new();
                                inner.emplace(|| {});
                                executor.run(&inner).wait().expect("it ends well");
                            })
                        }
                        4 => {
                            let nested = Arc::clone(&nested);
                            flow.emplace_subflow(move |subflow| {
                                work();
                                let nested = Arc::clone(&nested);
                                subflow.emplace(move || {
                                    nested.fetch_add(1, Ordering::SeqCst);
                                });
                            })
                        }
                        5 => flow.try_emplace(move || {
                            work();
                            if choose(8) == 0 {
                                return Err(io::Error::other("given up").into());
                            }
                            Ok(())
                        }),
                        _ => flow.emplace(work),
                    };
                    task.succeed(tasks[dice.below(tasks.len())]);
                    task.succeed(tasks[dice.below(tasks.len())]);
                    if dice.below(3) == 0 {
                        let condition = tasks[dice.below(tasks.len())];
                        let again = flow.emplace_condition({
                            let (work, budget) = (busy(&calls), Arc::clone(&budget));
                            move || {
                                work();
                                (budget.fetch_add(1, Ordering::SeqCst) < 30).then_some(0usize)
                            }
                        });
                        again.succeed(task);
                        again.precede(condition);
                    }
                    tasks.push(task);
                }
                if flow.validate().is_err() {
                    continue;
                }
                for round in 0..4 {
                    calls.store(0, Ordering::SeqCst);
                    budget.store(0, Ordering::SeqCst);
                    nested.store(0, Ordering::SeqCst);
                    let policy = [FailurePolicy::StopAtFirst, FailurePolicy::KeepIndependent];
                    let options = RunOptions::new().on_failure(policy[round % 2]).rounds(2);
                    let run = executor.run_with(&flow, options);
                    if dice.below(3) == 0 {
                        thread::yield_now();
                        run.cancel();
                    }
                    let result = run.wait();
                    let stats = match &result {
                        Ok(stats) => stats,
                        Err(error) => error.stats().expect("it was started"),
                    };
                    let ran = calls.load(Ordering::SeqCst) + nested.load(Ordering::SeqCst);
                    assert!(
                        !matches!(result, Err(RunError::Panicked { .. })),
                        "{result:?}"
                    );
                    assert_eq!(stats.tasks, ran as u64, "{result:?}");
                }
            }
        }
    });
}
