//! Tasks that do what no task should: wait for themselves, submit themselves, never end, wake the dead,
//! choose what is not there. And owners that let go of what runs.

use core::future::poll_fn;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::gate::Gate;
use crate::support::shared_flow::SharedFlow;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Module, RunError, Taskflow, TaskflowFuture};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().expect("nothing panics with this lock")
}

type Wakers = Arc<Mutex<Vec<Waker>>>;

/// Pending until `ready`, and leaves its waker at each poll.
async fn wakers_left(wakers: Wakers, ready: Arc<AtomicBool>) {
    poll_fn(|context| {
        locked(&wakers).push(context.waker().clone());
        if ready.load(Ordering::SeqCst) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// Calls something in tasks of all kinds of one flow.
fn in_each_kind(flow: &Taskflow<'static>, call: impl Fn() + Clone + Send + Sync + 'static) {
    let again = call.clone();
    flow.emplace(again);
    let again = call.clone();
    flow.emplace_condition(move || {
        again();
        usize::MAX
    });
    let again = call.clone();
    flow.emplace_subflow(move |subflow| {
        again();
        let again = again.clone();
        subflow.emplace(again);
    });
    let again = call.clone();
    flow.emplace_runtime(move |runtime| {
        again();
        let again = again.clone();
        runtime.spawn(again);
    });
    flow.emplace_async(move || {
        call();
        let call = call.clone();
        async move { call() }
    });
}

/// How often one round of such a flow calls it.
const CALLS: usize = 8;

/// A flow that its own tasks can start.
fn knowing_itself(
    build: impl FnOnce(&Taskflow<'static>, Arc<Mutex<Option<SharedFlow>>>),
) -> (SharedFlow, Arc<Mutex<Option<SharedFlow>>>) {
    let own: Arc<Mutex<Option<SharedFlow>>> = Arc::default();
    let flow = Taskflow::new();
    build(&flow, Arc::clone(&own));
    let flow = SharedFlow::of(flow);
    *locked(&own) = Some(flow.clone());
    (flow, own)
}

#[test]
fn tasks_of_all_kinds_that_submit_their_own_flow_queue_it_behind() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let (calls, later) = (
                Counter::default(),
                Arc::<Mutex<Vec<TaskflowFuture>>>::default(),
            );
            let (count, queue, host) = (calls.clone(), Arc::clone(&later), Arc::clone(&executor));
            let (flow, own) = knowing_itself(move |flow, own| {
                in_each_kind(flow, move || {
                    if count.add() < 3 * CALLS {
                        let flow = locked(&own).clone().expect("it was put there");
                        locked(&queue).push(flow.start(&host));
                    }
                });
            });
            flow.start(&executor).wait().unwrap();
            executor.wait_for_all().unwrap();
            assert_eq!(calls.get(), (3 * CALLS + 1) * CALLS);
            let later = core::mem::take(&mut *locked(&later));
            assert_eq!(later.len(), 3 * CALLS);
            for run in later {
                assert!(run.is_done());
                run.wait().unwrap();
            }
            // Else it keeps itself.
            locked(&own).take();
        }
    });
}

#[test]
fn tasks_of_all_kinds_that_wait_for_a_later_run_of_their_own_flow_end_with_deadlock() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Arc::new(Executor::new(workers));
            let (refused, first) = (Counter::default(), Counter::default());
            let (count, round, host) = (refused.clone(), first.clone(), Arc::clone(&executor));
            let (flow, own) = knowing_itself(move |flow, own| {
                in_each_kind(flow, move || {
                    // The tasks of the runs that are queued here do nothing.
                    if round.add() < CALLS {
                        let flow = locked(&own).clone().expect("it was put there");
                        let error = flow.start(&host).wait().unwrap_err();
                        assert!(matches!(error, RunError::Deadlock), "{error}");
                        count.add();
                    }
                });
            });
            flow.start(&executor).wait().unwrap();
            executor.wait_for_all().unwrap();
            assert_eq!((refused.get(), first.get()), (CALLS, (CALLS + 1) * CALLS));
            locked(&own).take();
        }
    });
}

