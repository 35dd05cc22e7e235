//! Pipes: what is done to each token, one after another or several at a time.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::future::Future;

use super::circuit::Fitted;
use super::stage::{Awaiting, Between, Each, InPlace, Parallel, Serial, Slots, Stage};
use super::token::Token;
use crate::error::TaskError;
use crate::sync::Arc;

/// How many tokens a pipe takes at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StageType {
    /// One, in the order in which they left the first pipe.
    Serial,
    /// Any number, in any order.
    Parallel,
}

/// A pipe that makes an `O` of each `I`.
///
/// # Examples
///
/// ```
/// use taskflow_core::{Executor, Manual, Pipe, PipelineBuilder, StageType};
///
/// let mut sum = 0;
/// {
///     let parse = Pipe::try_parallel(|text: &str| Ok(text.parse::<u32>()?));
///     assert_eq!(parse.stage_type(), StageType::Parallel);
///     let pipeline = PipelineBuilder::from_iter(4, ["1", "20", "300"])
///         .pipe(parse)
///         .serial(|number| sum += number)
///         .build();
///     Executor::<Manual>::new(1).run_and_wait(&pipeline)?;
/// }
/// assert_eq!(sum, 321);
/// # Ok::<(), taskflow_core::RunError>(())
/// ```
pub struct Pipe<'env, I, O> {
    stage_type: StageType,
    name: Option<String>,
    fit: Box<Fit<'env, I, O>>,
}

