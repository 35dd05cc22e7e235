//! A thread that waits from outside lends itself to the pool, and the pool never gets larger by it.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;

use crate::support::blocked_flow::BlockedFlow;
use crate::support::counter::Counter;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Taskflow};

#[test]
fn a_small_graph_is_run_by_the_thread_that_waits_for_it() {
    within_a_minute(|| {
        let executor = Executor::new(1);
        let here = thread::current().id();
        let mut on_caller = 0;
        for _ in 0..1000 {
            let mut was_here = false;
            let flow = Taskflow::new();
            flow.emplace(|| was_here = thread::current().id() == here);
            executor.run_and_wait(&flow).unwrap();
            drop(flow);
            on_caller += usize::from(was_here);
        }
        // Only a worker that has just been started or left may be awake and come first.
        assert!(on_caller > 900, "{on_caller} of 1000");
    });
}

#[test]
fn the_calling_task_knows_its_worker_and_outsiders_have_none() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let (executor, other) = (Executor::new(workers), Executor::new(1));
            assert_eq!(executor.current_worker(), None);
            let flow = Taskflow::new();
            for _ in 0..50 {
                flow.emplace(|| {
                    let worker = executor.current_worker().expect("inside a task");
                    assert!(worker.index() < workers);
                    assert_eq!(other.current_worker(), None);
                });
            }
            executor.run_and_wait(&flow).unwrap();
            assert_eq!(executor.current_worker(), None);
        }
    });
}

/// Counts who is inside, and the most that ever were.
#[derive(Clone, Debug, Default)]
struct Room(Arc<(AtomicUsize, AtomicUsize)>);

impl Room {
    fn stay(&self) {
        let (inside, most) = &*self.0;
        let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
        most.fetch_max(now, Ordering::SeqCst);
        for _ in 0..20 {
            thread::yield_now();
        }
        inside.fetch_sub(1, Ordering::SeqCst);
    }

    fn most(&self) -> usize {
        self.0.1.load(Ordering::SeqCst)
    }
}

fn staying(room: &Room, tasks: usize) -> Taskflow<'static> {
    let flow = Taskflow::new();
    for _ in 0..tasks {
        let room = room.clone();
        flow.emplace(move || room.stay());
    }
    flow
}

#[test]
fn never_more_tasks_run_at_once_than_there_are_workers_however_many_wait() {
    within_a_minute(|| {
        for workers in [1, 2, 3, 4] {
            let (executor, room) = (Executor::new(workers), Room::default());
            thread::scope(|threads| {
                for way in 0..8 {
                    let (executor, room) = (&executor, &room);
                    threads.spawn(move || {
                        let flow = staying(room, 16);
                        for _ in 0..20 {
                            let stats = match way % 3 {
                                0 => executor.run(&flow).wait(),
                                1 => executor.run_and_wait(&flow),
                                _ => executor.scope(|scope| scope.run(&flow).wait()).unwrap(),
                            };
                            assert_eq!(stats.unwrap().tasks, 16);
                        }
                    });
                }
            });
            assert!(
                (1..=workers).contains(&room.most()),
                "{} at once",
                room.most()
            );
        }
    });
}

#[test]
fn a_waiting_outsider_runs_no_task_of_another_flow() {
    within_a_minute(|| {
        let executor = Executor::new(2);
        let (slow, strangers) = (BlockedFlow::new("slow"), Counter::default());
        let outsider = thread::current().id();
        let busy = Taskflow::new();
        for _ in 0..200 {
            let strangers = strangers.clone();
            busy.emplace(move || {
                if thread::current().id() == outsider {
                    strangers.add();
                }
                thread::yield_now();
            });
        }
        let run = executor.run(&slow.flow);
        slow.begun.pass();
        thread::scope(|threads| {
            let (executor, end) = (&executor, slow.end.clone());
            threads.spawn(move || {
                for _ in 0..50 {
                    assert_eq!(executor.run(&busy).wait().unwrap().tasks, 200);
                }
                end.open();
            });
            run.wait().unwrap();
        });
        assert_eq!(strangers.get(), 0);
    });
}
