//! Asking from anywhere whether to go on.

use taskflow_core::Preempted;

use crate::platform::with_local;

/// Whether the task that the calling thread runs was told to stop: cancelled, by itself, with its run or its group, by a
/// token, or since a deadline has passed. To be left by `?`, from whatever depth of a task that takes long; it is no
/// failure then. [`Executor::checkpoint`](crate::Executor::checkpoint) without an executor at hand; on threads only.
///
/// # Errors
///
/// It was. Never outside of tasks.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use taskflow_std::{Executor, RunError, RunOptions, Taskflow, checkpoint};
///
/// let flow = Taskflow::new();
/// flow.try_emplace(|| loop {
///     checkpoint()?;
/// });
/// let options = RunOptions::new().deadline(Duration::from_millis(2));
/// let result = Executor::new(1).run_with(&flow, options).wait();
/// assert!(matches!(result, Err(RunError::Cancelled { .. })));
/// ```
pub fn checkpoint() -> Result<(), Preempted> {
    with_local(taskflow_core::Local::checkpoint).unwrap_or(Ok(()))
}