#[test]
fn a_waker_called_after_its_task_has_ended_twice_and_from_elsewhere_does_nothing() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let all = Wakers::default();
            for round in 0..20 {
                let (wakers, ready) = (Wakers::default(), Arc::new(AtomicBool::new(false)));
                let flow = Taskflow::new();
                let (left, is_ready) = (Arc::clone(&wakers), Arc::clone(&ready));
                let task = flow
                    .emplace_async(move || wakers_left(Arc::clone(&left), Arc::clone(&is_ready)));
                let after = Counter::default();
                let ran = after.clone();
                task.precede(flow.emplace(move || {
                    ran.add();
                }));
                let run = executor.run_n(&flow, 2);
                let wakers_of_all = Arc::clone(&all);
                let dead = Arc::clone(&all);
                thread::scope(|threads| {
                    // Wakes again and again, before and after the end, also what ended in rounds before.
                    threads.spawn(|| {
                        while !run.is_done() {
                            for waker in locked(&wakers).iter() {
                                waker.wake_by_ref();
                                waker.wake_by_ref();
                            }
                            for waker in locked(&dead).iter() {
                                waker.wake_by_ref();
                            }
                            ready.store(true, Ordering::SeqCst);
                            thread::yield_now();
                        }
                    });
                });
                assert_eq!(run.wait().unwrap().tasks, 4);
                assert_eq!(after.get(), 2);
                if round % 2 == 0 {
                    drop(flow);
                }
                let mut wakers = locked(&wakers);
                for waker in wakers.iter() {
                    waker.wake_by_ref();
                }
                locked(&wakers_of_all).extend(wakers.drain(..).take(3));
            }
            drop(executor);
            for waker in locked(&all).drain(..) {
                waker.wake();
            }
        }
    });
}

#[test]
fn a_task_that_goes_on_until_it_is_told_keeps_its_cancelled_run_and_no_other() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let (begun, told) = (Gate::default(), Arc::new(AtomicBool::new(false)));
            let (begins, is_told) = (begun.clone(), Arc::clone(&told));
            let endless = Taskflow::new();
            let stubborn = endless.emplace(move || {
                begins.open();
                while !is_told.load(Ordering::Relaxed) {
                    core::hint::spin_loop();
                }
            });
            stubborn.precede(endless.emplace(|| unreachable!("after a cancel")));
            let run = executor.run(&endless);
            begun.pass();
            let small = Taskflow::new();
            small.emplace(|| {});
            let other = executor.run(&small);
            thread::scope(|threads| {
                for _ in 0..4 {
                    let canceller = run.canceller();
                    threads.spawn(move || {
                        for _ in 0..100 {
                            canceller.cancel_with("enough");
                        }
                    });
                }
            });
            assert!(!run.is_done());
            if workers > 1 {
                assert_eq!(other.wait().unwrap().tasks, 1);
                told.store(true, Ordering::Relaxed);
            } else {
                told.store(true, Ordering::Relaxed);
                assert_eq!(other.wait().unwrap().tasks, 1);
            }
            let error = run.wait().unwrap_err();
            assert!(matches!(error, RunError::Cancelled { .. }), "{error}");
        }
    });
}

#[test]
fn a_condition_that_chooses_what_no_number_can_reach_chooses_nothing() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let flow = Taskflow::new();
            let never = || unreachable!("nobody chose it");
            let choices = [
                flow.emplace_condition(|| usize::MAX),
                flow.emplace_condition(|| u32::MAX as usize),
                flow.emplace_condition(|| u32::MAX as usize + 1),
                flow.emplace_condition(|| i32::MIN),
                flow.emplace_condition(|| -1),
                flow.emplace_multi_condition(|| [usize::MAX, usize::MAX - 1, 1 << 32, 1 << 63]),
                flow.emplace_multi_condition(|| [i32::MIN, i32::MAX, -1]),
            ];
            for choice in choices {
                choice.precede(flow.emplace(never));
            }
            assert_eq!(executor.run_n(&flow, 10).wait().unwrap().tasks, 70);
        }
    });
}

#[test]
fn a_slow_side_branch_of_a_loop_never_runs_twice_at_once() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let mut races = 0;
            for _ in 0..50 {
                let flow = Taskflow::new();
                let inside = Arc::new(AtomicBool::new(false));
                let body = flow.emplace(|| {});
                let slow = flow.emplace(move || {
                    assert!(!inside.swap(true, Ordering::SeqCst), "twice at once");
                    for _ in 0..20 {
                        thread::yield_now();
                    }
                    inside.store(false, Ordering::SeqCst);
                });
                slow.name("slow");
                let mut passes = 0;
                let again = flow.emplace_condition(move || {
                    passes += 1;
                    usize::from(passes % 20 == 0)
                });
                flow.placeholder().precede(body);
                body.precede(slow).precede(again);
                again.precede(body);
                match executor.run(&flow).wait() {
                    Ok(stats) => assert_eq!(stats.tasks, 1 + 3 * 20),
                    Err(RunError::TaskRace { task, .. }) => {
                        assert_eq!(task.id, slow.id());
                        races += 1;
                    }
                    Err(other) => panic!("{other}"),
                }
            }
            println!("{workers} workers: {races} of 50 runs saw the race");
        }
    });
}

