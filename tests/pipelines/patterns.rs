//! All patterns of serial and parallel pipes, against what a loop would do.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use taskflow_std::{Pipe, Pipeline, PipelineBuilder, StageType, TaskError, Token};

use crate::support::rig::{Rig, on_each_rig};
use crate::support::watchdog::within_a_minute;

/// What the pipes saw.
#[derive(Debug, Default)]
struct Log {
    /// For each pipe the tokens, as they came.
    seen: Vec<Mutex<Vec<u64>>>,
    /// For each pipe how many calls of it are going on.
    inside: Vec<AtomicUsize>,
    /// Tokens on their way.
    flying: AtomicUsize,
    most: AtomicUsize,
}

impl Log {
    fn of(pipes: usize) -> Arc<Self> {
        Arc::new(Self {
            seen: (0..pipes).map(|_| Mutex::default()).collect(),
            inside: (0..pipes).map(|_| AtomicUsize::new(0)).collect(),
            ..Self::default()
        })
    }

    /// A pipe is called.
    fn visit(&self, token: &Token, stage_type: StageType) {
        let pipe = token.pipe();
        let others = self.inside[pipe].fetch_add(1, Ordering::SeqCst);
        assert!(
            stage_type == StageType::Parallel || others == 0,
            "a serial pipe twice at once"
        );
        self.seen[pipe]
            .lock()
            .expect("no panic")
            .push(token.index());
        if pipe == 0 {
            let flying = self.flying.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(flying, Ordering::SeqCst);
        }
        if pipe + 1 == self.seen.len() {
            self.flying.fetch_sub(1, Ordering::SeqCst);
        }
        self.inside[pipe].fetch_sub(1, Ordering::SeqCst);
    }
}

/// A pipeline that logs, whose tokens carry how many pipes they went through.
fn logging(lines: usize, tokens: u64, pattern: &[StageType], log: &Arc<Log>) -> Pipeline<'static> {
    let first = Arc::clone(log);
    let mut builder = PipelineBuilder::source(lines, move |token| {
        if token.index() == tokens {
            return token.stop();
        }
        first.visit(token, StageType::Serial);
        token.emit((token.index(), 1))
    });
    for stage_type in pattern.iter().copied() {
        let log = Arc::clone(log);
        let body = move |token: &Token, (index, passed): (u64, usize)| -> Result<_, TaskError> {
            assert_eq!((index, passed), (token.index(), token.pipe()));
            assert!(token.line() < lines);
            log.visit(token, stage_type);
            Ok((index, passed + 1))
        };
        builder = builder.pipe(match stage_type {
            StageType::Serial => Pipe::try_serial_with(body),
            StageType::Parallel => Pipe::try_parallel_with(body),
        });
    }
    builder.parallel(drop).build()
}

/// All patterns of up to three pipes, the first of which is serial.
fn patterns() -> Vec<Vec<StageType>> {
    let mut all = vec![Vec::new()];
    for length in 1..=2 {
        for bits in 0..1 << length {
            let kind = |at| match bits >> at & 1 {
                0 => StageType::Serial,
                _ => StageType::Parallel,
            };
            all.push((0..length).map(kind).collect());
        }
    }
    all
}

fn check(rig: &Rig, lines: usize, tokens: u64, pattern: &[StageType], rounds: u64) {
    let log = Log::of(pattern.len() + 1);
    let pipeline = logging(lines, tokens, pattern, &log);
    let stats = rig.run_n(&pipeline, rounds).expect("no pipe fails");
    let what = format!("{lines} lines, {tokens} tokens, {pattern:?}");
    assert_eq!(stats.tasks, rounds * (lines as u64 + 1), "{what}");
    assert_eq!(pipeline.num_tokens() as u64, tokens, "{what}");
    let all: Vec<u64> = (0..rounds).flat_map(|_| 0..tokens).collect();
    for (pipe, seen) in log.seen.iter().enumerate() {
        let mut seen = seen.lock().expect("no panic").clone();
        let mut expected = all.clone();
        if pipe > 0 && pattern[pipe - 1] == StageType::Parallel {
            seen.sort_unstable();
            expected.sort_unstable();
        }
        assert_eq!(seen, expected, "pipe {pipe} of {what}");
    }
    assert!(log.most.load(Ordering::SeqCst) <= lines, "{what}");
}

#[test]
fn serial_pipes_see_all_tokens_in_order_and_parallel_ones_each_once() {
    within_a_minute(|| {
        for workers in 1..=4 {
            let rig = Rig::threads(workers);
            for lines in 1..=4 {
                for pattern in patterns() {
                    for tokens in 0..=100 {
                        check(&rig, lines, tokens, &pattern, 1);
                    }
                }
            }
        }
    });
}

#[test]
fn the_same_holds_step_by_step_and_round_after_round() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in [1, 2, 3, 8] {
                for pattern in patterns() {
                    for tokens in [0, 1, 2, 3, 7, 20] {
                        check(rig, lines, tokens, &pattern, 2);
                    }
                }
            }
        });
    });
}

#[test]
fn parallel_pipes_take_as_many_tokens_at_a_time_as_there_are_lines() {
    within_a_minute(|| {
        for lines in 2..=4 {
            let met = std::sync::Barrier::new(lines);
            let pipeline = PipelineBuilder::from_iter(lines, 0..lines * 50)
                .parallel(|_| {
                    // Passed by all lines at once, or not at all.
                    met.wait();
                })
                .build();
            let executor = taskflow_std::Executor::new(lines);
            executor.run_and_wait(&pipeline).expect("no pipe fails");
        }
    });
}

#[test]
fn long_streams_end_on_any_number_of_workers() {
    within_a_minute(|| {
        for workers in [1, 2, 4, 8] {
            let rig = Rig::threads(workers);
            let pattern = [StageType::Serial, StageType::Parallel, StageType::Serial];
            check(&rig, 8, 20_000, &pattern, 1);
        }
    });
}
