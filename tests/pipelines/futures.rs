//! A pipe may be a future: it holds no worker while it is pending.

use core::future::poll_fn;
use core::task::Poll;
use std::sync::Arc;

use taskflow_std::{Pipe, PipelineBuilder, RunError, Taskflow};

use crate::support::bell::Bell;
use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::rig::on_each_rig;
use crate::support::throwing::throw;
use crate::support::watchdog::within_a_minute;

/// Wakes itself so many times before it is ready.
async fn later(times: u64) {
    let mut left = times;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[test]
fn futures_of_serial_and_parallel_pipes_are_polled_until_they_are_ready() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=4 {
                let pipeline = PipelineBuilder::source_async(lines, |token| {
                    let index = token.index();
                    async move {
                        later(index % 3).await;
                        (index < 30).then_some(index)
                    }
                })
                .pipe(Pipe::serial_async(|index| async move {
                    later(index % 2).await;
                    Ok(index + 1)
                }))
                .pipe(Pipe::parallel_async(|index| async move {
                    later(index % 5).await;
                    Ok(index * 2)
                }))
                .collect();
                rig.run_n(&*pipeline, 2).expect("no pipe fails");
                let expected = (0..2).flat_map(|_| (0..30).map(|index| (index + 1) * 2));
                assert_eq!(pipeline.take(), expected.collect::<Vec<u64>>());
            }
        });
    });
}

#[test]
fn a_pending_pipe_holds_no_worker() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (bell, passed) = (Bell::default(), Counter::default());
            let (waits, count) = (bell.clone(), passed.clone());
            let pipeline = PipelineBuilder::from_iter(4, 0..4)
                .pipe(Pipe::parallel_async(move |_| {
                    let bell = waits.clone();
                    async move {
                        bell.rung().await;
                        Ok(())
                    }
                }))
                .serial(move |()| {
                    count.add();
                })
                .build();
            let run = rig.start(&pipeline);
            while bell.polls() < 4 {
                rig.step();
            }
            // All lines wait, and whatever workers there are are free.
            let flow = Taskflow::new();
            flow.emplace(|| ());
            rig.run(&flow).expect("nothing fails");
            assert_eq!((passed.get(), run.is_done()), (0, false));
            bell.ring();
            rig.finish(run).expect("no pipe fails");
            assert_eq!(passed.get(), 4);
        });
    });
}

#[test]
fn a_cancel_or_a_failure_drops_the_futures_that_are_pending() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for fails in [false, true] {
                for lines in 2..=4_u64 {
                    let (bell, dropped) = (Bell::default(), Counter::default());
                    let (waits, gone) = (bell.clone(), dropped.clone());
                    let pipeline =
                        PipelineBuilder::source(lines as usize, |token| token.emit(token.index()))
                            .pipe(Pipe::parallel_async(move |index| {
                                let (bell, held) = (waits.clone(), Dropped(gone.clone()));
                                async move {
                                    let _held = held;
                                    if fails && index == lines - 1 {
                                        while bell.polls() < index as usize {
                                            later(1).await;
                                        }
                                        throw("the last line");
                                    }
                                    bell.rung().await;
                                    Ok(())
                                }
                            }))
                            .serial(drop)
                            .build();
                    let run = rig.start(&pipeline);
                    if !fails {
                        while bell.polls() < lines as usize {
                            rig.step();
                        }
                        assert!(run.cancel());
                    }
                    match rig.finish(run) {
                        Err(RunError::Cancelled { .. }) => assert!(!fails),
                        Err(RunError::Panicked { .. }) => assert!(fails),
                        other => panic!("{other:?}"),
                    }
                    assert_eq!(dropped.get(), lines as usize);
                    // Late wakes are of nobody.
                    bell.ring();
                }
            }
        });
    });
}

#[test]
fn the_error_of_a_future_ends_the_pipeline_whatever_else_is_pending() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let bell = Bell::default();
            let waits = bell.clone();
            let pipeline = PipelineBuilder::source(3, |token| token.emit(token.index()))
                .pipe(Pipe::serial_async(move |index| {
                    let bell = waits.clone();
                    async move {
                        match index {
                            2 => Err(std::io::Error::other("the third").into()),
                            _ => Ok((bell, index)),
                        }
                    }
                }))
                .pipe(Pipe::parallel_async(|(bell, _): (Bell, u64)| async move {
                    bell.rung().await;
                    Ok(())
                }))
                .build();
            let ended = rig.run(&pipeline);
            assert!(matches!(ended, Err(RunError::Failed { .. })), "{ended:?}");
        });
    });
}

#[test]
fn a_wake_for_nothing_passes_nothing_on() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (bell, passed) = (Bell::default(), Counter::default());
            let (waits, count) = (bell.clone(), passed.clone());
            let pipeline = PipelineBuilder::source(2, |token| (token.index() < 2).then_some(()))
                .pipe(Pipe::serial_async(move |()| {
                    let bell = waits.clone();
                    async move {
                        bell.rung().await;
                        Ok(())
                    }
                }))
                .serial(move |()| {
                    count.add();
                })
                .build();
            for round in 1..=2 {
                let (before, run) = (bell.polls(), rig.start(&pipeline));
                while bell.polls() < before + 1 {
                    rig.step();
                }
                bell.shake_last();
                while bell.polls() < before + 2 {
                    rig.step();
                }
                assert_eq!(passed.get(), 2 * (round - 1));
                bell.ring();
                rig.finish(run).expect("no pipe fails");
                assert_eq!(passed.get(), 2 * round);
                bell.hush();
            }
        });
    });
}

#[test]
fn a_pipeline_that_waits_is_dropped_with_its_captures() {
    let token = Arc::new(());
    let held = Arc::clone(&token);
    drop(
        PipelineBuilder::from_iter(2, 0..4)
            .pipe(Pipe::serial_async(move |number| {
                let held = Arc::clone(&held);
                async move {
                    drop(held);
                    Ok(number)
                }
            }))
            .collect(),
    );
    assert_eq!(Arc::strong_count(&token), 1);
}
