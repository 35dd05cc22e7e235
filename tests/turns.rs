//! Whatever goes on for ever on the only worker lets others have their turn.

use std::hint;
use std::sync::{Arc, Weak, mpsc};
use std::time::{Duration, Instant};

use crate::support::counter::Counter;
use crate::support::gate::Gate;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Manual, Taskflow, TaskflowFuture};

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
