//! The contests of a question as groups of benchmarks, with criterion's statistics.

use core::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput};
use taskflow_benches::{Effort, Question};

const EFFORT: Effort = Effort {
    side: 1 << 10,
    rounds: 0,
};

/// Times each side of the question by itself.
pub(crate) fn compare(question: Question) {
    let mut criterion = Criterion::default().configure_from_args();
    question.contests(EFFORT, &mut |contest| {
        let mut group =
            criterion.benchmark_group(format!("{}, {}", question.name(), contest.case()));
        group
            .sample_size(10)
            .sampling_mode(SamplingMode::Flat)
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_secs(1))
            .throughput(Throughput::Elements(contest.parts()));
        for side in contest.contenders() {
            let name = match side.workers() {
                0 => side.name().to_owned(),
                workers => format!("{}, {workers}", side.name()),
            };
            group.bench_function(name, |bencher| {
                bencher.iter_custom(|times| (0..times).map(|_| side.run()).sum());
            });
        }
        group.finish();
    });
    criterion.final_summary();
}
