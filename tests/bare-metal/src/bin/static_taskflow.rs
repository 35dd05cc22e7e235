//! Graphs of fixed capacity, in a `static`, that the compiler has built, and on the stack: no heap, no executor, no host
//! of core. What it prints and how large it is are the figures of the [README](../../README.md).
//!
//! It is built without the feature `heap`, so without a global allocator: that it can be linked shows that nothing in it
//! could allocate.

#![no_std]
#![no_main]

use bare_metal::host::{instructions, print, print_figure};
use portable_atomic::{AtomicU32, Ordering};
use taskflow_core::{StaticGraphError, StaticRunError, StaticTaskflow};

bare_metal::program!(main, help);

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

/// One task, many after it, one after all of those, for as many cores as there are.
mod shared {
    use super::{AtomicU32, Ordering, StaticTaskflow, print_figure};

    const MIDDLE: usize = 30;

    /// How often it is run; more often on several cores, until another one got a task.
    const ROUNDS: u32 = 200;
    const MOST_ROUNDS: u32 = 100_000;

    static FLOW: StaticTaskflow<'static, { MIDDLE + 2 }, { 2 * MIDDLE }> = build();

    static BEGUN: AtomicU32 = AtomicU32::new(0);
    static DONE: AtomicU32 = AtomicU32::new(0);
    static ENDED: AtomicU32 = AtomicU32::new(0);
    static HELPERS: AtomicU32 = AtomicU32::new(0);
    static HELPED: AtomicU32 = AtomicU32::new(0);

    const fn build() -> StaticTaskflow<'static, { MIDDLE + 2 }, { 2 * MIDDLE }> {
        let mut flow = StaticTaskflow::new();
        let (Ok(first), Ok(last)) = (flow.emplace(&begin), flow.emplace(&end)) else {
            panic!("there is room for them");
        };
        while flow.len() < MIDDLE + 2 {
            let Ok(task) = flow.emplace(&work) else {
                panic!("there is room for it");
            };
            let (Ok(()), Ok(())) = (flow.precede(first, task), flow.precede(task, last)) else {
                panic!("there is room for them");
            };
        }
        let Ok(()) = flow.freeze() else {
            panic!("there is no cycle");
        };
        flow
    }

    fn read(count: &AtomicU32) -> u32 {
        // Ordering: Relaxed; the graph orders its tasks, the run what comes after it.
        count.load(Ordering::Relaxed)
    }

    fn add(count: &AtomicU32, more: usize) {
        // Ordering: Relaxed; as above.
        count.fetch_add(more as u32, Ordering::Relaxed);
    }

    fn begin() {
        add(&BEGUN, 1);
    }

    /// Counts where what comes before it has run.
    fn work() {
        add(&DONE, usize::from(read(&BEGUN) == read(&ENDED) + 1));
    }

    fn end() {
        add(
            &ENDED,
            usize::from(read(&DONE) == read(&BEGUN) * MIDDLE as u32),
        );
    }

    /// The life of a core that is not the first.
    #[cfg(any(target_arch = "riscv64", target_arch = "aarch64"))]
    pub(super) fn help(_: usize) -> ! {
        add(&HELPERS, 1);
        loop {
            add(&HELPED, FLOW.help());
            core::hint::spin_loop();
        }
    }

    /// Runs it, and gives whether each task ran once a round, in order.
    pub(super) fn run() -> bool {
        #[cfg(any(target_arch = "riscv64", target_arch = "aarch64"))]
        bare_metal::host::start_cores();
        let mut rounds = 0;
        while rounds < ROUNDS || (read(&HELPERS) > 0 && read(&HELPED) == 0 && rounds < MOST_ROUNDS)
        {
            if FLOW.run().is_err() {
                return false;
            }
            rounds += 1;
        }
        print_figure("other cores", u64::from(read(&HELPERS)), "");
        print_figure("tasks that they ran", u64::from(read(&HELPED)), "");
        read(&BEGUN) == rounds && read(&ENDED) == rounds
    }
}

#[cfg(any(target_arch = "riscv64", target_arch = "aarch64"))]
use shared::help;

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
    for (name, part) in [
        ("random graph", random_graph as fn() -> bool),
        ("refusals", refusals),
        ("shared graph", shared::run),
    ] {
        let held = part();
        print(name);
        print(if held { ": ok\n" } else { ": FAILED\n" });
        if !held {
            return false;
        }
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
    let task = large.saturating_sub(small) / more as u64;
    print_figure("task", task, UNIT);
    let rest = small.saturating_sub(SMALL as u64 * task);
    print_figure("run of no task", rest, UNIT);
    // Ordering: Relaxed; there is one thread.
    let counted = COUNT.load(Ordering::Relaxed) as usize;
    counted == (SMALL + LARGE) * (ROUNDS as usize + 1)
}
