//! Parallel algorithms beside the plain loop and beside rayon: the same work in turns, and of each the fastest.
//!
//! `cargo run --release -p taskflow-benches --bin algorithms -- --workers 2`

#![forbid(unsafe_code)]

use core::hint::black_box;
use std::time::{Duration, Instant};

use clap::Parser;
use rayon::prelude::*;
use taskflow_std::Executor;

/// Times parallel algorithms beside the plain loop and rayon.
#[derive(Parser)]
struct Options {
    /// Workers of both pools.
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// Turns of each.
    #[arg(long, default_value_t = 20)]
    turns: usize,
}

/// One way to do the work: gives how long a call took.
type Way<'w> = &'w mut dyn FnMut();

/// Calls each way in turn, each time `calls` times. Gives the shortest time of a call for each.
fn fastest<const N: usize>(turns: usize, calls: u32, mut ways: [Way<'_>; N]) -> [Duration; N] {
    let mut best = [Duration::MAX; N];
    for _ in 0..=turns {
        for (way, best) in ways.iter_mut().zip(&mut best) {
            let begun = Instant::now();
            for _ in 0..calls {
                way();
            }
            *best = (begun.elapsed() / calls).min(*best);
        }
    }
    best
}

fn print(name: &str, [plain, ours, rayon]: [Duration; 3]) {
    let ratio = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    println!(
        "{name:24} {plain:>12.1?} {ours:>12.1?} {rayon:>12.1?} {:>8.2} {:>8.2}",
        ratio(plain, ours),
        ratio(rayon, ours)
    );
}

/// As many numbers, in no order.
fn scrambled(len: usize) -> Vec<u64> {
    (0..len as u64)
        .map(|number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23))
        .collect()
}

fn main() {
    let Options { workers, turns } = Options::parse();
    let executor = Executor::new(workers);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(workers).build();
    let pool = pool.expect("threads can be started");
    println!(
        "{:24} {:>12} {:>12} {:>12} {:>8} {:>8}",
        "", "plain", "taskflow", "rayon", "x plain", "x rayon"
    );
    for len in [100, 10_000, 1_000_000] {
        each(&executor, &pool, turns, len);
        sum(&executor, &pool, turns, len);
    }
    heavy(&executor, &pool, turns);
    sort(&executor, &pool, turns, 1_000_000);
    scan(&executor, turns, 1_000_000);
    find(&executor, &pool, turns, 50_000_000);
}

fn calls(len: usize) -> u32 {
    u32::try_from(100_000 / len).unwrap_or(0).clamp(1, 1000)
}

fn each(executor: &Executor, pool: &rayon::ThreadPool, turns: usize, len: usize) {
    let [mut one, mut two, mut three] = [0, 1, 2].map(|_| scrambled(len));
    let step = |number: &mut u64| *number = number.wrapping_mul(3) ^ 0x55;
    let times = fastest(
        turns,
        calls(len),
        [
            &mut || black_box(&mut one).iter_mut().for_each(step),
            &mut || {
                let two = &mut black_box(&mut two)[..];
                executor.for_each(two, step).expect("no panic");
            },
            &mut || pool.install(|| black_box(&mut three).par_iter_mut().for_each(step)),
        ],
    );
    print(&format!("for_each, {len}"), times);
}

fn sum(executor: &Executor, pool: &rayon::ThreadPool, turns: usize, len: usize) {
    let numbers: Vec<f64> = scrambled(len)
        .into_iter()
        .map(|number| number as f64)
        .collect();
    let add = |one: f64, other: f64| one + other;
    let times = fastest(
        turns,
        calls(len),
        [
            &mut || {
                black_box(black_box(&numbers).iter().copied().fold(0.0, add));
            },
            &mut || {
                black_box(
                    executor
                        .reduce(black_box(&numbers), 0.0, add)
                        .expect("no panic"),
                );
            },
            &mut || {
                let numbers = black_box(&numbers);
                black_box(pool.install(|| numbers.par_iter().copied().reduce(|| 0.0, add)));
            },
        ],
    );
    print(&format!("reduce, {len}"), times);
}

fn heavy(executor: &Executor, pool: &rayon::ThreadPool, turns: usize) {
    let work = |index: u64| {
        let last = (0..20_000).fold(index, |number, step| {
            number.wrapping_mul(6_364_136_223) ^ step
        });
        black_box(last);
    };
    let times = fastest(
        turns,
        1,
        [
            &mut || (0..100).for_each(work),
            &mut || executor.for_each(0..100u64, work).expect("no panic"),
            &mut || pool.install(|| (0..100u64).into_par_iter().for_each(work)),
        ],
    );
    print("for_each, 100 x 20 us", times);
}

fn sort(executor: &Executor, pool: &rayon::ThreadPool, turns: usize, len: usize) {
    let given = scrambled(len);
    let turns = turns / 4;
    let times = fastest(
        turns,
        1,
        [
            &mut || black_box(given.clone()).sort(),
            &mut || {
                let mut given = black_box(given.clone());
                executor.sort(&mut given).expect("no panic");
            },
            &mut || pool.install(|| black_box(given.clone()).par_sort()),
        ],
    );
    print(&format!("sort, {len}"), times);
    let times = fastest(
        turns,
        1,
        [
            &mut || black_box(given.clone()).sort_unstable(),
            &mut || {
                let mut given = black_box(given.clone());
                executor.sort_unstable(&mut given).expect("no panic");
            },
            &mut || pool.install(|| black_box(given.clone()).par_sort_unstable()),
        ],
    );
    print(&format!("sort_unstable, {len}"), times);
}

/// rayon has no scan.
fn scan(executor: &Executor, turns: usize, len: usize) {
    let given = scrambled(len);
    let (mut one, mut two) = (vec![0; len], vec![0; len]);
    let [plain, ours] = fastest(
        turns,
        1,
        [
            &mut || {
                let mut sum = 0u64;
                for (number, place) in black_box(&given).iter().zip(&mut one[..]) {
                    sum = sum.wrapping_add(*number);
                    *place = sum;
                }
                black_box(&mut one);
            },
            &mut || {
                let add = |one: &u64, other: &u64| one.wrapping_add(*other);
                executor
                    .inclusive_scan(black_box(&given), &mut two, add)
                    .expect("no panic");
            },
        ],
    );
    print(
        &format!("inclusive_scan, {len}"),
        [plain, ours, Duration::ZERO],
    );
}

fn find(executor: &Executor, pool: &rayon::ThreadPool, turns: usize, len: u32) {
    for wanted in [0, len - 1] {
        let is_it = |number: u32| black_box(number) == wanted;
        let times = fastest(
            turns / 4,
            1,
            [
                &mut || {
                    black_box((0..len).position(is_it));
                },
                &mut || {
                    black_box(executor.find_if(0..len, is_it).expect("no panic"));
                },
                &mut || {
                    black_box(pool.install(|| (0..len).into_par_iter().position_first(is_it)));
                },
            ],
        );
        print(&format!("find_if, {wanted} of {len}"), times);
    }
}
