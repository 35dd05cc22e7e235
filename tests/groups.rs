//! Groups of tasks, and spawned tasks that borrow.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use crate::support::counter::Counter;
use crate::support::dice::Dice;
use crate::support::drops::Dropped;
use crate::support::gate::Gate;
use crate::support::meeting::Meeting;
use crate::support::stepped::{step_until, stepped};
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, JoinError, Manual, RunError, TaskGroup, Taskflow};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

fn counting(counter: &Counter) -> impl FnOnce() + Send + 'static {
    let counter = counter.clone();
    move || {
        counter.add();
    }
}

#[test]
fn a_wait_for_a_group_returns_when_all_of_its_tasks_have_ended() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let group = executor.task_group();
            group.wait().unwrap();
            let count = Counter::default();
            for round in 1..=20 {
                for _ in 0..500 {
                    group.spawn(counting(&count));
                }
                group.wait().unwrap();
                assert_eq!(count.get(), 500 * round);
            }
        }
    });
}

#[test]
fn every_interleaving_ends_a_group_after_its_last_task() {
    let mut dice = Dice::shaken();
    for workers in WORKERS {
        let executor = Arc::new(stepped::<Manual>(workers));
        for _ in 0..50 {
            let (count, size) = (Counter::default(), dice.below(60));
            let group = Arc::new(executor.task_group());
            for _ in 0..size {
                let (inner, count) = (Arc::downgrade(&group), count.clone());
                group.spawn(move || {
                    count.add();
                    if let Some(group) = inner.upgrade() {
                        group.spawn(counting(&count));
                    }
                });
                if dice.below(3) == 0 {
                    executor.platform().step(dice.below(workers));
                }
            }
            let waited = Counter::default();
            let (inner, done) = (Arc::clone(&group), waited.clone());
            let count_then = count.clone();
            let waits = executor.spawn(move || {
                inner.wait().unwrap();
                assert_eq!(count_then.get(), 2 * size);
                done.add();
            });
            step_until(&executor, &mut dice, || waits.is_done());
            waits.wait().unwrap();
            assert_eq!((count.get(), waited.get()), (2 * size, 1));
        }
    }
}

#[test]
fn a_group_dropped_early_waits_for_its_tasks() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let count = Counter::default();
            let group = executor.task_group();
            for _ in 0..1000 {
                group.spawn(counting(&count));
            }
            drop(group);
            assert_eq!(count.get(), 1000);
        }
    });
}

#[test]
fn a_cancelled_group_starts_no_new_task_and_is_usable_after_its_wait() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let group = executor.task_group();
            for _ in 0..10 {
                let (begun, end) = (Gate::default(), Gate::default());
                let (ran, dropped) = (Counter::default(), Counter::default());
                for _ in 0..workers {
                    let (begun, end) = (begun.clone(), end.clone());
                    group.spawn(move || {
                        begun.open();
                        end.pass();
                    });
                }
                begun.pass();
                assert!(group.cancel_with("enough") && !group.cancel());
                for _ in 0..100 {
                    let (capture, ran) = (Dropped(dropped.clone()), ran.clone());
                    group.spawn(move || {
                        drop(capture);
                        ran.add();
                    });
                }
                assert_eq!(dropped.get(), 100);
                end.open();
                match group.wait() {
                    Err(RunError::Cancelled { reason, stats }) => {
                        assert_eq!(reason.as_deref(), Some("enough"));
                        assert_eq!(stats.tasks + stats.skipped, 100 + workers as u64);
                        assert!(stats.skipped >= 100);
                    }
                    other => panic!("{other:?}"),
                }
                assert_eq!(ran.get(), 0);
                group.spawn(counting(&ran));
                group.wait().unwrap();
                assert_eq!(ran.get(), 1);
            }
        }
    });
}

#[test]
fn all_workers_throw_at_once_and_one_is_reported() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let group = executor.task_group();
            let meeting = Meeting::of(workers);
            for thrower in 0..workers {
                let meeting = meeting.clone();
                group.spawn(move || {
                    meeting.attend();
                    panic!("thrower {thrower}");
                });
            }
            match group.wait() {
                Err(RunError::Panicked { panic, stats, .. }) => {
                    assert!(panic.message().unwrap().starts_with("thrower"));
                    assert_eq!(stats.suppressed.len(), workers - 1);
                    assert_eq!(stats.tasks, workers as u64);
                }
                other => panic!("{other:?}"),
            }
            group.wait().unwrap();
        }
    });
}

