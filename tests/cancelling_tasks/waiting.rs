//! What a task waits for is stopped when the task is cancelled.

use core::future::pending;

use taskflow_std::{Module, Runtime, Semaphore, TaskHandle, Taskflow};

use super::{Canceller, cancelled, counting};
use crate::support::counter::Counter;
use crate::support::rig::{Rig, on_each_rig};
use crate::support::watchdog::within_a_minute;

/// Runs a flow with a task of some kind, which `started` cancels once it has begun or waits, a task after it
/// and one that is independent of it.
fn break_off(
    rig: &Rig,
    make: impl for<'f> Fn(&'f Taskflow<'static>, Counter) -> TaskHandle<'f>,
    tasks_of_it: u64,
) {
    let flow = Taskflow::new();
    let (started, after, beside) = (Counter::default(), Counter::default(), Counter::default());
    let canceller = Canceller::default();
    let task = make(&flow, started.clone());
    task.precede(flow.task(counting(&flow, &after)).expect("it is there"));
    let (id, run, done) = (task.id(), canceller.clone(), beside.clone());
    flow.emplace_async(move || {
        let (run, started, done) = (run.clone(), started.clone(), done.clone());
        async move {
            while started.get() == 0 {
                give_way().await;
            }
            assert!(run.get().cancel_task_with(id, "not needed"));
            done.add();
        }
    });
    let run = canceller.of(rig.start(&flow));
    let (reason, stats) = cancelled(rig.finish(run));
    assert_eq!(reason.as_deref(), Some("not needed"));
    assert_eq!((after.get(), beside.get()), (0, 1));
    assert_eq!(stats.tasks + stats.skipped, 3 + tasks_of_it);
    assert!(stats.suppressed.is_empty());
}

/// Lets other tasks run.
async fn give_way() {
    let mut given = false;
    core::future::poll_fn(|context| {
        if core::mem::replace(&mut given, true) {
            return core::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        core::task::Poll::Pending
    })
    .await;
}

#[test]
fn a_pending_future_is_dropped_when_its_task_is_cancelled() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let make = |flow: &Taskflow<'static>, started: Counter| {
                let task = flow.emplace_async(move || {
                    started.add();
                    pending::<()>()
                });
                task.id()
            };
            break_off(
                rig,
                |flow, started| flow.task(make(flow, started)).expect("it is there"),
                0,
            );
        });
    });
}

/// A flow of a task that waits for ever, and one after it.
fn endless(started: &Counter) -> Taskflow<'static> {
    let flow = Taskflow::new();
    let started = started.clone();
    let first = flow.emplace_async(move || {
        started.add();
        pending::<()>()
    });
    first.precede(flow.emplace(|| unreachable!("nothing comes after it")));
    flow
}

#[test]
fn one_use_of_a_module_is_cancelled_by_its_task_and_another_use_has_its_turn() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            break_off(
                rig,
                |flow, started| flow.composed_of(&Module::new(endless(&started))),
                2,
            );
            let (flow, canceller, ran) =
                (Taskflow::new(), Canceller::default(), Counter::default());
            let steps = Taskflow::new();
            let count = ran.clone();
            steps.emplace_async(move || {
                let uses = count.add();
                async move {
                    if uses == 0 {
                        pending::<()>().await;
                    }
                }
            });
            let module = Module::new(steps);
            let (once, again) = (flow.composed_of(&module), flow.composed_of(&module));
            once.precede(flow.emplace(|| unreachable!("it was cancelled")));
            let (run, count, id) = (canceller.clone(), ran.clone(), once.id());
            let begun = flow.emplace_async(move || {
                let (run, count) = (run.clone(), count.clone());
                async move {
                    while count.get() == 0 {
                        give_way().await;
                    }
                    run.get().cancel_task(id);
                }
            });
            let started = ran.clone();
            let behind = flow.emplace_async(move || {
                let started = started.clone();
                async move {
                    while started.get() == 0 {
                        give_way().await;
                    }
                }
            });
            let _ = begun;
            behind.precede(again);
            let run = canceller.of(rig.start(&flow));
            let (_, stats) = cancelled(rig.finish(run));
            assert_eq!((ran.get(), stats.skipped), (2, 1));
        });
    });
}

#[test]
fn what_a_subflow_or_a_runtime_task_began_is_stopped_with_its_task() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            break_off(
                rig,
                |flow, started| {
                    flow.emplace_subflow(move |subflow| {
                        let started = started.clone();
                        let first = subflow.emplace_async(move || {
                            started.add();
                            pending::<()>()
                        });
                        first.precede(subflow.emplace(|| unreachable!("nothing comes after it")));
                    })
                },
                2,
            );
            break_off(
                rig,
                |flow, started| {
                    flow.emplace_runtime(move |runtime| {
                        spawn_for_ever(runtime, started.clone());
                    })
                },
                0,
            );
        });
    });
}

/// Spawns a task that spawns another, again and again until it is cancelled.
fn spawn_for_ever(runtime: &Runtime<'static>, started: Counter) {
    runtime.spawn_with(move |runtime| {
        started.add();
        if !runtime.is_cancelled() {
            spawn_for_ever(runtime, started);
        }
    });
}

#[test]
fn a_task_that_waits_for_a_semaphore_is_left_out_and_takes_no_unit() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (flow, canceller) = (Taskflow::new(), Canceller::default());
            let (held, ran) = (Semaphore::new(1), Counter::default());
            let (begun, count) = (Counter::default(), ran.clone());
            let first = begun.clone();
            let waits = flow.emplace(|| unreachable!("it was cancelled"));
            waits.acquire(&held).release(&held);
            waits.precede(flow.emplace(|| unreachable!("it comes after it")));
            let (run, id) = (canceller.clone(), waits.id());
            let holds = flow.emplace_async(move || {
                let (run, first) = (run.clone(), first.clone());
                async move {
                    first.add();
                    // The other one comes to wait meanwhile, or finds that it was cancelled.
                    for _ in 0..20 {
                        give_way().await;
                    }
                    run.get().cancel_task(id);
                }
            });
            holds.acquire(&held).release(&held);
            let last = flow.emplace(move || {
                count.add();
            });
            last.acquire(&held).release(&held);
            // The holder comes first.
            let gate = flow.emplace_async(move || {
                let begun = begun.clone();
                async move {
                    while begun.get() == 0 {
                        give_way().await;
                    }
                }
            });
            gate.precede([waits, last]);
            let run = canceller.of(rig.start(&flow));
            let (_, stats) = cancelled(rig.finish(run));
            assert_eq!((ran.get(), stats.tasks, stats.skipped), (1, 3, 2));
        });
    });
}
