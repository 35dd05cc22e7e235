//! What each policy says of itself.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::dice::Dice;
use crate::support::watchdog::within_a_minute;
use taskflow_core::{Builder, Executor, Manual};
use taskflow_std::{
    FifoScheduler, Priority, PriorityScheduler, RoundRobinScheduler, Scheduler, StdPlatform,
    Taskflow, TaskflowFuture,
};

fn one_worker<S: Scheduler>(scheduler: S) -> Executor<Manual, S> {
    let builder = Builder::new(Manual::new()).workers(1).scheduler(scheduler);
    builder.build().expect("no thread is needed")
}

/// A critical task that spawns the next, so many times.
fn chain(executor: &Arc<Executor<Manual, PriorityScheduler>>, ran: &Arc<Mutex<u32>>, left: u32) {
    let (again, ran) = (Arc::downgrade(executor), Arc::clone(ran));
    let next = executor.spawn_with_priority(Priority::Critical, move || {
        *ran.lock().expect("nobody panics with it") += 1;
        if let (Some(executor), true) = (again.upgrade(), left > 1) {
            chain(&executor, &ran, left - 1);
        }
    });
    drop(next);
}

/// How many critical tasks of a chain ran before a low one that was there first.
fn overtakes(scheduler: PriorityScheduler, chained: u32) -> u32 {
    let executor = Arc::new(one_worker(scheduler));
    let ran = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&ran);
    let low = executor.spawn_with_priority(Priority::Low, move || {
        *seen.lock().expect("nobody panics with it")
    });
    chain(&executor, &ran, chained);
    executor.platform().step_all();
    assert_eq!(*ran.lock().expect("nobody panics with it"), chained);
    low.wait().expect("it ends well")
}

#[test]
fn a_low_task_is_not_starved_by_an_endless_chain_of_critical_ones() {
    for tasks in [1, 10, 100] {
        let scheduler = PriorityScheduler::new().ageing(NonZeroU32::new(tasks));
        let overtaken = overtakes(scheduler, 10 * tasks);
        assert!(
            (3 * tasks..=6 * tasks).contains(&overtaken),
            "{overtaken} of {tasks}"
        );
    }
    assert!(overtakes(PriorityScheduler::new(), 10_000) <= 6 * 256);
}

#[test]
fn without_ageing_a_low_task_waits_for_all_critical_ones() {
    assert_eq!(
        overtakes(PriorityScheduler::new().ageing(None), 10_000),
        10_000
    );
}

#[test]
fn of_equally_urgent_tasks_the_one_with_the_nearest_deadline_is_next_and_those_without_come_last() {
    let mut dice = Dice::shaken();
    for _ in 0..50 {
        let executor = one_worker(PriorityScheduler::new().ageing(None));
        let (flow, order) = (Taskflow::new(), Arc::new(Mutex::new(Vec::new())));
        let mut expected = Vec::new();
        for at in 0..60 {
            let priority = Priority::ALL[dice.below(4)];
            let deadline = (dice.below(3) > 0).then(|| dice.below(10) as u64);
            let noted = Arc::clone(&order);
            let task = flow.emplace(move || noted.lock().expect("nobody panics with it").push(at));
            task.priority(priority);
            if let Some(hours) = deadline {
                task.deadline(Duration::from_secs(3600 * (hours + 1)));
            }
            expected.push((
                core::cmp::Reverse(priority),
                deadline.is_none(),
                deadline,
                at,
            ));
        }
        let run = executor.run(&flow);
        executor.platform().step_all();
        run.wait().expect("nothing fails");
        expected.sort_unstable();
        let expected: Vec<_> = expected.iter().map(|task| task.3).collect();
        assert_eq!(*order.lock().expect("nobody panics with it"), expected);
    }
}

/// A task of a loop that is critical and has a deadline, and one that is neither.
#[test]
fn a_low_task_without_a_deadline_is_not_starved_by_endless_critical_ones_that_have_one() {
    for tasks in [1, 10, 100] {
        let scheduler = PriorityScheduler::new().ageing(NonZeroU32::new(tasks));
        let executor = one_worker(scheduler);
        let (flow, counts) = (Taskflow::new(), Arc::new(Mutex::new((0, None))));
        let (looped, seen) = (Arc::clone(&counts), Arc::clone(&counts));
        let first = flow.placeholder();
        let again = flow.repeat_while(
            move || {
                let mut counts = looped.lock().expect("nobody panics with it");
                counts.0 += 1;
                counts.0 < 20 * tasks
            },
            flow.placeholder().priority(Priority::Critical),
        );
        for urgent in flow.tasks() {
            urgent.priority(Priority::Critical);
            urgent.deadline(Duration::from_secs(1));
        }
        let low = flow.emplace(move || {
            let mut counts = seen.lock().expect("nobody panics with it");
            counts.1 = Some(counts.0);
        });
        first.precede(again);
        first.precede(low.priority(Priority::Low));
        let run = executor.run(&flow);
        executor.platform().step_all();
        run.wait().expect("nothing fails");
        let (_, overtaken) = *counts.lock().expect("nobody panics with it");
        assert!(
            overtaken.is_some_and(|overtaken| overtaken <= 8 * tasks),
            "{overtaken:?} of {tasks}"
        );
    }
}

