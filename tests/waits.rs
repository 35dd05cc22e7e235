//! A task may wait for a run: it runs only what it waits for, gives its seat away otherwise, and is told
//! when its wait could never end.

use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::blocked_flow::BlockedFlow;
use crate::support::counter::Counter;
use crate::support::gate::Gate;
use crate::support::shared_flow::SharedFlow;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Event, Executor, RunError, Taskflow, TaskflowFuture};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

fn shared(workers: usize) -> Arc<Executor> {
    Arc::new(Executor::new(workers))
}

/// A flow of one task that tasks can start.
fn of_one_task(work: impl FnMut() + Send + 'static) -> SharedFlow {
    let flow = Taskflow::new();
    flow.emplace(work);
    SharedFlow::of(flow)
}

/// Runs a task that does this, and waits for it.
fn in_a_task(executor: &Executor, work: impl FnOnce() + Send) {
    let flow = Taskflow::new();
    flow.emplace_once(work);
    executor
        .run_and_wait(&flow)
        .expect("the task does not fail");
}

#[test]
fn a_task_waits_for_a_run_that_it_started() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = shared(workers);
            let count = Counter::default();
            let counted = count.clone();
            let inner = of_one_task(move || {
                counted.add();
            });
            let flow = Taskflow::new();
            for _ in 0..20 {
                let (executor, inner) = (Arc::clone(&executor), inner.clone());
                flow.emplace(move || {
                    assert_eq!(inner.start(&executor).wait().unwrap().tasks, 1);
                });
            }
            assert_eq!(executor.run_n(&flow, 20).wait().unwrap().tasks, 400);
            assert_eq!(count.get(), 400);
            drop(flow);
        }
    });
}

#[test]
fn a_task_waits_in_run_and_wait_and_in_a_scope_with_what_it_borrows() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let flow = Taskflow::new();
            let mut sums = [0; 16];
            for sum in &mut sums {
                let executor = &executor;
                flow.emplace(move || {
                    let (mut left, mut right) = (0, 0);
                    {
                        let (one, two) = (Taskflow::new(), Taskflow::new());
                        one.emplace(|| left += 1);
                        two.emplace(|| right += 10);
                        executor.run_and_wait(&one).unwrap();
                        executor
                            .scope(|scope| {
                                scope.run(&one);
                                scope.run_n(&two, 2);
                            })
                            .unwrap();
                    }
                    *sum += left + right;
                });
            }
            executor.run_and_wait(&flow).unwrap();
            drop(flow);
            assert_eq!(sums, [22; 16]);
        }
    });
}

#[test]
fn a_task_that_waits_for_its_own_run_ends_with_deadlock_and_not_a_hang() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = shared(workers);
            let own: Arc<Mutex<Option<TaskflowFuture>>> = Arc::default();
            let (slot, told) = (Arc::clone(&own), Counter::default());
            let heard = told.clone();
            let flow = of_one_task(move || {
                let own = slot.lock().unwrap().take().expect("put there");
                assert!(matches!(own.wait(), Err(RunError::Deadlock)));
                heard.add();
            });
            let mut slot = own.lock().unwrap();
            *slot = Some(flow.start(&executor));
            drop(slot);
            executor.wait_for_all().unwrap();
            assert_eq!(told.get(), 1);
        }
    });
}

#[test]
fn a_task_that_waits_for_a_later_run_of_its_own_flow_ends_with_deadlock_and_not_a_hang() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = shared(workers);
            let later: Arc<Mutex<Option<TaskflowFuture>>> = Arc::default();
            let (slot, told) = (Arc::clone(&later), Counter::default());
            let heard = told.clone();
            let flow = of_one_task(move || {
                let Some(later) = slot.lock().unwrap().take() else {
                    return;
                };
                assert!(matches!(later.wait(), Err(RunError::Deadlock)));
                heard.add();
            });
            let mut slot = later.lock().unwrap();
            let first = flow.start(&executor);
            *slot = Some(flow.start(&executor));
            drop(slot);
            first.wait().unwrap();
            executor.wait_for_all().unwrap();
            assert_eq!(told.get(), 1);
        }
    });
}

