//! What holds on threads holds in every interleaving of stepped workers.

use core::time::Duration;
use std::sync::{Arc, Mutex};

use crate::support::counter::Counter;
use crate::support::dice::Dice;
use crate::support::random_graph::RandomGraph;
use crate::support::stepped::{step_until, stepped};
use taskflow_core::{Manual, RunError, Taskflow, TaskflowError, TaskflowFuture};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

#[test]
fn every_interleaving_runs_every_task_once_and_in_order() {
    let mut dice = Dice::shaken();
    for workers in WORKERS {
        let executor = stepped::<Manual>(workers);
        for _ in 0..100 {
            let size = 1 + dice.below(200);
            let graph = RandomGraph::thrown(&mut dice, size, 4);
            let rounds = 1 + dice.below(3);
            let run = executor.run_n(&graph.flow, rounds as u64);
            step_until(&executor, &mut dice, || run.is_done());
            assert_eq!(run.wait().unwrap().tasks, (size * rounds) as u64);
            graph.ran(rounds);
        }
    }
}

#[test]
fn a_graph_of_a_thousand_tasks_runs_in_order_on_stepped_workers() {
    let mut dice = Dice::shaken();
    for workers in WORKERS {
        let executor = stepped::<Manual>(workers);
        let graph = RandomGraph::thrown(&mut dice, 1000, 4);
        for round in 1..=10 {
            let run = executor.run(&graph.flow);
            step_until(&executor, &mut dice, || run.is_done());
            graph.ran(round);
        }
    }
}

#[test]
fn runs_of_several_flows_are_mixed_and_runs_of_one_are_not() {
    let mut dice = Dice::shaken();
    for workers in WORKERS {
        let executor = stepped::<Manual>(workers);
        for _ in 0..20 {
            let graphs: Vec<RandomGraph> = (0..4)
                .map(|_| RandomGraph::thrown(&mut dice, 30, 3))
                .collect();
            let mut started = [0; 4];
            let mut runs = Vec::new();
            for _ in 0..40 {
                let which = dice.below(4);
                started[which] += 1;
                runs.push(executor.run(&graphs[which].flow));
                executor.platform().step(dice.below(workers));
            }
            step_until(&executor, &mut dice, || {
                runs.iter().all(TaskflowFuture::is_done)
            });
            for (graph, started) in graphs.iter().zip(started) {
                graph.ran(started);
            }
            assert!(runs.into_iter().all(|run| run.wait().is_ok()));
        }
    }
}

#[test]
fn a_fan_out_is_shared_by_all_stepped_workers_and_none_is_lost() {
    let mut dice = Dice::shaken();
    for workers in WORKERS {
        let executor = stepped::<Manual>(workers);
        let (flow, count) = (Taskflow::new(), Counter::default());
        let source = flow.placeholder();
        for _ in 0..5000 {
            let count = count.clone();
            source.precede(flow.emplace(move || {
                count.add();
            }));
        }
        let run = executor.run_n(&flow, 2);
        step_until(&executor, &mut dice, || run.is_done());
        assert_eq!(count.get(), 10_000);
    }
}

#[test]
fn a_run_cancelled_between_any_two_steps_starts_no_new_task() {
    let mut dice = Dice::shaken();
    for workers in WORKERS {
        let executor = stepped::<Manual>(workers);
        for _ in 0..100 {
            let (flow, count) = (Taskflow::new(), Counter::default());
            let tasks: Vec<_> = (0..30)
                .map(|_| {
                    let count = count.clone();
                    flow.emplace(move || {
                        count.add();
                    })
                })
                .collect();
            for (before, after) in tasks.iter().zip(tasks.iter().skip(3)) {
                before.precede(after);
            }
            let run = executor.run(&flow);
            for _ in 0..dice.below(60) {
                executor.platform().step(dice.below(workers));
            }
            let (before, was_done) = (count.get(), run.is_done());
            let cancelled = run.cancel();
            assert_eq!(cancelled, !was_done);
            step_until(&executor, &mut dice, || run.is_done());
            assert_eq!(count.get(), before, "a task was started after the cancel");
            match run.wait() {
                Ok(stats) => assert_eq!((stats.tasks, count.get()), (30, 30)),
                Err(RunError::Cancelled { stats, .. }) => {
                    assert!(cancelled);
                    assert_eq!(stats.tasks as usize, before);
                }
                Err(other) => panic!("{other}"),
            }
            let again = executor.run(&flow);
            step_until(&executor, &mut dice, || again.is_done());
            assert_eq!(again.wait().unwrap().tasks, 30);
        }
    }
}

