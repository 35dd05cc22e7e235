//! Whatever goes on for ever on the only worker lets others have their turn.

use core::future::poll_fn;
use core::mem::take;
use core::task::{Poll, Waker};
use std::hint;
use std::sync::{Arc, Mutex, MutexGuard, Weak, mpsc};
use std::time::{Duration, Instant};

use crate::support::counter::Counter;
use crate::support::gate::Gate;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Manual, Scope, Taskflow, TaskflowFuture};

/// Tasks that are queued while the only worker is busy: more than it takes up at a time.
const QUEUED: usize = 300;

/// With one worker, which is busy until all is submitted: what `begin` starts goes on until tasks that were queued behind it have run.
fn goes_on_until_others_have_run(begin: impl Fn(&Executor, Counter) -> TaskflowFuture) {
    let (executor, gate, ran) = (Executor::new(1), Gate::default(), Counter::default());
    let busy = gate.clone();
    drop(executor.spawn(move || busy.pass()));
    let run = begin(&executor, ran.clone());
    for _ in 0..QUEUED {
        let ran = ran.clone();
        drop(executor.spawn(move || {
            ran.add();
        }));
    }
    gate.open();
    run.wait().expect("nothing fails");
    assert_eq!(ran.get(), QUEUED);
}

/// A flow that goes round and round until `is_over`.
fn looping(is_over: impl Fn() -> bool + Send + 'static) -> Taskflow<'static> {
    let flow = Taskflow::new();
    let (start, again) = (
        flow.placeholder(),
        flow.emplace_condition(move || usize::from(is_over())),
    );
    start.precede(again.task());
    again.precede(again.task());
    flow
}

#[test]
fn a_loop_on_the_only_worker_lets_all_run_that_was_queued_behind_it() {
    within_a_minute(|| {
        goes_on_until_others_have_run(|executor, ran| {
            executor.run(&looping(move || ran.get() == QUEUED))
        });
    });
}

#[test]
fn loops_and_long_tasks_on_all_workers_let_a_later_run_have_its_turn() {
    within_a_minute(|| {
        for (loops, long) in [(1, 0), (1, 1), (2, 0), (1, 3), (3, 1), (4, 0)] {
            let executor = Executor::new(loops + long);
            let (begun, gate, ran) = (Counter::default(), Gate::default(), Counter::default());
            let mut runs = Vec::new();
            for number in 0..loops + long {
                let (begins, busy, over) = (begun.clone(), gate.clone(), ran.clone());
                let flow = Taskflow::new();
                let start = flow.emplace(move || {
                    begins.add();
                });
                if number < long {
                    start.precede(flow.emplace(move || busy.pass()));
                } else {
                    let again = flow.emplace_condition(move || over.get());
                    let pass = flow.placeholder();
                    start.precede(pass);
                    pass.precede(again.task());
                    again.precede(pass);
                }
                runs.push(executor.run(&flow));
                while begun.get() <= number {
                    hint::spin_loop();
                }
            }
            let later = Taskflow::new();
            later.emplace(move || {
                ran.add();
            });
            // (Not by a wait, whose caller might run it itself.)
            let later = executor.run(&later);
            while !later.is_done() {
                hint::spin_loop();
            }
            gate.open();
            for run in runs {
                run.wait().expect("nothing fails");
            }
        }
    });
}

#[test]
fn rounds_on_the_only_worker_let_all_run_that_was_queued_behind_them() {
    within_a_minute(|| {
        for tasks in [0, 1, 2, 3, 256, 257] {
            goes_on_until_others_have_run(|executor, ran| {
                let flow = Taskflow::new();
                let chain: Vec<_> = (0..tasks).map(|_| flow.emplace(|| {})).collect();
                flow.linearize(chain);
                executor.run_until(&flow, move || ran.get() == QUEUED)
            });
        }
    });
}

#[test]
fn a_loop_on_the_only_worker_lets_a_row_go_on_that_was_begun_before() {
    within_a_minute(|| {
        goes_on_until_others_have_run(|executor, ran| {
            let row = Taskflow::new();
            for _ in 0..QUEUED {
                row.emplace(|| {});
            }
            let rows = executor.run(&row);
            executor.run(&looping(move || ran.get() == QUEUED && rows.is_done()))
        });
    });
}

#[test]
fn two_loops_on_the_only_worker_let_all_run_that_was_queued_behind_them() {
    within_a_minute(|| {
        goes_on_until_others_have_run(|executor, ran| {
            let rest = ran.clone();
            drop(executor.run(&looping(move || rest.get() == QUEUED)));
            executor.run(&looping(move || ran.get() == QUEUED))
        });
    });
}

#[test]
fn two_loops_on_the_only_worker_let_a_row_go_on_that_was_begun_before() {
    within_a_minute(|| {
        goes_on_until_others_have_run(|executor, ran| {
            let row = Taskflow::new();
            for _ in 0..QUEUED {
                row.emplace(|| {});
            }
            let row = Arc::new(executor.run(&row));
            let is_over = move || ran.get() == QUEUED && row.is_done();
            drop(executor.run(&looping(is_over.clone())));
            executor.run(&looping(is_over))
        });
    });
}

/// Spawns a task that does the same, until `is_over`.
fn spawn_on(executor: &Weak<Executor>, is_over: impl Fn() -> bool + Clone + Send + 'static) {
    let Some(host) = executor.upgrade() else {
        return;
    };
    let next = Weak::clone(executor);
    drop(host.spawn(move || {
        if !is_over() {
            spawn_on(&next, is_over);
        }
    }));
}

#[test]
fn tasks_that_spawn_one_another_on_the_only_worker_let_all_run_that_was_queued_behind_them() {
    within_a_minute(|| {
        let (executor, gate, ran) = (
            Arc::new(Executor::new(1)),
            Gate::default(),
            Counter::default(),
        );
        let busy = gate.clone();
        drop(executor.spawn(move || busy.pass()));
        let (over, all) = (ran.clone(), Gate::default());
        spawn_on(&Arc::downgrade(&executor), move || over.get() == QUEUED);
        for _ in 0..QUEUED {
            let (ran, all) = (ran.clone(), all.clone());
            drop(executor.spawn(move || {
                if ran.add() + 1 == QUEUED {
                    all.open();
                }
            }));
        }
        gate.open();
        all.pass();
    });
}

/// More than the queue of a worker holds.
const MANY: usize = 1100;

/// Tasks that are woken all at once, from outside, and then let others go first again and again, until all have gone on.
#[derive(Clone, Default)]
struct Yielding {
    gone_on: Counter,
    wakers: Arc<Mutex<Vec<Waker>>>,
}

impl Yielding {
    fn flow(&self) -> Taskflow<'static> {
        let flow = Taskflow::new();
        for _ in 0..MANY {
            let all = self.clone();
            flow.emplace_async(move || {
                let (all, mut polls) = (all.clone(), 0);
                poll_fn(move |context| {
                    polls += 1;
                    match polls {
                        1 => all.wakers().push(context.waker().clone()),
                        2 => {
                            all.gone_on.add();
                            context.waker().wake_by_ref();
                        }
                        _ if all.gone_on.get() == MANY => return Poll::Ready(()),
                        _ => context.waker().wake_by_ref(),
                    }
                    Poll::Pending
                })
            });
        }
        flow
    }

    fn wakers(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.wakers.lock().expect("nothing panics with this lock")
    }

    fn wake_all(&self) {
        while self.wakers().len() < MANY {
            hint::spin_loop();
        }
        let wakers = take(&mut *self.wakers());
        wakers.into_iter().for_each(Waker::wake);
    }
}

