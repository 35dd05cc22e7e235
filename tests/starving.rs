//! Whatever tasks wait for, and whoever was to release it: every run ends, nobody overtakes, and no unit is
//! lost.

use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use crate::support::contended_flow::{any_flow, give_up};
use crate::support::counted_task::counted;
use crate::support::counter::Counter;
use crate::support::dice::Dice;
use crate::support::rig::{Rig, on_each_rig};
use crate::support::watchdog::within_a_minute;
use taskflow_std::{
    Executor, FailurePolicy, Module, RunError, RunOptions, RunStats, Semaphore, TaskHandle,
    Taskflow,
};

/// What a task can be held up with that holds no worker.
#[derive(Clone, Default)]
struct Barrier(Arc<Mutex<(bool, Option<Waker>)>>);

impl Barrier {
    /// Adds a task that ends when the barrier is open.
    fn task<'f>(&self, flow: &'f Taskflow<'static>) -> TaskHandle<'f> {
        let barrier = self.clone();
        flow.emplace_async(move || {
            let barrier = barrier.clone();
            std::future::poll_fn(move |context| {
                let mut state = barrier.0.lock().expect("nobody panics");
                if state.0 {
                    return Poll::Ready(());
                }
                state.1 = Some(context.waker().clone());
                Poll::Pending
            })
        })
    }

    fn open(&self) {
        let mut state = self.0.lock().expect("nobody panics");
        state.0 = true;
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }
}

/// What ran and what was skipped.
fn counts(stats: &RunStats) -> (u64, u64) {
    (stats.tasks, stats.skipped)
}

#[test]
fn each_semaphore_hands_over_first_come_first_served_and_one_waiter_per_release() {
    within_a_minute(|| {
        let mut rigs: Vec<_> = [1, 2, 4, 8].map(Rig::stepped).into();
        // With one worker, what was submitted first comes first.
        rigs.push(Rig::threads(1));
        for rig in &rigs {
            let (lock, barrier) = (Semaphore::new(1), Barrier::default());
            let holder = Taskflow::new();
            barrier.task(&holder).acquire(&lock).release(&lock);
            let order: Arc<Mutex<Vec<usize>>> = Arc::default();
            let settle = || match rig {
                Rig::Stepped(executor, _) => drop(executor.platform().0.step_all()),
                Rig::Threads(_) => drop(rig.run(&Taskflow::new())),
            };
            let mut runs = vec![rig.start(&holder)];
            settle();
            let flows: Vec<_> = (0..100).map(|_| Taskflow::new()).collect();
            for (place, flow) in flows.iter().enumerate() {
                let order = Arc::clone(&order);
                let enter = flow.emplace(move || order.lock().unwrap().push(place));
                // Had one release served two, they would be in the section both.
                let leave = flow.emplace(|| {});
                flow.linearize([enter.acquire(&lock), leave.release(&lock)]);
                runs.push(rig.start(flow));
                settle();
            }
            assert!(order.lock().unwrap().is_empty());
            barrier.open();
            for result in rig.finish_all(runs) {
                assert_eq!(result.unwrap().skipped, 0);
            }
            let order = order.lock().unwrap();
            assert!(order.iter().copied().eq(0..100), "{order:?}");
        }
    });
}

#[test]
fn a_skipped_task_neither_acquires_nor_releases() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let [full, empty] = [Semaphore::new(1), Semaphore::with_count(1, 0)];
            let flow = Taskflow::new();
            let broken = flow.try_emplace(give_up);
            let task = flow.placeholder().acquire(&full).release([&empty, &full]);
            broken.precede(task);
            let error = rig.run(&flow).unwrap_err();
            assert!(matches!(error, RunError::Failed { .. }));
            assert_eq!(counts(error.stats().unwrap()), (1, 1));
            assert_eq!((full.count(), empty.count()), (1, 0));
        });
    });
}

