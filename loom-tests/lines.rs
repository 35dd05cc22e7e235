//! Lines of a pipeline that meet, in the engine: tokens go through serial pipes in order, one at a time, whichever
//! worker takes them.
//!
//! The workers are stepped, each on a thread of the checker's, until they find nothing to do: a line that nobody takes
//! on is a run that has not ended then. A preemption bound of n means: all schedules with at most n forced switches.

use taskflow_core::{PipelineBuilder, WorkStealing};

use crate::support::datum::Datum;
use crate::support::explore::explore;
use crate::support::stepped::{Stepped, step_apart};

/// Two lines take two tokens through two serial pipes. Three threads, one of which waits; bound 1.
#[test]
fn two_lines_that_meet_take_their_tokens_on_in_order() {
    explore(Some(1), || {
        let (executor, seats) = Stepped::executor(WorkStealing::default());
        let pipes = [(); 2].map(|()| Datum::default());
        let made = pipes.clone();
        let [first, second] = made;
        let pipeline = PipelineBuilder::source(2, move |token| {
            assert_eq!(first.get() as u64, token.index());
            if token.index() == 2 {
                return token.stop();
            }
            first.add_one();
            token.emit(token.index())
        })
        .serial(move |token| {
            assert_eq!(second.get() as u64, token);
            second.add_one();
        })
        .build();
        let run = executor.run(&pipeline);
        step_apart(seats, || ());
        assert!(run.is_done(), "a line was left");
        run.wait().expect("no pipe fails");
        assert_eq!(pipes.each_ref().map(Datum::get), [2, 2]);
    });
}
