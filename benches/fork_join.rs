//! What a fork costs: the naive Fibonacci number of 32 and a tree of a million leaves, beside rayon and chili.
//!
//! All sides run in turn, so that what else the machine does meets all of them. For each: nanoseconds a fork, the
//! least, the median and the most of all rounds, and the median of the ratios to chili in the same round.

#![forbid(unsafe_code)]

use core::hint::black_box;
use core::num::NonZero;
use std::time::Instant;

use taskflow_std::{Executor, Fork};

const FIBONACCI: u32 = 32;
/// Forks of that: one for each call from 2 on.
const FIBONACCI_FORKS: f64 = 3_524_577.0;
const LEAVES: u64 = 1_000_000;
const ROUNDS: usize = 21;

type Side<'s> = (&'static str, Box<dyn FnMut() -> u64 + 's>);

mod fibonacci {
    use super::{Executor, Fork};

    pub(super) fn plain(n: u32) -> u64 {
        if n < 2 {
            return u64::from(n);
        }
        plain(n - 1) + plain(n - 2)
    }

    pub(super) fn fork(fork: Fork<'_>, n: u32) -> u64 {
        if n < 2 {
            return u64::from(n);
        }
        let (a, b) = fork.join(
            move |fork| self::fork(fork, n - 1),
            move |fork| self::fork(fork, n - 2),
        );
        a + b
    }

    pub(super) fn join(executor: &Executor, n: u32) -> u64 {
        if n < 2 {
            return u64::from(n);
        }
        let (a, b) = executor.join(move || join(executor, n - 1), move || join(executor, n - 2));
        a + b
    }

    pub(super) fn rayon(n: u32) -> u64 {
        if n < 2 {
            return u64::from(n);
        }
        let (a, b) = rayon::join(move || rayon(n - 1), move || rayon(n - 2));
        a + b
    }

    pub(super) fn chili(scope: &mut chili::Scope<'_>, n: u32) -> u64 {
        if n < 2 {
            return u64::from(n);
        }
        let (a, b) = scope.join(
            move |scope| chili(scope, n - 1),
            move |scope| chili(scope, n - 2),
        );
        a + b
    }
}

/// A tree whose nodes have ten children each, as far as there are leaves; the sum of the leaves' numbers. The children
/// of a node are forked in halves.
mod skynet {
    use super::{Executor, Fork};

    pub(super) fn plain(first: u64, size: u64) -> u64 {
        if size == 1 {
            return first;
        }
        (0..10)
            .map(|child| plain(first + child * (size / 10), size / 10))
            .sum()
    }

    pub(super) fn fork(fork: Fork<'_>, first: u64, size: u64) -> u64 {
        if size == 1 {
            return first;
        }
        children(fork, first, size / 10, 10)
    }

    fn children(fork: Fork<'_>, first: u64, size: u64, count: u64) -> u64 {
        if count == 1 {
            return self::fork(fork, first, size);
        }
        let half = count / 2;
        let (a, b) = fork.join(
            move |fork| children(fork, first, size, half),
            move |fork| children(fork, first + half * size, size, count - half),
        );
        a + b
    }

    pub(super) fn join(executor: &Executor, first: u64, size: u64, count: u64) -> u64 {
        match (count, size) {
            (1, 1) => first,
            (1, _) => join(executor, first, size / 10, 10),
            _ => {
                let half = count / 2;
                let (a, b) = executor.join(
                    move || join(executor, first, size, half),
                    move || join(executor, first + half * size, size, count - half),
                );
                a + b
            }
        }
    }

    pub(super) fn rayon(first: u64, size: u64) -> u64 {
        use rayon::iter::{IntoParallelIterator, ParallelIterator};
        if size == 1 {
            return first;
        }
        (0..10u64)
            .into_par_iter()
            .map(|child| rayon(first + child * (size / 10), size / 10))
            .sum()
    }

    pub(super) fn rayon_join(first: u64, size: u64, count: u64) -> u64 {
        match (count, size) {
            (1, 1) => first,
            (1, _) => rayon_join(first, size / 10, 10),
            _ => {
                let half = count / 2;
                let (a, b) = rayon::join(
                    move || rayon_join(first, size, half),
                    move || rayon_join(first + half * size, size, count - half),
                );
                a + b
            }
        }
    }