#[test]
fn many_loops_on_the_only_worker_all_begin() {
    within_a_minute(|| {
        let (executor, begun) = (Executor::new(1), Counter::default());
        let runs: Vec<_> = (0..MANY)
            .map(|_| {
                let (flow, begins, over) = (Taskflow::new(), begun.clone(), begun.clone());
                let start = flow.emplace(move || {
                    begins.add();
                });
                let again = flow.emplace_condition(move || usize::from(over.get() == MANY));
                start.precede(again.task());
                again.precede(again.task());
                executor.run(&flow)
            })
            .collect();
        for run in runs {
            run.wait().expect("nothing fails");
        }
    });
}

#[test]
fn many_tasks_that_yield_on_the_only_worker_all_go_on() {
    within_a_minute(|| {
        let (executor, all) = (Executor::new(1), Yielding::default());
        let run = executor.run(&all.flow());
        all.wake_all();
        run.wait().expect("nothing fails");
    });
}

#[test]
fn many_tasks_that_yield_all_go_on_while_the_only_worker_waits_for_them() {
    within_a_minute(|| {
        let (executor, all) = (Arc::new(Executor::new(1)), Yielding::default());
        let (flow, inner) = (all.flow(), Arc::downgrade(&executor));
        let waiter = executor.spawn(move || {
            let executor = inner.upgrade().expect("it waits");
            executor.run_and_wait(&flow).expect("nothing fails").tasks
        });
        all.wake_all();
        assert_eq!(waiter.wait().expect("nothing fails"), MANY as u64);
    });
}

/// Spawns a task that does the same, until somebody ends it.
fn spawn_in<'scope>(scope: &'scope Scope<'scope, '_>, over: &'scope Counter) {
    drop(scope.spawn(move || {
        if over.get() == 0 {
            spawn_in(scope, over);
        }
    }));
}

