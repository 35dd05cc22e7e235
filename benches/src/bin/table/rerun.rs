//! Running an unchanged graph again.

use std::time::Instant;

use serde::Serialize;
use taskflow_benches::{CONTENDERS, Shape, Tallies, WARM_UPS, contenders, ping};

use crate::spread::Spread;

/// Batches of trips of the cache line in each round.
const BATCHES: u32 = 20;

/// One graph on one number of workers.
#[derive(Debug, Serialize)]
pub(crate) struct Rerun {
    pub(crate) graph: &'static str,
    pub(crate) tasks: u32,
    pub(crate) edges: usize,
    pub(crate) workers: usize,
    /// The hand-written loop, on one thread; per task, as the next four.
    pub(crate) bound_lifo: Spread,
    pub(crate) bound_fifo: Spread,
    /// The tasks one after another, and nothing else.
    pub(crate) fixed: Spread,
    pub(crate) ours: Spread,
    /// Our median by the better median of the bound.
    pub(crate) ratio: f64,
    /// In blocks that the flow has chosen.
    pub(crate) blocks: Spread,
    pub(crate) blocks_ratio: f64,
    /// A cache line to another thread and back, measured in the same rounds.
    pub(crate) ping: Option<Spread>,
}

/// One row for one worker and one for two.
///
/// # Panics
///
/// If a task did not run once in each run.
pub(crate) fn measure(shape: &Shape, rounds: usize) -> [Rerun; 2] {
    let tallies = Tallies::new(shape.tasks());
    let mut contenders = contenders(shape, &tallies);
    let count = contenders.len();
    let mut times = [const { Vec::new() }; CONTENDERS];
    let mut pings = Vec::new();
    for round in 0..rounds {
        // Who comes after whom changes, since each finds the caches as the one before left them.
        for turn in 0..count {
            let turn = (turn + round) % count;
            let begin = Instant::now();
            contenders[turn].run();
            times[turn].push(begin.elapsed());
        }
        pings.push(ping(BATCHES));
    }
    let runs = WARM_UPS + (count * rounds) as u64;
    assert!(
        tallies.all_are(runs),
        "a task of {} did not run once in each of {runs} runs",
        shape.name()
    );
    let [
        bound_lifo,
        bound_fifo,
        fixed,
        one,
        two,
        blocks_one,
        blocks_two,
    ] = times.map(|times| Spread::of(times, shape.tasks()));
    let bound = bound_lifo.median_ns.min(bound_fifo.median_ns);
    let row = |workers, ours: Spread, blocks: Spread, ping| Rerun {
        graph: shape.name(),
        tasks: shape.tasks(),
        edges: shape.edges().len(),
        workers,
        bound_lifo,
        bound_fifo,
        fixed,
        ours,
        ratio: ours.median_ns / bound,
        blocks,
        blocks_ratio: blocks.median_ns / bound,
        ping,
    };
    [
        row(1, one, blocks_one, None),
        row(2, two, blocks_two, Some(Spread::of(pings, 1))),
    ]
}