#[test]
fn what_a_dropped_group_failed_with_goes_to_the_panic_handler() {
    within_a_minute(|| {
        let (told, heard) = mpsc::channel();
        let told = Mutex::new(told);
        let builder = Executor::builder().workers(2).panic_handler(move |error| {
            let told = told.lock().expect("nothing panics with this lock");
            told.send(error.to_string()).expect("the test listens");
        });
        let executor = builder.build().expect("threads can be started");
        let group = executor.task_group();
        group.spawn(|| panic!("boom"));
        drop(group);
        assert!(heard.try_recv().unwrap().contains("boom"));
    });
}

#[test]
fn a_task_that_holds_a_lock_and_waits_for_a_group_never_meets_others_that_want_it() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let lock = Arc::new(Mutex::new(0));
            for _ in 0..200 {
                let (inner, lock) = (Arc::clone(&executor), Arc::clone(&lock));
                drop(executor.spawn(move || {
                    // A thread that came here again on the same stack would never get the lock.
                    let mut held = lock.lock().expect("nothing panics with this lock");
                    let group = inner.task_group();
                    let count = Counter::default();
                    for _ in 0..10 {
                        group.spawn(counting(&count));
                    }
                    group.wait().unwrap();
                    *held += count.get();
                }));
            }
            executor.wait_for_all().unwrap();
            assert_eq!(*lock.lock().unwrap(), 2000);
        }
    });
}

#[test]
fn a_lock_is_held_over_a_wait_whatever_a_stepped_worker_finds_in_its_queue() {
    let mut dice = Dice::shaken();
    for workers in WORKERS {
        let executor = Arc::new(stepped::<Manual>(workers));
        let lock = Arc::new(Mutex::new(0));
        let flow = Taskflow::new();
        for _ in 0..30 {
            let lock = Arc::clone(&lock);
            flow.emplace(move || *lock.try_lock().expect("nobody waits with it below") += 1);
        }
        let run = executor.run(&flow);
        for _ in 0..30 {
            let (inner, lock) = (Arc::clone(&executor), Arc::clone(&lock));
            drop(executor.spawn(move || {
                let mut held = lock.try_lock().expect("nobody waits with it below");
                let group = inner.task_group();
                for _ in 0..3 {
                    group.spawn(|| ());
                }
                group.wait().unwrap();
                *held += 1;
            }));
        }
        let locked = Arc::clone(&lock);
        step_until(&executor, &mut dice, || {
            run.is_done() && *locked.lock().unwrap() == 60
        });
        executor.wait_for_all().unwrap();
    }
}

#[test]
fn a_task_that_waits_for_its_own_group_is_refused() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let group = Arc::new(executor.task_group());
            let refused = Counter::default();
            for _ in 0..20 {
                let (own, refused) = (Arc::clone(&group), refused.clone());
                group.spawn(move || {
                    if matches!(own.wait(), Err(RunError::Deadlock)) {
                        refused.add();
                    }
                });
            }
            group.wait().unwrap();
            assert_eq!(refused.get(), 20);
        }
    });
}

#[test]
fn a_wait_for_the_group_of_a_waiting_scope_is_refused_however_deep() {
    for workers in WORKERS {
        let executor = Arc::new(stepped::<Manual>(workers));
        let group = Arc::new(executor.task_group());
        let refused = Counter::default();
        let (own, inner, counter) = (Arc::clone(&group), Arc::clone(&executor), refused.clone());
        group.spawn(move || {
            let scoped = inner.scope(|scope| {
                let deep = scope.spawn(|| {
                    let deeper = inner.scope(|scope| scope.spawn(|| own.wait()).wait());
                    assert!(matches!(deeper, Ok(Ok(Err(RunError::Deadlock)))));
                    counter.add();
                });
                deep.wait()
            });
            scoped.unwrap().unwrap();
        });
        executor.platform().step_all();
        group.wait().unwrap();
        assert_eq!(refused.get(), 1);
    }
}

#[test]
fn a_group_whose_last_handle_goes_inside_one_of_its_tasks_lets_go() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let group = Arc::new(executor.task_group());
            let (give, take) = mpsc::channel::<Arc<TaskGroup>>();
            let (done, ended) = mpsc::channel();
            group.spawn(move || {
                let own = take.recv().expect("it comes");
                own.spawn(move || done.send(()).expect("the test listens"));
                drop(own);
            });
            give.send(group).expect("the task listens");
            ended.recv().unwrap();
        }
    });
}

