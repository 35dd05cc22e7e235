//! A graph can be a task of others.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::io;
use std::sync::{Arc, Mutex};

use crate::support::counted_task::counted;
use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::gate::Gate;
use crate::support::rig::{WORKERS, on_each_rig};
use crate::support::throwing::throw;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Manual, Module, RunError, RunOptions, Taskflow, TaskflowError};

/// A module whose tasks panic if two uses of it go on at once; counts its uses.
fn exclusive(uses: &Counter) -> Module<'static> {
    let flow = Taskflow::with_name("exclusive");
    let busy = Arc::new(AtomicBool::new(false));
    let (entered, left) = (Arc::clone(&busy), busy);
    let enter = flow.emplace(move || assert!(!entered.swap(true, Ordering::SeqCst)));
    let leave = flow.emplace(move || assert!(left.swap(false, Ordering::SeqCst)));
    for _ in 0..5 {
        enter.precede(flow.placeholder().precede(leave));
    }
    leave.precede(counted(&flow, uses));
    Module::new(flow)
}

/// Tasks of one use of `exclusive`, that of the user included.
const TASKS: u64 = 9;

#[test]
fn a_module_is_a_task_that_runs_its_graph() {
    on_each_rig(|rig| {
        let uses = Counter::default();
        let module = exclusive(&uses);
        assert_eq!((module.name(), module.validate()), ("exclusive", Ok(())));
        let (flow, after) = (Taskflow::new(), Counter::default());
        flow.composed_of(&module).precede(counted(&flow, &after));
        let stats = rig.run_n(&flow, 3).unwrap();
        assert_eq!((stats.tasks, stats.skipped), (3 * (TASKS + 1), 0));
        assert_eq!((uses.get(), after.get()), (3, 3));
    });
}

#[test]
fn uses_of_one_module_in_a_flow_take_turns() {
    on_each_rig(|rig| {
        let uses = Counter::default();
        let module = exclusive(&uses);
        let flow = Taskflow::new();
        for _ in 0..20 {
            flow.composed_of(&module);
        }
        assert_eq!(rig.run_n(&flow, 3).unwrap().tasks, 3 * 20 * TASKS);
        assert_eq!(uses.get(), 60);
    });
}

#[test]
fn uses_of_one_module_by_several_flows_take_turns() {
    on_each_rig(|rig| {
        let uses = Counter::default();
        let module = exclusive(&uses);
        let flows: Vec<_> = (0..4).map(|_| Taskflow::new()).collect();
        for flow in &flows {
            let uses = [(); 5].map(|()| flow.composed_of(&module));
            uses[0].precede([uses[1], uses[2]]);
        }
        let options = RunOptions::new().rounds(3);
        let runs: Vec<_> = flows
            .iter()
            .map(|flow| rig.start_with(flow, options.clone()))
            .collect();
        for run in runs {
            assert_eq!(rig.finish(run).unwrap().tasks, 3 * 5 * TASKS);
        }
        assert_eq!(uses.get(), 4 * 3 * 5);
    });
}

#[test]
fn a_module_is_used_by_several_executors_and_stepped_ones_beside_threads() {
    within_a_minute(|| {
        let uses = Counter::default();
        let module = exclusive(&uses);
        std::thread::scope(|scope| {
            for workers in WORKERS {
                let module = module.clone();
                scope.spawn(move || {
                    let flow = Taskflow::new();
                    (0..5).for_each(|_| drop(flow.composed_of(&module).label()));
                    let executor = Executor::new(workers);
                    for _ in 0..20 {
                        assert_eq!(executor.run(&flow).wait().unwrap().tasks, 5 * TASKS);
                    }
                });
            }
        });
        assert_eq!(uses.get(), 4 * 20 * 5);
    });
}

