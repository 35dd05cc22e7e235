//! A panic, an error or a cancel ends a pipeline within one token for each line.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::io;
use std::sync::Arc;

use taskflow_std::{
    CancellationToken, Executor, FailurePolicy, Pipe, Pipeline, PipelineBuilder, RunError,
    RunOptions, StageType, checkpoint,
};

use crate::support::counter::Counter;
use crate::support::gate::Gate;
use crate::support::rig::on_each_rig;
use crate::support::throwing::throw;
use crate::support::watchdog::within_a_minute;

/// An endless stream, through a pipe of each kind; `body` is called in the pipe with this number.
fn endless(
    lines: usize,
    at: usize,
    body: impl Fn(u64) + Clone + Send + Sync + 'static,
) -> Pipeline<'static> {
    let on = |pipe| {
        let body = body.clone();
        move |index| {
            if pipe == at {
                body(index);
            }
            index
        }
    };
    let first = on(0);
    PipelineBuilder::source(lines, move |token| token.emit(first(token.index())))
        .serial(on(1))
        .parallel(on(2))
        .serial(on(3))
        .parallel(drop)
        .build()
}

#[test]
fn a_panic_in_any_pipe_ends_the_pipeline_which_can_run_again() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=4 {
                for at in 0..=3 {
                    let pipeline = endless(lines, at, |index| {
                        if index == 10 {
                            throw("the tenth");
                        }
                    });
                    for _ in 0..2 {
                        match rig.run(&pipeline) {
                            Err(RunError::Panicked { task, panic, .. }) => {
                                assert_eq!(panic.message(), Some("the tenth"));
                                let name = task.and_then(|task| task.name).unwrap_or_default();
                                assert_eq!(*name, *format!("line {}, pipe {at}", 10 % lines));
                            }
                            other => panic!("{other:?}"),
                        }
                    }
                }
            }
        });
    });
}

#[test]
fn an_error_of_any_pipe_ends_the_pipeline_and_is_its_run_s() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=4 {
                for stage_type in [StageType::Serial, StageType::Parallel] {
                    let refuse = |index: u64| match index {
                        10 => Err(io::Error::other("no tenth").into()),
                        index => Ok(index),
                    };
                    let pipe = match stage_type {
                        StageType::Serial => Pipe::try_serial(refuse),
                        StageType::Parallel => Pipe::try_parallel(refuse),
                    };
                    let pipeline =
                        PipelineBuilder::source(lines, |token| token.emit(token.index()))
                            .pipe(pipe.name("check"))
                            .serial(drop)
                            .build();
                    // The lines end whatever else may go on.
                    for policy in [
                        FailurePolicy::default(),
                        FailurePolicy::CollectAll,
                        FailurePolicy::KeepIndependent,
                    ] {
                        let run = rig.start_with(&pipeline, RunOptions::new().on_failure(policy));
                        match rig.finish(run) {
                            Err(RunError::Failed { task, error, .. }) => {
                                assert_eq!(error.get().to_string(), "no tenth");
                                let name = task.and_then(|task| task.name).unwrap_or_default();
                                assert_eq!(*name, *format!("line {}, pipe 1: check", 10 % lines));
                            }
                            other => panic!("{other:?}"),
                        }
                    }
                }
                let pipeline = PipelineBuilder::source(lines, |token| match token.index() {
                    10 => Err(io::Error::other("no more").into()),
                    index => Ok(Some(index)),
                })
                .serial(drop)
                .build();
                assert!(matches!(rig.run(&pipeline), Err(RunError::Failed { .. })));
            }
        });
    });
}

#[test]
fn a_cancel_ends_an_endless_pipeline_with_one_line_or_more() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=4 {
                let calls = Counter::default();
                let count = calls.clone();
                let pipeline = endless(lines, 3, move |_| {
                    count.add();
                });
                let run = rig.start(&pipeline);
                while calls.get() < 20 {
                    rig.step();
                }
                assert!(run.cancel());
                let ended = rig.finish(run);
                assert!(
                    matches!(ended, Err(RunError::Cancelled { .. })),
                    "{ended:?}"
                );
            }
        });
    });
}

#[test]
fn after_a_cancel_each_line_calls_one_pipe_more_at_most() {
    within_a_minute(|| {
        for lines in 1..=4 {
            let (stopped, after) = (Arc::new(AtomicBool::new(false)), Counter::default());
            let (is_stopped, calls, gate) = (Arc::clone(&stopped), after.clone(), Gate::default());
            let (held, inside) = (gate.clone(), Counter::default());
            let entered = inside.clone();
            let count = move |index: u64| {
                if is_stopped.load(Ordering::SeqCst) {
                    calls.add();
                }
                index
            };
            let pipeline = PipelineBuilder::source(lines, {
                let count = count.clone();
                move |token| token.emit(count(token.index()))
            })
            .parallel(move |index| {
                if index >= 20 {
                    entered.add();
                    held.pass();
                }
                index
            })
            .serial(count.clone())
            .serial(count)
            .parallel(drop)
            .build();
            let executor = Executor::new(lines);
            let run = executor.run(&pipeline);
            while inside.get() < lines {
                std::thread::yield_now();
            }
            // All lines are inside of a pipe.
            assert!(run.cancel());
            stopped.store(true, Ordering::SeqCst);
            gate.open();
            assert!(matches!(run.wait(), Err(RunError::Cancelled { .. })));
            assert_eq!(after.get(), 0, "{lines} lines");
        }
    });
}

