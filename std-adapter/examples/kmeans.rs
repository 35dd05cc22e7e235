//! k-means: a loop in the graph, until nothing changes. Each pass assigns the points to the nearest centre,
//! block by block at the same time, then moves the centres; a condition leads back or out.

#![forbid(unsafe_code)]

use std::sync::{Mutex, PoisonError, RwLock};

use taskflow_std::{Executor, RunError, Taskflow};

const POINTS: usize = 20_000;
const BLOCK: usize = 1_000;
const CENTRES: usize = 5;
const PASSES_MAX: usize = 200;

/// Whole numbers, so that sums do not depend on the order of adding.
type Point = [i64; 2];

/// The sum of the points nearest to each centre, and how many there are.
type Sums = [(Point, i64); CENTRES];

/// Clouds of points, by a linear congruential generator with a fixed seed.
fn points() -> Vec<Point> {
    let mut seed = 3u32;
    let mut dice = |end: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i64::from((seed >> 8) % end)
    };
    let point = |place: usize| {
        let cloud = i64::try_from(place % CENTRES).expect("a few");
        [
            cloud * 7_000 + dice(9_000) + dice(9_000),
            cloud * cloud % 4 * 9_000 + dice(9_000) + dice(9_000),
        ]
    };
    (0..POINTS).map(point).collect()
}

fn assign(points: &[Point], centres: &[Point]) -> Sums {
    let mut sums = Sums::default();
    for [x, y] in points {
        let distance = |centre: &Point| (x - centre[0]).pow(2) + (y - centre[1]).pow(2);
        let nearest = (0..CENTRES).min_by_key(|centre| distance(&centres[*centre]));
        let (sum, count) = &mut sums[nearest.expect("there are centres")];
        *sum = [sum[0] + x, sum[1] + y];
        *count += 1;
    }
    sums
}

/// Moves each centre to the middle of its points. Says whether any moved.
fn update(sums: &Sums, centres: &mut [Point]) -> bool {
    let mut moved = false;
    for (centre, (sum, count)) in centres.iter_mut().zip(sums) {
        // A centre without points stays.
        let middle = match count {
            0 => *centre,
            _ => [sum[0] / count, sum[1] / count],
        };
        moved |= middle != *centre;
        *centre = middle;
    }
    moved
}

fn main() -> Result<(), RunError> {
    let points = points();
    let first_centres = &points[..CENTRES];
    let centres = RwLock::new(first_centres.to_vec());
    let total = Mutex::new(Sums::default());
    let mut passes = 0;
    let stats = {
        let flow = Taskflow::with_name("k-means");
        let start = flow.emplace(|| {}).name("start");
        let pass = flow.emplace(|| {}).name("pass");
        let moved = flow
            .emplace_condition(|| {
                passes += 1;
                let sums =
                    std::mem::take(&mut *total.lock().unwrap_or_else(PoisonError::into_inner));
                let mut centres = centres.write().unwrap_or_else(PoisonError::into_inner);
                let moved = update(&sums, &mut centres);
                if moved && passes < PASSES_MAX {
                    "again"
                } else {
                    "converged"
                }
            })
            .name("move the centres");
        for block in points.chunks(BLOCK) {
            let (centres, total) = (&centres, &total);
            let assign = flow.emplace(move || {
                let sums = assign(
                    block,
                    &centres.read().unwrap_or_else(PoisonError::into_inner),
                );
                let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                for ((into, number), (sum, count)) in total.iter_mut().zip(sums) {
                    *into = [into[0] + sum[0], into[1] + sum[1]];
                    *number += count;
                }
            });
            assign.name("assign").succeed(pass).precede(moved);
        }
        let report = flow.emplace(|| println!("converged")).name("report");
        start.precede(pass);
        moved.branch("again", pass).branch("converged", report);
        Executor::new(0).run_and_wait(&flow)?
    };

    let mut expected = first_centres.to_vec();
    let mut expected_passes = 1;
    while update(&assign(&points, &expected), &mut expected) && expected_passes < PASSES_MAX {
        expected_passes += 1;
    }
    let centres = centres.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!(
        "{passes} passes, {} tasks: centres {centres:?}",
        stats.tasks
    );
    assert_eq!((centres, passes), (expected, expected_passes));
    assert!(passes < PASSES_MAX);
    Ok(())
}
