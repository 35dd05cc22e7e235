//! Spawned tasks: their values, their ends, and who waits for them.

use core::future::Future;
use core::pin::pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Wake;
use std::thread;

use crate::support::counter::Counter;
use crate::support::dice::Dice;
use crate::support::drops::Dropped;
use crate::support::gate::Gate;
use crate::support::stepped::{step_until, stepped};
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Done, Executor, JoinError, JoinHandle, Manual, RunError, Taskflow};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

#[test]
fn a_spawned_task_gives_its_value_to_whoever_waits() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let handles: Vec<JoinHandle<usize>> =
                (0..1000).map(|n| executor.spawn(move || n)).collect();
            for (n, handle) in handles.into_iter().enumerate() {
                assert_eq!(handle.wait().unwrap(), n);
            }
        }
    });
}

#[test]
fn a_wait_for_a_run_gets_no_unrelated_spawned_task_on_its_stack() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let waits: Arc<Mutex<Option<thread::ThreadId>>> = Arc::default();
            let (inner, waiting, unrelated) = (
                Arc::downgrade(&executor),
                Arc::clone(&waits),
                Counter::default(),
            );
            let count = unrelated.clone();
            let outer = executor.spawn(move || {
                let executor = inner.upgrade().expect("it waits for its tasks");
                for _ in 0..100 {
                    let (waits, count) = (Arc::clone(&waits), count.clone());
                    drop(executor.spawn(move || {
                        let waits = *waits.lock().expect("nothing panics with this lock");
                        if waits != Some(thread::current().id()) {
                            count.add();
                        }
                    }));
                }
                let flow = Taskflow::new();
                flow.emplace_runtime(|rt| {
                    rt.spawn(|| ());
                    rt.spawn(|| ());
                });
                let set = |to| *waiting.lock().expect("nothing panics with this lock") = to;
                set(Some(thread::current().id()));
                executor.run_and_wait(&flow).expect("it ends well");
                set(None);
            });
            outer.wait().expect("it ends well");
            executor.wait_for_all().expect("this is no task");
            assert_eq!(unrelated.get(), 100, "some ran on the stack of a wait");
        }
    });
}

#[test]
fn every_interleaving_runs_spawned_tasks_once_and_in_order() {
    let mut dice = Dice::shaken();
    for workers in WORKERS {
        let executor = stepped::<Manual>(workers);
        for _ in 0..50 {
            let size = 1 + dice.below(100);
            let ran: Arc<[AtomicUsize]> = (0..size).map(|_| AtomicUsize::new(0)).collect();
            let mut handles: Vec<JoinHandle<()>> = Vec::new();
            for at in 0..size {
                let before: Vec<usize> =
                    (0..dice.below(4).min(at)).map(|_| dice.below(at)).collect();
                let after: Vec<Done> = before.iter().map(|b| handles[*b].done()).collect();
                let ran = Arc::clone(&ran);
                handles.push(executor.spawn_after(after, move || {
                    for before in before {
                        assert_eq!(ran[before].load(Ordering::SeqCst), 1);
                    }
                    ran[at].fetch_add(1, Ordering::SeqCst);
                }));
                if dice.below(3) == 0 {
                    executor.platform().step(dice.below(workers));
                }
            }
            step_until(&executor, &mut dice, || {
                handles.iter().all(JoinHandle::is_done)
            });
            assert!(ran.iter().all(|ran| ran.load(Ordering::SeqCst) == 1));
            assert!(handles.into_iter().all(|handle| handle.wait().is_ok()));
        }
    }
}

#[test]
fn a_wait_on_a_host_without_threads_runs_what_it_needs_and_nothing_else() {
    let executor = stepped::<Manual>(1);
    let (needed, other) = (Counter::default(), Counter::default());
    let count = |counter: &Counter| {
        let counter = counter.clone();
        move || {
            counter.add();
        }
    };
    let _others: Vec<_> = (0..3).map(|_| executor.spawn(count(&other))).collect();
    let first = executor.spawn(count(&needed));
    let second = executor.spawn_after(&first, count(&needed));
    let third = executor.spawn_after((&first, &second), count(&needed));
    third.wait().unwrap();
    assert_eq!((needed.get(), other.get()), (3, 0));
    executor.platform().step_all();
    assert_eq!((needed.get(), other.get()), (3, 3));
}

