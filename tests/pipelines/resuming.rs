//! A pipeline goes on behind the tokens that its first pipe was asked for, however its last round has ended.

use std::sync::{Arc, Mutex};

use taskflow_std::{Pipe, PipelineBuilder, RunCanceller, RunError, TypeSafePipeline};

use crate::support::counter::Counter;
use crate::support::rig::{Rig, on_each_rig};
use crate::support::throwing::throw;
use crate::support::watchdog::within_a_minute;

/// What the first pipe does with a token that it is asked for the first time.
type Once = Box<dyn Fn(u64) + Send>;

/// Tokens in stretches: the first pipe stops before each multiple of `stretch`, once. `once` is called for each token.
fn stretches(lines: usize, stretch: u64, once: Once) -> TypeSafePipeline<'static, u64> {
    let mut stopped = 0;
    PipelineBuilder::source(lines, move |token| {
        let index = token.index();
        if index == 0 {
            stopped = 0;
        }
        if index > stopped && index % stretch == 0 {
            stopped = index;
            return token.stop();
        }
        once(index);
        token.emit(index)
    })
    .parallel(|index| index)
    .serial(|index| index)
    .collect()
}

#[test]
fn a_resumed_pipeline_goes_on_behind_the_last_token_before_the_stop() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=4 {
                let pipeline = stretches(lines, 7, Box::new(|_| {}));
                rig.run(&*pipeline).expect("no pipe fails");
                assert_eq!(pipeline.take(), [0, 1, 2, 3, 4, 5, 6]);
                for stretch in 1..=3 {
                    assert_eq!(pipeline.num_tokens(), 7 * stretch);
                    pipeline.resume();
                    rig.run(&*pipeline).expect("no pipe fails");
                    let next = 7 * stretch as u64;
                    assert!(pipeline.take().into_iter().eq(next..next + 7), "{lines}");
                }
                // Once asked for, it resumes once.
                rig.run(&*pipeline).expect("no pipe fails");
                assert_eq!(pipeline.take(), [0, 1, 2, 3, 4, 5, 6]);
                assert_eq!(pipeline.num_tokens(), 7);
            }
        });
    });
}

/// Resumes after a round that was broken off, and expects what comes: from the token that `num_tokens` says.
#[track_caller]
fn assert_it_resumes(rig: &Rig, pipeline: &TypeSafePipeline<'static, u64>, end: u64) {
    let before = pipeline.take();
    let next = pipeline.num_tokens() as u64;
    // What has come out is the begin of what was asked for.
    assert!(before.iter().copied().eq(0..before.len() as u64));
    assert!(before.len() as u64 <= next, "{before:?}, then {next}");
    pipeline.resume();
    rig.run(&**pipeline).expect("no pipe fails any more");
    assert!(pipeline.take().into_iter().eq(next..end), "from {next}");
    assert_eq!(pipeline.num_tokens() as u64, end);
    rig.run(&**pipeline).expect("no pipe fails any more");
    assert!(pipeline.take().into_iter().eq(0..end));
}

#[test]
fn a_pipeline_whose_first_pipe_has_panicked_resumes() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=4 {
                for fatal in [0, 1, 5] {
                    let panics = Counter::default();
                    let once = Box::new(move |index| {
                        if index == fatal && panics.add() == 0 {
                            throw("the first pipe");
                        }
                    });
                    let pipeline = stretches(lines, 20, once);
                    let ended = rig.run(&*pipeline);
                    assert!(matches!(ended, Err(RunError::Panicked { .. })), "{ended:?}");
                    let asked = pipeline.num_tokens() as u64;
                    assert!(asked == fatal || asked == fatal + 1, "{asked}");
                    assert_it_resumes(rig, &pipeline, 20);
                }
            }
        });
    });
}

#[test]
fn a_pipeline_that_was_cancelled_resumes() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=4 {
                let (asked, cancels) = (Counter::default(), Counter::default());
                let canceller = Arc::new(Mutex::new(None::<RunCanceller>));
                let (count, shared) = (asked.clone(), Arc::clone(&canceller));
                let once = Box::new(move |index| {
                    count.add();
                    if index != 8 || cancels.add() > 0 {
                        return;
                    }
                    // It may be here before the canceller is.
                    loop {
                        if let Some(canceller) = shared.lock().expect("no panic").take() {
                            assert!(canceller.cancel());
                            return;
                        }
                        std::thread::yield_now();
                    }
                });
                let pipeline = stretches(lines, 20, once);
                let run = rig.start(&*pipeline);
                *canceller.lock().expect("no panic") = Some(run.canceller());
                let ended = rig.finish(run);
                assert!(
                    matches!(ended, Err(RunError::Cancelled { .. })),
                    "{ended:?}"
                );
                assert_eq!((pipeline.num_tokens(), asked.get()), (9, 9), "{lines}");
                assert_it_resumes(rig, &pipeline, 20);
            }
        });
    });
}

#[test]
fn a_pipeline_whose_first_pipe_failed_in_an_async_way_resumes() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=3 {
                let failures = Counter::default();
                let pipeline = PipelineBuilder::source_async(lines, move |token| {
                    let (index, failures) = (token.index(), failures.clone());
                    async move {
                        if index == 4 && failures.add() == 0 {
                            return Err(std::io::Error::other("once").into());
                        }
                        Ok((index < 10).then_some(index))
                    }
                })
                .pipe(Pipe::parallel_async(|index| async move { Ok(index) }))
                .collect();
                let ended = rig.run(&*pipeline);
                assert!(matches!(ended, Err(RunError::Failed { .. })), "{ended:?}");
                assert_it_resumes(rig, &pipeline, 10);
            }
        });
    });
}

#[test]
fn a_resume_forgets_what_was_deferred_in_the_round_that_was_broken_off() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=3 {
                let panics = Counter::default();
                let pipeline = PipelineBuilder::source(lines, move |token| {
                    match (token.index(), token.deferrals()) {
                        (2, 0) => token.defer_until(6),
                        (5, _) if panics.add() == 0 => throw("once"),
                        (10, _) => token.stop(),
                        (index, _) => token.emit(index),
                    }
                })
                .collect();
                assert!(rig.run(&*pipeline).is_err());
                let next = pipeline.num_tokens() as u64;
                let _ = pipeline.take();
                pipeline.resume();
                rig.run(&*pipeline).expect("it panics once");
                assert!(pipeline.take().into_iter().eq(next..10), "{lines} lines");
                rig.run(&*pipeline).expect("it panics once");
                assert_eq!(pipeline.take(), [0, 1, 3, 4, 5, 6, 2, 7, 8, 9]);
            }
        });
    });
}
