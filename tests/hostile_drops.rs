//! Captures and values that do harm when they are dropped, wherever a task may hold them: they panic, take
//! the executor away, or call the library again.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::counter::Counter;
use crate::support::gate::Gate;
use crate::support::shared_flow::SharedFlow;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Module, RunError, Taskflow};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

/// What does harm when it is dropped.
type Held = Box<dyn Any + Send>;

/// Makes one more of it.
type Make = Arc<dyn Fn() -> Held + Send + Sync>;

/// Pending once, and woken at once.
struct Later(bool);

impl Future for Later {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if core::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Adds a task to a flow that holds what it is given in a place of its own.
type Place = fn(&Taskflow<'static>, Make);

const PLACES: [(&str, Place); 12] = [
    ("the closure of a task", |flow, make| {
        let held = make();
        flow.emplace(move || {
            let _held = &held;
        });
    }),
    ("the closure of a task that runs once", |flow, make| {
        let held = make();
        flow.emplace_once(move || drop(held));
    }),
    ("the closure of a condition", |flow, make| {
        let held = make();
        let choice = flow.emplace_condition(move || {
            let _held = &held;
            usize::MAX
        });
        flow.placeholder().precede(choice);
    }),
    ("the closure of a subflow", |flow, make| {
        let held = make();
        flow.emplace_subflow(move |subflow| {
            let _held = &held;
            subflow.emplace(|| {});
        });
    }),
    ("a child", |flow, make| {
        flow.emplace_subflow(move |subflow| {
            let held = make();
            subflow.emplace(move || {
                let _held = &held;
            });
        });
    }),
    ("a joined child", |flow, make| {
        flow.try_emplace_subflow(move |subflow| {
            let held = make();
            subflow.emplace(move || {
                let _held = &held;
            });
            subflow.join()?;
            Ok(())
        });
    }),
    ("a task of a module", |flow, make| {
        let inner = Taskflow::new();
        let held = make();
        inner.emplace(move || {
            let _held = &held;
        });
        flow.composed_of(&Module::new(inner));
    }),
    ("the closure of a runtime task", |flow, make| {
        let held = make();
        flow.emplace_runtime(move |runtime| {
            let _held = &held;
            runtime.spawn(|| {});
        });
    }),
    ("a task that a runtime task spawned", |flow, make| {
        flow.emplace_runtime(move |runtime| {
            let held = make();
            runtime.spawn(move || {
                let _held = &held;
            });
        });
    }),
    ("the closure of an async task", |flow, make| {
        let held = make();
        flow.emplace_async(move || {
            let _held = &held;
            Later(false)
        });
    }),
    ("a future", |flow, make| {
        flow.emplace_async(move || {
            let held = make();
            async move {
                let _held = held;
                Later(false).await;
            }
        });
    }),
    ("a value", |flow, make| {
        flow.produce(move || make()).map(|held| held);
    }),
];

/// How a flow ends.
#[derive(Clone, Copy, Debug)]
enum End {
    AfterItsRun,
    WhileItRuns,
    WhileItsRunIsCancelled,
}

const ENDS: [End; 3] = [
    End::AfterItsRun,
    End::WhileItRuns,
    End::WhileItsRunIsCancelled,
];

/// Adds a task in that place, behind one that waits for the gate.
fn behind(gate: &Gate, flow: &Taskflow<'static>, place: Place, make: Make) {
    place(flow, make);
    let waits = gate.clone();
    let sources = flow.tasks().into_iter();
    let sources: Vec<_> = sources
        .filter(|task| task.num_predecessors() == 0)
        .collect();
    let first = flow.emplace(move || waits.pass());
    first.precede(sources);
}

/// Runs a flow with a task in that place, and drops it in that way; whether nothing panicked in the run.
/// What the drop of the flow panics with goes nowhere.
fn run_and_drop(executor: &Executor, place: Place, end: End, make: Make) -> bool {
    let (flow, gate) = (Taskflow::new(), Gate::default());
    behind(&gate, &flow, place, make);
    let run = executor.run(&flow);
    let dropped = |flow| drop(catch_unwind(AssertUnwindSafe(|| drop(flow))));
    let result = match end {
        End::AfterItsRun => {
            gate.open();
            let result = run.wait();
            dropped(flow);
            result
        }
        End::WhileItRuns => {
            dropped(flow);
            gate.open();
            run.wait()
        }
        End::WhileItsRunIsCancelled => {
            gate.open();
            run.cancel();
            dropped(flow);
            run.wait()
        }
    };
    match result {
        Ok(_) | Err(RunError::Cancelled { .. }) => true,
        Err(RunError::Panicked { .. }) => false,
        Err(other) => panic!("{other}"),
    }
}

/// Whether an executor does what it is asked.
#[track_caller]
fn works(executor: &Executor) {
    let (flow, ran) = (Taskflow::new(), Counter::default());
    let first = flow.placeholder();
    for _ in 0..20 {
        let ran = ran.clone();
        first.precede(flow.emplace(move || {
            ran.add();
        }));
    }
    assert_eq!(executor.run(&flow).wait().expect("nothing fails").tasks, 21);
    assert_eq!(ran.get(), 20);
    assert_eq!(executor.spawn(|| 7).wait().expect("it does not fail"), 7);
}

/// Panics when it is dropped, unless something panics already.
struct Sour(Counter);

impl Drop for Sour {
    fn drop(&mut self) {
        self.0.add();
        if !thread::panicking() {
            resume_unwind(Box::new("sour"));
        }
    }
}

/// Waits until all that was made is dropped; that nothing is dropped twice is for the caller to see.
fn settle(made: &Counter, dropped: &Counter) {
    while dropped.get() < made.get() {
        thread::yield_now();
    }
}

#[test]
fn a_panicking_drop_in_any_place_happens_once_and_kills_no_worker() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for (name, place) in PLACES {
                for end in ENDS {
                    for _ in 0..3 {
                        let (made, dropped) = (Counter::default(), Counter::default());
                        let (count, drops) = (made.clone(), dropped.clone());
                        let make: Make = Arc::new(move || {
                            count.add();
                            Box::new(Sour(drops.clone()))
                        });
                        run_and_drop(&executor, place, end, make);
                        executor.wait_for_all().unwrap();
                        settle(&made, &dropped);
                        assert_eq!(dropped.get(), made.get(), "{name}, {end:?}");
                        assert!(made.get() > 0 || matches!(end, End::WhileItsRunIsCancelled));
                    }
                }
                works(&executor);
            }
        }
    });
}

