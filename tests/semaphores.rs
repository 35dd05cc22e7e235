//! Semaphores: between an acquisition and a release are never more tasks than units, no worker is held up
//! meanwhile, and every run ends.

use std::panic::{catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};

use crate::support::counter::Counter;
use crate::support::dice::Dice;
use crate::support::guarded::Guarded;
use crate::support::rig::{Rig, on_each_rig};
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Lint, Module, RunError, Semaphore, Taskflow};

#[test]
fn no_update_is_lost_between_an_acquisition_and_a_release() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (lock, number) = (Semaphore::new(1), Guarded::default());
            let flow = Taskflow::new();
            for _ in 0..500 {
                let number = number.clone();
                let task = flow.emplace(move || number.update());
                task.acquire(&lock).release(&lock);
            }
            let stats = rig.run_n(&flow, 2).unwrap();
            assert_eq!((stats.tasks, stats.skipped), (1000, 0));
            assert_eq!((number.get(), lock.count()), (1000, 1));
        });
    });
}

#[test]
fn never_more_tasks_than_units_are_in_a_section_of_several_tasks() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let seats = Semaphore::new(3).name("seats");
            let inside = Guarded::default();
            let flow = Taskflow::new();
            for _ in 0..100 {
                let [enter, stay, leave] = [inside.clone(), inside.clone(), inside.clone()];
                flow.linearize([
                    flow.emplace(move || enter.enter(3)).acquire(&seats),
                    flow.emplace(move || stay.stay(3)),
                    flow.emplace(move || leave.leave()).release(&seats),
                ]);
            }
            assert_eq!(rig.run(&flow).unwrap().tasks, 300);
            assert_eq!((seats.count(), inside.count()), (3, 0));
        });
    });
}

#[test]
fn ten_thousand_tasks_in_a_chain_acquire_and_release() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (lock, number) = (Semaphore::new(1), Guarded::default());
            let flow = Taskflow::new();
            let tasks: Vec<_> = (0..10_000)
                .map(|_| {
                    let number = number.clone();
                    let task = flow.emplace(move || number.update());
                    task.acquire(&lock).release(&lock)
                })
                .collect();
            flow.linearize(tasks);
            let stats = rig.run(&flow).unwrap();
            assert_eq!((stats.tasks, stats.skipped), (10_000, 0));
            assert_eq!(number.get(), 10_000);
        });
    });
}

#[test]
fn tasks_with_an_edge_in_the_conflict_graph_never_run_at_once() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        let pairs: Vec<(usize, usize)> = (0..300)
            .map(|_| (dice.below(60), dice.below(60)))
            .filter(|(one, other)| one != other)
            .collect();
        on_each_rig(|rig| {
            let edges: Vec<_> = pairs
                .iter()
                .map(|_| (Semaphore::new(1), Guarded::default()))
                .collect();
            let flow = Taskflow::new();
            for task in 0..60 {
                let touching = pairs.iter().zip(&edges);
                let touching = touching.filter(|((one, other), _)| *one == task || *other == task);
                let (mut locks, mut numbers) = (Vec::new(), Vec::new());
                for (_, (lock, number)) in touching {
                    locks.push(lock);
                    numbers.push(number.clone());
                }
                let task = flow.emplace(move || numbers.iter().for_each(Guarded::update));
                task.acquire(&locks).release(&locks);
            }
            assert_eq!(rig.run_n(&flow, 3).unwrap().skipped, 0);
            for (lock, number) in &edges {
                assert_eq!((number.get(), lock.count()), (6, 1));
            }
        });
    });
}

#[test]
fn a_thousand_semaphores_acquired_in_conflicting_orders_never_deadlock() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        let orders: Vec<Vec<usize>> = (0..50)
            .map(|_| (0..40).map(|_| dice.below(1000)).collect())
            .collect();
        on_each_rig(|rig| {
            let semaphores: Vec<_> = (0..1000).map(|_| Semaphore::new(2)).collect();
            let numbers: Vec<_> = (0..1000).map(|_| Guarded::default()).collect();
            let flow = Taskflow::new();
            let mut used = 0;
            for (number, order) in orders.iter().enumerate() {
                let mut order = order.clone();
                order.sort_unstable();
                order.dedup();
                used += order.len();
                if number % 2 == 0 {
                    order.reverse();
                }
                // The two units of each are had by one task.
                let needed: Vec<_> = order.iter().map(|at| &semaphores[*at]).collect();
                let mine: Vec<_> = order.iter().map(|at| numbers[*at].clone()).collect();
                let again = mine.clone();
                let enter = flow.emplace(move || mine.iter().for_each(Guarded::update));
                let leave = flow.emplace(move || again.iter().for_each(Guarded::update));
                enter.acquire(&needed).acquire(&needed).precede(leave);
                leave.release(&needed).release(&needed);
            }
            let stats = rig.run(&flow).unwrap();
            assert_eq!((stats.tasks, stats.skipped), (100, 0));
            let updates: usize = numbers.iter().map(Guarded::get).sum();
            assert_eq!(updates, 2 * used);
            assert!(semaphores.iter().all(|semaphore| semaphore.count() == 2));
        });
    });
}

