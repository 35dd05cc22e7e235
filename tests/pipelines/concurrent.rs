//! Pipelines whose pipes are chosen at run time.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use taskflow_std::{
    ConcurrentPipeline, Executor, Pipe, PipelineBuilder, RunError, StageType, Taskflow,
};

use crate::support::counter::Counter;
use crate::support::rig::on_each_rig;
use crate::support::throwing::throw;
use crate::support::watchdog::within_a_minute;

/// As many pipes, each of the kind that its bit says.
fn kinds(pipes: usize, bits: usize) -> Vec<StageType> {
    let kind = |at| match bits >> at & 1 {
        0 => StageType::Serial,
        _ => StageType::Parallel,
    };
    (0..pipes).map(kind).collect()
}

/// What the pipes say of a number, one after another: none of them may come before another.
fn through(pipes: usize, number: u64) -> u64 {
    (0..pipes).fold(number, |number, at| 3 * number + at as u64)
}

#[test]
fn pipes_of_any_kinds_give_what_a_loop_gives_in_order() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=4 {
                for pipes in 0..=4 {
                    for bits in [0, 1, 2, 5, 10, 15] {
                        let kinds = kinds(pipes, bits);
                        let results = Arc::new(Mutex::new(Vec::new()));
                        let sink = Arc::clone(&results);
                        let body = |at| move |number| 3 * number + at as u64;
                        let list = kinds.iter().copied().enumerate();
                        let list = list.map(|(at, kind)| Pipe::new(kind, body(at)));
                        let source = PipelineBuilder::source(lines, |token| {
                            (token.index() < 25).then_some(token.index())
                        });
                        let pipeline = ConcurrentPipeline::new(source, list, move |number| {
                            sink.lock().expect("no panic").push(number);
                        });
                        assert_eq!(pipeline.stage_types(), kinds);
                        assert_eq!(pipeline.num_pipes(), pipes + 2);
                        assert_eq!(pipeline.num_lines(), lines);
                        rig.run_n(&*pipeline, 2).expect("no pipe fails");
                        let expected = (0..2).flat_map(|_| 0..25).map(|n| through(pipes, n));
                        let results = results.lock().expect("no panic");
                        assert!(results.iter().copied().eq(expected), "{lines} {kinds:?}");
                    }
                }
            }
        });
    });
}

#[test]
fn a_serial_pipe_of_a_list_takes_one_token_at_a_time_in_order_and_a_parallel_one_several() {
    within_a_minute(|| {
        for lines in [2, 4] {
            let met = std::sync::Barrier::new(lines);
            let (inside, next) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let meet = |number: usize| {
                // Passed by all lines at once, or not at all.
                met.wait();
                number
            };
            let alone = |number: usize| {
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two at once");
                assert_eq!(next.fetch_add(1, Ordering::SeqCst), number);
                std::thread::yield_now();
                inside.fetch_sub(1, Ordering::SeqCst);
                number
            };
            let list = [
                Pipe::new(StageType::Parallel, meet),
                Pipe::new(StageType::Serial, alone),
            ];
            let mut results = Vec::new();
            let source = PipelineBuilder::from_iter(lines, 0..lines * 50);
            let pipeline = ConcurrentPipeline::new(source, list, |number| results.push(number));
            let ended = Executor::new(lines).run_and_wait(&*pipeline);
            ended.expect("no pipe fails");
            drop(pipeline);
            assert!(results.into_iter().eq(0..lines * 50));
        }
    });
}

#[test]
fn pipes_of_a_list_may_be_of_all_sorts() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let results = Arc::new(Mutex::new(Vec::new()));
            let (sink, mut before) = (Arc::clone(&results), 0);
            let list = vec![
                Pipe::parallel_async(|number: u64| async move { Ok(number + 1) }),
                Pipe::serial(move |number| {
                    before += number;
                    before
                }),
                Pipe::parallel_in_place(|number| *number *= 2),
                Pipe::try_parallel(Ok),
            ];
            let source = PipelineBuilder::from_iter(3, 0..10);
            let pipeline = ConcurrentPipeline::new(source, list, move |number| {
                sink.lock().expect("no panic").push(number);
            });
            let (serial, parallel) = (StageType::Serial, StageType::Parallel);
            assert_eq!(
                pipeline.stage_types(),
                [parallel, serial, parallel, parallel]
            );
            rig.run(&*pipeline).expect("no pipe fails");
            let expected = (1..=10).map(|number| number * (number + 1));
            let results = results.lock().expect("no panic");
            assert!(results.iter().copied().eq(expected), "{results:?}");
        });
    });
}

#[test]
fn a_pipeline_of_a_list_is_a_task_of_a_flow_and_fails_by_the_number_of_its_pipe() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (passed, behind) = (Counter::default(), Counter::default());
            let (count, fails) = (passed.clone(), Counter::default());
            let told = fails.clone();
            let list = (0..3).map(move |at| {
                let told = told.clone();
                Pipe::new(StageType::Parallel, move |number: u64| {
                    if told.get() == 1 && (at, number) == (1, 5) {
                        throw("as told");
                    }
                    number
                })
            });
            let source =
                PipelineBuilder::source(2, |token| (token.index() < 10).then_some(token.index()));
            let pipeline = ConcurrentPipeline::new(source, list, move |_| {
                count.add();
            });
            let (flow, end) = (Taskflow::new(), behind.clone());
            flow.pipeline(&pipeline).precede(flow.emplace(move || {
                end.add();
            }));
            rig.run(&flow).expect("no pipe fails yet");
            assert_eq!((passed.get(), behind.get()), (10, 1));
            fails.add();
            match rig.run(&flow) {
                Err(RunError::Panicked { panic, .. }) => {
                    assert_eq!(panic.message(), Some("as told"));
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(behind.get(), 1);
            match rig.run(&*pipeline) {
                Err(RunError::Panicked { task, .. }) => {
                    let name = task.and_then(|task| task.name).unwrap_or_default();
                    assert_eq!(*name, *"line 1, pipe 2");
                }
                other => panic!("{other:?}"),
            }
        });
    });
}