#[test]
fn a_panic_comes_with_its_payload() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            match executor.spawn(|| -> u8 { panic!("boom") }).wait() {
                Err(JoinError::Panicked(panic)) => assert_eq!(panic.message(), Some("boom")),
                other => panic!("{other:?}"),
            }
            assert_eq!(executor.spawn(|| 7).wait().unwrap(), 7);
        }
    });
}

/// An executor, and what its panic handler is told.
fn listened(workers: usize) -> (Executor, mpsc::Receiver<String>) {
    let (told, heard) = mpsc::channel();
    let told = Mutex::new(told);
    let builder = Executor::builder()
        .workers(workers)
        .panic_handler(move |error| {
            assert!(matches!(error, RunError::Panicked { task: None, .. }));
            let told = told.lock().expect("nothing panics with this lock");
            told.send(error.to_string()).expect("the test listens");
        });
    (builder.build().expect("threads can be started"), heard)
}

#[test]
fn the_panic_of_a_detached_task_goes_to_the_panic_handler() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, heard) = listened(workers);
            drop(executor.spawn(|| panic!("early")));
            assert!(heard.recv().unwrap().contains("early"));
            let late = executor.spawn(|| panic!("late"));
            executor.wait_for_all().unwrap();
            assert!(heard.try_recv().is_err());
            drop(late);
            assert!(heard.try_recv().unwrap().contains("late"));
        }
    });
}

#[test]
fn a_handle_that_outlives_its_executor_keeps_the_value_and_tells_of_the_panic() {
    within_a_minute(|| {
        for workers in WORKERS {
            let dropped = Counter::default();
            let (executor, heard) = listened(workers);
            let value = Dropped(dropped.clone());
            let kept = executor.spawn(move || value);
            let value = Dropped(dropped.clone());
            let let_go = executor.spawn(move || value);
            let plain = executor.spawn(|| 7);
            let failed = executor.spawn(|| panic!("long ago"));
            let end = failed.done();
            executor.wait_for_all().unwrap();
            drop(executor);
            assert!(end.is_done() && !failed.cancel() && heard.try_recv().is_err());
            assert_eq!((plain.wait().unwrap(), dropped.get()), (7, 0));
            drop(let_go);
            assert_eq!(dropped.get(), 1);
            drop(kept.wait().unwrap());
            assert_eq!(dropped.get(), 2);
            drop(failed);
            assert!(heard.try_recv().unwrap().contains("long ago"));
        }
    });
}

#[test]
fn a_queued_task_is_cancelled_and_those_behind_it_run() {
    let executor = stepped::<Manual>(1);
    let handles: Vec<JoinHandle<usize>> = (0..10).map(|n| executor.spawn(move || n)).collect();
    assert!(handles.iter().step_by(2).all(JoinHandle::cancel));
    executor.platform().step_all();
    for (n, handle) in handles.into_iter().enumerate() {
        assert!(handle.is_done());
        assert_eq!(handle.wait().ok(), (n % 2 == 1).then_some(n));
    }
}

/// Fibonacci, each call a task that waits for two.
fn fib(executor: &Arc<Executor>, n: u32) -> u32 {
    if n < 2 {
        return n;
    }
    let inner = Arc::clone(executor);
    let left = executor.spawn(move || fib(&inner, n - 1));
    let inner = Arc::clone(executor);
    let right = executor.spawn(move || fib(&inner, n - 2));
    let (left, right) = (left.wait(), right.wait());
    left.expect("no panic") + right.expect("no panic")
}

#[test]
fn tasks_spawn_tasks_and_wait_for_them() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let inner = Arc::clone(&executor);
            assert_eq!(executor.spawn(move || fib(&inner, 16)).wait().unwrap(), 987);
        }
    });
}

#[test]
fn a_single_stepped_worker_whose_task_waits_runs_queued_predecessors() {
    let executor = Arc::new(stepped::<Manual>(1));
    let inner = Arc::clone(&executor);
    let outer = executor.spawn(move || {
        let first = inner.spawn(|| 1);
        let second = inner.spawn_after(&first, || 2);
        let third = inner.spawn_after(&second, || 3);
        third.wait().unwrap() + first.wait().unwrap()
    });
    executor.platform().step_all();
    assert!(outer.is_done());
    assert_eq!(outer.wait().unwrap(), 4);
}