#[test]
fn what_a_run_still_holds_is_given_back_at_its_end_so_no_later_run_starves() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let lock = Semaphore::new(2);
            let ran = Counter::default();
            let flow = Taskflow::new();
            counted(&flow, &ran).acquire([&lock, &lock]);
            let runs = (0..20).map(|_| rig.start(&flow)).collect();
            for result in rig.finish_all(runs) {
                assert_eq!(counts(&result.unwrap()), (1, 0));
            }
            assert_eq!((ran.get(), lock.count()), (20, 2));
            // The rounds of one run are one run: there nobody gives anything back.
            assert_eq!(counts(&rig.run_n(&flow, 3).unwrap()), (1, 2));
            assert_eq!((ran.get(), lock.count()), (21, 2));
        });
    });
}

#[test]
fn what_a_cancelled_run_holds_is_given_back() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (lock, barrier) = (Semaphore::new(1), Barrier::default());
            let (first, second) = (Taskflow::new(), Taskflow::new());
            let task = barrier.task(&first).acquire(&lock);
            task.precede(first.placeholder().release(&lock));
            second.placeholder().acquire(&lock).release(&lock);
            let runs = vec![rig.start(&first), rig.start(&second)];
            while lock.count() > 0 {
                rig.step();
            }
            assert!(runs[0].cancel());
            let results = rig.finish_all(runs);
            assert!(results[0].is_err());
            assert_eq!(counts(results[1].as_ref().unwrap()), (1, 0));
            assert_eq!(lock.count(), 1);
        });
    });
}

#[test]
fn a_release_above_the_maximum_is_an_overflow_and_no_worker_dies() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let tokens = Semaphore::with_count(3, 2).name("tokens");
            let flow = Taskflow::new();
            let first = flow.placeholder().release(&tokens);
            let second = flow.placeholder().release(&tokens).name("one too many");
            flow.linearize([first, second, flow.placeholder()]);
            let error = rig.run(&flow).unwrap_err();
            let RunError::SemaphoreOverflow {
                semaphore,
                task,
                stats,
            } = error
            else {
                panic!("{error}");
            };
            assert_eq!(semaphore.name.as_deref(), Some("tokens"));
            assert_eq!(task.name.as_deref(), Some("one too many"));
            assert_eq!(counts(&stats), (2, 1));
            assert_eq!(tokens.count(), 3);
            let whole = Taskflow::new();
            for _ in 0..100 {
                whole.placeholder().acquire(&tokens).release(&tokens);
            }
            assert_eq!(counts(&rig.run(&whole).unwrap()), (100, 0));
            assert_eq!(tokens.count(), 3);
        });
    });
}

#[test]
fn waiters_whose_releaser_was_not_chosen_are_skipped_and_the_wait_returns() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (lock, ran) = (Semaphore::new(1), Counter::default());
            let flow = Taskflow::new();
            let take = flow.placeholder().acquire(&lock);
            let choose = flow.emplace_condition(|| 1usize);
            let give = flow.placeholder().release(&lock);
            take.precede(choose);
            choose.precede([give, flow.placeholder()]);
            for _ in 0..100 {
                let waiter = counted(&flow, &ran).acquire(&lock).release(&lock);
                take.precede(waiter);
                // What comes after may count on what the waiter did not get.
                waiter.precede(counted(&flow, &ran));
            }
            assert_eq!(counts(&rig.run(&flow).unwrap()), (3, 200));
            assert_eq!((ran.get(), lock.count()), (0, 1));
        });
    });
}

#[test]
fn waiters_whose_releaser_was_skipped_are_skipped_and_the_wait_returns() {
    within_a_minute(|| {
        for workers in [1, 2, 4, 8] {
            let executor = Executor::new(workers);
            let (lock, ran) = (Semaphore::new(1), Counter::default());
            let flow = Taskflow::new();
            let take = flow.placeholder().acquire(&lock);
            let broken = flow.try_emplace(give_up);
            let give = flow.placeholder().release(&lock);
            flow.linearize([take, broken, give]);
            for _ in 0..100 {
                let waiter = counted(&flow, &ran).acquire(&lock).release(&lock);
                take.precede(waiter);
            }
            let options = RunOptions::new().on_failure(FailurePolicy::KeepIndependent);
            let error = executor.run_with(&flow, options).wait().unwrap_err();
            assert_eq!(counts(error.stats().unwrap()), (2, 101));
            assert_eq!((ran.get(), lock.count()), (0, 1));
        }
    });
}