#[test]
fn of_two_flows_whose_tasks_wait_for_each_other_one_ends_with_deadlock_and_not_a_hang() {
    within_a_minute(|| {
        for workers in WORKERS {
            for _ in 0..20 {
                let executor = shared(workers);
                type Slot = Arc<Mutex<Option<TaskflowFuture>>>;
                let slots: [Slot; 2] = Default::default();
                let told = Counter::default();
                let flows = [0, 1].map(|number| {
                    let (slot, told) = (Arc::clone(&slots[number]), told.clone());
                    of_one_task(move || {
                        let Some(later) = slot.lock().unwrap().take() else {
                            return;
                        };
                        match later.wait() {
                            Ok(_) => {}
                            Err(RunError::Deadlock) => drop(told.add()),
                            Err(other) => panic!("{other}"),
                        }
                    })
                });
                // Both slots are held until both are filled, so no task runs past its own.
                let (mut one, mut other) = (slots[0].lock().unwrap(), slots[1].lock().unwrap());
                let first = flows.each_ref().map(|flow| flow.start(&executor));
                *one = Some(flows[1].start(&executor));
                *other = Some(flows[0].start(&executor));
                drop((one, other));
                for run in first {
                    run.wait().unwrap();
                }
                executor.wait_for_all().unwrap();
                assert_eq!(told.get(), 1);
            }
        }
    });
}

#[test]
fn waiting_for_all_inside_a_task_is_refused() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            in_a_task(&executor, || {
                assert!(matches!(executor.wait_for_all(), Err(RunError::Deadlock)));
            });
            executor.wait_for_all().unwrap();
            let other = Executor::new(1);
            in_a_task(&executor, || other.wait_for_all().unwrap());
        }
    });
}

/// A task that waits for a task that waits ..., this deep.
fn nested(executor: &Executor, depth: usize, deepest: &Counter) {
    if depth == 0 {
        deepest.add();
        return;
    }
    in_a_task(executor, || nested(executor, depth - 1, deepest));
}

#[test]
fn waits_fifty_deep_end() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let executor = Executor::new(workers);
            let deepest = Counter::default();
            for _ in 0..10 {
                nested(&executor, 50, &deepest);
            }
            assert_eq!(deepest.get(), 10);
        }
    });
}

#[test]
fn a_task_that_waits_gives_its_seat_away_meanwhile() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (far, executor) = (Executor::new(1), Executor::new(workers));
            let (held, begun) = (BlockedFlow::new("held"), Gate::default());
            let held_run = far.run(&held.flow);
            held.begun.pass();
            let waiting = Taskflow::new();
            let mut runs: Vec<TaskflowFuture> = (1..workers).map(|_| far.run(&held.flow)).collect();
            runs.push(held_run);
            for run in runs {
                let begun = begun.clone();
                waiting.emplace_once(move || {
                    begun.open();
                    run.wait().unwrap();
                });
            }
            let first = executor.run(&waiting);
            begun.pass();
            // All workers wait for what another executor is at; a run here goes on, and ends that.
            let (opening, end) = (Taskflow::new(), held.end.clone());
            opening.emplace(move || end.open());
            executor.run(&opening).wait().unwrap();
            assert_eq!(first.wait().unwrap().tasks, workers as u64);
        }
    });
}

/// Waits inside tasks for queued work while holding a lock, among many tasks that want to know whether
/// they run on the stack of the one that holds it.
fn hold_a_lock_and_wait(workers: usize, noise: usize, rounds: u64) {
    let executor = shared(workers);
    let holder: Arc<Mutex<Option<thread::ThreadId>>> = Arc::default();
    let lock = Arc::new(Mutex::new(()));
    let (intruders, waited) = (Counter::default(), Counter::default());
    let needed = of_one_task(thread::yield_now);
    let waiting = Taskflow::new();
    for _ in 0..4 {
        let (lock, holder, waited) = (Arc::clone(&lock), Arc::clone(&holder), waited.clone());
        let (executor, needed) = (Arc::clone(&executor), needed.clone());
        waiting.emplace(move || {
            let Ok(held) = lock.try_lock() else { return };
            *holder.lock().expect("nothing panics with this lock") = Some(thread::current().id());
            needed.start(&executor).wait().expect("it ends well");
            *holder.lock().expect("nothing panics with this lock") = None;
            waited.add();
            drop(held);
        });
    }
    let unrelated = Taskflow::new();
    for _ in 0..noise {
        let (holder, intruders) = (Arc::clone(&holder), intruders.clone());
        let source = unrelated.emplace(move || {
            if *holder.lock().expect("nothing panics with this lock")
                == Some(thread::current().id())
            {
                intruders.add();
            }
        });
        source.precede(unrelated.placeholder());
    }
    let loud = executor.run_n(&unrelated, rounds);
    let quiet = executor.run_n(&waiting, rounds);
    quiet.wait().expect("it ends well");
    loud.wait().expect("it ends well");
    assert!(waited.get() > 0);
    assert_eq!(
        intruders.get(),
        0,
        "unrelated tasks on the stack of one that waits"
    );
}

