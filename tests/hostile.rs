//! What user code does to graphs from inside of them, on purpose or not.

use std::sync::{Arc, Mutex};

use crate::support::counted_task::counted;
use crate::support::counter::Counter;
use crate::support::gate::Gate;
use crate::support::rig::{WORKERS, on_each_rig};
use crate::support::shared_flow::SharedFlow;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Lint, RunError, RunOptions, Taskflow, TaskflowError, TaskflowFuture};

/// A loop of so many passes over a subflow of one counted task.
fn looped(ran: &Counter, passes: usize) -> Taskflow<'static> {
    let flow = Taskflow::new();
    let count = ran.clone();
    let body = flow.emplace_subflow(move |subflow| drop(counted(subflow, &count).label()));
    let mut pass = 0;
    let again = flow.emplace_condition(move || {
        pass += 1;
        usize::from(pass % passes == 0)
    });
    flow.placeholder().precede(body);
    body.precede(again);
    again.precede(body);
    flow
}

#[test]
fn a_task_in_a_loop_that_submits_its_own_flow_queues_it_behind() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let (flow, ran, runs) = (Taskflow::new(), Counter::default(), Counter::default());
            let slot: Arc<Mutex<Option<SharedFlow>>> = Arc::default();
            let later: Arc<Mutex<Vec<TaskflowFuture>>> = Arc::default();
            let (own, host, queued, begun) = (
                Arc::clone(&slot),
                Arc::clone(&executor),
                Arc::clone(&later),
                runs.clone(),
            );
            let first = flow.emplace(move || {
                if begun.add() < 20 {
                    let flow = own.lock().unwrap().clone().expect("it was put there");
                    queued.lock().unwrap().push(flow.start(&host));
                }
            });
            let body = counted(&flow, &ran);
            let mut pass = 0;
            let again = flow.emplace_condition(move || {
                pass += 1;
                usize::from(pass % 5 == 0)
            });
            first.precede(body);
            body.precede(again);
            again.precede(body);
            let shared = SharedFlow::of(flow);
            *slot.lock().unwrap() = Some(shared.clone());
            shared.start(&executor).wait().unwrap();
            executor.wait_for_all().unwrap();
            assert_eq!((runs.get(), ran.get()), (21, 105));
            for run in later.lock().unwrap().drain(..) {
                assert_eq!(run.wait().unwrap().tasks, 11);
            }
            *slot.lock().unwrap() = None;
        }
    });
}

#[test]
fn a_flow_dropped_while_its_loop_over_a_subflow_runs_ends_all_its_passes() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let ran = Counter::default();
            let flow = looped(&ran, 200);
            let run = rig.start_with(&flow, RunOptions::new().rounds(2));
            for _ in 0..10 {
                rig.step();
            }
            drop(flow);
            assert_eq!(rig.finish(run).unwrap().tasks, 2 + 2 * 200 * 3);
            assert_eq!(ran.get(), 400);
        });
    });
}

/// Starts and awaits another flow when it is dropped.
struct RunsAtDrop(Arc<Executor>, SharedFlow);

impl Drop for RunsAtDrop {
    fn drop(&mut self) {
        self.1.start(&self.0).wait().expect("nothing fails");
    }
}

#[test]
fn captures_of_children_may_run_other_graphs_when_they_are_dropped() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let ran = Counter::default();
            let other = SharedFlow::of(looped(&ran, 3));
            let flow = Taskflow::new();
            let host = Arc::clone(&executor);
            let body = flow.emplace_subflow(move |subflow| {
                for _ in 0..4 {
                    let at_drop = RunsAtDrop(Arc::clone(&host), other.clone());
                    subflow.emplace(move || {
                        let _held = &at_drop;
                    });
                }
            });
            let after = Counter::default();
            body.precede(counted(&flow, &after));
            executor.run_n(&flow, 5).wait().unwrap();
            assert_eq!((ran.get(), after.get()), (5 * 4 * 3, 5));
        }
    });
}

#[test]
fn a_subflow_may_run_its_own_graph_on_the_executor_before_it_returns() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let (flow, ran) = (Taskflow::new(), Counter::default());
            let (host, count) = (Arc::clone(&executor), ran.clone());
            flow.emplace_subflow(move |subflow| {
                counted(subflow, &count);
                host.run_and_wait(subflow).unwrap();
                host.run_and_wait(subflow).unwrap();
            });
            assert_eq!(executor.run(&flow).wait().unwrap().tasks, 2);
            assert_eq!(ran.get(), 3);
        }
    });
}

