//! A branch back is a loop.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::counted_task::counted;
use crate::support::counter::Counter;
use crate::support::rig::{WORKERS, on_each_rig};
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, RunError, TaskHandle, Taskflow, TaskflowError};

/// A condition that picks itself until it was asked this often, then its second branch.
fn self_loop<'f>(flow: &'f Taskflow<'static>, passes: usize) -> TaskHandle<'f> {
    let mut asked = 0;
    let condition = flow.emplace_condition(move || {
        asked += 1;
        usize::from(asked % passes == 0)
    });
    condition.precede(condition);
    condition.task()
}

#[test]
fn a_condition_that_picks_itself_a_hundred_times_is_a_loop_and_no_race() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let after = Counter::default();
        let condition = self_loop(&flow, 100);
        flow.placeholder().precede(condition);
        condition.precede(counted(&flow, &after));
        for rounds in 1..=3 {
            let stats = rig.run(&flow).unwrap();
            assert_eq!((stats.tasks, stats.skipped), (102, 0));
            assert_eq!(after.get(), rounds);
        }
        assert_eq!(rig.run_n(&flow, 10).unwrap().tasks, 1020);
    });
}

#[test]
fn a_chain_of_coin_flips_takes_32_tries_on_average() {
    // Five flips in a row must fall right: one try in 32.
    within_a_minute(|| {
        let rounds = 10_000;
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let flow = Taskflow::new();
            let tries = Counter::default();
            let coin = Arc::new(Mutex::new(7_u64));
            let start = flow.placeholder();
            let first = counted(&flow, &tries);
            start.precede(first);
            let mut last = first;
            for _ in 0..5 {
                let coin = Arc::clone(&coin);
                let flip = flow.emplace_condition(move || {
                    // Xorshift; one flip at a time, so that every run sees the same coin.
                    let mut coin = coin.lock().unwrap();
                    *coin ^= *coin << 7;
                    *coin ^= *coin >> 9;
                    *coin >> 40 & 1 == 1
                });
                last.precede(flip);
                flip.precede(first);
                last = flip.task();
            }
            let done = Counter::default();
            last.precede(counted(&flow, &done));
            executor.run_n(&flow, rounds as u64).wait().unwrap();
            assert_eq!(done.get(), rounds);
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let mean = tries.get() as f64 / rounds as f64;
            println!("{mean} tries on average over {rounds}");
            assert!((31.0..33.0).contains(&mean), "{mean} over {rounds}");
        }
    });
}

#[test]
fn three_nested_loops_of_conditions_multiply() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let counters = [(); 3].map(|()| Counter::default());
        // Each level: body, then what is inside, then back or on.
        let mut entries = Vec::new();
        let start = flow.placeholder();
        let mut before = start;
        for (level, counter) in counters.iter().enumerate() {
            let entry = counted(&flow, counter);
            if level == 0 {
                before.precede(entry);
            } else {
                let into = flow.emplace_condition(|| 0_usize);
                before.precede(into);
                into.precede(entry);
            }
            entries.push(entry);
            before = entry;
        }
        let mut ended: Option<TaskHandle<'_>> = None;
        for (level, entry) in entries.iter().enumerate().rev() {
            let times = level + 2;
            let mut passes = 0;
            let again = flow.emplace_condition(move || {
                passes += 1;
                usize::from(passes % times == 0)
            });
            match ended {
                None => entry.precede(again),
                Some(inner) => inner.precede(again),
            };
            again.precede(*entry);
            let done = flow.placeholder();
            again.precede(done);
            ended = Some(done);
        }
        for round in 1..=3 {
            rig.run(&flow).unwrap();
            let ran = counters.each_ref().map(Counter::get);
            assert_eq!(ran, [2 * round, 6 * round, 24 * round]);
        }
    });
}

#[test]
fn repeat_while_runs_its_body_in_order_as_long_as_it_is_told_to() {
    on_each_rig(|rig| {
        for passes in [0, 1, 2, 50] {
            let flow = Taskflow::new();
            let log = Arc::new(Mutex::new(String::new()));
            let note = |letter: char| {
                let log = Arc::clone(&log);
                flow.emplace(move || log.lock().unwrap().push(letter))
            };
            let body = [note('a'), note('b'), note('c')];
            let mut asked = 0;
            let again = move || {
                asked += 1;
                asked % (passes + 1) != 0
            };
            let repeated = flow.repeat_while(again, body);
            repeated.head().succeed(note('<'));
            repeated.done().precede(note('>'));
            rig.run_n(&flow, 2).unwrap();
            let expected = format!("<{}>", "abc".repeat(passes)).repeat(2);
            assert_eq!(*log.lock().unwrap(), expected);
            assert_eq!(flow.validate().unwrap(), []);
        }
    });
}