#[test]
fn the_same_choices_give_the_same_order() {
    let order = || {
        let executor = stepped::<Manual>(4);
        let order: Arc<Mutex<Vec<usize>>> = Arc::default();
        let flow = Taskflow::new();
        for number in 0..100 {
            let order = Arc::clone(&order);
            let task = flow.emplace(move || order.lock().unwrap().push(number));
            task.precede(flow.placeholder());
        }
        let run = executor.run(&flow);
        let mut turn = 0;
        while !run.is_done() {
            executor.platform().step(turn % 4);
            turn = turn * 7 + 3;
            turn %= 1009;
        }
        drop(flow);
        let order = Arc::into_inner(order).expect("only tasks shared it");
        order.into_inner().expect("no task panics")
    };
    assert_eq!(order(), order());
}

#[test]
fn a_wait_runs_the_graph_on_the_caller() {
    for workers in WORKERS {
        let executor = stepped::<Manual>(workers);
        let mut dice = Dice::shaken();
        let graph = RandomGraph::thrown(&mut dice, 100, 4);
        executor.run(&graph.flow).wait().unwrap();
        executor.run_and_wait(&graph.flow).unwrap();
        drop(executor.run_n(&graph.flow, 3));
        executor.wait_for_all().unwrap();
        graph.ran(5);
    }
}

#[test]
fn a_task_that_waits_runs_what_it_waits_for_on_stepped_workers() {
    for workers in WORKERS {
        let executor = Arc::new(stepped::<Manual>(workers));
        let inner = Arc::new(Mutex::new(Taskflow::new()));
        let count = Counter::default();
        let counted = count.clone();
        inner.lock().unwrap().emplace(move || {
            counted.add();
        });
        let flow = Taskflow::new();
        for _ in 0..5 {
            let (executor, inner) = (Arc::clone(&executor), Arc::clone(&inner));
            flow.emplace(move || {
                let run = executor.run(&inner.lock().unwrap());
                run.wait().unwrap();
            });
        }
        let mut dice = Dice::shaken();
        let run = executor.run_n(&flow, 3);
        step_until(&executor, &mut dice, || run.is_done());
        run.wait().unwrap();
        assert_eq!(count.get(), 15);
    }
}

#[test]
fn a_stepped_task_that_waits_for_a_later_run_of_its_own_flow_ends_with_deadlock() {
    for workers in WORKERS {
        let executor = stepped::<Manual>(workers);
        let slot: Arc<Mutex<Option<TaskflowFuture>>> = Arc::default();
        let (own, told) = (Arc::clone(&slot), Counter::default());
        let heard = told.clone();
        let flow = Taskflow::new();
        flow.emplace(move || {
            let later = own.lock().unwrap().take();
            if let Some(later) = later {
                assert!(matches!(later.wait(), Err(RunError::Deadlock)));
                heard.add();
            }
        });
        let first = executor.run(&flow);
        *slot.lock().unwrap() = Some(executor.run(&flow));
        let mut dice = Dice::shaken();
        step_until(&executor, &mut dice, || first.is_done());
        first.wait().unwrap();
        executor.wait_for_all().unwrap();
        assert_eq!(told.get(), 1);
    }
}

#[test]
fn an_invalid_graph_is_refused_and_a_stepped_executor_works_afterwards() {
    let executor = stepped::<Manual>(2);
    let flow = Taskflow::new();
    let task = flow.emplace(|| {});
    task.precede(task);
    let run = executor.run(&flow);
    assert!(run.is_done());
    let refused = run.wait();
    assert!(matches!(
        refused,
        Err(RunError::Invalid(TaskflowError::SelfDependency { .. }))
    ));
    flow.remove_edge(task, task);
    assert_eq!(executor.run_and_wait(&flow).unwrap().tasks, 1);
}

#[test]
fn time_on_a_stepped_executor_is_what_the_caller_makes_it() {
    let executor = stepped::<Manual>(1);
    let flow = Taskflow::new();
    flow.linearize([(); 3].map(|()| flow.emplace(|| {})));
    let run = executor.run(&flow);
    executor.platform().step(0);
    executor.platform().advance(Duration::from_secs(7));
    let mut dice = Dice::shaken();
    step_until(&executor, &mut dice, || run.is_done());
    assert_eq!(run.wait().unwrap().elapsed, Duration::from_secs(7));
}

#[test]
fn an_idle_stepped_executor_has_nothing_to_do() {
    for workers in WORKERS {
        let executor = stepped::<Manual>(workers);
        assert_eq!(executor.platform().step_all(), 0);
        let flow = Taskflow::new();
        flow.emplace(|| {});
        let run = executor.run(&flow);
        assert!(executor.platform().step_all() >= 1);
        assert!(run.is_done());
        assert_eq!(executor.platform().step_all(), 0);
    }
}
