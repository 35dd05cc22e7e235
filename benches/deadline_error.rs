//! How late is a deadline heard: that of a token, by the timer's thread, and that of a run, by a worker that sleeps? And what
//! does a deadline cost to arm and to take back, with none and with a hundred thousand others armed?
//!
//! Prints quantiles. `--quick` takes fewer samples.

#![forbid(unsafe_code)]

use core::hint::black_box;
use core::time::Duration;
use std::thread;
use std::time::Instant;

use taskflow_std::{Executor, PreemptiveCancellationToken, RunOptions, Taskflow};

/// Deadlines of other tokens that are armed meanwhile.
const OTHERS: usize = 100_000;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick" || argument == "--test");
    let samples = if quick { 50 } else { 500 };
    print("a token's deadline", (0..samples).map(token_error));
    let executor = Executor::new(2);
    print(
        "a run's deadline, two workers",
        (0..samples).map(|sample| run_error(&executor, sample)),
    );
    cost("none", samples);
    let hour = Instant::now() + Duration::from_secs(3600);
    let others: Vec<_> = (0..OTHERS)
        .map(|place| {
            let token = PreemptiveCancellationToken::new();
            let micros = u64::try_from(place * 7919 % OTHERS).expect("it is small");
            token.cancel_at(hour + Duration::from_micros(micros));
            token
        })
        .collect();
    cost("100,000", samples);
    print(
        "a token's deadline among them",
        (0..samples).map(token_error),
    );
    assert!(others.iter().all(|token| !token.is_cancelled()));
}

/// Times from one to five milliseconds.
fn time(sample: usize) -> Duration {
    Duration::from_micros(1000 + u64::try_from(sample * 37 % 4000).expect("it is small"))
}

/// From the deadline of a token to the flag, as a thread sees it that looks all the time in the last tenth of a millisecond.
fn token_error(sample: usize) -> Duration {
    let (token, at) = (
        PreemptiveCancellationToken::new(),
        Instant::now() + time(sample),
    );
    token.cancel_at(at);
    thread::sleep(time(sample) - Duration::from_micros(100));
    while !token.is_cancelled() {
        std::hint::spin_loop();
    }
    at.elapsed()
}

/// From the deadline of a run that waits for ever to its end, as the caller sees it who awaits that.
fn run_error(executor: &Executor, sample: usize) -> Duration {
    let flow = Taskflow::new();
    flow.emplace_async(std::future::pending);
    let (begun, time) = (Instant::now(), time(sample));
    let run = executor.run_with(&flow, RunOptions::new().deadline(time));
    run.wait().expect_err("it waits for ever");
    begun.elapsed().saturating_sub(time)
}

/// What arming and disarming takes.
fn cost(others: &str, samples: usize) {
    let token = PreemptiveCancellationToken::new();
    let one = |_| {
        let begun = Instant::now();
        drop(black_box(token.deadline_guard(Duration::from_secs(7200))));
        begun.elapsed()
    };
    print(
        &format!("arming and disarming, {others} others"),
        (0..samples * 20).map(one),
    );
}

fn print(what: &str, times: impl Iterator<Item = Duration>) {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    let quantile = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!(
        "{what:40} p50 {:>10?}  p99 {:>10?}  max {:>10?}  of {}",
        quantile(50),
        quantile(99),
        quantile(100),
        times.len()
    );
}
