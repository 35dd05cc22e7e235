//! How a spawned task ended, if not well.

use alloc::string::String;
use core::error::Error;
use core::fmt;

use crate::panic::Panic;
use crate::sync::Arc;

/// Why a spawned task gave no value.
#[derive(Debug)]
#[non_exhaustive]
pub enum JoinError {
    /// It panicked.
    Panicked(Panic),
    /// It was cancelled before it began.
    Cancelled {
        /// The reason, if one was given.
        reason: Option<String>,
    },
    /// It was not run, since one that it was to run after did not end well.
    Dependency {
        /// Which one: its place among the dependencies, from zero; the first of several.
        index: usize,
        /// What happened to that one, or to one before it that it depended on.
        cause: Cause,
    },
    /// It was not run: the executor's [`Scheduler`](crate::Scheduler) dropped it, or gave it to another executor.
    Lost,
    /// Waiting would never end: the waiting task is one that the awaited task waits for. That goes on,
    /// detached.
    Deadlock,
    /// The result was taken before, by an earlier poll.
    Taken,
}

/// What befell a task that others depended on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// It panicked.
    Panicked {
        /// The text of the panic, if its payload was one.
        message: Option<Arc<str>>,
    },
    /// It was cancelled.
    Cancelled,
    /// Its executor's [`Scheduler`](crate::Scheduler) lost it.
    Lost,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked {
                message: Some(message),
            } => write!(f, "panicked: {message}"),
            Self::Panicked { message: None } => write!(f, "panicked"),
            Self::Cancelled => write!(f, "was cancelled"),
            Self::Lost => write!(f, "was lost by its scheduler"),
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(panic) => write!(f, "the spawned task panicked: {panic}"),
            Self::Cancelled {
                reason: Some(reason),
            } => write!(f, "the spawned task was cancelled: {reason}"),
            Self::Cancelled { reason: None } => write!(f, "the spawned task was cancelled"),
            Self::Lost => write!(
                f,
                "the spawned task was lost by the executor's scheduler; give back each task that was \
                 pushed, once"
            ),
            Self::Dependency { index, cause } => write!(
                f,
                "the spawned task was not run, since a task that its dependency {index} is or waited \
                 for {cause}; use `spawn_after_any_outcome` to run it all the same"
            ),
            Self::Deadlock => write!(
                f,
                "a task waits for what can only end after it; wait outside the task, or make the \
                 rest of its work a dependent"
            ),
            Self::Taken => write!(f, "the result was taken before; keep the first"),
        }
    }
}

impl Error for JoinError {}