    pub(super) fn chili(scope: &mut chili::Scope<'_>, first: u64, size: u64) -> u64 {
        if size == 1 {
            return first;
        }
        chili_children(scope, first, size / 10, 10)
    }

    fn chili_children(scope: &mut chili::Scope<'_>, first: u64, size: u64, count: u64) -> u64 {
        if count == 1 {
            return chili(scope, first, size);
        }
        let half = count / 2;
        let (a, b) = scope.join(
            move |scope| chili_children(scope, first, size, half),
            move |scope| chili_children(scope, first + half * size, size, count - half),
        );
        a + b
    }
}

/// Runs all sides in turn and prints what a fork took.
fn contest(title: &str, forks: f64, expected: u64, sides: &mut [Side<'_>]) {
    let mut times = vec![Vec::new(); sides.len()];
    for round in 0..=ROUNDS {
        for ((name, side), times) in sides.iter_mut().zip(&mut times) {
            let begun = Instant::now();
            assert_eq!(black_box(side()), expected, "{name}");
            let nanos = begun.elapsed().as_secs_f64() * 1e9 / forks;
            if round > 0 {
                times.push(nanos);
            }
        }
    }
    println!("{title}");
    let peer = sides.iter().position(|(name, _)| *name == "chili");
    let peer = times[peer.expect("chili is a side")].clone();
    for ((name, _), times) in sides.iter().zip(&mut times) {
        let mut ratios: Vec<f64> = times
            .iter()
            .zip(&peer)
            .map(|(own, peer)| own / peer)
            .collect();
        ratios.sort_by(f64::total_cmp);
        times.sort_by(f64::total_cmp);
        let middle = times.len() / 2;
        println!(
            "  {name:<14} {:7.2} {:7.2} {:7.2} ns   {:5.2} x chili",
            times[0],
            times[middle],
            times[times.len() - 1],
            ratios[middle],
        );
    }
}

fn main() {
    for workers in [1, 2] {
        let executor = Executor::new(workers);
        let rayon = rayon::ThreadPoolBuilder::new().num_threads(workers).build();
        let rayon = rayon.expect("threads");
        let chili = chili::ThreadPool::with_config(chili::Config {
            // (The calling thread counts.)
            thread_count: NonZero::new(workers),
            ..chili::Config::default()
        });
        contest(
            &format!("fibonacci of {FIBONACCI}, {workers} workers: least, median, most"),
            FIBONACCI_FORKS,
            fibonacci::plain(FIBONACCI),
            &mut [
                (
                    "plain calls",
                    Box::new(|| fibonacci::plain(black_box(FIBONACCI))),
                ),
                (
                    "fork.join",
                    Box::new(|| executor.fork(|fork| fibonacci::fork(fork, black_box(FIBONACCI)))),
                ),
                (
                    "executor.join",
                    Box::new(|| fibonacci::join(&executor, black_box(FIBONACCI))),
                ),
                (
                    "chili",
                    Box::new(|| fibonacci::chili(&mut chili.scope(), black_box(FIBONACCI))),
                ),
                (
                    "rayon",
                    Box::new(|| rayon.install(|| fibonacci::rayon(black_box(FIBONACCI)))),
                ),
            ],
        );
        contest(
            &format!("tree of {LEAVES} leaves, {workers} workers: least, median, most"),
            LEAVES as f64,
            LEAVES * (LEAVES - 1) / 2,
            &mut [
                (
                    "plain calls",
                    Box::new(|| skynet::plain(0, black_box(LEAVES))),
                ),
                (
                    "fork.join",
                    Box::new(|| executor.fork(|fork| skynet::fork(fork, 0, black_box(LEAVES)))),
                ),
                (
                    "executor.join",
                    Box::new(|| skynet::join(&executor, 0, black_box(LEAVES), 1)),
                ),
                (
                    "chili",
                    Box::new(|| skynet::chili(&mut chili.scope(), 0, black_box(LEAVES))),
                ),
                (
                    "rayon",
                    Box::new(|| rayon.install(|| skynet::rayon(0, black_box(LEAVES)))),
                ),
                (
                    "rayon join",
                    Box::new(|| rayon.install(|| skynet::rayon_join(0, black_box(LEAVES), 1))),
                ),
            ],
        );
    }
}
