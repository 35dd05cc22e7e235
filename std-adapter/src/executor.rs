//! The core's executor on threads.

use taskflow_core::WorkStealing;

use crate::StdPlatform;

/// Runs graphs on threads: the executor that most programs want.
///
/// # Examples
///
/// ```
/// use taskflow_std::{Executor, Taskflow};
///
/// let executor = Executor::new(0); // 0: one worker per processor this process may use
/// let flow = Taskflow::new();
/// let a = flow.emplace(|| println!("A")).name("A");
/// let b = flow.emplace(|| println!("B")).name("B");
/// let c = flow.emplace(|| println!("C")).name("C");
/// a.precede([b, c]); // A runs before B and C
/// let stats = executor.run(&flow).wait()?;
/// assert_eq!(stats.tasks, 3);
/// # Ok::<(), taskflow_std::RunError>(())
/// ```
pub type Executor<S = WorkStealing> = taskflow_core::Executor<StdPlatform, S>;