#[test]
fn a_group_is_cancelled_whose_tasks_own_it() {
    within_a_minute(|| {
        let executor = stepped::<Manual>(1);
        let group = Arc::new(executor.task_group());
        for _ in 0..10 {
            let own = Arc::clone(&group);
            group.spawn(move || drop(own));
        }
        let only_in_tasks = Arc::downgrade(&group);
        let canceller = only_in_tasks.upgrade().expect("it is here");
        drop(group);
        assert!(canceller.cancel());
        assert!(matches!(canceller.wait(), Err(RunError::Cancelled { .. })));
        drop(canceller);
        assert!(only_in_tasks.upgrade().is_none());
    });
}

#[test]
fn a_closure_that_falls_with_the_last_handle_of_a_group_does_not_wait_in_a_circle() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let (begun, gate) = (Gate::default(), Gate::default());
            let opened = gate.clone();
            let fails = executor.spawn(move || {
                opened.pass();
                panic!("expected");
            });
            let group = Arc::new(executor.task_group());
            let own = Arc::clone(&group);
            let falls = executor.spawn_after(&fails, move || drop(own));
            let (done, ended) = mpsc::channel();
            let begins = begun.clone();
            group.spawn(move || {
                begins.open();
                done.send(falls.wait()).expect("the test listens");
            });
            drop(group);
            if workers > 1 {
                begun.pass();
            }
            gate.open();
            match ended.recv().unwrap() {
                Err(JoinError::Dependency { .. } | JoinError::Deadlock) => {}
                other => panic!("{other:?}"),
            }
            assert!(matches!(fails.wait(), Err(JoinError::Panicked(_))));
        }
    });
}

/// Fibonacci, each call a group.
fn fib_of_groups(executor: &Arc<Executor>, n: u32, sum: &Arc<AtomicUsize>) {
    if n < 2 {
        sum.fetch_add(n as usize, Ordering::Relaxed);
        return;
    }
    let group = executor.task_group();
    for before in [n - 2, n - 1] {
        let (inner, sum) = (Arc::clone(executor), Arc::clone(sum));
        group.spawn(move || fib_of_groups(&inner, before, &sum));
    }
    group.wait().expect("no panic");
}

#[test]
fn groups_in_tasks_of_groups_compute_fibonacci() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let sum = Arc::new(AtomicUsize::new(0));
            let (inner, into) = (Arc::clone(&executor), Arc::clone(&sum));
            let outer = executor.spawn(move || fib_of_groups(&inner, 20, &into));
            outer.wait().unwrap();
            assert_eq!(sum.load(Ordering::Relaxed), 6765);
        }
    });
}

#[test]
fn tasks_of_a_flow_wait_for_groups() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let (flow, count) = (Taskflow::new(), Counter::default());
            for _ in 0..20 {
                let (inner, count) = (Arc::clone(&executor), count.clone());
                flow.emplace(move || {
                    let group = inner.task_group();
                    for _ in 0..20 {
                        group.spawn(counting(&count));
                    }
                    group.wait().unwrap();
                });
            }
            executor.run_n(&flow, 5).wait().unwrap();
            assert_eq!(count.get(), 2000);
        }
    });
}

#[test]
fn captures_of_group_tasks_are_dropped_exactly_once() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, dropped) = (Executor::new(workers), Counter::default());
            let group = executor.task_group();
            for round in 0..100 {
                for task in 0..10 {
                    let capture = Dropped(dropped.clone());
                    group.spawn(move || {
                        let _capture = capture;
                        assert!(task % 5 != 0, "every fifth panics");
                    });
                    if round % 3 == 0 && task == 5 {
                        group.cancel();
                    }
                }
                assert!(group.wait().is_err());
                assert_eq!(dropped.get(), 10 * (round + 1));
            }
        }
    });
}

#[test]
fn threads_outside_of_the_pool_share_a_group() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let (group, count) = (executor.task_group(), Counter::default());
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        for _ in 0..50 {
                            for _ in 0..10 {
                                group.spawn(counting(&count));
                            }
                            group.wait().unwrap();
                        }
                    });
                }
            });
            assert_eq!(count.get(), 4000);
        }
    });
}

#[test]
fn a_group_that_outlives_its_executor_runs_its_tasks_where_it_is_waited_for() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let (group, count) = (executor.task_group(), Counter::default());
            drop(executor);
            group.spawn(counting(&count));
            group.wait().unwrap();
            assert_eq!(count.get(), 1);
        }
    });
}
