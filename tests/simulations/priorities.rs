//! Priorities between workers, under every seed.

use core::num::NonZeroU32;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use taskflow_std::testing::{Dice, Executor, Simulation, pause, spawn};
use taskflow_std::{Priority, PriorityScheduler, SharedDynamicScheduler, Taskflow};

use crate::support::counter::Counter;
use crate::support::inversion::flooded;

/// Tasks of less urgency, as many as are drawn, that count their starts.
fn less_urgent(dice: &mut Dice, started: &Counter) -> Taskflow<'static> {
    let flow = Taskflow::new();
    let mut tasks = Vec::new();
    for at in 0..20 + dice.below(40) {
        let (started, pauses) = (started.clone(), dice.below(4));
        let task = flow.emplace(move || {
            started.add();
            for _ in 0..pauses {
                pause();
            }
        });
        for _ in 0..dice.below(2).min(at) {
            task.succeed(tasks[dice.below(at)]);
        }
        tasks.push(task.priority(Priority::ALL[dice.below(3)]));
    }
    drop(tasks);
    flow
}

/// Spawns a critical task. It notes how many of the others have started since it was ready.
fn alarm(executor: &Executor<PriorityScheduler>, started: &Counter, worst: &Arc<AtomicUsize>) {
    let ready_at = Arc::new(AtomicUsize::new(usize::MAX));
    let (at, worst, seen) = (Arc::clone(&ready_at), Arc::clone(worst), started.clone());
    let handle = executor.spawn_with_priority(Priority::Critical, move || {
        let before = seen.get().saturating_sub(at.load(Ordering::Relaxed));
        worst.fetch_max(before, Ordering::Relaxed);
    });
    ready_at.store(started.get(), Ordering::Relaxed);
    drop(handle);
}

#[test]
fn a_critical_task_that_is_ready_goes_before_all_others_but_one_for_each_worker() {
    for workers in [1, 2, 4, 8] {
        let worst = Arc::new(AtomicUsize::new(0));
        Simulation::new().workers(workers).seeds(40).check_over(
            || PriorityScheduler::new().ageing(None),
            |executor, dice| {
                let started = Counter::default();
                let flow = less_urgent(dice, &started);
                // From outside, and from a task.
                let from_task = (
                    Arc::downgrade(executor),
                    started.clone(),
                    Arc::clone(&worst),
                );
                flow.emplace(move || {
                    let (executor, started, worst) = &from_task;
                    started.add();
                    if let Some(executor) = executor.upgrade() {
                        alarm(&executor, started, worst);
                    }
                });
                let run = executor.run(&flow);
                let (outside, pauses) = (Arc::clone(executor), dice.below(40));
                let from_outside = (started.clone(), Arc::clone(&worst));
                spawn(move || {
                    for _ in 0..pauses {
                        pause();
                    }
                    alarm(&outside, &from_outside.0, &from_outside.1);
                });
                executor.wait_for_all().expect("this is no task");
                run.wait().expect("nothing fails");
                let worst = worst.load(Ordering::Relaxed);
                assert!(worst <= workers, "{worst} began before it");
            },
        );
        println!("{workers} workers: at worst {worst:?}");
    }
}

/// More critical tasks than go before a low one that ages.
const MANY: usize = 2_000;

#[test]
fn low_tasks_come_to_an_end_while_critical_ones_spawn_one_another() {
    Simulation::new().seeds(40).check_over(
        || PriorityScheduler::new().ageing(NonZeroU32::new(4)),
        |executor, _| {
            fn endless(executor: &Arc<Executor<PriorityScheduler>>, low: &Counter, ran: &Counter) {
                let (again, low, ran) = (Arc::downgrade(executor), low.clone(), ran.clone());
                drop(executor.spawn_with_priority(Priority::Critical, move || {
                    if ran.add() < MANY
                        && low.get() < 10
                        && let Some(executor) = again.upgrade()
                    {
                        endless(&executor, &low, &ran);
                    }
                }));
            }
            let (low, ran) = (Counter::default(), Counter::default());
            for _ in 0..2 * executor.num_workers() {
                endless(executor, &low, &ran);
            }
            for _ in 0..10 {
                let low = low.clone();
                drop(executor.spawn_with_priority(Priority::Low, move || {
                    low.add();
                }));
            }
            executor.wait_for_all().expect("this is no task");
            assert_eq!(low.get(), 10);
            assert!(ran.get() < MANY, "low tasks starve");
        },
    );
}

#[test]
fn a_critical_task_gets_its_unit_while_less_urgent_tasks_keep_coming() {
    for workers in [1, 2, 4] {
        let simulation = Simulation::new().workers(workers).seeds(40);
        let prompt = |before: usize| assert!(before < MANY, "{before} went before it");
        simulation.check_over(
            || PriorityScheduler::new().ageing(None),
            |executor, _| prompt(flooded(executor, MANY)),
        );
        simulation.check_over(SharedDynamicScheduler::new, |executor, _| {
            prompt(flooded(executor, MANY));
        });
    }
    Simulation::new().workers(1).seeds(4).check_over(
        || PriorityScheduler::new().ageing(None).without_inheritance(),
        |executor, _| assert!(flooded(executor, MANY) >= MANY, "it inverts"),
    );
}