#[test]
fn what_was_queued_before_a_wait_runs_while_all_others_go_on_for_ever() {
    within_a_minute(|| {
        let executor = Arc::new(Executor::new(2));
        let (begun, over, gate) = (Counter::default(), Counter::default(), Gate::default());
        let (inner, begins, ends) = (Arc::downgrade(&executor), begun.clone(), over.clone());
        let busy = gate.clone();
        let waiter = executor.spawn(move || {
            begins.add();
            busy.pass();
            let executor = inner.upgrade().expect("it waits");
            // More than the queue holds, and the last of all ends it.
            for number in 0..MANY {
                let end = ends.clone();
                drop(executor.spawn(move || {
                    if number + 1 == MANY {
                        end.add();
                    }
                }));
            }
            let scope = executor.scope(|scope| spawn_in(scope, &ends));
            scope.expect("nothing fails");
        });
        let await_begun = |count| {
            while begun.get() < count {
                hint::spin_loop();
            }
        };
        await_begun(1);
        let begins = begun.clone();
        let run = executor.run(&looping(move || {
            begins.add();
            over.get() > 0
        }));
        await_begun(2);
        gate.open();
        waiter.wait().expect("nothing fails");
        run.wait().expect("nothing fails");
    });
}

#[test]
fn a_long_round_on_the_only_worker_lets_what_one_of_its_tasks_spawned_run_before_its_end() {
    within_a_minute(|| {
        let (executor, ran) = (Arc::new(Executor::new(1)), Counter::default());
        let flow = Taskflow::new();
        let work = || {
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_micros(10) {
                hint::spin_loop();
            }
        };
        let (inner, spawned) = (Arc::downgrade(&executor), ran.clone());
        let spawner = flow.emplace(move || {
            let (executor, spawned) = (inner.upgrade().expect("it waits"), spawned.clone());
            drop(executor.spawn(move || {
                spawned.add();
            }));
        });
        // (Whoever waits for the run on the only seat runs nothing else.)
        let (end, ended) = mpsc::channel();
        let last = flow.emplace(move || end.send(ran.get()).expect("it waits"));
        let mut chain: Vec<_> = (0..1000).map(|_| flow.emplace(work)).collect();
        chain.insert(500, spawner);
        chain.push(last);
        flow.linearize(chain);
        let run = executor.run(&flow);
        assert_eq!(ended.recv(), Ok(1));
        run.wait().expect("nothing fails");
    });
}

#[test]
fn a_long_round_on_the_only_worker_lets_all_run_before_its_end_that_did_not_fit_into_the_queue() {
    within_a_minute(|| {
        let (executor, ran) = (Arc::new(Executor::new(1)), Counter::default());
        let flow = Taskflow::new();
        let (inner, spawned) = (Arc::downgrade(&executor), ran.clone());
        let mut chain = vec![flow.emplace(move || {
            let executor = inner.upgrade().expect("it waits");
            for _ in 0..3 * MANY {
                let spawned = spawned.clone();
                drop(executor.spawn(move || {
                    spawned.add();
                }));
            }
        })];
        // (A turn comes after 256 tasks.)
        chain.extend((0..2 * 256 * 3 * MANY).map(|_| flow.emplace(|| {})));
        let (end, ended) = mpsc::channel();
        chain.push(flow.emplace(move || end.send(ran.get()).expect("it waits")));
        flow.linearize(chain);
        let run = executor.run(&flow);
        assert_eq!(ended.recv(), Ok(3 * MANY));
        run.wait().expect("nothing fails");
    });
}

#[test]
fn steps_let_all_begin_beside_a_loop_that_do_not_fit_into_the_queue() {
    let executor = taskflow_core::Executor::<Manual>::new(1);
    let loops = Taskflow::new();
    let (start, again) = (loops.placeholder(), loops.emplace_condition(|| 0));
    start.precede(again.task());
    again.precede(again.task());
    let endless = executor.run(&loops);
    let runs: Vec<_> = (0..QUEUED)
        .map(|_| {
            let flow = Taskflow::new();
            flow.emplace(|| {});
            executor.run(&flow)
        })
        .collect();
    for _ in 0..20 * QUEUED {
        executor.platform().step(0);
    }
    assert!(runs.iter().all(TaskflowFuture::is_done));
    endless.cancel();
    executor.platform().step_all();
    assert!(endless.is_done());
}

#[test]
fn steps_give_everybody_a_turn_whatever_the_clock_says() {
    for time in [0, 1, 100, 199, 200, 1_000_000] {
        let executor = taskflow_core::Executor::<Manual>::new(1);
        executor.platform().advance(Duration::from_micros(time));
        let round = Taskflow::new();
        round.emplace(|| {});
        let loops = Taskflow::new();
        let (start, again) = (loops.placeholder(), loops.emplace_condition(|| 0));
        start.precede(again.task());
        again.precede(again.task());
        let other = Taskflow::new();
        other.emplace(|| {});
        for endless in [executor.run_until(&round, || false), executor.run(&loops)] {
            let behind = executor.run(&other);
            for _ in 0..1000 {
                executor.platform().step(0);
            }
            assert!(behind.is_done(), "{time} us");
            assert!(endless.cancel());
            while !endless.is_done() {
                executor.platform().step(0);
            }
        }
    }
}
