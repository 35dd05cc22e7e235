//! What cannot run is refused before anything runs, with an error that names the tasks.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::dice::Dice;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, RunError, TaskHandle, TaskLabel, Taskflow, TaskflowError};

fn names(tasks: &[TaskLabel]) -> Vec<&str> {
    tasks
        .iter()
        .map(|task| task.name.as_deref().unwrap_or(""))
        .collect()
}

fn cycle_of(flow: &Taskflow<'_>) -> Vec<TaskLabel> {
    match flow.validate() {
        Err(TaskflowError::Cycle { tasks }) => tasks,
        other => panic!("a cycle is expected: {other:?}"),
    }
}

/// Whether each listed task is a direct predecessor of the next, the last of the first.
fn is_a_cycle_of(flow: &Taskflow<'_>, listed: &[TaskLabel]) -> bool {
    let after = listed.iter().cycle().skip(1);
    listed.iter().zip(after).all(|(before, after)| {
        let before = flow.task(before.id).expect("a task of this flow");
        let successors = before.successors();
        successors.iter().any(|task| task.id() == after.id)
    })
}

#[test]
fn an_empty_graph_is_valid_and_runs_no_task() {
    let flow = Taskflow::new();
    assert_eq!(flow.validate().unwrap(), []);
    let executor = Executor::new(1);
    assert_eq!(executor.run(&flow).wait().unwrap().tasks, 0);
    assert_eq!(executor.run_and_wait(&flow).unwrap().tasks, 0);
    assert_eq!(executor.run_n(&flow, 1000).wait().unwrap().tasks, 0);
}

#[test]
fn a_task_that_depends_on_itself_is_named_and_the_remedy_told() {
    let flow = Taskflow::new();
    let task = flow.emplace(|| {}).name("load");
    task.precede(task);
    let error = flow.validate().unwrap_err();
    assert_eq!(
        error.to_string(),
        "task 0 (\"load\") depends on itself; remove the edge"
    );
    assert!(
        matches!(error, TaskflowError::SelfDependency { task: found } if found.id == task.id())
    );
    assert!(flow.remove_edge(task, task));
    assert_eq!(flow.validate().unwrap(), []);
}

#[test]
fn a_cycle_behind_a_source_is_listed() {
    let flow = Taskflow::new();
    let [start, a, b, c, end] =
        ["start", "a", "b", "c", "end"].map(|name| flow.emplace(|| {}).name(name));
    flow.linearize([start, a, b, c, end]);
    c.precede(a);
    let listed = cycle_of(&flow);
    assert!(is_a_cycle_of(&flow, &listed));
    let mut sorted = names(&listed);
    sorted.sort_unstable();
    assert_eq!(sorted, ["a", "b", "c"]);
    flow.remove_edge(c, a);
    assert_eq!(flow.validate().unwrap(), []);
}

/// How many tasks the shortest cycle through this task has.
fn shortest_through(task: TaskHandle<'_>) -> Option<usize> {
    let mut seen = HashSet::new();
    let mut next = vec![task];
    for length in 1.. {
        let after: Vec<TaskHandle<'_>> = next.iter().flat_map(|task| task.successors()).collect();
        if after.contains(&task) {
            return Some(length);
        }
        next = after
            .into_iter()
            .filter(|task| seen.insert(task.id()))
            .collect();
        if next.is_empty() {
            return None;
        }
    }
    None
}

#[test]
fn a_listed_cycle_has_no_shorter_one_through_the_task_where_it_was_found() {
    let mut dice = Dice::shaken();
    for _ in 0..100 {
        let flow = Taskflow::new();
        let tasks: Vec<TaskHandle<'_>> = (0..60).map(|_| flow.placeholder()).collect();
        flow.linearize(&tasks);
        tasks[59].precede(tasks[0]);
        for _ in 0..dice.below(8) {
            let (from, to) = (dice.below(60), dice.below(60));
            if from != to {
                tasks[from].precede(tasks[to]);
            }
        }
        let listed = cycle_of(&flow);
        assert!(is_a_cycle_of(&flow, &listed));
        let through = listed
            .iter()
            .map(|task| shortest_through(flow.task(task.id).unwrap()));
        let found = through
            .into_iter()
            .any(|length| length == Some(listed.len()));
        assert!(found, "a cycle with ways round: {listed:?}");
    }
}

#[test]
fn a_graph_without_a_source_is_refused() {
    let flow = Taskflow::new();
    let all: Vec<TaskHandle<'_>> = (0..4).map(|_| flow.emplace(|| {})).collect();
    for one in &all {
        for other in all.iter().filter(|other| *other != one) {
            one.precede(other);
        }
    }
    let listed = cycle_of(&flow);
    assert_eq!(listed.len(), 2);
    assert!(is_a_cycle_of(&flow, &listed));
}