#[test]
fn a_panicking_drop_of_a_job_or_of_what_it_gives_happens_once_and_kills_no_worker() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let dropped = Counter::default();
            let sour = || Sour(dropped.clone());
            for _ in 0..20 {
                let held = sour();
                let captured = executor.spawn(move || {
                    let _held = &held;
                });
                assert!(captured.wait().is_err());
                let held = sour();
                let given = executor.spawn(move || held).wait().unwrap();
                assert!(catch_unwind(AssertUnwindSafe(|| drop(given))).is_err());
                let held = sour();
                // Nobody wants what it gives, which is dropped by a worker or here.
                let unwanted = executor.spawn(move || held);
                drop(catch_unwind(AssertUnwindSafe(|| drop(unwanted))));
                let (held, gate) = (sour(), Gate::default());
                let waits = gate.clone();
                let first = executor.spawn(move || waits.pass());
                let never = executor.spawn_after(&first, move || drop(held));
                let cancelled = catch_unwind(AssertUnwindSafe(|| never.cancel()));
                gate.open();
                assert!(cancelled.is_err() || never.wait().is_err());
                first.wait().unwrap();
            }
            executor.wait_for_all().unwrap();
            while dropped.get() < 80 {
                thread::yield_now();
            }
            works(&executor);
            assert_eq!(dropped.get(), 80);
        }
    });
}

/// Takes the executor away when it is dropped.
struct Thief(Arc<Mutex<Option<Executor>>>);

impl Drop for Thief {
    fn drop(&mut self) {
        let executor = self.0.lock().expect("nothing panics with this lock").take();
        drop(executor);
    }
}

#[test]
fn an_executor_that_a_capture_drops_in_any_place_lets_go() {
    within_a_minute(|| {
        for workers in WORKERS {
            for (name, place) in PLACES {
                let slot = Arc::new(Mutex::new(Some(Executor::new(workers))));
                let flow = Taskflow::new();
                let own = Arc::clone(&slot);
                let gate = Gate::default();
                let make: Make = Arc::new(move || Box::new(Thief(Arc::clone(&own))));
                behind(&gate, &flow, place, make);
                let runs = [(); 2].map(|()| slot.lock().unwrap().as_ref().unwrap().run(&flow));
                drop(flow);
                gate.open();
                for run in runs {
                    match run.wait() {
                        Ok(_) | Err(RunError::Invalid(_)) => {}
                        Err(other) => panic!("{name}: {other}"),
                    }
                }
                while slot.lock().unwrap().is_some() {
                    thread::yield_now();
                }
            }
        }
    });
}

#[test]
fn an_executor_whose_last_owner_is_a_spawned_task_that_is_cancelled_from_outside_lets_go() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, gate) = (Arc::new(Executor::new(workers)), Gate::default());
            for _ in 0..workers {
                let gate = gate.clone();
                drop(executor.spawn(move || gate.pass()));
            }
            let own = Arc::clone(&executor);
            let handle = executor.spawn(move || drop(own));
            let known = Arc::downgrade(&executor);
            drop(executor);
            handle.cancel();
            assert!(known.upgrade().is_none(), "the closure had the last");
            gate.open();
        }
    });
}

/// Calls the library when it is dropped.
struct Caller(Arc<Executor>, SharedFlow, Counter);

impl Drop for Caller {
    fn drop(&mut self) {
        let Self(executor, flow, calls) = self;
        flow.start(executor).wait().expect("nothing fails");
        drop(flow.start(executor));
        executor.spawn(|| ()).wait().expect("nothing fails");
        let group = executor.task_group();
        group.spawn(|| {});
        group.wait().expect("nothing fails");
        let own = Taskflow::new();
        own.emplace_runtime(|runtime| runtime.spawn(|| {}));
        executor.run_and_wait(&own).expect("nothing fails");
        calls.add();
    }
}

#[test]
fn a_capture_in_any_place_may_call_the_library_when_it_is_dropped() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let other = Taskflow::new();
            other.emplace_subflow(|subflow| drop(subflow.emplace(|| {}).label()));
            let other = SharedFlow::of(other);
            for (name, place) in PLACES {
                for end in ENDS {
                    let (made, calls) = (Counter::default(), Counter::default());
                    let (host, count, called) =
                        (Arc::clone(&executor), made.clone(), calls.clone());
                    let other = other.clone();
                    let make: Make = Arc::new(move || {
                        count.add();
                        let host = Arc::clone(&host);
                        Box::new(Caller(host, other.clone(), called.clone()))
                    });
                    let well = run_and_drop(&executor, place, end, make);
                    assert!(well, "{name}, {end:?}");
                    executor.wait_for_all().unwrap();
                    settle(&made, &calls);
                    assert_eq!(calls.get(), made.get(), "{name}, {end:?}");
                }
            }
            works(&executor);
        }
    });
}
