//! What each policy says of itself.

use core::num::NonZeroU32;
use std::sync::{Arc, Mutex};

use taskflow_core::{Builder, Executor, Manual};
use taskflow_std::{Priority, PriorityScheduler, Scheduler};

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