#[test]
fn nothing_of_a_refused_graph_runs() {
    let ran = Arc::new(AtomicUsize::new(0));
    let flow = Taskflow::new();
    let tasks = [(); 3].map(|()| {
        let ran = Arc::clone(&ran);
        flow.emplace(move || {
            ran.fetch_add(1, Ordering::Relaxed);
        })
    });
    flow.linearize(tasks);
    tasks[2].precede(tasks[1]);
    let executor = Executor::new(2);
    let refused = [
        executor.run(&flow).wait(),
        executor.run_n(&flow, 3).wait(),
        executor.run_until(&flow, || true).wait(),
        executor.run_and_wait(&flow),
        executor.run_many([&flow]).remove(0).wait(),
        executor.run_many_and_wait([&flow]).remove(0),
        executor.scope(|scope| scope.run(&flow).wait()).unwrap(),
    ];
    for refused in refused {
        let error = refused.unwrap_err();
        assert!(matches!(
            error,
            RunError::Invalid(TaskflowError::Cycle { .. })
        ));
        assert!(error.stats().is_none());
    }
    assert_eq!(ran.load(Ordering::Relaxed), 0);
}

#[test]
fn a_refused_run_is_done_at_once() {
    let flow = Taskflow::new();
    let task = flow.emplace(|| {});
    task.precede(task);
    let executor = Executor::new(1);
    let mut run = executor.run(&flow);
    assert!(run.is_done());
    assert!(!run.cancel());
    let result = run.wait_timeout(core::time::Duration::ZERO);
    assert!(matches!(result, Some(Err(RunError::Invalid(_)))));
}

#[test]
fn an_executor_that_refused_a_graph_works_afterwards() {
    for workers in [1, 2, 4] {
        let executor = Executor::new(workers);
        let flow = Taskflow::new();
        let (a, b) = (flow.emplace(|| {}), flow.emplace(|| {}));
        for _ in 0..10 {
            a.precede(b).succeed(b);
            executor.run(&flow).wait().unwrap_err();
            flow.remove_edge(b, a);
            assert_eq!(executor.run(&flow).wait().unwrap().tasks, 2);
        }
    }
}

#[test]
fn a_cycle_of_a_million_tasks_is_found_on_a_small_stack() {
    within_a_minute(|| {
        let small = std::thread::Builder::new().stack_size(128 * 1024);
        let checker = small.spawn(|| {
            let flow = Taskflow::new();
            let tasks: Vec<TaskHandle<'_>> = (0..1_000_000).map(|_| flow.placeholder()).collect();
            flow.linearize(&tasks);
            flow.validate().unwrap();
            tasks[999_999].precede(tasks[0]);
            assert_eq!(cycle_of(&flow).len(), 1_000_000);
            flow.remove_edge(tasks[999_999], tasks[0]);
            flow.validate().unwrap();
        });
        checker.unwrap().join().unwrap();
    });
}

#[test]
fn a_long_tail_before_a_cycle_is_no_part_of_it() {
    let flow = Taskflow::new();
    let tasks: Vec<TaskHandle<'_>> = (0..100_000).map(|_| flow.placeholder()).collect();
    flow.linearize(&tasks);
    tasks[99_999].precede(tasks[99_990]);
    let listed = cycle_of(&flow);
    assert_eq!(listed.len(), 10);
    assert!(is_a_cycle_of(&flow, &listed));
}

#[test]
fn an_error_is_an_error_of_the_language_and_travels() {
    fn travels<E: core::error::Error + Send + Sync + 'static>() {}
    travels::<TaskflowError>();
    travels::<RunError>();
    let flow = Taskflow::new();
    let task = flow.emplace(|| {}).name("x");
    task.precede(task);
    let boxed: Box<dyn core::error::Error> =
        Box::new(Executor::new(1).run(&flow).wait().unwrap_err());
    assert!(boxed.to_string().contains("\"x\""), "{boxed}");
}

#[test]
fn a_name_given_after_a_refusal_is_in_the_next_one() {
    let flow = Taskflow::new();
    let (hen, egg) = (flow.placeholder(), flow.placeholder());
    hen.precede(egg).succeed(egg);
    assert_eq!(names(&cycle_of(&flow)), ["", ""]);
    hen.name("hen");
    egg.name("egg");
    assert_eq!(names(&cycle_of(&flow)), ["hen", "egg"]);
}
