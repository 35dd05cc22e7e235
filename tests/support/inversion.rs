//! A program whose priorities invert: a critical task waits for a unit that a low flow holds, which does not get on
//! since tasks of usual urgency keep coming.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use taskflow_core::{Executor, Platform};
use taskflow_std::{Priority, Scheduler, Semaphore, Taskflow};

use super::counter::Counter;

/// Tasks each of which spawns the next, until the critical one has begun or so many ran.
fn flood<P: Platform, S: Scheduler>(
    executor: &Weak<Executor<P, S>>,
    most: usize,
    ran: &Counter,
    over: &Arc<AtomicBool>,
) {
    if over.load(Ordering::Relaxed) || ran.add() >= most {
        return;
    }
    if let Some(alive) = executor.upgrade() {
        let (again, ran, over) = (Weak::clone(executor), ran.clone(), Arc::clone(over));
        drop(alive.spawn(move || flood(&again, most, &ran, &over)));
    }
}

/// Runs it. Gives how many of the flood ran before the critical task.
pub(crate) fn flooded<P: Platform, S: Scheduler>(
    executor: &Arc<Executor<P, S>>,
    most: usize,
) -> usize {
    let lock = Semaphore::new(1);
    let (ran, over) = (Counter::default(), Arc::new(AtomicBool::new(false)));
    let before = Counter::default();
    let (low, critical) = (Taskflow::new(), Taskflow::new());
    let (seen, ended, noted) = (ran.clone(), Arc::clone(&over), before.clone());
    let alarm = critical.emplace(move || {
        ended.store(true, Ordering::Relaxed);
        for _ in 0..seen.get() {
            noted.add();
        }
    });
    alarm.priority(Priority::Critical).acquire(&lock);
    let chains = 2 * executor.num_workers();
    let weak = Arc::downgrade(executor);
    let enter = low.emplace_once(move || {
        for _ in 0..chains {
            flood(&weak, most, &ran, &over);
        }
        if let Some(executor) = weak.upgrade() {
            drop(executor.run(&critical));
        }
    });
    enter.acquire(&lock);
    let mut last = enter;
    for _ in 0..4 {
        let work = low.emplace(|| {}).priority(Priority::Low);
        last = work.succeed(last);
    }
    last.release(&lock);
    drop(executor.run(&low));
    executor.wait_for_all().expect("this is no task");
    before.get()
}
