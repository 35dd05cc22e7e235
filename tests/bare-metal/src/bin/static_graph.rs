//! The least that a program with a task graph needs: tasks, edges, one worker stepped by its main loop. What it
//! prints and how large it is are the figures of the [README](../../README.md).

#![no_std]
#![no_main]

use bare_metal::heap::{live_bytes, peak_bytes};
use bare_metal::host::{instructions, print, print_figure};
use portable_atomic::{AtomicU32, Ordering};
use taskflow_core::{Executor, Manual, Step, Taskflow};

bare_metal::program!(main);

/// How many tasks the graphs have; few where memory is small.
const SMALL: u32 = 8;
const LARGE: u32 = if cfg!(target_has_atomic = "ptr") {
    512
} else {
    40
};

/// How often a graph is run for a figure.
const ROUNDS: u32 = 32;

/// What the clock of the machine counts.
const UNIT: &str = if cfg!(target_arch = "wasm32") {
    "nanoseconds"
} else {
    "instructions"
};

static COUNT: AtomicU32 = AtomicU32::new(0);

fn count() {
    // Ordering: Relaxed; there is one thread.
    let before = COUNT.load(Ordering::Relaxed);
    // Ordering: Relaxed; as above.
    COUNT.store(before + 1, Ordering::Relaxed);
}

/// A chain.
fn graph(tasks: u32) -> Taskflow<'static> {
    let flow = Taskflow::new();
    let mut last = flow.emplace(count);
    for _ in 1..tasks {
        let next = flow.emplace(count);
        last.precede(next);
        last = next;
    }
    flow
}

/// Runs the graph by steps of the main loop.
fn run(executor: &Executor<Manual>, flow: &Taskflow<'static>) -> bool {
    let run = executor.run(flow);
    while !run.is_done() {
        if executor.platform().step(0) != Step::Ran && !run.is_done() {
            return false;
        }
    }
    true
}

/// What a graph costs.
struct Cost {
    /// What it keeps, once it ran.
    bytes: usize,
    /// Instructions of a round whose tasks are stepped one by one.
    stepped: u64,
    /// Instructions of a round that a wait carries out.
    waited: u64,
}

fn measure(executor: &Executor<Manual>, tasks: u32) -> Option<Cost> {
    let before = live_bytes();
    let flow = graph(tasks);
    if !run(executor, &flow) {
        return None;
    }
    let bytes = live_bytes() - before;
    let begun = instructions();
    for _ in 0..ROUNDS {
        if !run(executor, &flow) {
            return None;
        }
    }
    let stepped = (instructions() - begun) / u64::from(ROUNDS);
    let begun = instructions();
    for _ in 0..ROUNDS {
        executor.run_and_wait(&flow).ok()?;
    }
    let waited = (instructions() - begun) / u64::from(ROUNDS);
    Some(Cost {
        bytes,
        stepped,
        waited,
    })
}

fn main() -> bool {
    let before = live_bytes();
    let Ok(executor) = Executor::<Manual>::builder().workers(1).build() else {
        return false;
    };
    print_figure("executor", (live_bytes() - before) as u64, "bytes");
    let (Some(small), Some(large)) = (measure(&executor, SMALL), measure(&executor, LARGE)) else {
        print("a graph did not run to its end\n");
        return false;
    };
    let more = u64::from(LARGE - SMALL);
    print_figure("task", (large.bytes - small.bytes) as u64 / more, "bytes");
    let stepped = large.stepped.saturating_sub(small.stepped) / more;
    print_figure("task, stepped", stepped, UNIT);
    let waited = large.waited.saturating_sub(small.waited) / more;
    print_figure("task, waited for", waited, UNIT);
    print_figure("peak", peak_bytes() as u64, "bytes");
    // Ordering: Relaxed; there is one thread.
    COUNT.load(Ordering::Relaxed) == (SMALL + LARGE) * (2 * ROUNDS + 1)
}