#[test]
fn a_repeat_while_without_a_body_asks_only() {
    on_each_rig(|rig| {
        let (flow, asked) = (Taskflow::new(), Counter::default());
        let count = asked.clone();
        let again = move || count.add() % 11 != 10;
        let repeated = flow.repeat_while(again, [(); 0].map(|()| flow.placeholder()));
        let (before, after) = (Counter::default(), Counter::default());
        counted(&flow, &before).precede(repeated.head());
        repeated.done().precede(counted(&flow, &after));
        rig.run_n(&flow, 3).unwrap();
        assert_eq!((before.get(), asked.get(), after.get()), (3, 33, 3));
    });
}

#[test]
fn a_once_task_in_a_loop_is_started_again_and_refused() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let (ran, after) = (Counter::default(), Counter::default());
        let count = ran.clone();
        let once = flow
            .emplace_once(move || {
                count.add();
            })
            .name("once");
        flow.placeholder().precede(once);
        let condition = flow.emplace_condition(|| 0_usize);
        once.precede(condition);
        condition.precede([once, counted(&flow, &after)]);
        let error = rig.run(&flow).unwrap_err();
        let RunError::Again { task, stats } = &error else {
            panic!("{error}");
        };
        assert_eq!(task.id, once.id());
        assert_eq!((ran.get(), after.get(), stats.rounds), (1, 0, 1));
        assert!(error.to_string().contains("\"once\""), "{error}");
        // A second run is refused before anything runs, as ever.
        let error = rig.run(&flow).unwrap_err();
        assert!(matches!(
            error,
            RunError::Invalid(TaskflowError::Once { .. })
        ));
    });
}

#[test]
fn an_endless_loop_is_cancelled_and_its_flow_runs_again() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let flow = Taskflow::new();
            let (ran, stop) = (Counter::default(), Counter::default());
            let start = flow.placeholder();
            let body = counted(&flow, &ran);
            let stopped = stop.clone();
            let again = flow.emplace_condition(move || stopped.get());
            start.precede(body);
            body.precede(again);
            again.precede(body);
            for round in 1..=3 {
                let before = ran.get();
                let run = rig.start(&flow);
                while ran.get() < before + 100 * round {
                    rig.step();
                }
                assert!(run.cancel());
                let error = rig.finish(run).unwrap_err();
                let RunError::Cancelled { stats, .. } = error else {
                    panic!("{error}");
                };
                assert!(stats.tasks >= 100);
            }
            stop.add();
            assert_eq!(rig.run(&flow).unwrap().tasks, 3);
        });
    });
}

#[test]
fn what_a_loop_counts_is_what_ran() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let ran = Counter::default();
        let head = counted(&flow, &ran);
        flow.placeholder().precede(head);
        let join = counted(&flow, &ran);
        for _ in 0..20 {
            let middle = counted(&flow, &ran);
            head.precede(middle);
            middle.precede(join);
        }
        let mut passes = 0;
        let again = flow.emplace_condition(move || {
            passes += 1;
            usize::from(passes % 30 == 0)
        });
        join.precede(again);
        again.precede(head);
        for round in 1..=3 {
            let stats = rig.run_n(&flow, 2).unwrap();
            assert_eq!(ran.get(), round * 2 * 30 * 22);
            assert_eq!(stats.tasks, 2 * (1 + 30 * 22 + 30));
            assert_eq!((stats.skipped, stats.rounds), (0, 2));
        }
    });
}

#[test]
fn loops_nest_by_name_of_their_ends_and_stand_where_a_task_can() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (inner_passes, outer_passes, after) =
                (Counter::default(), Counter::default(), Counter::default());
            let flow = Taskflow::new();
            let (count, left) = (inner_passes.clone(), AtomicUsize::new(0));
            let body = flow.emplace(move || {
                count.add();
            });
            let inner = flow.repeat_while(
                move || {
                    // Asked three times for two passes, then again from the beginning.
                    left.fetch_add(1, Ordering::SeqCst) % 3 < 2
                },
                body,
            );
            let count = outer_passes.clone();
            let last = flow.emplace(move || {
                count.add();
            });
            let asked = AtomicUsize::new(0);
            let outer = flow.repeat_while(
                move || asked.fetch_add(1, Ordering::SeqCst) % 6 < 5,
                (inner, last),
            );
            let (count, passes) = (after.clone(), outer_passes.clone());
            flow.emplace(move || {
                assert_eq!(passes.get() % 5, 0);
                count.add();
            })
            .succeed(outer);
            for round in 1..=3 {
                rig.run(&flow).unwrap();
                assert_eq!(inner_passes.get(), 10 * round);
                assert_eq!((outer_passes.get(), after.get()), (5 * round, round));
            }
        });
    });
}
