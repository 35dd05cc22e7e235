//! The executor of those who do not want to choose one.

use std::sync::OnceLock;

use crate::Executor;

/// The process-wide executor: one worker per processor that this process may use, started at the first
/// call. It is never dropped.
///
/// # Panics
///
/// If the threads cannot be started.
///
/// # Examples
///
/// ```
/// let flow = taskflow_std::Taskflow::new();
/// flow.emplace(|| {});
/// assert_eq!(taskflow_std::default_executor().run_and_wait(&flow)?.tasks, 1);
/// # Ok::<(), taskflow_std::RunError>(())
/// ```
#[must_use]
pub fn default_executor() -> &'static Executor {
    static EXECUTOR: OnceLock<Executor> = OnceLock::new();
    EXECUTOR.get_or_init(|| Executor::new(0))
}