#[test]
fn a_task_that_waits_for_a_semaphore_holds_no_worker() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let signal = Semaphore::with_count(1, 0);
            let count = Counter::default();
            let flow = Taskflow::new();
            for _ in 0..100 {
                let count = count.clone();
                let task = flow.emplace(move || {
                    count.add();
                });
                task.acquire(&signal).release(&signal);
            }
            let chain: Vec<_> = (0..10).map(|_| flow.placeholder()).collect();
            flow.linearize(&chain);
            chain[9].release(&signal);
            assert_eq!(rig.run(&flow).unwrap().tasks, 110);
            assert_eq!(count.get(), 100);
        });
    });
}

#[test]
fn a_loop_acquires_and_releases_in_every_pass() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (lock, number) = (Semaphore::new(1), Guarded::default());
            let flow = Taskflow::new();
            for _ in 0..4 {
                let (number, mut passes) = (number.clone(), 0);
                let start = flow.placeholder();
                let body = flow.emplace(move || number.update());
                body.acquire(&lock).release(&lock);
                let again = flow.emplace_condition(move || {
                    passes += 1;
                    usize::from(passes % 100 == 0)
                });
                again.acquire(&lock).release(&lock);
                start.precede(body);
                body.precede(again);
                again.precede(body);
            }
            let stats = rig.run_n(&flow, 2).unwrap();
            assert_eq!((stats.skipped, number.get()), (0, 800));
            assert_eq!(lock.count(), 1);
        });
    });
}

#[test]
fn a_release_comes_after_the_body_and_all_it_spawned() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (lock, number) = (Semaphore::new(1), Guarded::default());
            let flow = Taskflow::new();
            for joins in [false, true, false, true] {
                let number = number.clone();
                let task = flow.emplace_subflow(move |inner| {
                    let parts: Vec<_> = (0..20)
                        .map(|_| {
                            let number = number.clone();
                            inner.emplace(move || number.update())
                        })
                        .collect();
                    inner.linearize(parts);
                    if joins {
                        inner.join().unwrap();
                    }
                });
                task.acquire(&lock).release(&lock);
            }
            assert_eq!(rig.run_n(&flow, 5).unwrap().skipped, 0);
            assert_eq!((number.get(), lock.count()), (400, 1));
        });
    });
}

#[test]
fn children_of_subflows_and_tasks_of_modules_take_turns_with_all_others() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (lock, number) = (Semaphore::new(1), Guarded::default());
            let add = |flow: &Taskflow<'static>| {
                let number = number.clone();
                let task = flow.emplace(move || number.update());
                task.acquire(&lock).release(&lock);
            };
            let parts = Taskflow::new();
            (0..5).for_each(|_| add(&parts));
            let module = Module::new(parts);
            let flows = [(); 3].map(|()| Taskflow::new());
            for flow in &flows {
                (0..5).for_each(|_| add(flow));
                flow.composed_of(&module);
                let (lock, number) = (lock.clone(), number.clone());
                flow.emplace_subflow(move |inner| {
                    for _ in 0..5 {
                        let number = number.clone();
                        let task = inner.emplace(move || number.update());
                        task.acquire(&lock).release(&lock);
                    }
                });
            }
            let runs = flows
                .iter()
                .flat_map(|flow| [rig.start(flow), rig.start(flow)]);
            for result in rig.finish_all(runs.collect()) {
                assert_eq!(result.unwrap().skipped, 0);
            }
            assert_eq!((number.get(), lock.count()), (90, 1));
        });
    });
}

#[test]
fn a_task_that_panics_or_fails_releases_all_the_same() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (lock, number) = (Semaphore::new(1), Guarded::default());
            let broken = Taskflow::new();
            let unwinds = matches!(rig, Rig::Threads(_));
            let task = broken.try_emplace(move || {
                if unwinds {
                    resume_unwind(Box::new("on purpose"));
                }
                Err("on purpose".parse::<u8>().unwrap_err().into())
            });
            task.acquire(&lock).release(&lock);
            let whole = Taskflow::new();
            for _ in 0..10 {
                let number = number.clone();
                let task = whole.emplace(move || number.update());
                task.acquire(&lock).release(&lock);
            }
            let flows = [&broken, &whole, &broken, &whole, &broken];
            let runs = flows.map(|flow| rig.start(flow));
            for (place, result) in rig.finish_all(runs.into()).into_iter().enumerate() {
                assert_eq!(place % 2 == 1, result.is_ok());
            }
            assert_eq!((number.get(), lock.count()), (20, 1));
        });
    });
}

