//! Streams of tokens through pipes, several tokens at a time.
//!
//! ```text
//!              pipe 0      pipe 1      pipe 2
//!   line 0   ── token 4 ──────────────────────►      a line takes one token after another
//!   line 1   ─────────────────────── token 1 ─►      through all pipes
//!   line 2   ───────────── token 2 ───────────►
//!   line 3   ── (waits for token 3 to leave) ─►
//! ```
//!
//! A pipeline is a graph of tasks, one for each line, and one before them. A line enters a serial pipe when it is there
//! and the line before has left it: two arrive, and the second of them goes on
//! ([`rendezvous`](crate::protocol::rendezvous)). If that is the line itself, it goes on in place, and touches no queue.
//! If it is the line before, that one starts this line's task and goes on itself. A parallel pipe is entered at once.
//!
//! The first pipe is serial, so the line that has its turn there has the [stream](stream) alone, and no lock guards
//! it. What a pipe makes lies in a slot of its line until the next one takes it ([`stage`]).
//!
//! Since lines are tasks of a run, what holds for runs holds for pipelines: a panic, an error or a cancel stops the run,
//! and each line then ends without calling a pipe again ([`mod@line`]).

use alloc::vec::Vec;
use core::fmt;

use crate::module::Module;
use crate::sync::Arc;
use crate::task::TaskHandle;
use crate::taskflow::Taskflow;

mod builder;
mod circuit;
mod concurrent;
mod line;
mod pipe;
mod results;
mod simple;
mod stage;
mod stream;
mod token;

pub use builder::PipelineBuilder;
pub use concurrent::ConcurrentPipeline;
pub use pipe::{Pipe, StageType};
pub use results::TypeSafePipeline;
pub use simple::SimplePipeline;
pub use token::{Feed, IntoFeed, Token};

use circuit::{Circuit, Fitted};
use line::{Begin, Line, line_name};

/// A stream of tokens through pipes. Made by a [`PipelineBuilder`], a [`SimplePipeline`] or a
/// [`ConcurrentPipeline`].
///
/// An executor [runs](crate::Executor::run) it as it runs a flow, and [`Taskflow::pipeline`] makes it a task. Its runs, and
/// its uses in flows, take turns. Each round begins with token 0, but for [`resume`](Self::resume). At most as many tokens are on their way as
/// there are lines, and they use at most that many workers. A token costs no allocation.
///
/// A panic, an error or a cancel ends it: a line that has called a pipe then calls no other. The error tells of the line and
/// of the pipe (`line 2, pipe 1`, or `line 2, pipe 1: parse` where the pipe has a [name](Pipe::name)). What tokens carry
/// is dropped before the run ends. In [`RunStats`](crate::RunStats) its tasks are the lines, and one before them.
///
/// Cloning it gives another handle of the same pipeline.
#[derive(Clone)]
pub struct Pipeline<'env> {
    module: Module<'env>,
    circuit: Arc<Circuit<'env>>,
}

impl<'env> Pipeline<'env> {
    fn new(name: &str, lines: usize, pipes: Vec<Fitted<'env>>) -> Self {
        let circuit = Arc::new(Circuit::new(lines, pipes));
        let flow = Taskflow::with_name(name);
        let begin = flow.add_lasting(Begin(Arc::clone(&circuit))).name("begin");
        for line in 0..lines {
            // They lie next to one another, which lines count on.
            let task = flow.add_lasting(Line::new(&circuit, line));
            begin.precede(task.name(line_name(line)));
        }
        let module = Module::new(flow);
        Self { module, circuit }
    }

    /// The name of the pipeline.
    #[must_use]
    pub fn name(&self) -> &str {
        self.module.name()
    }

    /// How many tokens are on their way at a time at most.
    #[must_use]
    pub fn num_lines(&self) -> usize {
        self.circuit.lines()
    }

    /// How many pipes there are, the first and those that keep or drop what comes out included.
    #[must_use]
    pub fn num_pipes(&self) -> usize {
        self.circuit.pipes().len()
    }

    /// How many tokens the first pipe was asked for up to the end of the last round, since token 0.
    #[must_use]
    pub fn num_tokens(&self) -> usize {
        self.circuit.tokens()
    }

    /// Has the next round that begins go on with the token after those that the first pipe was asked for, and not
    /// with token 0. What was on its way when the last round was broken off is gone.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, PipelineBuilder};
    ///
    /// let mut left = 3;
    /// let pipeline = PipelineBuilder::source(2, move |token| {
    ///     left -= 1;
    ///     if left < 0 {
    ///         left = 3;
    ///         return token.stop();
    ///     }
    ///     token.emit(token.index())
    /// })
    /// .collect();
    /// let executor = Executor::<Manual>::new(1);
    /// executor.run_and_wait(&pipeline)?;
    /// pipeline.resume();
    /// executor.run_and_wait(&pipeline)?;
    /// executor.run_and_wait(&pipeline)?;
    /// assert_eq!(pipeline.take(), [0, 1, 2, 3, 4, 5, 0, 1, 2]);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn resume(&self) {
        self.circuit.resume();
    }

    pub(crate) fn module(&self) -> &Module<'env> {
        &self.module
    }
}

impl fmt::Debug for Pipeline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("name", &self.name())
            .field("circuit", &self.circuit)
            .finish_non_exhaustive()
    }
}

impl<'env> Taskflow<'env> {
    /// Adds a task that runs the pipeline, from token 0 each time. It holds no worker by itself. Uses of one pipeline
    /// take turns.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, PipelineBuilder, Taskflow};
    ///
    /// let (mut words, mut total) = (Vec::new(), 0);
    /// {
    ///     let flow = Taskflow::new();
    ///     let pipeline = PipelineBuilder::from_iter(2, ["a", "bc"])
    ///         .parallel(str::len)
    ///         .serial(|length| total += length)
    ///         .build();
    ///     let before = flow.emplace(|| words.push("first"));
    ///     before.precede(flow.pipeline(&pipeline));
    ///     Executor::<Manual>::new(1).run_and_wait(&flow)?;
    /// }
    /// assert_eq!((words.len(), total), (1, 3));
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn pipeline(&self, pipeline: &Pipeline<'env>) -> TaskHandle<'_> {
        self.composed_of(pipeline.module()).name(pipeline.name())
    }
}
