//! How short tasks may be: the minimum effective task granularity at half of the peak.
//!
//! Tasks of the same length, 16 in each step, run again and again. They grow until half of the time that the workers had went
//! into them; the time per task and worker, overhead included, is the figure. What the work alone takes is measured on one
//! thread, once for all.
//!
//! # References
//!
//! Slaughter et al., *Task Bench: A Parameterized Benchmark for Evaluating Parallel Runtime Performance*, SC 2020,
//! section IV. There the peak is what the machine can do and each system runs its own processes; here it is one thread's.

use alloc::sync::Arc;
use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;

use super::{Effort, first_in_first_out};
use crate::contest::{Contest, OURS, Row};
use crate::pattern::{Pattern, WIDTH};
use crate::peer::{self, Graph};
use crate::spread::{Spread, nanos};
use crate::tally::{Tallies, Work, reckon, set_grain};

const STEPS: u32 = 64;

/// Steps of the shortest tasks, and of the longest that are tried.
const GRAINS: [u32; 2] = [4, 1 << 15];

/// Part of the peak.
const EFFECTIVE: f64 = 0.5;

/// How long the graph is run again and again in each turn. A single run after a rest would tell how long workers take to wake.
const STRETCH: Duration = Duration::from_millis(20);

/// The figures of one contender on some workers, so far.
struct Curve {
    row: Row,
    /// Steps of a task, and of the time that a worker had for it the part that was work: at the shortest, the median
    /// and the longest time.
    points: Vec<(u32, [f64; 3])>,
}

pub(super) fn rows(effort: Effort) -> Vec<Row> {
    let step = step_nanos();
    let mut rows = Vec::new();
    for pattern in Pattern::ALL {
        let shape = pattern.steps(STEPS);
        let tallies = Arc::new(Tallies::new(shape.tasks()));
        let graph = Graph {
            shape: &shape,
            tallies: &tallies,
            work: Work::Grind,
        };
        let mut contenders = vec![first_in_first_out(graph)];
        contenders.extend(peer::all(|peer| peer.rerun(graph)));
        let contest = Contest::new(pattern.name(), (STEPS * WIDTH).into(), contenders);
        rows.extend(grow(contest.stretch(STRETCH), effort.rounds, step));
        assert!(
            tallies.all_ran(),
            "a task of {} did not run once in each run",
            shape.name()
        );
    }
    rows
}

/// What a step of the work takes when nothing is scheduled: the least of several times.
pub(super) fn step_nanos() -> f64 {
    const STEPS: u32 = 1 << 16;
    let time = |_| {
        let begin = Instant::now();
        black_box(reckon(STEPS));
        nanos(begin.elapsed(), STEPS.into())
    };
    (0..20).map(time).fold(f64::INFINITY, f64::min)
}

fn grow(mut contest: Contest<'_>, rounds: usize, step: f64) -> Vec<Row> {
    let mut curves: Vec<Curve> = Vec::new();
    let [mut grain, longest] = GRAINS;
    while grain <= longest && !contest.contenders().is_empty() {
        set_grain(grain);
        for row in contest.hold(rounds) {
            // One thread is compared with one thread.
            if row.side.starts_with("by hand") && row.workers > 1 {
                continue;
            }
            let work = step * f64::from(grain) / row.workers as f64;
            let figure = row.figure;
            let parts = [figure.min, figure.median, figure.max].map(|time| work / time);
            let is = |curve: &&mut Curve| {
                (&curve.row.side, curve.row.workers) == (&row.side, row.workers)
            };
            match curves.iter_mut().find(is) {
                Some(curve) => curve.points.push((grain, parts)),
                None => curves.push(Curve {
                    row,
                    points: vec![(grain, parts)],
                }),
            }
        }
        contest.keep(|one| {
            let is = |curve: &&Curve| {
                curve.row.side == one.name() && curve.row.workers == one.workers().max(1)
            };
            !curves.iter().find(is).is_some_and(Curve::is_through)
        });
        grain *= 2;
    }
    set_grain(0);
    let figures: Vec<_> = curves.iter().map(|curve| curve.figure(step)).collect();
    let ours = |workers| {
        let mut all = curves.iter().zip(&figures);
        let is = |curve: &Curve| curve.row.side == OURS && curve.row.workers == workers;
        all.find_map(|(curve, figure)| is(curve).then_some(figure.median))
    };
    let rows = curves.iter().zip(&figures).map(|(curve, figure)| Row {
        figure: *figure,
        ratio: ours(curve.row.workers).map(|ours| figure.median / ours),
        busy: None,
        ..curve.row.clone()
    });
    rows.collect()
}

impl Curve {
    /// Even the longest times leave the part.
    fn is_through(&self) -> bool {
        self.points
            .last()
            .is_some_and(|(_, parts)| parts[2] >= EFFECTIVE)
            || {
                let all = |point: &(u32, [f64; 3])| point.1[1] >= EFFECTIVE;
                self.points.iter().filter(|point| all(point)).count() >= 3
            }
    }

    fn figure(&self, step: f64) -> Spread {
        let [min, median, max] = [0, 1, 2].map(|which| {
            let points = self
                .points
                .iter()
                .map(|(grain, parts)| (f64::from(*grain), parts[which]));
            crossing(points) * step / EFFECTIVE
        });
        Spread { min, median, max }
    }
}

/// The steps at which the part is reached, between two points on a line over the logarithm of the steps: the longest that
/// were tried if it is never reached, the shortest if always.
fn crossing(points: impl Iterator<Item = (f64, f64)>) -> f64 {
    let mut before: Option<(f64, f64)> = None;
    for (grain, part) in points {
        match before {
            _ if part < EFFECTIVE => before = Some((grain, part)),
            None => return grain,
            Some((short, less)) => {
                let way = (EFFECTIVE - less) / (part - less);
                return short * (grain / short).powf(way);
            }
        }
    }
    before.map_or(f64::NAN, |(grain, _)| grain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crossing_lies_between_the_points_around_it() {
        let points = [(4.0, 0.1), (8.0, 0.25), (16.0, 0.75), (32.0, 0.9)];
        assert!((crossing(points.into_iter()) - 8.0 * 2f64.sqrt()).abs() < 1e-9);
        assert!((crossing([(4.0, 0.6)].into_iter()) - 4.0).abs() < 1e-9);
        assert!((crossing([(4.0, 0.1), (8.0, 0.2)].into_iter()) - 8.0).abs() < 1e-9);
    }
}
