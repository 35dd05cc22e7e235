//! What does a pipe cost a token, beside a loop that calls four boxed closures?

#![forbid(unsafe_code)]

use core::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput};
use taskflow_benches::{PIPES, streams};

/// Tokens of a stream.
const TOKENS: u64 = 1 << 16;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("pipeline, calls of a pipe");
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .throughput(Throughput::Elements(TOKENS * PIPES))
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1));
    for stream in &mut streams(TOKENS) {
        group.bench_function(stream.name(), |bencher| bencher.iter(|| stream.run()));
    }
    group.finish();
    criterion.final_summary();
}