#[test]
fn a_task_that_acquires_more_than_there_is_is_skipped() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let [scarce, other] = [1, 1].map(Semaphore::new);
            let flow = Taskflow::new();
            flow.placeholder().acquire([&scarce, &scarce, &other]);
            for _ in 0..10 {
                flow.placeholder()
                    .acquire([&scarce, &other])
                    .release([&other, &scarce]);
            }
            assert_eq!(counts(&rig.run(&flow).unwrap()), (10, 1));
            assert_eq!((scarce.count(), other.count()), (1, 1));
        });
    });
}

#[test]
fn a_task_that_got_some_units_and_can_get_no_more_is_skipped() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (pair, barrier) = (Semaphore::new(2), Barrier::default());
            let (other, greedy) = (Taskflow::new(), Taskflow::new());
            barrier.task(&other).acquire(&pair);
            let one = greedy.placeholder().acquire(&pair);
            one.precede(greedy.placeholder().acquire([&pair, &pair]));
            let mut runs = vec![rig.start(&other)];
            while pair.count() > 1 {
                rig.step();
            }
            runs.push(rig.start(&greedy));
            while pair.count() > 0 {
                rig.step();
            }
            for _ in 0..1000 {
                rig.step();
            }
            barrier.open();
            let results = rig.finish_all(runs);
            assert_eq!(counts(results[0].as_ref().unwrap()), (1, 0));
            assert_eq!(counts(results[1].as_ref().unwrap()), (1, 1));
            assert_eq!(pair.count(), 2);
        });
    });
}

#[test]
fn two_runs_that_each_hold_what_the_other_waits_for_both_end() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let locks = [Semaphore::new(1), Semaphore::new(1)];
            let ran = Counter::default();
            let meeting = [Barrier::default(), Barrier::default()];
            let flows = [0, 1].map(|side| {
                let flow = Taskflow::new();
                let tasks = [
                    meeting[side].task(&flow).acquire(&locks[side]),
                    counted(&flow, &ran).acquire(&locks[1 - side]),
                    flow.placeholder().release(&locks),
                ];
                flow.linearize(tasks);
                flow
            });
            let runs = flows.iter().map(|flow| rig.start(flow)).collect();
            while locks.iter().any(|lock| lock.count() > 0) {
                rig.step();
            }
            meeting.iter().for_each(Barrier::open);
            let mut skipped: Vec<_> = rig
                .finish_all(runs)
                .into_iter()
                .map(|result| result.unwrap().skipped)
                .collect();
            skipped.sort_unstable();
            // One gives way, and the other gets what that held.
            assert_eq!((skipped, ran.get()), (vec![0, 2], 1));
            assert!(locks.iter().all(|lock| lock.count() == 1));
        });
    });
}

#[test]
fn a_run_that_waits_for_one_that_is_stuck_by_itself_is_not_the_one_that_gives_way() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (lock, ran) = (Semaphore::new(1), Counter::default());
            let (barrier, selfish, patient) =
                (Barrier::default(), Taskflow::new(), Taskflow::new());
            let again = selfish.placeholder().acquire(&lock);
            barrier.task(&selfish).acquire(&lock).precede(again);
            let first = rig.start(&selfish);
            while lock.count() > 0 {
                rig.step();
            }
            counted(&patient, &ran).acquire(&lock).release(&lock);
            let second = rig.start(&patient);
            barrier.open();
            let results = rig.finish_all(vec![first, second]);
            assert_eq!(counts(results[0].as_ref().unwrap()), (1, 1));
            assert_eq!(counts(results[1].as_ref().unwrap()), (1, 0));
            assert_eq!((ran.get(), lock.count()), (1, 1));
        });
    });
}

