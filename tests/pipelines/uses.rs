//! A pipeline is run, is a task of a flow, lies in a pipe of another, and is fed by and drained into what programs have.

use std::collections::BTreeSet;
use std::sync::mpsc::{channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use taskflow_std::{
    Event, EventKind, Executor, Module, PipelineBuilder, RunError, Taskflow, TypeSafePipeline,
};

use crate::support::counter::Counter;
use crate::support::rig::on_each_rig;
use crate::support::throwing::throw;
use crate::support::watchdog::within_a_minute;

fn squares(lines: usize, count: u64) -> TypeSafePipeline<'static, u64> {
    PipelineBuilder::source(lines, move |token| {
        (token.index() < count).then_some(token.index())
    })
    .parallel(|number| number * number)
    .collect()
}

#[test]
fn three_pipelines_in_sequence_run_one_after_another_in_each_round() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=4 {
                let log = Arc::new(Mutex::new(Vec::new()));
                let flow = Taskflow::new();
                let pipelines = [0, 1, 2].map(|number| {
                    let log = Arc::clone(&log);
                    PipelineBuilder::source(lines, |token| {
                        (token.index() < 5).then_some(token.index())
                    })
                    .parallel(|index| index)
                    .serial(move |index| log.lock().expect("no panic").push((number, index)))
                    .build()
                });
                flow.linearize([
                    flow.pipeline(&pipelines[0]),
                    flow.pipeline(&pipelines[1]),
                    flow.pipeline(&pipelines[2]),
                ]);
                rig.run_n(&flow, 3).expect("no pipe fails");
                let round = (0..3).flat_map(|number| (0..5).map(move |index| (number, index)));
                let expected: Vec<_> = (0..3).flat_map(|_| round.clone()).collect();
                assert_eq!(*log.lock().expect("no panic"), expected);
            }
        });
    });
}

#[test]
fn uses_of_one_pipeline_take_turns() {
    on_each_rig(|rig| {
        let pipeline = squares(3, 10);
        let flow = Taskflow::new();
        for _ in 0..5 {
            flow.pipeline(&pipeline);
        }
        rig.run_n(&flow, 2).expect("no pipe fails");
        let expected: Vec<u64> = (0..10).flat_map(|_| (0..10).map(|n| n * n)).collect();
        assert_eq!(pipeline.take(), expected);
    });
}

#[test]
fn a_pipeline_runs_in_a_pipe_of_another_and_that_in_a_third() {
    within_a_minute(|| {
        for workers in 1..=4 {
            for lines in 1..=3 {
                let executor = Arc::new(Executor::new(workers));
                let (inner, middle) = (Arc::clone(&executor), Arc::clone(&executor));
                let sum = move |count: u64| -> u64 {
                    let pipeline = squares(lines, count);
                    inner.run_and_wait(&pipeline).expect("no pipe fails");
                    pipeline.take().iter().sum()
                };
                let sums = move |count: u64| -> u64 {
                    let sum = sum.clone();
                    let pipeline = PipelineBuilder::from_iter(lines, 0..count)
                        .parallel(sum)
                        .collect();
                    middle.run_and_wait(&pipeline).expect("no pipe fails");
                    pipeline.take().iter().sum()
                };
                let pipeline = PipelineBuilder::from_iter(lines, 0..6)
                    .parallel(sums)
                    .collect();
                executor.run_and_wait(&pipeline).expect("no pipe fails");
                let sum = |count: u64| (0..count).map(|n| n * n).sum::<u64>();
                let sums = |count: u64| (0..count).map(sum).sum::<u64>();
                assert_eq!(pipeline.take(), (0..6).map(sums).collect::<Vec<_>>());
            }
        }
    });
}

#[test]
fn a_pipeline_in_a_module_in_a_subflow_runs() {
    on_each_rig(|rig| {
        let pipeline = squares(2, 4);
        let inner = Taskflow::new();
        inner.pipeline(&pipeline);
        let module = Module::new(inner);
        let flow = Taskflow::new();
        flow.emplace_subflow(move |subflow| {
            let first = subflow.composed_of(&module);
            first.precede(subflow.composed_of(&module));
        });
        rig.run(&flow).expect("no pipe fails");
        assert_eq!(pipeline.take(), [0, 1, 4, 9, 0, 1, 4, 9]);
    });
}

