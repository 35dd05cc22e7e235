//! What a pipe knows of the token that it is called for, and what the first pipe answers.

use crate::error::TaskError;

/// One item of a stream, as the pipes of a [`Pipeline`](crate::Pipeline) see it.
///
/// # Examples
///
/// The first pipe ends the stream, or lets a token wait for another:
///
/// ```
/// use taskflow_core::{Executor, Manual, PipelineBuilder};
///
/// let mut order = Vec::new();
/// {
///     let pipeline = PipelineBuilder::source(2, |token| match token.index() {
///         4 => token.stop(),
///         1 if token.deferrals() == 0 => token.defer_until(3),
///         index => token.emit(index),
///     })
///     .serial(|index| order.push(index))
///     .build();
///     Executor::<Manual>::new(1).run_and_wait(&pipeline)?;
/// }
/// assert_eq!(order, [0, 2, 3, 1]);
/// # Ok::<(), taskflow_core::RunError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token {
    pub(super) index: u64,
    pub(super) line: usize,
    pub(super) pipe: usize,
    pub(super) deferrals: u32,
}

impl Token {
    /// How many tokens the first pipe was asked for before this one, since token 0.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The line that the token is on, from 0. No two tokens are on one line at the same time.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The number of the pipe that is called, from 0.
    #[must_use]
    pub fn pipe(&self) -> usize {
        self.pipe
    }

    /// How often this token was deferred.
    #[must_use]
    pub fn deferrals(&self) -> u32 {
        self.deferrals
    }

    /// The first pipe's answer: goes on with this value.
    pub fn emit<T>(&self, value: T) -> Feed<T> {
        Feed(Verdict::Value(value))
    }

    /// The first pipe's answer: the stream ends before this token. Tokens that were deferred come all the same;
    /// when the answer is one of those, it is left out.
    pub fn stop<T>(&self) -> Feed<T> {
        Feed(Verdict::Stop)
    }

    /// The first pipe's answer: it is asked for this token again when token `other`, an earlier or a later one,
    /// has left it. If the stream stops without that, it is asked once more then, and may not defer the token
    /// any further. O(log(deferred tokens)), and allocates.
    pub fn defer_until<T>(&self, other: u64) -> Feed<T> {
        Feed(Verdict::Defer(other))
    }
}

/// What the first pipe says of a token: see [`Token::emit`], [`Token::stop`] and [`Token::defer_until`].
#[derive(Debug)]
#[must_use = "it is what the first pipe returns"]
pub struct Feed<T>(pub(super) Verdict<T>);

#[derive(Debug)]
pub(super) enum Verdict<T> {
    Value(T),
    Stop,
    Defer(u64),
    Failed(TaskError),
}

/// What a first pipe may return: a [`Feed`]; an `Option`, whose `None` stops the stream; or a `Result` of one of
/// these, whose error fails the pipeline.
pub trait IntoFeed: sealed::Sealed {
    /// What a token carries.
    type Value;

    /// The answer.
    fn into_feed(self) -> Feed<Self::Value>;
}

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for super::Feed<T> {}
    impl<T> Sealed for Option<T> {}
    impl<R: Sealed> Sealed for Result<R, crate::TaskError> {}
}

impl<T> IntoFeed for Feed<T> {
    type Value = T;

    fn into_feed(self) -> Self {
        self
    }
}

impl<T> IntoFeed for Option<T> {
    type Value = T;

    fn into_feed(self) -> Feed<T> {
        Feed(self.map_or(Verdict::Stop, Verdict::Value))
    }
}

impl<R: IntoFeed> IntoFeed for Result<R, TaskError> {
    type Value = R::Value;

    fn into_feed(self) -> Feed<R::Value> {
        match self {
            Ok(answer) => answer.into_feed(),
            Err(error) => Feed(Verdict::Failed(error)),
        }
    }
}
