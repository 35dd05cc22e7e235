//! The hand-written loop and the executors as benchmarks of one group.

use core::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput};
use taskflow_benches::{Shape, Tallies, contenders};

/// Tasks in a row of the square shapes; the others have as many as a square.
pub(crate) const SIDE: u32 = 1 << 10;

/// Times a re-run of the shape by each side, per task.
pub(crate) fn compare(shape: &Shape) {
    let mut criterion = Criterion::default().configure_from_args();
    let tallies = Tallies::new(shape.tasks());
    let mut group = criterion.benchmark_group(shape.name());
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .throughput(Throughput::Elements(shape.tasks().into()));
    for contender in &mut contenders(shape, &tallies) {
        group.bench_function(contender.name(), |bencher| bencher.iter(|| contender.run()));
    }
    group.finish();
    criterion.final_summary();
}