#[test]
fn uses_are_served_in_the_order_in_which_they_came() {
    within_a_minute(|| {
        // One worker is held up in the first use, so that the other one queues the rest in order.
        let executor = Executor::new(2);
        let (begun, end) = (Gate::default(), Gate::default());
        let (first, second) = (begun.clone(), end.clone());
        let steps = Taskflow::new();
        let mut served = 0;
        steps.try_emplace(move || {
            first.open();
            second.pass();
            served += 1;
            Err(io::Error::other(format!("served as {served}")).into())
        });
        let module = Module::new(steps);
        let flows: Vec<_> = (0..50).map(|_| Taskflow::new()).collect();
        let mut runs = Vec::new();
        let (came, mut numbers) = (Counter::default(), Vec::new());
        for flow in &flows {
            let (number, came) = (Arc::new(AtomicUsize::new(0)), came.clone());
            let own = Arc::clone(&number);
            numbers.push(number);
            // The worker goes on with the use at once.
            let before = flow.emplace(move || own.store(came.add() + 1, Ordering::SeqCst));
            before.precede(flow.composed_of(&module));
            runs.push(executor.run(flow));
            begun.pass();
        }
        let last = Taskflow::new();
        last.placeholder();
        // Not by a wait, which would lend this thread the other worker's seat: that worker comes to it when it
        // has queued all uses.
        let last = executor.run(&last);
        while came.get() < 50 || !last.is_done() {
            std::thread::yield_now();
        }
        end.open();
        for (number, run) in numbers.into_iter().zip(runs) {
            let error = run.wait().unwrap_err().to_string();
            let place = number.load(Ordering::SeqCst);
            assert!(error.ends_with(&format!("served as {place}")), "{error}");
        }
    });
}

#[test]
fn modules_in_modules_take_turns_too() {
    on_each_rig(|rig| {
        let uses = Counter::default();
        let mut module = exclusive(&uses);
        for _ in 0..6 {
            let outer = Taskflow::new();
            let both = [(); 2].map(|()| outer.composed_of(&module));
            both[0].precede(both[1]);
            outer.composed_of(&module);
            module = Module::new(outer);
        }
        let flow = Taskflow::new();
        flow.composed_of(&module);
        rig.run(&flow).unwrap();
        assert_eq!(uses.get(), 3_usize.pow(6));
    });
}

#[test]
fn a_module_that_cannot_run_is_refused_by_the_name_of_its_user() {
    let executor = Executor::new(2);
    let broken = Taskflow::new();
    let [a, b] = ["a", "b"].map(|name| broken.emplace(|| {}).name(name));
    a.precede(b);
    b.precede(a);
    let once = Taskflow::new();
    once.emplace_once(|| {}).name("once");
    for (flow, culprit) in [(broken, "\"a\""), (once, "\"once\"")] {
        let module = Module::new(flow);
        let error = module.validate().unwrap_err();
        let user = Taskflow::new();
        let ran = Counter::default();
        counted(&user, &ran);
        let task = user.composed_of(&module).name("user");
        let refused = user.validate().unwrap_err();
        let TaskflowError::Module {
            task: named,
            error: inner,
        } = &refused
        else {
            panic!("{refused}");
        };
        assert_eq!((named.id, &**inner), (task.id(), &error));
        assert!(refused.to_string().contains(culprit), "{refused}");
        let result = executor.run(&user).wait();
        assert!(matches!(result, Err(RunError::Invalid(_))));
        assert_eq!(ran.get(), 0);
        // In a subflow it is found out when that is to run.
        let outer = Taskflow::new();
        outer
            .emplace_subflow(move |subflow| drop(subflow.composed_of(&module).label()))
            .name("outer");
        let error = executor.run(&outer).wait().unwrap_err();
        assert!(error.to_string().contains("\"outer\""), "{error}");
        assert!(error.to_string().contains(culprit), "{error}");
    }
    let flow = Taskflow::new();
    flow.placeholder();
    assert_eq!(executor.run(&flow).wait().unwrap().tasks, 1);
}

/// A module of one task that waits at a gate, which is opened once for all.
fn gated(begun: &Gate, end: &Gate, uses: &Counter) -> Module<'static> {
    let flow = Taskflow::new();
    let (begun, end, uses) = (begun.clone(), end.clone(), uses.clone());
    flow.emplace(move || {
        begun.open();
        end.pass();
        uses.add();
    });
    Module::new(flow)
}

#[test]
fn cancelling_one_use_leaves_the_others_alone() {
    within_a_minute(|| {
        for workers in WORKERS {
            for cancel_active in [true, false] {
                let executor = Executor::new(workers);
                let (begun, end, uses) = (Gate::default(), Gate::default(), Counter::default());
                let module = gated(&begun, &end, &uses);
                let flows = [(); 3].map(|()| Taskflow::new());
                flows
                    .iter()
                    .for_each(|flow| drop(flow.composed_of(&module).label()));
                let active = executor.run(&flows[0]);
                begun.pass();
                let [second, third] = [1, 2].map(|at| executor.run(&flows[at]));
                assert!(if cancel_active {
                    active.cancel()
                } else {
                    second.cancel()
                });
                end.open();
                let results = [active, second, third].map(|run| run.wait().is_ok());
                assert_eq!(results, [!cancel_active, cancel_active, true]);
                assert_eq!(uses.get(), if cancel_active { 3 } else { 2 });
            }
        }
    });
}

