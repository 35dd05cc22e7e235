//! A graph of fixed capacity, in a `static`, that the compiler has built: no heap, no executor, no host of core. What
//! it prints and how large it is are the figures of the [README](../../README.md).

#![no_std]
#![no_main]

use bare_metal::heap::peak_bytes;
use bare_metal::host::{instructions, print, print_figure};
use portable_atomic::{AtomicU32, Ordering};
use taskflow_core::{StaticGraphError, StaticRunError, StaticTaskflow};

bare_metal::program!(main);

/// How many tasks the chains have; few where memory is small.
const SMALL: usize = 8;
const LARGE: usize = if cfg!(target_has_atomic = "ptr") {
    512
} else {
    40
};

/// How often a graph is run.
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

type Chain<const TASKS: usize> = StaticTaskflow<'static, TASKS, TASKS>;

const fn chain<const TASKS: usize>() -> Chain<TASKS> {
    let mut flow = Chain::new();
    let mut last = None;
    while flow.len() < TASKS {
        let Ok(task) = flow.emplace(&count) else {
            panic!("there is room for it");
        };
        if let Some(last) = last {
            let Ok(()) = flow.precede(last, task) else {
                panic!("there is room for it");
            };
        }
        last = Some(task);
    }
    let Ok(()) = flow.freeze() else {
        panic!("a chain has no cycle");
    };
    flow
}

static SMALL_CHAIN: Chain<SMALL> = chain();
static LARGE_CHAIN: Chain<LARGE> = chain();

/// Instructions of a round.
fn measure<const TASKS: usize>(flow: &Chain<TASKS>) -> Option<u64> {
    flow.run().ok()?;
    let begun = instructions();
    for _ in 0..ROUNDS {
        flow.run().ok()?;
    }
    Some((instructions() - begun) / u64::from(ROUNDS))
}

/// A random graph on the stack, whose tasks say when one runs before a task that it comes after.
fn random_graph() -> bool {
    const TASKS: usize = 24;
    let mut state = 2_463_534_242_u32;
    let mut below = |end: usize| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as usize % end
    };
    // Two tasks before each but the first.
    let before: [[usize; 2]; TASKS] =
        core::array::from_fn(|at| [below(at.max(1)), below(at.max(1))]);
    let rounds: [AtomicU32; TASKS] = core::array::from_fn(|_| AtomicU32::new(0));
    let wrong = AtomicU32::new(0);
    // Ordering: Relaxed; there is one thread.
    let round_of = |at: usize| rounds[at].load(Ordering::Relaxed);
    let tasks: [_; TASKS] = core::array::from_fn(|at| {
        let (before, rounds, wrong) = (before[at], &rounds, &wrong);
        move || {
            let round = round_of(at) + 1;
            // Ordering: Relaxed; as above.
            rounds[at].store(round, Ordering::Relaxed);
            if before.iter().any(|from| round_of(*from) != round) {
                // Ordering: Relaxed; as above.
                wrong.store(1, Ordering::Relaxed);
            }
        }
    });
    let mut flow = StaticTaskflow::<TASKS, { 2 * TASKS }>::new();
    // The last first, so that the order is not that of the records.
    let mut handles = [None; TASKS];
    for at in (0..TASKS).rev() {
        handles[at] = flow.emplace(&tasks[at]).ok();
    }
    for (to, before) in before.iter().enumerate().skip(1) {
        for from in before {
            let (Some(from), Some(to)) = (handles[*from], handles[to]) else {
                return false;
            };
            if flow.precede(from, to).is_err() {
                return false;
            }
        }
    }
    if flow.freeze().is_err() || (0..ROUNDS).any(|_| flow.run().is_err()) {
        return false;
    }
    // Ordering: Relaxed; as above.
    wrong.load(Ordering::Relaxed) == 0 && (0..TASKS).all(|at| round_of(at) == ROUNDS)
}

/// What cannot run is refused.
fn refusals() -> bool {
    let mut flow = StaticTaskflow::<2, 2>::new();
    let (Ok(one), Ok(two)) = (flow.emplace(&count), flow.emplace(&count)) else {
        return false;
    };
    let full = flow.emplace(&count) == Err(StaticGraphError::TasksFull { capacity: 2 });
    let itself = flow.precede(one, one) == Err(StaticGraphError::SelfDependency { task: one });
    let edges = flow.precede(one, two).is_ok() && flow.precede(two, one).is_ok();
    let cycle = matches!(flow.freeze(), Err(StaticGraphError::Cycle { task }) if task == one || task == two);
    full && itself && edges && cycle && flow.run() == Err(StaticRunError::NotFrozen)
}

fn main() -> bool {
    if !random_graph() || !refusals() {
        print("a random graph ran out of order, or something was not refused\n");
        return false;
    }
    let (Some(small), Some(large)) = (measure(&SMALL_CHAIN), measure(&LARGE_CHAIN)) else {
        print("a chain did not run\n");
        return false;
    };
    let more = LARGE - SMALL;
    let bytes = size_of::<Chain<LARGE>>() - size_of::<Chain<SMALL>>();
    print_figure(
        "flow",
        (size_of::<Chain<SMALL>>() - SMALL * bytes / more) as u64,
        "bytes",
    );
    print_figure("task and edge", (bytes / more) as u64, "bytes");
    print_figure("task", large.saturating_sub(small) / more as u64, UNIT);
    print_figure(
        "run of no task",
        small.saturating_sub(SMALL as u64 * (large - small) / more as u64),
        UNIT,
    );
    print_figure("heap", peak_bytes() as u64, "bytes");
    // Ordering: Relaxed; there is one thread.
    let counted = COUNT.load(Ordering::Relaxed) as usize;
    counted == (SMALL + LARGE) * (ROUNDS as usize + 1) && peak_bytes() == 0
}
