//! A task graph without an operating system's library: this binary names core and nothing else, brings
//! its own entry, heap and memory functions, and links no start files and no libc. Were std linked
//! anywhere below, its panic handler would clash with the one here and the build would fail.
//!
//! It exits with 0 when the graph ran in order, and with 1 when it did not.

#![no_std]
#![no_main]
#![deny(
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block
)]

mod host;
mod memory;

use core::sync::atomic::{AtomicU32, Ordering};

use taskflow_core::{Executor, Manual, Taskflow};

/// Runs a diamond twice on the caller's own stack.
fn check() -> Result<(), &'static str> {
    // One decimal digit for each task that ran, in their order.
    let log = AtomicU32::new(0);
    let note = |digit| {
        // Ordering: Relaxed, there is one thread.
        let before = log.load(Ordering::Relaxed);
        log.store(before * 10 + digit, Ordering::Relaxed);
    };
    let flow = Taskflow::new();
    let first = flow.emplace(|| note(1));
    let left = flow.emplace(|| note(2));
    let right = flow.emplace(|| note(3));
    let last = flow.emplace(|| note(4));
    first.precede([left, right]);
    last.succeed([left, right]);

    let executor = Executor::<Manual>::builder().workers(1).build();
    let executor = executor.map_err(|_| "the executor did not start")?;
    for _ in 0..2 {
        // Ordering: Relaxed, there is one thread.
        log.store(0, Ordering::Relaxed);
        executor
            .run_and_wait(&flow)
            .map_err(|_| "the run did not succeed")?;
        // Ordering: Relaxed, there is one thread.
        if !matches!(log.load(Ordering::Relaxed), 1234 | 1324) {
            return Err("the tasks ran out of order");
        }
    }
    Ok(())
}

/// Called by the entry in `host`.
fn main() -> i32 {
    match check() {
        Ok(()) => {
            host::print("freestanding: a diamond of 4 tasks ran twice without std\n");
            0
        }
        Err(what) => {
            host::print("freestanding: ");
            host::print(what);
            host::print("\n");
            1
        }
    }
}
