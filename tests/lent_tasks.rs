//! Tasks that a policy leaves with the workers are run in the same order as where it is asked for each.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, Weak};

use taskflow_std::{
    Builder, Event, Manual, Platform, Priority, PriorityScheduler, StdPlatform, TaskHandle,
    Taskflow,
};

use crate::support::dice::Dice;

/// What was begun, in order.
type Log = Arc<Mutex<Vec<String>>>;

/// An executor that its own tasks use.
type Prioritized<P> = taskflow_core::Executor<P, PriorityScheduler>;

fn executor<P: Platform>(platform: P, workers: usize) -> Arc<Prioritized<P>> {
    // (Where a policy is asked for each task, that counts for ageing.)
    let scheduler = PriorityScheduler::new().ageing(None);
    let builder = Builder::new(platform).workers(workers).scheduler(scheduler);
    let executor = builder.build();
    Arc::new(executor.unwrap_or_else(|_| panic!("the workers start")))
}

fn log(log: &Log, entry: impl Into<String>) {
    log.lock()
        .expect("nobody panics with it")
        .push(entry.into());
}

/// Spawns a task that logs its name, and gives it its priority.
fn spawn<P: Platform>(
    executor: &Weak<Prioritized<P>>,
    order: &Log,
    priority: Priority,
    name: &str,
) {
    let executor = executor.upgrade().expect("it waits for its tasks");
    let (order, name) = (Arc::clone(order), name.to_owned());
    drop(executor.spawn_with_priority(priority, move || log(&order, name)));
}

/// Two tasks of a flow that come before all others, of which the first waits to be let go on when the run was started: that is over
/// before others become ready. Gives the second.
fn quiet_start<'f>(flow: &'f Taskflow<'static>) -> (TaskHandle<'f>, Sender<()>) {
    let (go, gone) = channel();
    let first = flow.emplace(move || gone.recv().expect("the run was started"));
    let second = flow.emplace(|| {});
    first.precede(second);
    (second, go)
}

/// What a task of a drawn program spawns.
fn drawn_priority(dice: &mut Dice) -> Option<Priority> {
    (dice.below(8) == 0).then(|| Priority::ALL[dice.below(4)])
}

/// A drawn graph of tasks that are all as usual, some of which spawn what is more or less urgent.
fn drawn<P: Platform>(
    executor: &Arc<Prioritized<P>>,
    mut dice: Dice,
    order: &Log,
) -> (Taskflow<'static>, Sender<()>) {
    let flow = Taskflow::new();
    let (start, go) = quiet_start(&flow);
    let (mut tasks, mut edges) = (Vec::new(), Vec::new());
    for number in 0..40 + dice.number() % 40 {
        let (weak, order, spawned) = (
            Arc::downgrade(executor),
            Arc::clone(order),
            drawn_priority(&mut dice),
        );
        let task = flow.emplace(move || {
            log(&order, number.to_string());
            if let Some(priority) = spawned {
                spawn(
                    &weak,
                    &order,
                    priority,
                    &format!("{priority:?} of {number}"),
                );
            }
        });
        for _ in 0..(dice.number() % 4).min(number) {
            edges.push((dice.number() % number, number));
        }
        start.precede(task);
        tasks.push(task);
    }
    // The last first, so that the order of creation is not that of the edges.
    for (from, to) in edges.into_iter().rev() {
        tasks[from as usize].precede(tasks[to as usize]);
    }
    drop(tasks);
    (flow, go)
}

#[test]
fn one_worker_that_keeps_tasks_runs_them_in_the_order_of_one_that_asks_for_each() {
    let mut dice = Dice::shaken();
    for _ in 0..100 {
        let program = dice.clone();
        dice.number();
        let (kept, asked) = (Log::default(), Log::default());

        let threads = executor(StdPlatform::new(), 1);
        let (flow, go) = drawn(&threads, program.clone(), &kept);
        let run = threads.run(&flow);
        go.send(()).unwrap();
        run.wait().unwrap();
        threads.wait_for_all().unwrap();

        let steps = executor(Manual::new(), 1);
        let (flow, go) = drawn(&steps, program, &asked);
        let run = steps.run(&flow);
        go.send(()).unwrap();
        steps.platform().step_all();
        run.wait().unwrap();

        assert_eq!(*kept.lock().unwrap(), *asked.lock().unwrap());
    }
}

