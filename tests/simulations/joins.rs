//! Fork and join under every seed: whoever helps, and whenever.

use core::sync::atomic::{AtomicBool, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use taskflow_std::testing::{Dice, Executor, check, pause};
use taskflow_std::{Fork, RunError, Taskflow};

use crate::support::counter::Counter;
use crate::support::throwing::throw;

/// Calls `body` in a task, or outside of tasks.
fn somewhere(
    dice: &mut Dice,
    executor: &Arc<Executor>,
    body: impl FnOnce(Fork<'_>) + Send + 'static,
) {
    match dice.below(3) {
        0 => executor.fork(body),
        1 => {
            let flow = Taskflow::new();
            let mut body = Some(body);
            flow.emplace_runtime(move |rt| {
                if let Some(body) = body.take() {
                    rt.fork(body);
                }
            });
            executor.run_and_wait(&flow).expect("nothing fails");
        }
        _ => {
            let inner = Arc::downgrade(executor);
            let spawned = executor.spawn(move || {
                inner.upgrade().expect("the executor waits").fork(body);
            });
            spawned.wait().expect("nothing fails");
        }
    }
}

/// What a leaf of a tree does.
#[derive(Clone)]
struct Leaves {
    count: Counter,
    fatal: usize,
    /// The tree's call has ended.
    over: Arc<AtomicBool>,
}

fn grow(fork: Fork<'_>, leaves: core::ops::Range<usize>, seen: &Leaves) -> usize {
    assert!(!seen.over.load(Ordering::Relaxed), "the join has ended");
    if leaves.start % 3 == 0 {
        pause();
    }
    if leaves.len() == 1 {
        seen.count.add();
        if leaves.start == seen.fatal {
            throw("a leaf");
        }
        return leaves.start;
    }
    let middle = leaves.start + 1 + leaves.len() * 5 / 7 - usize::from(leaves.len() > 2);
    let middle = middle.clamp(leaves.start + 1, leaves.end - 1);
    let (a, b) = fork.join(
        |fork| grow(fork, leaves.start..middle, seen),
        |fork| grow(fork, middle..leaves.end, seen),
    );
    a + b
}

#[test]
fn a_tree_of_joins_calls_every_leaf_once_whoever_helps() {
    check(|executor, dice| {
        let len = 1 + dice.below(60);
        let seen = Leaves {
            count: Counter::default(),
            fatal: usize::MAX,
            over: Arc::default(),
        };
        somewhere(dice, executor, move |fork| {
            assert_eq!(grow(fork, 0..len, &seen), len * (len - 1) / 2);
            seen.over.store(true, Ordering::Relaxed);
            assert_eq!(seen.count.get(), len);
        });
    });
}

#[test]
fn a_panic_leaves_a_tree_of_joins_when_all_that_has_begun_has_ended() {
    check(|executor, dice| {
        let len = 1 + dice.below(60);
        let seen = Leaves {
            count: Counter::default(),
            fatal: dice.below(len),
            over: Arc::default(),
        };
        somewhere(dice, executor, move |fork| {
            let thrown = catch_unwind(AssertUnwindSafe(|| grow(fork, 0..len, &seen)));
            seen.over.store(true, Ordering::Relaxed);
            let payload = thrown.expect_err("a leaf panics");
            assert_eq!(
                payload.downcast_ref::<String>().map(String::as_str),
                Some("a leaf")
            );
            pause();
        });
    });
}

#[test]
fn a_join_in_a_task_that_holds_a_lock_lets_nobody_else_in() {
    check(|executor, dice| {
        let tasks = 2 + dice.below(4);
        let len = 1 + dice.below(12);
        let locked = Arc::new(AtomicBool::new(false));
        let flow = Taskflow::new();
        let first = flow.emplace(|| {});
        for _ in 0..tasks {
            let (locked, inner) = (Arc::clone(&locked), Arc::downgrade(executor));
            let task = flow.emplace(move || {
                // Whoever comes here on the stack of one that has it never gets it.
                while locked.swap(true, Ordering::Relaxed) {
                    pause();
                }
                let seen = Leaves {
                    count: Counter::default(),
                    fatal: usize::MAX,
                    over: Arc::default(),
                };
                let executor = inner.upgrade().expect("the executor waits");
                let sum = executor.fork(|fork| grow(fork, 0..len, &seen));
                assert_eq!(sum, len * (len - 1) / 2);
                locked.store(false, Ordering::Relaxed);
            });
            task.succeed(first);
        }
        let ended: Result<_, RunError> = executor.run_and_wait(&flow);
        ended.expect("nothing fails");
    });
}