#[test]
fn the_panic_of_a_pipeline_is_that_of_the_flow_and_a_cancel_of_the_flow_reaches_it() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let after = Counter::default();
            let flow = Taskflow::new();
            let failing = PipelineBuilder::source(2, |token| token.emit(token.index()))
                .serial(|index| {
                    if index == 3 {
                        throw("inside");
                    }
                })
                .build();
            let count = after.clone();
            flow.pipeline(&failing).precede(flow.emplace(move || {
                count.add();
            }));
            let ended = rig.run(&flow);
            assert!(matches!(ended, Err(RunError::Panicked { .. })), "{ended:?}");
            let (flow, calls) = (Taskflow::new(), Counter::default());
            let called = calls.clone();
            let endless = PipelineBuilder::source(2, move |token| {
                called.add();
                token.emit(())
            })
            .build();
            let count = after.clone();
            flow.pipeline(&endless).precede(flow.emplace(move || {
                count.add();
            }));
            let run = rig.start(&flow);
            while calls.get() < 10 {
                rig.step();
            }
            assert!(run.cancel());
            assert!(matches!(rig.finish(run), Err(RunError::Cancelled { .. })));
            assert_eq!(after.get(), 0);
        });
    });
}

#[test]
fn pipes_may_wait_for_runs_and_scopes() {
    within_a_minute(|| {
        for workers in 1..=4 {
            let executor = Arc::new(Executor::new(workers));
            let inside = Arc::clone(&executor);
            let pipeline = PipelineBuilder::from_iter(4, 0..50_u32)
                .parallel(move |number| {
                    let (left, right) = inside
                        .scope(|scope| {
                            let left = scope.spawn(move || number * 2);
                            let right = scope.spawn(move || number * 3);
                            (left.wait(), right.wait())
                        })
                        .expect("nothing fails");
                    left.expect("nothing fails") + right.expect("nothing fails")
                })
                .serial(|number| number)
                .collect();
            executor.run_and_wait(&pipeline).expect("no pipe fails");
            assert_eq!(pipeline.take(), (0..50).map(|n| n * 5).collect::<Vec<_>>());
        }
    });
}

#[test]
fn a_pipeline_goes_from_channel_to_channel_with_back_pressure() {
    within_a_minute(|| {
        let executor = Executor::new(3);
        let (feed, fed) = sync_channel(2);
        let (drain, drained) = channel();
        let pipeline = PipelineBuilder::from_iter(4, fed)
            .parallel(|number: u32| number + 1)
            .serial(move |number| drain.send(number).expect("somebody listens"))
            .build();
        let run = executor.run(&pipeline);
        drop(pipeline);
        let feeder = thread::spawn(move || {
            for number in 0..1000 {
                feed.send(number).expect("the pipeline takes all");
            }
        });
        assert!(drained.iter().eq(1..=1000));
        feeder.join().expect("it does not panic");
        run.wait().expect("no pipe fails");
    });
}

#[test]
fn a_pipeline_borrows_and_drains_into_collections() {
    let words = ["the", "quick", "brown", "the"];
    let mut lengths = Vec::new();
    let mut distinct = BTreeSet::new();
    let executor = Executor::new(2);
    {
        let pipeline = PipelineBuilder::from_iter(2, words.iter().copied())
            .parallel(str::len)
            .drain_into(&mut lengths)
            .build();
        executor.run_and_wait(&pipeline).expect("no pipe fails");
        let pipeline = PipelineBuilder::from_iter(2, words.iter().copied())
            .drain_into(&mut distinct)
            .build();
        executor.run_and_wait(&pipeline).expect("no pipe fails");
    }
    assert_eq!(lengths, [3, 5, 5, 3]);
    assert_eq!(distinct.len(), 3);
}

#[test]
fn observers_hear_lines_begin_suspend_and_end() {
    let ends = Counter::default();
    let (count, executor) = (ends.clone(), Executor::new(2));
    let observer = executor.observe(move |event: &Event<'_>| {
        if let EventKind::End { outcome } = event.kind
            && outcome != taskflow_std::Ended::Suspended
        {
            count.add();
        }
    });
    let pipeline = squares(4, 100);
    executor.run_and_wait(&pipeline).expect("no pipe fails");
    observer.detach();
    assert_eq!(ends.get(), 5, "four lines, and the task before them");
    assert_eq!(pipeline.take().len(), 100);
}

#[test]
#[should_panic(expected = "a pipeline without lines takes no token")]
fn a_pipeline_needs_a_line() {
    let _ = PipelineBuilder::from_iter(0, [1]);
}
