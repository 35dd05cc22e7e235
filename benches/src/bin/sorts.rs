//! Sorts of several shapes beside the library's own and beside rayon's: the same input in turns, and of each the fastest.
//!
//! `cargo run --release -p taskflow-benches --bin sorts -- --workers 2`

#![forbid(unsafe_code)]

use core::hint::black_box;
use std::time::{Duration, Instant};

use clap::Parser;
use rayon::prelude::*;
use taskflow_std::Executor;

/// Times sorts beside the library's own and rayon's.
#[derive(Parser)]
struct Options {
    /// Workers of both pools.
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// Turns of each.
    #[arg(long, default_value_t = 5)]
    turns: usize,
    /// Elements; strings are a tenth as many.
    #[arg(long, default_value_t = 10_000_000)]
    len: usize,
}

/// Who sorts.
struct Sides {
    executor: Executor,
    pool: rayon::ThreadPool,
    turns: usize,
}

impl Sides {
    fn compare<T: Ord + Clone + Send + Sync>(&self, name: &str, given: &[T]) {
        let (executor, pool) = (&self.executor, &self.pool);
        self.print(
            &format!("{name}, stable"),
            given,
            [
                &|row| row.sort(),
                &|row| executor.sort(row).expect("no panic"),
                &|row| pool.install(|| row.par_sort()),
            ],
        );
        self.print(
            &format!("{name}, unstable"),
            given,
            [
                &|row| row.sort_unstable(),
                &|row| executor.sort_unstable(row).expect("no panic"),
                &|row| pool.install(|| row.par_sort_unstable()),
            ],
        );
    }

    fn print<T: Ord + Clone>(&self, name: &str, given: &[T], sorts: [&dyn Fn(&mut [T]); 3]) {
        let mut best = [Duration::MAX; 3];
        for _ in 0..self.turns {
            for (sort, best) in sorts.iter().zip(&mut best) {
                let mut row = black_box(given.to_vec());
                let begun = Instant::now();
                sort(&mut row);
                *best = begun.elapsed().min(*best);
                assert!(row.is_sorted(), "{name}: not sorted");
            }
        }
        let [own, ours, rayon] = best;
        let ratio = |other: Duration| other.as_secs_f64() / ours.as_secs_f64();
        println!(
            "{name:24} {own:>10.1?} {ours:>10.1?} {rayon:>10.1?} {:>8.2} {:>8.2}",
            ratio(own),
            ratio(rayon)
        );
    }
}

fn main() {
    let Options {
        workers,
        turns,
        len,
    } = Options::parse();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(workers).build();
    let sides = Sides {
        executor: Executor::new(workers),
        pool: pool.expect("threads can be started"),
        turns,
    };
    println!(
        "{:24} {:>10} {:>10} {:>10} {:>8} {:>8}",
        "", "library", "taskflow", "rayon", "x lib", "x rayon"
    );
    let scramble = |number: u64| number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23);
    let random: Vec<u64> = (0..len as u64)
        .map(|number| scramble(scramble(number) ^ number))
        .collect();
    sides.compare("random", &random);
    let words: Vec<String> = random[..len / 10]
        .iter()
        .map(|number| format!("{number:x}"))
        .collect();
    sides.compare("strings", &words);
    drop(words);
    let few: Vec<u64> = random.iter().map(|number| number % 16).collect();
    sides.compare("few unique", &few);
    let mut sorted = random;
    sorted.sort_unstable();
    sides.compare("sorted", &sorted);
    sorted.reverse();
    sides.compare("reversed", &sorted);
}
