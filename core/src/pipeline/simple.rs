//! Pipelines of one type of item, which is changed where it lies.

use core::fmt;

use super::Pipeline;
use super::builder::PipelineBuilder;
use super::pipe::Pipe;
use super::token::{IntoFeed, Token};

/// The pipes of a pipeline so far, each of which changes a `T` where it lies: no pipe moves it.
///
/// # Examples
///
/// ```
/// use taskflow_core::{Executor, Manual, SimplePipeline};
///
/// let mut seen = Vec::new();
/// {
///     let pipeline = SimplePipeline::from_iter(2, [[1, 2], [3, 4]])
///         .parallel(|pair: &mut [i32; 2]| pair.reverse())
///         .serial(|pair| seen.push(pair[0]))
///         .build();
///     Executor::<Manual>::new(1).run_and_wait(&pipeline)?;
/// }
/// assert_eq!(seen, [2, 4]);
/// # Ok::<(), taskflow_core::RunError>(())
/// ```
#[must_use = "it makes no pipeline before `build`"]
pub struct SimplePipeline<'env, T>(PipelineBuilder<'env, T>);

impl<'env, T: Send + 'env> SimplePipeline<'env, T> {
    /// As [`PipelineBuilder::source`].
    ///
    /// # Panics
    ///
    /// If there are no lines.
    pub fn source<R>(lines: usize, body: impl FnMut(&Token) -> R + Send + 'env) -> Self
    where
        R: IntoFeed<Value = T>,
    {
        Self(PipelineBuilder::source(lines, body))
    }

    /// As [`PipelineBuilder::from_iter`].
    ///
    /// # Panics
    ///
    /// If there are no lines.
    pub fn from_iter<S>(lines: usize, items: S) -> Self
    where
        S: IntoIterator<Item = T>,
        S::IntoIter: Send + 'env,
    {
        Self(PipelineBuilder::from_iter(lines, items))
    }

    /// Goes on with a pipe for one token at a time, in order.
    pub fn serial(self, body: impl FnMut(&mut T) + Send + 'env) -> Self {
        Self(self.0.pipe(Pipe::serial_in_place(body)))
    }

    /// Goes on with a pipe for any number of tokens at a time.
    pub fn parallel(self, body: impl Fn(&mut T) + Send + Sync + 'env) -> Self {
        Self(self.0.pipe(Pipe::parallel_in_place(body)))
    }

    /// Makes the pipeline. What has passed the last pipe is dropped. Allocates, by lines times pipes.
    #[must_use]
    pub fn build(self) -> Pipeline<'env> {
        self.0.parallel(drop).build()
    }
}

impl<T> fmt::Debug for SimplePipeline<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SimplePipeline").field(&self.0).finish()
    }
}
