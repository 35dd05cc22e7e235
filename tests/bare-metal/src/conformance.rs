//! What core promises on every host, as far as a small one can show it. Each part gives whether it held.

use alloc::vec::Vec;
use core::hint::black_box;

use portable_atomic::{AtomicU32, Ordering};
use taskflow_core::{Executor, Platform, RunError, RunStats, Semaphore, Taskflow, TaskflowFuture};

use crate::host::print;

/// An executor, and how its program waits.
pub trait Program {
    /// The machine.
    type Host: Platform;

    /// The executor.
    fn executor(&self) -> &Executor<Self::Host>;

    /// Lets the workers go on for a little.
    fn advance(&self);

    /// Waits for a run.
    fn finish(&self, run: TaskflowFuture) -> Result<RunStats, RunError>;
}

/// How many tasks the random graph has.
const TASKS: usize = 200;

/// How often each graph is run.
const ROUNDS: u32 = 5;

/// Runs all parts; says which ones fail.
pub fn all(program: &impl Program) -> bool {
    let parts = [
        ("static graph", static_graph(program)),
        ("condition loop", condition_loop(program)),
        ("subflow", subflow(program)),
        ("semaphore", semaphore(program)),
        ("typed data", typed_data(program)),
        ("spawned tasks", spawned(program)),
        ("failure", failure(program)),
        ("cancel", cancel(program)),
    ];
    for (name, held) in parts {
        print(name);
        print(if held { ": ok\n" } else { ": FAILED\n" });
    }
    parts.iter().all(|(_, held)| *held)
}

/// Counts up.
fn count(counter: &AtomicU32) -> u32 {
    // Ordering: AcqRel, so that who counts sees what those before did.
    counter.fetch_add(1, Ordering::AcqRel)
}

fn read(counter: &AtomicU32) -> u32 {
    // Ordering: Acquire, with the counts.
    counter.load(Ordering::Acquire)
}

fn reset(counter: &AtomicU32) {
    // Ordering: Release, with the counts.
    counter.store(0, Ordering::Release);
}

/// What a random number is made of; 32 bits of xorshift.
fn random(state: &mut u32) -> u32 {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    *state
}

/// In a random graph each task starts after all its predecessors, and once in each round.
fn static_graph(program: &impl Program) -> bool {
    static STARTED: [AtomicU32; TASKS] = [const { AtomicU32::new(0) }; TASKS];
    static WRONG: AtomicU32 = AtomicU32::new(0);
    STARTED.iter().for_each(reset);
    reset(&WRONG);
    let mut seed = 0x2545_F491;
    let flow = Taskflow::new();
    let mut tasks = Vec::new();
    for (index, started) in STARTED.iter().enumerate() {
        let mut before = [None; 3];
        for predecessor in &mut before {
            let back = random(&mut seed) as usize % 12 + 1;
            *predecessor = index.checked_sub(back);
        }
        let task = flow.emplace(move || {
            let round = count(started);
            let mut before = before.iter().flatten();
            if !before.all(|before| read(&STARTED[*before]) == round + 1) {
                count(&WRONG);
            }
        });
        for before in before.iter().flatten() {
            task.succeed(tasks[*before]);
        }
        tasks.push(task);
    }
    for _ in 0..ROUNDS {
        let run = program.executor().run(&flow);
        let stats = program.finish(run);
        if !stats.is_ok_and(|stats| stats.tasks == TASKS as u64) {
            return false;
        }
    }
    STARTED.iter().all(|started| read(started) == ROUNDS) && read(&WRONG) == 0
}

/// A body is repeated as often as its condition says.
fn condition_loop(program: &impl Program) -> bool {
    const PASSES: u32 = 50;
    static BODY: AtomicU32 = AtomicU32::new(0);
    static AFTER: AtomicU32 = AtomicU32::new(0);
    reset(&AFTER);
    let flow = Taskflow::new();
    let begin = flow.emplace(|| reset(&BODY));
    let body = flow.emplace(|| {
        count(&BODY);
    });
    let again = flow.emplace_condition(|| usize::from(read(&BODY) == PASSES));
    let after = flow.emplace(|| {
        count(&AFTER);
    });
    begin.precede(body);
    again.task().succeed(body);
    again.task().precede([body, after]);
    for _ in 0..ROUNDS {
        let run = program.executor().run(&flow);
        if program.finish(run).is_err() || read(&BODY) != PASSES {
            return false;
        }
    }
    read(&AFTER) == ROUNDS
}