#[test]
fn what_a_task_starts_comes_before_what_becomes_ready_later_and_more_urgent_before_all() {
    let executor = executor(StdPlatform::new(), 1);
    let (flow, order) = (Taskflow::new(), Log::default());
    let (start, go) = quiet_start(&flow);
    for number in 0..6 {
        let (weak, order) = (Arc::downgrade(&executor), Arc::clone(&order));
        let first = flow.emplace({
            let order = Arc::clone(&order);
            move || {
                log(&order, format!("a{number}"));
                if number == 3 {
                    spawn(&weak, &order, Priority::Normal, "normal");
                    spawn(&weak, &order, Priority::Low, "low");
                    spawn(&weak, &order, Priority::Critical, "critical");
                }
            }
        });
        start.precede(first);
        first.precede(flow.emplace(move || log(&order, format!("b{number}"))));
    }
    let run = executor.run(&flow);
    go.send(()).unwrap();
    run.wait().unwrap();
    executor.wait_for_all().unwrap();
    let expected = "a0 a1 a2 a3 critical a4 a5 b0 b1 b2 normal b3 b4 b5 low";
    assert_eq!(order.lock().unwrap().join(" "), expected);
}

#[test]
fn a_run_that_a_task_starts_goes_before_what_is_kept_if_it_is_more_urgent() {
    let executor = executor(StdPlatform::new(), 1);
    let (flow, order) = (Taskflow::new(), Log::default());
    let (start, go) = quiet_start(&flow);
    for number in 0..4 {
        let (weak, order) = (Arc::downgrade(&executor), Arc::clone(&order));
        let task = flow.emplace(move || {
            log(&order, number.to_string());
            if number != 1 {
                return;
            }
            let executor = weak.upgrade().expect("it waits for its tasks");
            let urgent = Taskflow::new();
            for name in ["first", "second"] {
                let order = Arc::clone(&order);
                let task = urgent.emplace(move || log(&order, name));
                task.priority(Priority::Critical);
            }
            // The flow is let go before it has run, and runs.
            drop(executor.run(&urgent));
        });
        start.precede(task);
    }
    let run = executor.run(&flow);
    go.send(()).unwrap();
    run.wait().unwrap();
    executor.wait_for_all().unwrap();
    assert_eq!(order.lock().unwrap().join(" "), "0 1 first second 2 3");
}

#[test]
fn a_task_that_waits_leaves_what_its_worker_kept_in_order() {
    let executor = executor(StdPlatform::new(), 1);
    let (flow, order) = (Taskflow::new(), Log::default());
    let (start, go) = quiet_start(&flow);
    for number in 0..6 {
        let (weak, order) = (Arc::downgrade(&executor), Arc::clone(&order));
        let task = flow.emplace(move || {
            log(&order, number.to_string());
            if number == 2 {
                let executor = weak.upgrade().expect("it waits for its tasks");
                let (inner, order) = (Taskflow::new(), Arc::clone(&order));
                let weak = Weak::clone(&weak);
                let body = inner.emplace(move || {
                    log(&order, "awaited");
                    spawn(&weak, &order, Priority::Critical, "critical");
                });
                let mut passes = 0;
                let again = move || {
                    passes += 1;
                    passes < 3
                };
                inner.repeat_while(again, body);
                executor.run_and_wait(&inner).unwrap();
            }
        });
        start.precede(task);
    }
    let run = executor.run(&flow);
    go.send(()).unwrap();
    run.wait().unwrap();
    assert_eq!(
        order.lock().unwrap().join(" "),
        "0 1 2 awaited awaited critical critical 3 4 5"
    );
}

#[test]
fn a_task_that_gives_its_seat_away_leaves_what_was_kept_in_order_to_who_takes_it() {
    let [executor, other] = [0, 1].map(|_| executor(StdPlatform::new(), 1));
    let (flow, order) = (Taskflow::new(), Log::default());
    let (tell, told) = channel();
    let mut told = Some(told);
    let (start, go) = quiet_start(&flow);
    for number in 0..6 {
        let (other, order, tell) = (Arc::clone(&other), Arc::clone(&order), tell.clone());
        let weak = Arc::downgrade(&executor);
        let mut told = told.take_if(|_| number == 2);
        let task = flow.emplace(move || {
            log(&order, number.to_string());
            if let Some(told) = told.take() {
                spawn(&weak, &order, Priority::Critical, "critical");
                let waits = other.spawn(move || told.recv().expect("somebody tells"));
                waits.wait().unwrap();
                log(&order, "told");
            } else if number == 4 {
                tell.send(()).expect("somebody waits");
            }
        });
        start.precede(task);
    }
    let run = executor.run(&flow);
    go.send(()).unwrap();
    run.wait().unwrap();
    let order = order.lock().unwrap();
    let begun = order.iter().filter(|entry| *entry != "told");
    assert!(
        begun.eq(["0", "1", "2", "critical", "3", "4", "5"]),
        "{order:?}"
    );
}