/// The tasks of so many flows of two tasks each, in the order in which they ran, where all were submitted before the worker looked.
fn submitted_at_once<S: Scheduler>(scheduler: S, flows: usize) -> Vec<(usize, usize)> {
    let executor = one_worker(scheduler);
    let ran = Arc::new(Mutex::new(Vec::new()));
    let flows: Vec<_> = (0..flows)
        .map(|number| {
            let flow = Taskflow::new();
            flow.linearize([0, 1].map(|task| {
                let ran = Arc::clone(&ran);
                flow.emplace(move || {
                    let mut ran = ran.lock().expect("nobody panics with it");
                    ran.push((number, task));
                })
            }));
            flow
        })
        .collect();
    let runs: Vec<_> = flows.iter().map(|flow| executor.run(flow)).collect();
    executor.platform().step_all();
    for run in runs {
        run.wait().expect("it ends well");
    }
    ran.lock().expect("nobody panics with it").clone()
}

#[test]
fn of_runs_that_wait_for_the_only_worker_the_first_begins_first() {
    for flows in [2, 3, 200] {
        let in_turn: Vec<_> = [0, 1]
            .into_iter()
            .flat_map(|task| (0..flows).map(move |flow| (flow, task)))
            .collect();
        assert_eq!(submitted_at_once(FifoScheduler::new(), flows), in_turn);
        assert_eq!(submitted_at_once(PriorityScheduler::new(), flows), in_turn);
        assert_eq!(
            submitted_at_once(RoundRobinScheduler::new(), flows),
            in_turn
        );
    }
}

#[test]
fn a_run_that_comes_late_begins_after_all_that_came_before_however_many_those_are() {
    for (early, late) in [(200, 1), (300, 2), (1, 200), (150, 300)] {
        let executor = one_worker(FifoScheduler::new());
        let ran = Arc::new(Mutex::new(Vec::new()));
        let flows = noting(&ran, early + late);
        let mut runs: Vec<_> = flows[..early]
            .iter()
            .map(|flow| executor.run(flow))
            .collect();
        executor.platform().step(0);
        runs.extend(flows[early..].iter().map(|flow| executor.run(flow)));
        executor.platform().step_all();
        for run in runs {
            run.wait().expect("it ends well");
        }
        let ran = ran.lock().expect("nobody panics with it").clone();
        assert!(ran.is_sorted(), "{early} and {late}: {ran:?}");
        assert_eq!(ran.len(), early + late);
    }
}

/// Flows of one task each, which notes the number of its flow.
fn noting(ran: &Arc<Mutex<Vec<usize>>>, flows: usize) -> Vec<Taskflow<'static>> {
    let noting = |number| {
        let (flow, ran) = (Taskflow::new(), Arc::clone(ran));
        flow.emplace(move || ran.lock().expect("nobody panics with it").push(number));
        flow
    };
    (0..flows).map(noting).collect()
}

/// An executor with a thread, and what its tasks note.
fn one_thread() -> (
    Arc<taskflow_std::Executor<FifoScheduler>>,
    Arc<Mutex<Vec<usize>>>,
) {
    let builder = Builder::new(StdPlatform::default()).workers(1);
    let built = builder.scheduler(FifoScheduler::new()).build();
    (
        Arc::new(built.expect("a thread can be started")),
        Arc::default(),
    )
}

/// (A wait would run what it waits for before other things.)
fn ended(runs: &[TaskflowFuture]) {
    while !runs.iter().all(TaskflowFuture::is_done) {
        thread::yield_now();
    }
}

#[test]
fn of_runs_that_wake_the_only_worker_the_first_begins_first() {
    within_a_minute(|| {
        let (executor, ran) = one_thread();
        for number in [2, 3, 4, 5, 8] {
            let flows = noting(&ran, number);
            for round in 0..200 {
                let runs: Vec<_> = flows.iter().map(|flow| executor.run(flow)).collect();
                ended(&runs);
                let ran = core::mem::take(&mut *ran.lock().expect("nobody panics with it"));
                let in_turn: Vec<_> = (0..number).collect();
                assert_eq!(ran, in_turn, "in round {round}");
            }
        }
    });
}

#[test]
fn of_runs_that_a_task_submits_the_first_begins_first() {
    within_a_minute(|| {
        let (executor, ran) = one_thread();
        for number in [2, 3, 4, 5] {
            let (flows, runs) = (noting(&ran, number), Arc::new(Mutex::new(Vec::new())));
            let (submits, inner, made) = (Taskflow::new(), Arc::downgrade(&executor), runs.clone());
            submits.emplace(move || {
                let executor = inner.upgrade().expect("it runs this");
                let runs = flows.iter().map(|flow| executor.run(flow));
                *made.lock().expect("nobody panics with it") = runs.collect();
            });
            for round in 0..200 {
                ended(&[executor.run(&submits)]);
                ended(&core::mem::take(
                    &mut *runs.lock().expect("nobody panics with it"),
                ));
                let ran = core::mem::take(&mut *ran.lock().expect("nobody panics with it"));
                let in_turn: Vec<_> = (0..number).collect();
                assert_eq!(ran, in_turn, "in round {round}");
            }
        }
    });
}
