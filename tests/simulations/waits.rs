//! Waits inside of tasks, where substitutes can be had and where they cannot.

use core::future::poll_fn;
use core::task::{Poll, Waker};
use std::sync::{Arc, Mutex};

use taskflow_std::testing::{Executor, Simulation, pause, spawn};
use taskflow_std::{RunError, Taskflow, TaskflowFuture};

use crate::support::counter::Counter;

/// Calls `body` with 1, 2, 4 and 8 workers, with every substitute and with none, under several seeds each.
fn on_hosts(body: impl Fn(&Arc<Executor>, usize) + Sync) {
    on_hosts_that_refuse(&[0, 1], body);
}

/// The same, with one in so many substitutes refused.
fn on_hosts_that_refuse(one_in: &[usize], body: impl Fn(&Arc<Executor>, usize) + Sync) {
    for workers in [1, 2, 4, 8] {
        for refused in one_in {
            Simulation::new()
                .workers(workers)
                .refused_starts(*refused)
                .seeds(20)
                .check(|executor, _| body(executor, workers));
        }
    }
}

/// A task that waits for a run that is put here later, or is gone already.
type Slot = Arc<Mutex<Option<TaskflowFuture>>>;

fn waiting_for(slot: &Slot, deadlocks: &Counter) -> Taskflow<'static> {
    let (slot, deadlocks) = (Arc::clone(slot), deadlocks.clone());
    let flow = Taskflow::new();
    flow.emplace(move || {
        pause();
        let run = slot.lock().expect("no panic").take();
        match run.map(TaskflowFuture::wait) {
            Some(Err(RunError::Deadlock)) => {
                deadlocks.add();
            }
            None | Some(Ok(_)) => {}
            Some(Err(other)) => panic!("{other}"),
        }
    });
    flow
}

#[test]
fn a_task_that_waits_for_a_later_run_of_its_flow_is_told_so() {
    on_hosts(|executor, _| {
        let (slot, deadlocks) = (Slot::default(), Counter::default());
        let flow = waiting_for(&slot, &deadlocks);
        let first = executor.run(&flow);
        *slot.lock().expect("no panic") = Some(executor.run(&flow));
        first.wait().expect("the task itself goes on");
        executor.wait_for_all().expect("not a task");
        assert_eq!(deadlocks.get(), 1);
    });
}

#[test]
fn of_flows_that_wait_for_one_another_in_a_circle_one_is_told_so() {
    on_hosts(|executor, workers| {
        let size = 2 + workers % 3;
        let slots: Vec<Slot> = (0..size).map(|_| Slot::default()).collect();
        let deadlocks = Counter::default();
        let flows: Vec<_> = slots
            .iter()
            .map(|slot| waiting_for(slot, &deadlocks))
            .collect();
        for (at, flow) in flows.iter().enumerate() {
            // Nobody runs before the last is started: the body has not let anybody go on.
            let before = (at + size - 1) % size;
            *slots[before].lock().expect("no panic") = Some(executor.run(flow));
        }
        executor.wait_for_all().expect("not a task");
        assert_eq!(deadlocks.get(), 1);
    });
}

#[test]
fn more_tasks_than_workers_wait_for_runs_at_once() {
    on_hosts(|executor, workers| {
        let (flow, ran) = (Taskflow::new(), Counter::default());
        for _ in 0..3 * workers {
            let (executor, ran) = (Arc::clone(executor), ran.clone());
            flow.emplace(move || {
                let inner = Taskflow::new();
                for _ in 0..3 {
                    let ran = ran.clone();
                    inner.emplace(move || {
                        pause();
                        ran.add();
                    });
                }
                executor.run(&inner).wait().expect("nothing fails");
            });
        }
        executor.run(&flow).wait().expect("nothing fails");
        drop(flow);
        assert_eq!(ran.get(), 9 * workers);
    });
}

#[test]
fn a_task_that_holds_a_lock_over_a_wait_for_a_group_finds_nobody_on_its_stack_who_wants_it() {
    on_hosts(|executor, workers| {
        let (flow, lock) = (Taskflow::new(), Arc::new(Mutex::new(0)));
        for _ in 0..3 * workers {
            let (executor, lock) = (Arc::clone(executor), Arc::clone(&lock));
            flow.emplace(move || {
                let mut held = loop {
                    match lock.try_lock() {
                        Ok(held) => break held,
                        Err(_) => pause(),
                    }
                };
                let (group, ran) = (executor.task_group(), Counter::default());
                for _ in 0..3 {
                    let ran = ran.clone();
                    group.spawn(move || {
                        pause();
                        ran.add();
                    });
                }
                group.wait().expect("nothing fails");
                *held += ran.get();
            });
        }
        executor.run(&flow).wait().expect("nothing fails");
        drop(flow);
        assert_eq!(*lock.lock().expect("no panic"), 9 * workers);
    });
}