#[test]
fn children_that_wait_for_what_only_comes_after_them_are_skipped() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            // Stepped workers have no thread to go on with while one of them waits.
            for joins in [false, matches!(rig, Rig::Threads(_))] {
                let lock = Semaphore::new(1);
                let flow = Taskflow::new();
                let take = flow.placeholder().acquire(&lock);
                let inside = lock.clone();
                let inner = flow.emplace_subflow(move |inner| {
                    let deep = inside.clone();
                    inner.emplace_subflow(move |deepest| {
                        deepest.placeholder().acquire(&deep).release(&deep);
                    });
                    if joins {
                        inner.join().unwrap();
                    }
                });
                let side = flow.emplace_subflow(|side| {
                    for _ in 0..50 {
                        side.placeholder();
                    }
                });
                side.succeed(take);
                let give = flow.placeholder().release(&lock);
                flow.linearize([take, inner, give]);
                assert_eq!(counts(&rig.run(&flow).unwrap()), (55, 1));
                assert_eq!(lock.count(), 1);
            }
        });
    });
}

#[test]
fn uses_of_a_module_that_holds_for_ever_do_not_keep_one_another_waiting() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let lock = Semaphore::new(1);
            let parts = Taskflow::new();
            parts.placeholder().acquire(&lock);
            let module = Module::new(parts);
            let flows = [(); 3].map(|()| Taskflow::new());
            for flow in &flows {
                for _ in 0..5 {
                    flow.composed_of(&module);
                    flow.placeholder().acquire(&lock).release(&lock);
                }
            }
            let runs = flows.iter().map(|flow| rig.start(flow)).collect();
            for result in rig.finish_all(runs) {
                assert_eq!(counts(&result.unwrap()), (15, 0));
            }
            assert_eq!(lock.count(), 1);
        });
    });
}

#[test]
fn tasks_that_can_still_be_served_are_never_skipped() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let locks: Vec<_> = (0..4).map(|_| Semaphore::new(1)).collect();
            let ran = Counter::default();
            let flows: Vec<_> = (0..12)
                .map(|number| {
                    let flow = Taskflow::new();
                    // Sections that overlap, taken in one order: nobody can close a circle.
                    let (low, high) = (number % 3, 1 + number % 3);
                    flow.linearize([
                        counted(&flow, &ran).acquire(&locks[low]),
                        counted(&flow, &ran).acquire(&locks[high]),
                        counted(&flow, &ran).release(&locks[low]),
                        counted(&flow, &ran).release(&locks[high]),
                    ]);
                    flow
                })
                .collect();
            let runs = (0..60).map(|run| rig.start(&flows[run % 12])).collect();
            for result in rig.finish_all(runs) {
                assert_eq!(counts(&result.unwrap()), (4, 0));
            }
            assert_eq!(ran.get(), 240);
            assert!(locks.iter().all(|lock| lock.count() == 1));
        });
    });
}

#[test]
fn whatever_is_acquired_and_released_every_run_ends_and_every_unit_is_back() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        for workers in [1, 2, 4, 8] {
            for rig in [Rig::threads(workers), Rig::stepped(workers)] {
                let joins = matches!(rig, Rig::Threads(_));
                for _ in 0..100 {
                    let semaphores: Vec<_> = (0..1 + dice.below(4))
                        .map(|_| Semaphore::new(1 + dice.below(2)))
                        .collect();
                    let flows: Vec<_> = (0..1 + dice.below(3))
                        .map(|_| any_flow(&mut dice, &semaphores, 2, joins))
                        .collect();
                    let mut runs = Vec::new();
                    for _ in 0..1 + dice.below(6) {
                        runs.push(rig.start(&flows[dice.below(flows.len())]));
                        (0..dice.below(20)).for_each(|_| rig.step());
                        if dice.below(8) == 0 {
                            runs[dice.below(runs.len())].cancel();
                        }
                    }
                    drop(rig.finish_all(runs));
                    for semaphore in &semaphores {
                        assert_eq!(semaphore.count(), semaphore.max());
                    }
                }
            }
        }
    });
}