#[test]
fn a_value_that_a_loop_makes_again_and_again_is_dropped_as_often_as_it_is_made() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let (made, dropped, used) =
                (Counter::default(), Counter::default(), Counter::default());
            let flow = Taskflow::new();
            let (count, drops) = (made.clone(), dropped.clone());
            let value = flow
                .produce(move || {
                    count.add();
                    Dropped(drops.clone())
                })
                .share();
            let uses = used.clone();
            let user = value.map(move |_| {
                uses.add();
            });
            let mut passes = 0;
            let again = flow.emplace_condition(move || {
                passes += 1;
                usize::from(passes % 30 == 0)
            });
            flow.placeholder().precede(value.task());
            user.task().precede(again);
            again.precede(value.task());
            executor.run_n(&flow, 3).wait().unwrap();
            assert_eq!((made.get(), used.get(), dropped.get()), (90, 90, 89));
            drop(flow);
            assert_eq!(dropped.get(), 90);
        }
    });
}

/// A flow that has a bit of everything in work: a loop over a subflow, a module, a future that is
/// pending, children of a runtime task. It goes on when the gate is opened and the wakers are called.
fn busy(drops: &Counter, made: &Counter, gate: &Gate, wakers: &Wakers) -> Taskflow<'static> {
    let flow = Taskflow::new();
    let held = {
        let (drops, made) = (drops.clone(), made.clone());
        move || {
            made.add();
            Dropped(drops.clone())
        }
    };
    let (own, each) = (held(), held.clone());
    let body = flow.emplace_subflow(move |subflow| {
        let _own = &own;
        for _ in 0..3 {
            let held = each();
            subflow.emplace(move || {
                let _held = &held;
            });
        }
    });
    let mut passes = 0;
    let again = flow.emplace_condition(move || {
        passes += 1;
        usize::from(passes % 200 == 0)
    });
    flow.placeholder().precede(body);
    body.precede(again);
    again.precede(body);

    let inner = Taskflow::new();
    let (own, waits) = (held(), gate.clone());
    inner.emplace(move || {
        let _own = &own;
        waits.pass();
    });
    let module = Module::new(inner);
    flow.composed_of(&module);
    flow.composed_of(&module);

    let (own, each, wakers) = (held(), held.clone(), Arc::clone(wakers));
    flow.emplace_async(move || {
        let _own = &own;
        let (held, wakers) = (each(), Arc::clone(&wakers));
        let mut polls = 0;
        async move {
            let _held = held;
            poll_fn(|context| {
                polls += 1;
                if polls > 1 {
                    return Poll::Ready(());
                }
                locked(&wakers).push(context.waker().clone());
                Poll::Pending
            })
            .await;
        }
    });

    let (own, each) = (held(), held.clone());
    flow.emplace_runtime(move |runtime| {
        let _own = &own;
        for _ in 0..5 {
            let held = each();
            runtime.spawn_with(move |runtime| {
                runtime.spawn(move || drop(held));
            });
        }
    });
    let value = flow.produce(held).map(|held| held);
    value.task().precede(flow.emplace(|| {}));
    flow
}

#[test]
fn a_flow_dropped_with_everything_in_work_ends_and_drops_all_once() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for round in 0..24 {
                let (drops, made) = (Counter::default(), Counter::default());
                let (gate, wakers) = (Gate::default(), Wakers::default());
                let flow = busy(&drops, &made, &gate, &wakers);
                let (run, queued) = (executor.run(&flow), executor.run(&flow));
                let cancelled = round % 3 > 0;
                if round % 2 == 0 {
                    thread::yield_now();
                }
                drop(flow);
                if round % 3 == 1 {
                    run.cancel();
                }
                gate.open();
                if cancelled {
                    run.cancel();
                    queued.cancel();
                }
                let queued = (round % 4 > 0).then_some(queued);
                let ended = AtomicBool::new(false);
                thread::scope(|threads| {
                    threads.spawn(|| {
                        // A future of a cancelled run is dropped without being woken.
                        while !cancelled && !ended.load(Ordering::SeqCst) {
                            for waker in locked(&wakers).drain(..) {
                                waker.wake();
                            }
                            thread::yield_now();
                        }
                    });
                    for run in [Some(run), queued].into_iter().flatten() {
                        match run.wait() {
                            Ok(_) => {}
                            Err(RunError::Cancelled { .. }) => assert!(cancelled),
                            Err(other) => panic!("{other}"),
                        }
                    }
                    executor.wait_for_all().unwrap();
                    ended.store(true, Ordering::SeqCst);
                });
                while drops.get() < made.get() {
                    thread::yield_now();
                }
                assert_eq!(drops.get(), made.get());
            }
        }
    });
}