#[test]
fn after_a_panic_each_line_calls_one_pipe_more_at_most() {
    within_a_minute(|| {
        for lines in 1..=4 {
            let (inside, after) = (Counter::default(), Counter::default());
            let (entered, calls) = (inside.clone(), after.clone());
            let count = move |index: u64| {
                // Of a run that goes on.
                if checkpoint().is_err() {
                    calls.add();
                }
                index
            };
            let pipeline = PipelineBuilder::source(lines, {
                let count = count.clone();
                move |token| token.emit(count(token.index()))
            })
            .parallel(move |index| {
                if index < 20 {
                    return index;
                }
                // All lines are inside of a pipe when the last that came panics, and stay there until the run is stopped.
                if entered.add() + 1 == lines {
                    throw("the last");
                }
                while checkpoint().is_ok() {
                    std::thread::yield_now();
                }
                index
            })
            .serial(count.clone())
            .serial(count)
            .parallel(drop)
            .build();
            let ended = Executor::new(lines).run_and_wait(&pipeline);
            assert!(matches!(ended, Err(RunError::Panicked { .. })), "{ended:?}");
            assert_eq!((inside.get(), after.get()), (lines, 0));
        }
    });
}

#[test]
fn after_a_panic_or_a_cancel_no_line_takes_another_token() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=4 {
                for panics in [true, false] {
                    let (token, tokens) = (CancellationToken::new(), Counter::default());
                    let (stop, asked) = (token.clone(), tokens.clone());
                    let stopped_at = Arc::new(AtomicUsize::new(0));
                    let at = Arc::clone(&stopped_at);
                    let pipeline = PipelineBuilder::source(lines, move |token| {
                        asked.add();
                        token.emit(token.index())
                    })
                    .parallel(|index| index)
                    .serial(move |index| {
                        if index == 50 {
                            if !panics {
                                assert!(stop.cancel_with("enough"));
                            }
                            at.store(tokens.get(), Ordering::SeqCst);
                            if panics {
                                throw("enough");
                            }
                        }
                    })
                    .build();
                    let run = rig.start_with(&pipeline, RunOptions::new().token(&token));
                    match rig.finish(run) {
                        Err(RunError::Panicked { .. }) => assert!(panics),
                        Err(RunError::Cancelled { reason, .. }) => {
                            assert_eq!((panics, reason.as_deref()), (false, Some("enough")));
                        }
                        other => panic!("{other:?}"),
                    }
                    let more = pipeline.num_tokens() - stopped_at.load(Ordering::SeqCst);
                    assert!(more <= lines, "{more} tokens more on {lines} lines");
                }
            }
        });
    });
}

#[test]
fn a_cancel_before_the_begin_calls_no_pipe_and_the_next_run_goes_well() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=3 {
                let calls = Counter::default();
                let count = calls.clone();
                let pipeline = PipelineBuilder::source(lines, move |token| {
                    count.add();
                    (token.index() < 5).then_some(token.index())
                })
                .serial(|index| index)
                .collect();
                let (blocked, gate) = (taskflow_std::Taskflow::new(), Counter::default());
                let open = gate.clone();
                blocked.emplace(move || while open.get() == 0 {});
                gate.add();
                let (other, run) = (rig.start(&blocked), rig.start(&pipeline));
                let cancelled = run.cancel();
                let [_, ended] = &*rig.finish_all(vec![other, run]) else {
                    panic!("two were started");
                };
                if cancelled {
                    assert!(matches!(ended, Err(RunError::Cancelled { .. })));
                }
                let _ = pipeline.take();
                let before = calls.get();
                rig.run(&pipeline).expect("no pipe fails");
                assert_eq!(pipeline.take(), [0, 1, 2, 3, 4]);
                assert_eq!(calls.get() - before, 6);
            }
        });
    });
}

#[test]
fn a_pipeline_that_was_broken_off_resumes_behind_the_tokens_that_were_asked_for() {
    on_each_rig(|rig| {
        let failures = Counter::default();
        let count = failures.clone();
        let pipeline =
            PipelineBuilder::source(2, |token| (token.index() < 8).then_some(token.index()))
                .serial(move |index| {
                    if index == 3 && count.add() == 0 {
                        throw("once");
                    }
                    index
                })
                .collect();
        assert!(rig.run(&pipeline).is_err());
        let next = pipeline.num_tokens() as u64;
        assert!((4..8).contains(&next), "{next}");
        // Token 2 leaves the pipe that fails before token 3 enters it, but it may not have come further; its line had to
        // finish token 0 before, and the other one token 1.
        let collected = pipeline.take();
        assert!([0, 1, 2].starts_with(&collected), "{collected:?}");
        assert!(collected.len() >= 2, "{collected:?}");
        pipeline.resume();
        rig.run(&pipeline).expect("it fails once");
        assert_eq!(pipeline.take(), (next..8).collect::<Vec<_>>());
        rig.run(&pipeline).expect("it fails once");
        assert_eq!(pipeline.take().len(), 8);
    });
}

#[test]
fn a_pipeline_dropped_while_it_runs_goes_on() {
    let (gate, calls) = (Gate::default(), Counter::default());
    let (held, count) = (gate.clone(), calls.clone());
    let executor = Executor::new(2);
    let pipeline = PipelineBuilder::from_iter(2, 0..50)
        .serial(move |_| {
            held.pass();
            count.add();
        })
        .build();
    let run = executor.run(&pipeline);
    drop(pipeline);
    gate.open();
    run.wait().expect("no pipe fails");
    assert_eq!(calls.get(), 50);
}
