//! Parallel algorithms under every seed: whoever helps, and whenever.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use taskflow_std::testing::{Dice, Executor, check, pause, spawn};
use taskflow_std::{Parallel, Partitioner, RunError, Taskflow};

use crate::support::algorithms::assert_all_agree;
use crate::support::counter::Counter;
use crate::support::scrambled::scrambled;
use crate::support::throwing::throw;

fn thrown(dice: &mut Dice) -> Partitioner {
    let chunk = [0, 1, 3][dice.below(3)];
    match dice.below(4) {
        0 => Partitioner::Adaptive { chunk },
        1 => Partitioner::Static { chunk },
        2 => Partitioner::Dynamic { chunk },
        _ => Partitioner::Guided { chunk },
    }
}

/// Lets others go on at every so many of the calls.
fn between(dice: &mut Dice) -> impl Fn() + Sync + use<> {
    let (calls, every) = (AtomicUsize::new(0), 1 + dice.below(20));
    move || {
        if calls.fetch_add(1, Ordering::Relaxed) % every == 0 {
            pause();
        }
    }
}

/// Calls `body` in a task, or outside of tasks.
fn somewhere(
    dice: &mut Dice,
    executor: &Arc<Executor>,
    body: impl FnOnce(Parallel<'_>) + Send + 'static,
) {
    match dice.below(3) {
        0 => body(executor.parallel()),
        1 => {
            let flow = Taskflow::new();
            let mut body = Some(body);
            flow.emplace_parallel(move |parallel| {
                if let Some(body) = body.take() {
                    body(parallel);
                }
                Ok(())
            });
            executor.run_and_wait(&flow).expect("nothing fails");
        }
        _ => {
            let inner = Arc::downgrade(executor);
            let spawned = executor.spawn(move || {
                body(inner.upgrade().expect("the executor waits").parallel());
            });
            spawned.wait().expect("nothing fails");
        }
    }
}

#[test]
fn an_algorithm_gives_the_sequential_answer_whoever_helps() {
    check(|executor, dice| {
        let (partitioner, between) = (thrown(dice), between(dice));
        let len = dice.below(40);
        somewhere(dice, executor, move |parallel| {
            assert_all_agree(parallel.with(partitioner), len, &between);
        });
    });
}

#[test]
fn a_panic_ends_an_algorithm_wherever_it_comes_from_and_nothing_runs_afterwards() {
    check(|executor, dice| {
        let (partitioner, between) = (thrown(dice), between(dice));
        let len = 1 + dice.below(40);
        let fatal = dice.below(len);
        somewhere(dice, executor, move |parallel| {
            let inside = Counter::default();
            let over = AtomicUsize::new(0);
            let result = parallel.with(partitioner).for_each(0..len, |index| {
                assert_eq!(over.load(Ordering::Relaxed), 0, "the call has ended");
                between();
                if index == fatal {
                    throw("a wrong item");
                }
                inside.add();
            });
            over.store(1, Ordering::Relaxed);
            assert!(
                matches!(&result, Err(RunError::Panicked { panic, .. }) if panic.message() == Some("a wrong item")),
                "{result:?}"
            );
            assert!(inside.get() < len);
        });
    });
}

#[test]
fn a_sort_that_panics_keeps_its_elements_whoever_helps() {
    check(|executor, dice| {
        let (partitioner, between) = (thrown(dice), between(dice));
        let len = 2 + dice.below(60);
        let fatal = dice.below(2 * len);
        somewhere(dice, executor, move |parallel| {
            let calls = Counter::default();
            let mut boxes: Vec<Box<u32>> = scrambled(len).into_iter().map(Box::new).collect();
            let mut expected = boxes.clone();
            let sorted = parallel
                .with(partitioner)
                .sort_by(&mut boxes, |one, other| {
                    between();
                    if calls.add() == fatal {
                        throw("no order");
                    }
                    one.cmp(other)
                });
            if sorted.is_ok() {
                assert!(boxes.is_sorted());
            }
            boxes.sort();
            expected.sort();
            assert_eq!(boxes, expected);
        });
    });
}

#[test]
fn a_cancelled_run_ends_the_algorithms_of_its_tasks() {
    check(|executor, dice| {
        // (The clock stands still: what is left to the library is long.)
        let (partitioner, between) = (Partitioner::Adaptive { chunk: 1 }, between(dice));
        let cancelled = Counter::default();
        let flow = Taskflow::new();
        let told = cancelled.clone();
        flow.emplace_parallel(move |parallel| {
            // Nested, so that the stop has to reach what a helper calls, too.
            let result = parallel.with(partitioner).for_each(0..usize::MAX, |_| {
                between();
                let inner = parallel
                    .with(partitioner)
                    .for_each(0..usize::MAX, |_| between());
                assert!(
                    matches!(inner, Err(RunError::Cancelled { .. })),
                    "{inner:?}"
                );
            });
            told.add();
            result
        });
        let run = executor.run(&flow);
        let canceller = run.canceller();
        let patience = dice.below(50);
        spawn(move || {
            for _ in 0..patience {
                pause();
            }
            canceller.cancel();
        });
        let ended = run.wait();
        assert!(
            matches!(ended, Err(RunError::Cancelled { .. })),
            "{ended:?}"
        );
        assert!(cancelled.get() <= 1);
    });
}
