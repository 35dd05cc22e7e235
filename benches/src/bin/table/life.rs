//! A graph that is built, run once, and dropped.

use core::time::Duration;
use std::time::Instant;

use serde::Serialize;
use taskflow_benches::{Bound, Shape, Tallies, count, flow_of};
use taskflow_std::Executor;

use crate::spread::Spread;

/// One graph on one worker; all per task.
#[derive(Debug, Serialize)]
pub(crate) struct Life {
    pub(crate) graph: &'static str,
    /// The hand-written loop, laid out, run first-in first-out and dropped.
    pub(crate) bound_total: Spread,
    pub(crate) build: Spread,
    /// With all that is done once for a graph.
    pub(crate) first_run: Spread,
    pub(crate) drop: Spread,
    pub(crate) total: Spread,
}

/// # Panics
///
/// If a task did not run once in each run.
pub(crate) fn measure(shape: &Shape, rounds: usize) -> Life {
    let tallies = Tallies::new(shape.tasks());
    let executor = Executor::new(1);
    let mut bound_total = Vec::new();
    let mut stages = Vec::new();
    for _ in 0..rounds {
        bound_total.push(live_by_hand(shape, &tallies));
        stages.push(live(shape, &tallies, &executor));
    }
    let runs = 2 * rounds;
    assert!(
        tallies.all_are(runs as u64),
        "a task of {} did not run once in each of {runs} runs",
        shape.name()
    );
    let spread = |times: Vec<Duration>| Spread::of(times, shape.tasks());
    let stage = |of: fn(&[Duration; 3]) -> Duration| spread(stages.iter().map(of).collect());
    Life {
        graph: shape.name(),
        build: stage(|stages| stages[0]),
        first_run: stage(|stages| stages[1]),
        drop: stage(|stages| stages[2]),
        total: stage(|stages| stages.iter().sum()),
        bound_total: spread(bound_total),
    }
}

fn live_by_hand(shape: &Shape, tallies: &Tallies) -> Duration {
    let begin = Instant::now();
    let mut bound = Bound::new(shape, tallies, count);
    bound.run_fifo();
    drop(bound);
    begin.elapsed()
}

/// Building, running, dropping.
fn live(shape: &Shape, tallies: &Tallies, executor: &Executor) -> [Duration; 3] {
    let mut stage = Instant::now();
    let mut lap = || {
        let now = Instant::now();
        now - core::mem::replace(&mut stage, now)
    };
    let flow = flow_of(shape, tallies);
    let build = lap();
    let stats = executor.run_and_wait(&flow);
    let first_run = lap();
    stats.expect("tasks that only count do not fail");
    drop(flow);
    [build, first_run, lap()]
}