#[test]
fn a_panic_in_one_use_fails_that_user_only() {
    on_each_rig(|rig| {
        let steps = Taskflow::new();
        let mut calls = 0;
        let work = steps.emplace(move || {
            calls += 1;
            if calls == 2 {
                throw("second use");
            }
        });
        work.name("work").precede(steps.placeholder());
        let module = Module::new(steps);
        let flows = [(); 3].map(|()| Taskflow::new());
        let results = flows.each_ref().map(|flow| {
            flow.composed_of(&module).precede(flow.placeholder());
            rig.run(flow)
        });
        let [first, second, third] = results;
        assert_eq!((first.unwrap().tasks, third.unwrap().tasks), (4, 4));
        let Err(RunError::Panicked { task, stats, .. }) = second else {
            panic!("it panicked");
        };
        assert_eq!(task.unwrap().name.as_deref(), Some("work"));
        assert_eq!((stats.tasks, stats.skipped), (2, 2));
    });
}

#[test]
fn a_module_may_borrow_and_is_send_and_sync() {
    fn travels<T: Send + Sync + Clone>(_: &T) {}
    let sum = AtomicUsize::new(0);
    let numbers = [1, 2, 3];
    let steps = Taskflow::new();
    steps.emplace(|| {
        sum.fetch_add(numbers.iter().sum(), Ordering::Relaxed);
    });
    let module = Module::new(steps);
    travels(&module);
    let flow = Taskflow::new();
    flow.composed_of(&module);
    let nested = module.clone();
    flow.emplace_subflow(move |subflow| drop(subflow.composed_of(&nested).label()));
    Executor::new(2).run_and_wait(&flow).unwrap();
    taskflow_core::Executor::<Manual>::new(2)
        .run_and_wait(&flow)
        .unwrap();
    drop(flow);
    drop(module);
    assert_eq!(sum.into_inner(), 24);
}

#[test]
fn captures_of_a_module_go_with_its_last_handle_or_use() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let drops = Counter::default();
            let (begun, end) = (Gate::default(), Gate::default());
            let steps = Taskflow::new();
            let (dropped, first, second) = (Dropped(drops.clone()), begun.clone(), end.clone());
            steps.emplace(move || {
                first.open();
                second.pass();
                assert_eq!(dropped.0.get(), 0);
            });
            let module = Module::new(steps);
            let flow = Taskflow::new();
            (0..3).for_each(|_| drop(flow.composed_of(&module).label()));
            let run = executor.run(&flow);
            begun.pass();
            drop(module);
            drop(flow);
            assert_eq!(drops.get(), 0);
            end.open();
            assert_eq!(run.wait().unwrap().tasks, 6);
            assert_eq!(drops.get(), 1);
        }
    });
}

#[test]
fn a_module_made_of_a_flow_that_runs_comes_after_those_runs() {
    within_a_minute(|| {
        let executor = Executor::new(2);
        let (begun, end, log) = (Gate::default(), Gate::default(), Arc::new(Mutex::new(0)));
        let steps = Taskflow::new();
        let (first, second, count) = (begun.clone(), end.clone(), Arc::clone(&log));
        steps.emplace(move || {
            first.open();
            second.pass();
            *count.lock().unwrap() += 1;
        });
        let ahead = executor.run_n(&steps, 3);
        begun.pass();
        let module = Module::new(steps);
        let flow = Taskflow::new();
        flow.composed_of(&module);
        let own = Arc::clone(&log);
        let seen = flow.emplace(move || assert_eq!(*own.lock().unwrap(), 4));
        seen.succeed(flow.tasks()[0]);
        let run = executor.run(&flow);
        end.open();
        run.wait().unwrap();
        ahead.wait().unwrap();
    });
}

#[test]
fn a_wait_on_one_manual_worker_runs_the_use_that_is_ahead() {
    within_a_minute(|| {
        let executor = taskflow_core::Executor::<Manual>::new(1);
        let uses = Counter::default();
        let module = exclusive(&uses);
        let flows = [(); 2].map(|()| Taskflow::new());
        flows
            .iter()
            .for_each(|flow| drop(flow.composed_of(&module).label()));
        let ahead = executor.run(&flows[0]);
        // The first use has begun and not ended.
        for _ in 0..3 {
            executor.platform().step(0);
        }
        assert!(!ahead.is_done());
        assert_eq!(executor.run(&flows[1]).wait().unwrap().tasks, TASKS);
        ahead.wait().unwrap();
        assert_eq!(uses.get(), 2);
    });
}
