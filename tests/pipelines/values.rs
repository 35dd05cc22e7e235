//! What tokens carry is dropped once, whatever becomes of the pipeline, and before its run ends.

use std::sync::Arc;

use taskflow_std::{PipelineBuilder, RunError, SimplePipeline};

use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::rig::on_each_rig;
use crate::support::throwing::throw;
use crate::support::watchdog::within_a_minute;

/// A value that counts that it was made and that it was dropped.
fn value(made: &Counter, dropped: &Counter) -> Dropped {
    made.add();
    Dropped(dropped.clone())
}

#[test]
fn each_value_is_dropped_once_after_an_end_a_panic_and_a_cancel() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=4 {
                for at in 0..=3 {
                    let (made, dropped) = (Counter::default(), Counter::default());
                    let fails = Counter::default();
                    let (new, gone) = (made.clone(), dropped.clone());
                    let on = |pipe| {
                        let fails = fails.clone();
                        move |(index, value): (u64, Dropped)| {
                            if index == 7 && pipe == at && fails.get() == 1 {
                                throw("as told");
                            }
                            (index, value)
                        }
                    };
                    let (first, second) = (on(0), on(1));
                    let pipeline = PipelineBuilder::source(lines, move |token| {
                        (token.index() < 20).then(|| first((token.index(), value(&new, &gone))))
                    })
                    .serial(second)
                    .parallel(on(2))
                    .serial(on(3))
                    .parallel(drop)
                    .build();
                    rig.run(&pipeline).expect("no pipe fails yet");
                    assert_eq!((made.get(), dropped.get()), (20, 20));
                    fails.add();
                    let ended = rig.run(&pipeline);
                    assert!(matches!(ended, Err(RunError::Panicked { .. })));
                    assert_eq!(made.get(), dropped.get(), "before the run ends");
                    fails.add();
                    let run = rig.start(&pipeline);
                    rig.step();
                    run.cancel();
                    let _ = rig.finish(run);
                    assert_eq!(made.get(), dropped.get(), "before the run ends");
                }
            }
        });
    });
}

#[test]
fn a_value_that_panics_when_it_is_dropped_is_dropped_once_and_fails_the_pipeline() {
    /// Panics when it is dropped.
    struct Bomb(Counter);
    impl Drop for Bomb {
        fn drop(&mut self) {
            self.0.add();
            throw("boom");
        }
    }
    within_a_minute(|| {
        on_each_rig(|rig| {
            for lines in 1..=3 {
                let (made, dropped) = (Counter::default(), Counter::default());
                let (new, gone) = (made.clone(), dropped.clone());
                let pipeline = PipelineBuilder::source(lines, move |token| {
                    new.add();
                    token.emit(Bomb(gone.clone()))
                })
                .serial(|bomb| bomb)
                .parallel(drop)
                .build();
                for _ in 0..2 {
                    let ended = rig.run(&pipeline);
                    assert!(matches!(ended, Err(RunError::Panicked { .. })), "{ended:?}");
                    assert_eq!(made.get(), dropped.get());
                }
            }
        });
    });
}

#[test]
fn a_simple_pipeline_moves_nothing_and_drops_all() {
    /// Knows where it lies.
    struct Rooted(
        usize,
        #[expect(dead_code, reason = "it is there to be dropped")] Dropped,
    );
    fn place(rooted: &Rooted) -> usize {
        core::ptr::from_ref(rooted).addr()
    }
    on_each_rig(|rig| {
        let (made, dropped) = (Counter::default(), Counter::default());
        let (new, gone) = (made.clone(), dropped.clone());
        let pipeline = SimplePipeline::source(3, move |token| {
            (token.index() < 10).then(|| Rooted(0, value(&new, &gone)))
        })
        .serial(|rooted: &mut Rooted| rooted.0 = place(rooted))
        .parallel(|rooted| assert_eq!(rooted.0, place(rooted)))
        .serial(|rooted| assert_eq!(rooted.0, place(rooted)))
        .build();
        rig.run_n(&pipeline, 2).expect("nothing was moved");
        assert_eq!((made.get(), dropped.get()), (20, 20));
    });
}

#[test]
fn the_captures_of_pipes_are_dropped_once_when_the_last_handle_and_use_are_gone() {
    on_each_rig(|rig| {
        let token = Arc::new(());
        let (first, second) = (Arc::clone(&token), Arc::clone(&token));
        let pipeline = PipelineBuilder::source(2, move |token| {
            let _ = &first;
            (token.index() < 3).then_some(())
        })
        .parallel(move |()| drop(Arc::clone(&second)))
        .build();
        let flow = taskflow_std::Taskflow::new();
        flow.pipeline(&pipeline);
        drop(pipeline.clone());
        rig.run(&pipeline).expect("no pipe fails");
        drop(pipeline);
        rig.run(&flow).expect("no pipe fails");
        assert_eq!(Arc::strong_count(&token), 3);
        drop(flow);
        assert_eq!(Arc::strong_count(&token), 1);
    });
}
