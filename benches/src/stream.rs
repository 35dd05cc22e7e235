//! Tokens through four serial pipes, by a loop and by pipelines.

use alloc::rc::Rc;
use core::hint::black_box;

use taskflow_std::{Executor, PipelineBuilder};

use crate::contest::Contender;

/// Lines of the pipelines.
const LINES: usize = 8;

/// Calls of a pipe for one token.
pub const PIPES: u64 = 4;

/// Those who take so many tokens through four pipes that do next to nothing: a loop on one thread that calls four boxed
/// closures, and pipelines of eight lines on one and on two workers.
///
/// # Examples
///
/// ```
/// let [by_hand, ..] = &mut taskflow_benches::streams(100);
/// by_hand.run();
/// assert_eq!(by_hand.name(), "by hand");
/// ```
///
/// # Panics
///
/// Where no thread can be started.
#[must_use]
pub fn streams(tokens: u64) -> [Contender<'static>; 3] {
    let mut streams = [
        Contender::new("by hand", by_hand(tokens)),
        Contender::new("pipeline, 1 worker", piped(tokens, 1)),
        Contender::new("pipeline, 2 workers", piped(tokens, 2)),
    ];
    streams.iter_mut().for_each(Contender::run);
    streams
}

fn by_hand(tokens: u64) -> impl FnMut() {
    let pipe = || -> Box<dyn FnMut(u64) -> u64> { Box::new(black_box) };
    let mut pipes = black_box([pipe(), pipe(), pipe(), pipe()]);
    move || {
        for number in 0..tokens {
            pipes.iter_mut().fold(number, |number, pipe| pipe(number));
        }
    }
}

fn piped(tokens: u64, workers: usize) -> impl FnMut() {
    let executor = Rc::new(Executor::new(workers));
    let pipeline = PipelineBuilder::source(LINES, move |token| {
        (token.index() < tokens).then(|| black_box(token.index()))
    })
    .serial(black_box)
    .serial(black_box)
    .serial(|number| {
        black_box::<u64>(number);
    })
    .build();
    move || {
        let stats = executor.run_and_wait(&pipeline);
        stats.expect("no pipe fails");
    }
}