#[test]
fn a_loop_on_one_worker_lets_others_work_be_done_meanwhile() {
    within_a_minute(|| {
        let executor = Executor::new(1);
        let (flow, stop) = (Taskflow::new(), Gate::default());
        let told = Counter::default();
        let heard = told.clone();
        let again = flow.emplace_condition(move || heard.get());
        flow.placeholder().precede(again);
        again.precede(again);
        let endless = executor.run(&flow);
        let other = Taskflow::new();
        let open = stop.clone();
        other.emplace(move || open.open());
        // Both may be in the worker's own queue before it begins, or this one may come later.
        let run = executor.run(&other);
        stop.pass();
        run.wait().unwrap();
        told.add();
        endless.wait().unwrap();
    });
}

#[test]
fn graphs_with_conditions_that_cannot_run_are_refused_by_name_and_the_executor_works_on() {
    on_each_rig(|rig| {
        type Build = fn(&Taskflow<'static>);
        let cases: [(&str, Build); 4] = [
            ("no task can be the first", |flow| {
                let a = flow.emplace(|| {}).name("a");
                let b = flow.emplace_condition(|| 0_usize).name("b");
                a.precede(b);
                b.precede(a);
            }),
            ("tasks wait for one another in a cycle", |flow| {
                let [a, b] = ["a", "b"].map(|name| flow.emplace(|| {}).name(name));
                let start = flow.emplace_condition(|| 0_usize);
                start.precede(a);
                a.precede(b);
                b.precede(a);
            }),
            ("depends on itself", |flow| {
                let a = flow.emplace(|| {}).name("a");
                flow.emplace_condition(|| 0_usize).name("b").precede(a);
                a.precede(a).precede(flow.emplace(|| {}).name("\"b\""));
            }),
            ("another flow", |flow| {
                let other = Taskflow::new();
                let a = flow.emplace_condition(|| 0_usize).name("a \"b\"");
                a.precede(other.placeholder());
            }),
        ];
        for (text, build) in cases {
            let flow = Taskflow::new();
            build(&flow);
            let error = flow.validate().unwrap_err();
            let said = error.to_string();
            assert!(said.contains(text) && said.contains('a'), "{said}");
            let Err(RunError::Invalid(refused)) = rig.run(&flow) else {
                panic!("it was run");
            };
            assert_eq!(refused, error);
        }
        let flow = Taskflow::new();
        flow.placeholder();
        assert_eq!(rig.run(&flow).unwrap().tasks, 1);
    });
}

#[test]
fn a_source_of_one_condition_that_picks_itself_only_has_no_source() {
    let flow = Taskflow::new();
    let again = flow.emplace_condition(|| 1_usize).name("alone");
    again.precede(again);
    let error = flow.validate().unwrap_err();
    let TaskflowError::NoSource { tasks } = &error else {
        panic!("{error}");
    };
    assert_eq!(tasks[0].id, again.id());
    assert!(error.to_string().contains("\"alone\""), "{error}");
}

#[test]
fn oddities_of_conditions_are_told_and_run() {
    let flow = Taskflow::new();
    let barren = flow.emplace_condition(|| 3_usize).name("barren");
    let start = flow.placeholder();
    // Waits for a task that only it leads to.
    let stuck = flow.emplace_condition(|| 0_usize).name("stuck");
    let back = flow.emplace(|| {}).name("back");
    start.precede(stuck);
    stuck.precede(back);
    back.precede(stuck);
    // Only weak edges reach these, which is as it should be.
    let reached = flow.placeholder();
    let pick = flow.emplace_condition(|| 0_usize);
    pick.precede(reached);
    reached.precede(flow.placeholder());
    let lints = flow.validate().unwrap();
    let barren = |lint: &Lint| matches!(lint, Lint::ConditionWithoutBranches { task } if task.id == barren.id());
    let never =
        |id| move |lint: &Lint| matches!(lint, Lint::NeverStarted { task } if task.id == id);
    assert!(lints.iter().any(barren), "{lints:?}");
    assert!(lints.iter().any(never(stuck.id())) && lints.iter().any(never(back.id())));
    assert_eq!(lints.len(), 3, "{lints:?}");
    assert!(lints.iter().all(|lint| !lint.to_string().is_empty()));
    assert_eq!(Executor::new(2).run(&flow).wait().unwrap().tasks, 5);
}
