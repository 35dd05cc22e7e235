//! Dynamic programming over a triangular graph: the cheapest order of multiplying a chain of matrices. The
//! cost of a stretch of the chain comes after those of the two stretches that are one matrix shorter.

#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::HashMap;

use taskflow_std::{Executor, RunError, TaskHandle, Taskflow};

const MATRICES: usize = 120;

/// The cheapest way to multiply the matrices from `first` to `last`, if `cost` knows the shorter stretches.
/// Matrix `i` has `sides[i]` rows and `sides[i + 1]` columns.
fn cheapest(
    sides: &[u64],
    first: usize,
    last: usize,
    mut cost: impl FnMut(usize, usize) -> u64,
) -> u64 {
    let splits = first..last;
    let costs = splits.map(|split| {
        let product = sides[first] * sides[split + 1] * sides[last + 1];
        cost(first, split) + cost(split + 1, last) + product
    });
    costs.min().unwrap_or(0)
}

/// The same by recursion, remembering what is known.
fn remembered(
    sides: &[u64],
    first: usize,
    last: usize,
    known: &mut HashMap<(usize, usize), u64>,
) -> u64 {
    if let Some(cost) = known.get(&(first, last)) {
        return *cost;
    }
    let cost = cheapest(sides, first, last, |first, last| {
        remembered(sides, first, last, known)
    });
    known.insert((first, last), cost);
    cost
}

fn main() -> Result<(), RunError> {
    // A linear congruential generator with a fixed seed.
    let mut seed = 5u32;
    let mut side = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u64::from((seed >> 8) % 90 + 10)
    };
    let sides: Vec<u64> = (0..=MATRICES).map(|_| side()).collect();
    let costs: Vec<AtomicU64> = (0..MATRICES * MATRICES)
        .map(|_| AtomicU64::new(u64::MAX))
        .collect();
    // Ordering: Relaxed; the edges of the graph order who writes and who reads, here and below.
    let cost = |first: usize, last: usize| costs[first * MATRICES + last].load(Ordering::Relaxed);

    let flow = Taskflow::with_name("matrix chain");
    // The stretches of one length, by their first matrix.
    let mut shorter: Vec<TaskHandle<'_>> = Vec::new();
    for length in 0..MATRICES {
        let stretch = |first| {
            let (sides, costs) = (&sides, &costs);
            let last = first + length;
            let task = flow.emplace(move || {
                let cheapest = cheapest(sides, first, last, cost);
                // Ordering: Relaxed, as above.
                costs[first * MATRICES + last].store(cheapest, Ordering::Relaxed);
            });
            if length > 0 {
                task.succeed([shorter[first], shorter[first + 1]]);
            }
            task
        };
        shorter = (0..MATRICES - length).map(stretch).collect();
    }
    let stats = Executor::new(0).run_and_wait(&flow)?;
    let best = cost(0, MATRICES - 1);
    println!(
        "{MATRICES} matrices in {best} multiplications, found by {} tasks",
        stats.tasks
    );
    let expected = remembered(&sides, 0, MATRICES - 1, &mut HashMap::new());
    assert_eq!(best, expected);
    Ok(())
}
