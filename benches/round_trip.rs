//! How long does a caller wait for one empty task, and for the answer of a bare thread?

#![forbid(unsafe_code)]

use core::time::Duration;

use criterion::{Bencher, Criterion, SamplingMode};
use taskflow_benches::{Contender, after_idle, callers};

const IDLE: Duration = Duration::from_millis(1);

/// Calls behind one sample: their idle times, which nobody measures, would add up to minutes.
const CALLS_MAX: u64 = 16;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut callers = callers();
    for (state, time) in [
        (
            "busy",
            back_to_back as fn(&mut Bencher<'_>, &mut Contender<'_>),
        ),
        ("idle for 1 ms", from_idle),
    ] {
        let mut group = criterion.benchmark_group(format!("round_trip, {state}"));
        group
            .sample_size(10)
            .sampling_mode(SamplingMode::Flat)
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_millis(500));
        for caller in &mut callers {
            group.bench_function(caller.name(), |bencher| time(bencher, caller));
        }
        group.finish();
    }
    criterion.final_summary();
}

fn back_to_back(bencher: &mut Bencher<'_>, caller: &mut Contender<'_>) {
    bencher.iter(|| caller.run());
}

fn from_idle(bencher: &mut Bencher<'_>, caller: &mut Contender<'_>) {
    bencher.iter_custom(|calls| {
        let timed = calls.clamp(1, CALLS_MAX);
        let sum: Duration = (0..timed).map(|_| after_idle(IDLE, caller)).sum();
        sum.mul_f64(calls as f64 / timed as f64)
    });
}