/// What a task built runs before its successor, children of children too.
fn subflow(program: &impl Program) -> bool {
    static CHILDREN: AtomicU32 = AtomicU32::new(0);
    static SEEN: AtomicU32 = AtomicU32::new(0);
    reset(&CHILDREN);
    reset(&SEEN);
    let flow = Taskflow::new();
    let parent = flow.emplace_subflow(|parts| {
        for _ in 0..3 {
            parts.emplace_subflow(|parts| {
                for _ in 0..2 {
                    parts.emplace(|| {
                        count(&CHILDREN);
                    });
                }
            });
        }
    });
    parent.precede(flow.emplace(|| {
        if read(&CHILDREN) == (read(&SEEN) + 1) * 6 {
            count(&SEEN);
        }
    }));
    for _ in 0..ROUNDS {
        let run = program.executor().run(&flow);
        if program.finish(run).is_err() {
            return false;
        }
    }
    read(&SEEN) == ROUNDS
}

/// Never more tasks are inside than there are units, and all get in.
fn semaphore(program: &impl Program) -> bool {
    const UNITS: u32 = 2;
    const VISITORS: u32 = 8;
    static INSIDE: AtomicU32 = AtomicU32::new(0);
    static CROWDED: AtomicU32 = AtomicU32::new(0);
    static VISITS: AtomicU32 = AtomicU32::new(0);
    reset(&VISITS);
    let units = Semaphore::new(UNITS as usize);
    let flow = Taskflow::new();
    for _ in 0..VISITORS {
        let visit = || {
            if count(&INSIDE) >= UNITS {
                count(&CROWDED);
            }
            for turn in 0..100 {
                black_box(turn);
            }
            // Ordering: AcqRel, as the counts.
            INSIDE.fetch_sub(1, Ordering::AcqRel);
            count(&VISITS);
        };
        flow.emplace(visit).acquire(&units).release(&units);
    }
    for _ in 0..ROUNDS {
        let run = program.executor().run(&flow);
        if program.finish(run).is_err() {
            return false;
        }
    }
    read(&VISITS) == ROUNDS * VISITORS && read(&CROWDED) == 0 && units.count() == UNITS as usize
}

/// Values go along edges: moved to one consumer, lent to several.
fn typed_data(program: &impl Program) -> bool {
    let flow = Taskflow::new();
    let words = flow.produce(|| Vec::from([3_u32, 5, 7])).share();
    let sum = words.map(|words| words.iter().sum::<u32>());
    let product = words.map(|words| words.iter().product::<u32>());
    let both = flow.zip((sum, product), |sum, product| (sum, product));
    for _ in 0..ROUNDS {
        let run = program.executor().run(&flow);
        if program.finish(run).is_err() || both.take() != Some((15, 105)) {
            return false;
        }
    }
    true
}

/// A spawned task gives its value to who waits.
fn spawned(program: &impl Program) -> bool {
    (0..10).all(|number| {
        let handle = program.executor().spawn(move || number * 2);
        handle.wait().is_ok_and(|value| value == number * 2)
    })
}

/// A task that fails ends its run, and nothing after it starts.
fn failure(program: &impl Program) -> bool {
    static AFTER: AtomicU32 = AtomicU32::new(0);
    let flow = Taskflow::new();
    let fails = flow.try_emplace(|| {
        "no number".parse::<u32>()?;
        Ok(())
    });
    fails.precede(flow.emplace(|| {
        count(&AFTER);
    }));
    let id = fails.id();
    let run = program.executor().run(&flow);
    let failed = match program.finish(run) {
        Err(RunError::Failed { task, .. }) => task.is_some_and(|task| task.id == id),
        _ => false,
    };
    failed && read(&AFTER) == 0
}

/// A run that would never end by itself ends when it is cancelled, and its flow can be run again.
fn cancel(program: &impl Program) -> bool {
    static PASSES: AtomicU32 = AtomicU32::new(0);
    let flow = Taskflow::new();
    let body = flow.emplace(|| {
        count(&PASSES);
    });
    let again = flow.emplace_condition(|| 0_usize);
    let begin = flow.placeholder();
    begin.precede(body);
    again.task().succeed(body);
    again.task().precede(body);
    (0..ROUNDS).all(|_| {
        reset(&PASSES);
        let run = program.executor().run(&flow);
        while read(&PASSES) < 10 {
            program.advance();
        }
        run.cancel() && matches!(program.finish(run), Err(RunError::Cancelled { .. }))
    })
}