#[test]
fn a_task_that_waits_for_another_run_and_gives_its_seat_away_keeps_what_it_has() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let executor = Arc::new(Executor::new(workers));
            let (lock, number) = (Semaphore::new(1), Guarded::default());
            let flow = Taskflow::new();
            for _ in 0..10 {
                let (executor, number) = (Arc::clone(&executor), number.clone());
                let task = flow.emplace(move || {
                    let inner = Taskflow::new();
                    let inside = number.clone();
                    inner.emplace(move || inside.update());
                    executor.run(&inner).wait().unwrap();
                    number.update();
                });
                task.acquire(&lock).release(&lock);
            }
            assert_eq!(executor.run(&flow).wait().unwrap().skipped, 0);
            assert_eq!((number.get(), lock.count()), (20, 1));
        }
    });
}

#[test]
fn a_semaphore_is_told_by_its_name_its_count_and_its_maximum() {
    let semaphore = Semaphore::with_count(5, 2).name("tokens");
    let other = semaphore.clone();
    assert_eq!((other.count(), other.max()), (2, 5));
    assert_eq!(other.label(), "tokens");
    assert!(catch_unwind(|| Semaphore::new(0)).is_err());
    assert!(catch_unwind(|| Semaphore::with_count(1, 2)).is_err());
}

#[test]
fn several_semaphores_are_named_in_any_of_the_usual_forms() {
    let all = [Semaphore::new(1), Semaphore::new(2)];
    let flow = Taskflow::new();
    flow.placeholder().acquire(&all[0]).release(&all[0]);
    flow.placeholder().acquire(&all).release(&all[..]);
    flow.placeholder()
        .acquire([&all[0], &all[1]])
        .release(vec![&all[0], &all[1]]);
    flow.placeholder()
        .acquire(all.to_vec())
        .release(all.clone());
    assert_eq!(Executor::new(2).run(&flow).wait().unwrap().tasks, 4);
    assert_eq!(all.map(|semaphore| semaphore.count()), [1, 2]);
}

#[test]
fn a_semaphore_that_is_not_released_often_enough_is_a_lint() {
    let [scarce, enough, mutex] = [1, 3, 1].map(Semaphore::new);
    let scarce = scarce.name("scarce");
    let flow = Taskflow::new();
    flow.placeholder()
        .acquire([&scarce, &enough, &mutex])
        .release(&mutex);
    let task = flow
        .placeholder()
        .acquire([&enough, &mutex])
        .release(&mutex);
    let lints = flow.validate().unwrap();
    assert_eq!(lints.len(), 1, "{lints:?}");
    assert!(matches!(&lints[0], Lint::SemaphoreNotReleased { semaphore }
        if semaphore.name.as_deref() == Some("scarce")));
    assert!(lints[0].to_string().contains("\"scarce\""));
    task.release(&scarce);
    assert_eq!(flow.validate().unwrap(), []);
    flow.remove(task);
    assert_eq!(flow.validate().unwrap().len(), 1);
}

#[test]
fn a_cancelled_run_lets_go_of_its_waiting_tasks() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let lock = Semaphore::new(1);
            let (holder, waker) = (Taskflow::new(), Arc::new(Mutex::new(None)));
            let (mine, mut polled) = (Arc::clone(&waker), false);
            let held = holder.emplace_async(move || {
                let mine = Arc::clone(&mine);
                std::future::poll_fn(move |context| {
                    *mine.lock().unwrap() = Some(context.waker().clone());
                    if core::mem::replace(&mut polled, true) {
                        core::task::Poll::Ready(())
                    } else {
                        core::task::Poll::Pending
                    }
                })
            });
            held.acquire(&lock).release(&lock);
            let ran = Counter::default();
            let waiting = Taskflow::new();
            for _ in 0..1000 {
                let ran = ran.clone();
                let task = waiting.emplace(move || {
                    ran.add();
                });
                task.acquire(&lock).release(&lock);
            }
            let first = rig.start(&holder);
            while lock.count() > 0 {
                rig.step();
            }
            let second = rig.start(&waiting);
            for _ in 0..500 {
                rig.step();
            }
            assert!(second.cancel());
            let result = rig.finish(second);
            assert!(
                matches!(result, Err(RunError::Cancelled { stats, .. }) if stats.skipped == 1000)
            );
            assert_eq!((ran.get(), lock.count()), (0, 0));
            while waker.lock().unwrap().is_none() {
                rig.step();
            }
            if let Some(waker) = waker.lock().unwrap().take() {
                waker.wake();
            }
            assert!(rig.finish(first).is_ok());
            assert_eq!(lock.count(), 1);
            assert_eq!(rig.run(&waiting).unwrap().tasks, 1000);
        });
    });
}
