//! Primes below ten million: each worker sieves segments of its own, by the primes below the root.

#![forbid(unsafe_code)]

use taskflow_std::{Executor, RunError};

const END: usize = 10_000_000;
const SEGMENT: usize = 1 << 16;

/// The primes below `end`, one after another.
fn small_primes(end: usize) -> Vec<usize> {
    let mut primes: Vec<usize> = Vec::new();
    for number in 2..end {
        if primes.iter().all(|prime| number % prime != 0) {
            primes.push(number);
        }
    }
    primes
}

/// How many primes there are in a segment.
fn count(segment: usize, primes: &[usize]) -> usize {
    let begin = segment * SEGMENT;
    let end = END.min(begin + SEGMENT);
    let mut composite = vec![false; end - begin];
    for prime in primes {
        let first = (prime * prime).max(begin.next_multiple_of(*prime));
        for multiple in (first..end).step_by(*prime) {
            composite[multiple - begin] = true;
        }
    }
    let numbers = (begin..end).zip(&composite);
    numbers
        .filter(|(number, composite)| *number > 1 && !**composite)
        .count()
}

fn main() -> Result<(), RunError> {
    let primes = small_primes(END.isqrt() + 1);
    let segments = 0..END.div_ceil(SEGMENT);
    let found = Executor::new(0).transform_reduce(
        segments,
        0,
        |segment| count(segment, &primes),
        |one, other| one + other,
    )?;
    assert_eq!(found, 664_579);
    println!("{found} primes below {END}");
    Ok(())
}
