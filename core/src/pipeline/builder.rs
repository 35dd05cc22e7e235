//! Pipelines whose pipes are told one after another, their types checked by the compiler.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;

use super::Pipeline;
use super::circuit::Fitted;
use super::pipe::{Pipe, StageType};
use super::results::TypeSafePipeline;
use super::stage::{Awaiting, First, Serial, Slots, Spring, Stage};
use super::token::{IntoFeed, Token};
use crate::sync::Arc;

/// The pipes of a pipeline so far, the last of which makes a `T` of each token.
///
/// # Examples
///
/// ```
/// use taskflow_core::{Executor, Manual, PipelineBuilder};
///
/// let mut lengths = Vec::new();
/// {
///     let pipeline = PipelineBuilder::from_iter(4, ["one", "two", "three"])
///         .parallel(str::len)
///         .drain_into(&mut lengths)
///         .build();
///     Executor::<Manual>::new(2).run_and_wait(&pipeline)?;
/// }
/// assert_eq!(lengths, [3, 3, 5]);
/// # Ok::<(), taskflow_core::RunError>(())
/// ```
///
/// What a pipe makes is what the next one gets:
///
/// ```compile_fail,E0631
/// use taskflow_core::PipelineBuilder;
///
/// PipelineBuilder::from_iter(4, [1, 2, 3])
///     .parallel(|number: i32| number.to_string())
///     .serial(|number: i32| println!("{number}"));
/// ```
///
/// The last pipe keeps what it gets, or passes nothing on:
///
/// ```compile_fail,E0599
/// use taskflow_core::PipelineBuilder;
///
/// PipelineBuilder::from_iter(4, [1, 2, 3])
///     .parallel(|number: i32| number.to_string())
///     .build();
/// ```
///
/// A parallel pipe is called several times at once, so that it changes nothing of its own:
///
/// ```compile_fail,E0594
/// use taskflow_core::PipelineBuilder;
///
/// let mut sum = 0;
/// PipelineBuilder::from_iter(4, [1, 2, 3])
///     .parallel(|number: i32| sum += number)
///     .build();
/// ```
///
/// What passes goes from worker to worker:
///
/// ```compile_fail,E0277
/// use taskflow_core::PipelineBuilder;
///
/// PipelineBuilder::from_iter(4, [1, 2, 3])
///     .parallel(|number: i32| std::rc::Rc::new(number));
/// ```
#[must_use = "it makes no pipeline before `build`"]
pub struct PipelineBuilder<'env, T> {
    name: String,
    pipes: Vec<Fitted<'env>>,
    output: Arc<Slots<T>>,
}

impl<'env, T: Send + 'env> PipelineBuilder<'env, T> {
    /// Begins with the first pipe, which is asked for one token after another until it
    /// [stops](Token::stop), and makes what they carry. At most `lines` tokens are on their way at a time.
    ///
    /// # Panics
    ///
    /// If there are no lines.
    pub fn source<R>(lines: usize, mut body: impl FnMut(&Token) -> R + Send + 'env) -> Self
    where
        R: IntoFeed<Value = T>,
    {
        Self::begin(lines, |output| {
            Box::new(First {
                body: Serial::new(move |token: &Token, ()| body(token).into_feed()),
                output,
            })
        })
    }

    /// As [`source`](Self::source), with a future for each token. While it is pending it holds no worker. A stopped
    /// run drops it.
    ///
    /// # Panics
    ///
    /// If there are no lines.
    pub fn source_async<Fut, R>(
        lines: usize,
        mut body: impl FnMut(&Token) -> Fut + Send + 'env,
    ) -> Self
    where
        Fut: Future<Output = R> + Send + 'env,
        R: IntoFeed<Value = T> + 'env,
    {
        Self::begin(lines, |output| {
            let body = Serial::new(move |token: &Token, ()| body(token));
            let ends = Spring(output, PhantomData);
            Box::new(Awaiting::new(lines, body, ends))
        })
    }

    /// Begins with the items of an iterator, in order. A channel's receiver is one; where it blocks, it
    /// holds a worker (see [`source_async`](Self::source_async)). A round that follows gets what the iterator gives
    /// after its end, so most often nothing.
    ///
    /// # Panics
    ///
    /// If there are no lines.
    pub fn from_iter<S>(lines: usize, items: S) -> Self
    where
        S: IntoIterator<Item = T>,
        S::IntoIter: Send + 'env,
    {
        let mut items = items.into_iter();
        Self::source(lines, move |_| items.next())
    }

    fn begin(lines: usize, first: impl FnOnce(Arc<Slots<T>>) -> Box<dyn Stage + 'env>) -> Self {
        assert!(
            lines > 0,
            "a pipeline without lines takes no token; give it one at least"
        );
        let output = Slots::new(lines);
        let stage = first(Arc::clone(&output));
        let first = Fitted::new(StageType::Serial, lines, stage);
        Self {
            name: String::from("pipeline"),
            pipes: Vec::from([first]),
            output,
        }
    }

    /// Names the pipeline, for people.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Goes on with a pipe.
    pub fn pipe<O>(mut self, pipe: Pipe<'env, T, O>) -> PipelineBuilder<'env, O> {
        let (fitted, output) = pipe.fit(self.output);
        self.pipes.push(fitted);
        PipelineBuilder {
            name: self.name,
            pipes: self.pipes,
            output,
        }
    }

    /// Goes on with a pipe for one token at a time, in order.
    pub fn serial<O: Send + 'env>(
        self,
        body: impl FnMut(T) -> O + Send + 'env,
    ) -> PipelineBuilder<'env, O> {
        self.pipe(Pipe::serial(body))
    }

    /// Goes on with a pipe for any number of tokens at a time.
    pub fn parallel<O: Send + 'env>(
        self,
        body: impl Fn(T) -> O + Send + Sync + 'env,
    ) -> PipelineBuilder<'env, O> {
        self.pipe(Pipe::parallel(body))
    }

    /// Ends with a serial pipe that puts what passes into a collection.
    pub fn drain_into(
        self,
        collection: &'env mut (impl Extend<T> + Send),
    ) -> PipelineBuilder<'env, ()> {
        self.serial(move |value| collection.extend([value]))
    }

    /// Makes the pipeline, which keeps what its last pipe makes until it is taken.
    #[must_use]
    pub fn collect(self) -> TypeSafePipeline<'env, T> {
        TypeSafePipeline::new(self)
    }
}

impl<'env> PipelineBuilder<'env, ()> {
    /// Makes the pipeline. Allocates, by lines times pipes.
    #[must_use]
    pub fn build(self) -> Pipeline<'env> {
        Pipeline::new(&self.name, self.output.lines(), self.pipes)
    }
}

impl<T> fmt::Debug for PipelineBuilder<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineBuilder")
            .field("name", &self.name)
            .field("pipes", &self.pipes.len())
            .finish_non_exhaustive()
    }
}
