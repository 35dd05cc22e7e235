//! Recursive subflows: a Fibonacci number by its definition. A task that needs two smaller numbers builds a
//! task for each, and one that adds them; it holds no worker while they run, however deep that goes.

#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use taskflow_std::{Executor, RunError, TaskHandle, Taskflow};

/// Smaller numbers are not worth a task.
const SEQUENTIAL: u32 = 8;

fn sequential(n: u32) -> u64 {
    match n {
        0 | 1 => u64::from(n),
        _ => sequential(n - 1) + sequential(n - 2),
    }
}

/// Adds a task that puts the `n`-th Fibonacci number into `result`.
fn fibonacci<'flow>(
    flow: &'flow Taskflow<'_>,
    n: u32,
    result: Arc<AtomicU64>,
) -> TaskHandle<'flow> {
    if n <= SEQUENTIAL {
        // Ordering: Relaxed; the edges of the graph order who writes and who reads, here and below.
        return flow.emplace(move || result.store(sequential(n), Ordering::Relaxed));
    }
    flow.emplace_subflow(move |children| {
        let (one, two) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let parts = [
            fibonacci(children, n - 1, Arc::clone(&one)),
            fibonacci(children, n - 2, Arc::clone(&two)),
        ];
        let result = Arc::clone(&result);
        let add = children.emplace(move || {
            // Ordering: Relaxed, as above.
            let sum = one.load(Ordering::Relaxed) + two.load(Ordering::Relaxed);
            // Ordering: Relaxed, as above.
            result.store(sum, Ordering::Relaxed);
        });
        add.succeed(parts);
    })
}

fn main() -> Result<(), RunError> {
    const N: u32 = 25;
    let result = Arc::<AtomicU64>::default();
    let flow = Taskflow::with_name("Fibonacci");
    fibonacci(&flow, N, Arc::clone(&result));
    let stats = Executor::new(0).run_and_wait(&flow)?;
    // Ordering: Relaxed; the run has ended.
    let number = result.load(Ordering::Relaxed);
    println!("fibonacci({N}) = {number}, by {} tasks", stats.tasks);
    // By addition, from below.
    let (expected, _) = (0..N).fold((0, 1), |(one, two), _| (two, one + two));
    assert_eq!(number, expected);
    Ok(())
}