#[test]
fn a_task_that_holds_a_lock_and_waits_gets_no_unrelated_task_on_its_stack() {
    within_a_minute(|| {
        for workers in WORKERS {
            hold_a_lock_and_wait(workers, 20, 200);
        }
    });
}

#[test]
fn a_task_that_holds_a_lock_and_waits_never_deadlocks_however_the_pool_is_loaded() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = shared(workers);
            let lock = Arc::new(Mutex::new(0_u64));
            let flow = Taskflow::new();
            for _ in 0..16 {
                let (executor, lock) = (Arc::clone(&executor), Arc::clone(&lock));
                flow.emplace(move || {
                    let mut held = lock.lock().unwrap();
                    let sum = &mut *held;
                    in_a_task(&executor, || *sum += 1);
                });
            }
            hold_a_lock_and_wait(workers, 200, 20);
            executor.run_n(&flow, 20).wait().unwrap();
            assert_eq!(*lock.lock().unwrap(), 320);
            drop(flow);
        }
    });
}

#[test]
fn a_wait_on_a_dependent_whose_predecessor_is_queued_ends_on_one_worker() {
    within_a_minute(|| {
        let executor = shared(1);
        let order: Arc<Mutex<Vec<&str>>> = Arc::default();
        let (ordered, noted) = (Taskflow::new(), Arc::clone(&order));
        let before = ordered.emplace(move || noted.lock().unwrap().push("before"));
        let noted = Arc::clone(&order);
        before.precede(ordered.emplace(move || noted.lock().unwrap().push("after")));
        let ordered = SharedFlow::of(ordered);
        in_a_task(&executor, || {
            let earlier = ordered.start(&executor);
            let later = ordered.start(&executor);
            assert_eq!(later.wait().unwrap().tasks, 2);
            assert!(earlier.is_done());
        });
        assert_eq!(*order.lock().unwrap(), ["before", "after"].repeat(2));
    });
}

/// How many tasks a loop of ten passes ends with.
fn tasks_of_a_loop(executor: &Executor, body: impl FnMut() + Send + 'static) -> u64 {
    let (flow, mut passes) = (Taskflow::new(), 0);
    let pass = flow.emplace(body);
    flow.repeat_while(
        move || {
            passes += 1;
            passes <= 10
        },
        pass,
    );
    executor.run(&flow).wait().expect("nothing fails").tasks
}

#[test]
fn a_loop_whose_body_waits_counts_every_pass() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, counter) = (shared(workers), Counter::default());
            let count = counter.clone();
            let inner = of_one_task(move || {
                count.add();
            });
            let host = Arc::downgrade(&executor);
            let waiting = tasks_of_a_loop(&executor, move || {
                let host = host.upgrade().expect("it waits for its runs");
                inner.start(&host).wait().expect("nothing fails");
            });
            let plain = tasks_of_a_loop(&executor, || {});
            assert_eq!((waiting, counter.get()), (plain, 10));
        }
    });
}

#[test]
fn a_task_of_a_larger_pool_gets_a_spare_seat_of_a_pool_whose_only_worker_waits() {
    within_a_minute(|| {
        let (one, many) = (shared(1), shared(4));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let workers = Arc::clone(&heard);
        let observer = one.observe(move |event: &Event<'_>| {
            workers.lock().unwrap().extend(event.worker);
        });
        let (slow, stuck) = (BlockedFlow::new("slow"), BlockedFlow::new("stuck"));
        let counter = Counter::default();
        // The worker waits for a run of the other pool, and its substitute is stuck.
        let (elsewhere, slow_flow) = (Arc::clone(&many), SharedFlow::of(slow.flow));
        let waits = of_one_task(move || {
            let run = slow_flow.start(&elsewhere);
            run.wait().expect("it does not fail");
        });
        let waiting = waits.start(&one);
        slow.begun.pass();
        let sticking = one.run(&stuck.flow);
        stuck.begun.pass();
        let flow = Taskflow::new();
        for _ in 0..3 {
            let (one, counter) = (Arc::clone(&one), counter.clone());
            flow.emplace(move || {
                let small = Taskflow::new();
                let counter = counter.clone();
                small.emplace(move || {
                    counter.add();
                });
                one.run_and_wait(&small).expect("it does not fail");
            });
        }
        many.run(&flow).wait().expect("no task fails");
        assert_eq!(counter.get(), 3);
        slow.end.open();
        stuck.end.open();
        for run in [waiting, sticking] {
            run.wait().expect("it does not fail");
        }
        drop(observer);
        let workers = heard.lock().unwrap();
        assert!(
            workers.iter().all(|worker| worker.index() == 0),
            "{workers:?}"
        );
    });
}