#[test]
fn of_two_tasks_that_wait_for_one_another_one_is_refused() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let refused = Counter::default();
            let (gives, takes): (Vec<_>, Vec<_>) =
                (0..2).map(|_| mpsc::channel::<JoinHandle<()>>()).unzip();
            let handles: Vec<JoinHandle<()>> = takes
                .into_iter()
                .map(|take| {
                    let refused = refused.clone();
                    executor.spawn(move || {
                        let other = take.recv().expect("it comes");
                        if matches!(other.wait(), Err(JoinError::Deadlock)) {
                            refused.add();
                        }
                    })
                })
                .collect();
            for (handle, give) in handles.into_iter().rev().zip(gives) {
                give.send(handle).expect("the task listens");
            }
            executor.wait_for_all().unwrap();
            assert_eq!(refused.get(), 1);
        }
    });
}

/// Wakes a thread.
struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[test]
fn a_handle_is_a_future() {
    within_a_minute(|| {
        let executor = Executor::new(2);
        let gate = Gate::default();
        let opened = gate.clone();
        let mut handle = pin!(executor.spawn(move || {
            opened.pass();
            7
        }));
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        assert!(handle.as_mut().poll(&mut context).is_pending());
        gate.open();
        let value = loop {
            match handle.as_mut().poll(&mut context) {
                Poll::Ready(value) => break value,
                Poll::Pending => thread::park(),
            }
        };
        assert_eq!(value.unwrap(), 7);
        let again = handle.as_mut().poll(&mut context);
        assert!(matches!(again, Poll::Ready(Err(JoinError::Taken))));
    });
}

#[test]
fn captures_and_values_are_dropped_exactly_once() {
    within_a_minute(|| {
        for workers in WORKERS {
            let dropped = Counter::default();
            let executor = Executor::new(workers);
            for round in 0..300 {
                let (capture, value) = (Dropped(dropped.clone()), Dropped(dropped.clone()));
                let handle = executor.spawn(move || {
                    drop(capture);
                    assert!(round % 3 != 0, "every third panics");
                    value
                });
                match round % 4 {
                    0 => drop(handle),
                    1 => drop(handle.wait()),
                    2 => {
                        handle.cancel();
                    }
                    _ => drop(executor.spawn_after(handle.done(), move || drop(handle))),
                }
            }
            executor.wait_for_all().unwrap();
            drop(executor);
            assert_eq!(dropped.get(), 600);
        }
    });
}

#[test]
fn an_executor_dropped_inside_one_of_its_spawned_tasks_lets_go() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let (give, take) = mpsc::channel::<Arc<Executor>>();
            let (done, ended) = mpsc::channel();
            drop(executor.spawn(move || {
                let last = take.recv().expect("it comes");
                drop(last.spawn(move || done.send(()).expect("the test listens")));
                drop(last);
            }));
            give.send(executor).expect("the task listens");
            ended.recv().unwrap();
        }
    });
}

#[test]
fn a_task_that_spawns_and_waits_again_and_again_leaves_nothing_behind() {
    // (The queue of a worker has room for fewer.)
    for (workers, queued) in [(1, 0), (2, 0), (1, 1100), (2, 1100)] {
        let executor = Arc::new(stepped::<Manual>(workers));
        let inner = Arc::clone(&executor);
        let outer = executor.spawn(move || {
            (0..queued).for_each(|_| drop(inner.spawn(|| ())));
            for _ in 0..10_000 {
                let handles = [inner.spawn(|| ()), inner.spawn(|| ())];
                for handle in handles {
                    handle.wait().unwrap();
                }
            }
        });
        while !outer.is_done() {
            executor.platform().step(0);
        }
        // Dead references would be met here one by one.
        assert!(executor.platform().step_all() < queued + 100);
    }
}

#[test]
fn a_task_waits_for_a_spawned_one_of_another_executor() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (one, other) = (Executor::new(workers), Arc::new(Executor::new(workers)));
            let first = one.spawn(|| 1);
            let second = other.spawn_after(&first, || 2);
            let inner = Arc::clone(&other);
            let third = one.spawn(move || inner.spawn(|| 3).wait().unwrap());
            let sum = first.wait().unwrap() + second.wait().unwrap() + third.wait().unwrap();
            assert_eq!(sum, 6);
        }
    });
}