/// Puts a pipe behind the slots of what it gets. Gives it, and the slots of what it makes.
type Fit<'env, I, O> =
    dyn FnOnce(Arc<Slots<I>>) -> (Box<dyn Stage + 'env>, Arc<Slots<O>>) + Send + 'env;

impl<'env, I: Send + 'env, O: Send + 'env> Pipe<'env, I, O> {
    /// A pipe for one token at a time, in order.
    pub fn serial(mut body: impl FnMut(I) -> O + Send + 'env) -> Self {
        Self::try_serial_with(move |_, value| Ok(body(value)))
    }

    /// A pipe for any number of tokens at a time.
    pub fn parallel(body: impl Fn(I) -> O + Send + Sync + 'env) -> Self {
        Self::try_parallel_with(move |_, value| Ok(body(value)))
    }

    /// A pipe of a kind that is known at run time.
    pub fn new(stage_type: StageType, body: impl Fn(I) -> O + Send + Sync + 'env) -> Self {
        match stage_type {
            StageType::Serial => Self::serial(body),
            StageType::Parallel => Self::parallel(body),
        }
    }

    /// As [`serial`](Self::serial). An error ends the pipeline, whose run has failed then.
    pub fn try_serial(mut body: impl FnMut(I) -> Result<O, TaskError> + Send + 'env) -> Self {
        Self::try_serial_with(move |_, value| body(value))
    }

    /// As [`parallel`](Self::parallel). An error ends the pipeline, whose run has failed then.
    pub fn try_parallel(body: impl Fn(I) -> Result<O, TaskError> + Send + Sync + 'env) -> Self {
        Self::try_parallel_with(move |_, value| body(value))
    }

    /// As [`try_serial`](Self::try_serial), for bodies that ask which token it is.
    pub fn try_serial_with(
        body: impl FnMut(&Token, I) -> Result<O, TaskError> + Send + 'env,
    ) -> Self {
        Self::new_with(StageType::Serial, move |input: Arc<Slots<I>>| {
            let output = Slots::new(input.lines());
            let body = Serial::new(body);
            let stage = Each {
                body,
                input,
                output: Arc::clone(&output),
            };
            (Box::new(stage), output)
        })
    }

    /// As [`try_parallel`](Self::try_parallel), for bodies that ask which token it is.
    pub fn try_parallel_with(
        body: impl Fn(&Token, I) -> Result<O, TaskError> + Send + Sync + 'env,
    ) -> Self {
        Self::new_with(StageType::Parallel, move |input: Arc<Slots<I>>| {
            let output = Slots::new(input.lines());
            let body = Parallel(body);
            let stage = Each {
                body,
                input,
                output: Arc::clone(&output),
            };
            (Box::new(stage), output)
        })
    }

    /// A pipe that is a future for each token, one token at a time. While it is pending it holds no worker. A
    /// stopped run drops it.
    pub fn serial_async<Fut>(mut body: impl FnMut(I) -> Fut + Send + 'env) -> Self
    where
        Fut: Future<Output = Result<O, TaskError>> + Send + 'env,
    {
        Self::new_with(StageType::Serial, move |input: Arc<Slots<I>>| {
            let lines = input.lines();
            let output = Slots::new(lines);
            let body = Serial::new(move |_: &Token, value| body(value));
            let ends = Between(input, Arc::clone(&output));
            (Box::new(Awaiting::new(lines, body, ends)), output)
        })
    }

    /// A pipe that is a future for each token, for any number of tokens at a time. While it is pending it holds no
    /// worker. A stopped run drops it.
    pub fn parallel_async<Fut>(body: impl Fn(I) -> Fut + Send + Sync + 'env) -> Self
    where
        Fut: Future<Output = Result<O, TaskError>> + Send + 'env,
    {
        Self::new_with(StageType::Parallel, move |input: Arc<Slots<I>>| {
            let lines = input.lines();
            let output = Slots::new(lines);
            let body = Parallel(move |_: &Token, value| body(value));
            let ends = Between(input, Arc::clone(&output));
            (Box::new(Awaiting::new(lines, body, ends)), output)
        })
    }

    fn new_with(
        stage_type: StageType,
        fit: impl FnOnce(Arc<Slots<I>>) -> (Box<dyn Stage + 'env>, Arc<Slots<O>>) + Send + 'env,
    ) -> Self {
        Self {
            stage_type,
            name: None,
            fit: Box::new(fit),
        }
    }
}

impl<'env, T: Send + 'env> Pipe<'env, T, T> {
    /// A pipe that changes what passes where it lies, one token at a time, in order.
    pub fn serial_in_place(mut body: impl FnMut(&mut T) + Send + 'env) -> Self {
        Self::new_with(StageType::Serial, move |slots: Arc<Slots<T>>| {
            let body = Serial::new(move |_: &Token, value: &mut T| {
                body(value);
                Ok(())
            });
            let stage = InPlace {
                body,
                slots: Arc::clone(&slots),
            };
            (Box::new(stage), slots)
        })
    }

    /// A pipe that changes what passes where it lies, for any number of tokens at a time.
    pub fn parallel_in_place(body: impl Fn(&mut T) + Send + Sync + 'env) -> Self {
        Self::new_with(StageType::Parallel, move |slots: Arc<Slots<T>>| {
            let body = Parallel(move |_: &Token, value: &mut T| {
                body(value);
                Ok(())
            });
            let stage = InPlace {
                body,
                slots: Arc::clone(&slots),
            };
            (Box::new(stage), slots)
        })
    }
}

impl<'env, I, O> Pipe<'env, I, O> {
    /// Names the pipe, for people: errors tell it.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, Pipe, PipelineBuilder};
    ///
    /// let parse = Pipe::try_parallel(|text: &str| Ok(text.parse::<u32>()?));
    /// let pipeline = PipelineBuilder::from_iter(2, ["1", "two"])
    ///     .pipe(parse.name("parse"))
    ///     .collect();
    /// let error = Executor::<Manual>::new(1).run_and_wait(&pipeline).unwrap_err();
    /// assert!(error.to_string().contains("line 1, pipe 1: parse"));
    /// ```
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How many tokens it takes at a time.
    #[must_use]
    pub fn stage_type(&self) -> StageType {
        self.stage_type
    }

    pub(super) fn fit(self, input: Arc<Slots<I>>) -> (Fitted<'env>, Arc<Slots<O>>) {
        let lines = input.lines();
        let (stage, output) = (self.fit)(input);
        let fitted = Fitted::new(self.stage_type, lines, stage).with_name(self.name);
        (fitted, output)
    }
}

impl<I, O> fmt::Debug for Pipe<'_, I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe")
            .field("stage_type", &self.stage_type)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