#[test]
fn runs_that_a_task_starts_before_it_fails_are_run_after_what_is_kept_was_given_back() {
    for workers in [1, 2] {
        let executor = executor(StdPlatform::new(), workers);
        let (flow, order) = (Taskflow::new(), Log::default());
        for number in 0..4 {
            let (weak, order) = (Arc::downgrade(&executor), Arc::clone(&order));
            flow.try_emplace(move || {
                if number != 0 {
                    return Ok(());
                }
                let executor = weak.upgrade().expect("it waits for its tasks");
                for name in ["one", "two", "three"] {
                    let inner = Taskflow::new();
                    for _ in 0..3 {
                        let order = Arc::clone(&order);
                        inner.emplace(move || log(&order, name));
                    }
                    drop(executor.run(&inner));
                }
                Err(core::fmt::Error.into())
            });
        }
        executor.run(&flow).wait().unwrap_err();
        executor.wait_for_all().unwrap();
        assert_eq!(order.lock().unwrap().len(), 9);
    }
}

/// A flow of tasks, each of which tells its number when it has begun and goes on when it is told to.
fn gated(began: &Sender<usize>) -> (Taskflow<'static>, Vec<Sender<()>>) {
    let (flow, mut gates) = (Taskflow::new(), Vec::new());
    for number in 0..16 {
        let (gate, pass) = channel();
        let began = began.clone();
        flow.emplace(move || {
            began.send(number).expect("somebody listens");
            pass.recv().expect("somebody lets it go on");
        });
        gates.push(gate);
    }
    (flow, gates)
}

/// The number that the critical task of a gated flow tells.
const CRITICAL: usize = usize::MAX;

#[test]
fn whoever_keeps_tasks_or_has_stolen_some_takes_a_critical_one_from_outside_next() {
    for workers in [1, 2, 3] {
        for last in 0..workers {
            let executor = executor(StdPlatform::new(), workers);
            let (began, begun) = channel();
            let (flow, gates) = gated(&began);
            let run = executor.run(&flow);
            let mut running: Vec<_> = (0..workers).map(|_| begun.recv().unwrap()).collect();
            running.sort_unstable();
            let told = began.clone();
            let critical = move || told.send(CRITICAL).expect("somebody listens");
            let critical = executor.spawn_with_priority(Priority::Critical, critical);
            gates[running[last]].send(()).unwrap();
            assert_eq!(
                begun.recv().unwrap(),
                CRITICAL,
                "of {running:?} the one at {last}"
            );
            for gate in &gates {
                // (One has gone on already, and needs none.)
                let _ = gate.send(());
            }
            run.wait().unwrap();
            critical.wait().unwrap();
        }
    }
}

#[test]
fn whoever_has_stolen_tasks_of_a_run_that_is_observed_since_takes_a_critical_one_from_outside_next()
{
    let executor = executor(StdPlatform::new(), 2);
    let (began, begun) = channel();
    // One worker is busy while the other keeps all tasks, and comes when they are observed.
    let (free, freed) = channel::<()>();
    let told = began.clone();
    let busy = executor.spawn(move || {
        told.send(16).expect("somebody listens");
        freed.recv().expect("somebody lets it go on");
    });
    assert_eq!(begun.recv(), Ok(16));
    let (flow, gates) = gated(&began);
    let run = executor.run(&flow);
    assert!(begun.recv().unwrap() < 16);
    let observer = executor.observe(|_: &Event<'_>| {});
    free.send(()).unwrap();
    let thief = begun.recv().unwrap();
    let critical = executor.spawn_with_priority(Priority::Critical, move || {
        began.send(CRITICAL).expect("somebody listens");
    });
    gates[thief].send(()).unwrap();
    assert_eq!(begun.recv(), Ok(CRITICAL), "after task {thief}");
    for gate in &gates {
        // (One has gone on already, and needs none.)
        let _ = gate.send(());
    }
    run.wait().unwrap();
    critical.wait().unwrap();
    busy.wait().unwrap();
    drop(observer);
}