#[test]
fn a_task_that_keeps_its_seat_while_it_waits_joins_tasks_that_need_all_workers() {
    on_hosts(|executor, workers| {
        let (inner, outer) = (Taskflow::new(), Taskflow::new());
        let (about_to_wait, arrived) = (Counter::default(), Counter::default());
        let waiting = about_to_wait.clone();
        let source = inner.emplace(move || {
            // With one worker it is not before the wait that this is begun.
            while workers > 1 && waiting.get() == 0 {
                pause();
            }
            for _ in 0..100 {
                pause();
            }
        });
        for _ in 0..workers {
            let arrived = arrived.clone();
            source.precede(inner.emplace(move || {
                arrived.add();
                while arrived.get() < workers {
                    pause();
                }
            }));
        }
        let run = executor.run(&inner);
        outer.emplace_once(move || {
            about_to_wait.add();
            run.wait().expect("nothing fails");
        });
        let outer = executor.run(&outer);
        // (A wait here would lend a hand.)
        while !outer.is_done() {
            pause();
        }
        assert_eq!(arrived.get(), workers);
    });
}

#[test]
fn what_a_wait_made_ready_on_a_seat_of_its_own_is_found_by_workers_that_get_free() {
    on_hosts_that_refuse(&[0], |executor, workers| {
        let (flow, bell) = (Taskflow::new(), Arc::new(Mutex::new(None::<Waker>)));
        let (freed, ran) = (Counter::default(), Counter::default());
        let (host, hung) = (Arc::clone(executor), Arc::clone(&bell));
        let (free, run) = (freed.clone(), ran.clone());
        flow.emplace(move || {
            let (inner, bell) = (Taskflow::new(), Arc::clone(&hung));
            let woken = inner.emplace_async(move || {
                let (bell, mut polled) = (Arc::clone(&bell), false);
                poll_fn(move |context| {
                    if core::mem::replace(&mut polled, true) {
                        return Poll::Ready(());
                    }
                    *bell.lock().expect("no panic") = Some(context.waker().clone());
                    Poll::Pending
                })
            });
            for _ in 0..2 {
                // Each of two goes on with the other only, for which a worker has to get free.
                let (freed, ran) = (free.clone(), run.clone());
                woken.precede(inner.emplace(move || {
                    freed.add();
                    ran.add();
                    while ran.get() < 2 {
                        pause();
                    }
                }));
            }
            host.run(&inner).wait().expect("nothing fails");
        });
        let waiting = executor.run(&flow);
        while bell.lock().expect("no panic").is_none() {
            pause();
        }
        let busy = Taskflow::new();
        let kept = Counter::default();
        for _ in 0..workers {
            let (bell, freed, kept) = (Arc::clone(&bell), freed.clone(), kept.clone());
            busy.emplace(move || {
                if kept.add() + 1 == workers {
                    let bell = bell.lock().expect("no panic").take();
                    bell.into_iter().for_each(Waker::wake);
                }
                while freed.get() == 0 {
                    pause();
                }
            });
        }
        let busy = executor.run(&busy);
        // (A wait here would lend a hand.)
        while !waiting.is_done() || !busy.is_done() {
            pause();
        }
        assert_eq!(ran.get(), 2);
        drop(flow);
    });
}

#[test]
fn tasks_that_keep_all_seats_while_they_wait_run_what_is_woken_later() {
    on_hosts(|executor, workers| {
        let (flow, bells) = (Taskflow::new(), Arc::new(Mutex::new(Vec::new())));
        for _ in 0..workers {
            let (executor, bells) = (Arc::clone(executor), Arc::clone(&bells));
            flow.emplace(move || {
                let (inner, bells) = (Taskflow::new(), Arc::clone(&bells));
                inner.emplace_async(move || {
                    let (bells, mut polled) = (Arc::clone(&bells), false);
                    poll_fn(move |context| {
                        if core::mem::replace(&mut polled, true) {
                            return Poll::Ready(());
                        }
                        bells
                            .lock()
                            .expect("no panic")
                            .push(context.waker().clone());
                        Poll::Pending
                    })
                });
                executor.run(&inner).wait().expect("nothing fails");
            });
        }
        let run = executor.run(&flow);
        let ringing = Arc::clone(&bells);
        spawn(move || {
            for _ in 0..workers {
                let bell = loop {
                    let bell = ringing.lock().expect("no panic").pop();
                    match bell {
                        Some(bell) => break bell,
                        None => pause(),
                    }
                };
                Waker::wake(bell);
            }
        });
        // (A wait here would lend a hand.)
        while !run.is_done() {
            pause();
        }
        run.wait().expect("nothing fails");
    });
}
