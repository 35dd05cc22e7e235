#![doc = include_str!("../ARCHITECTURE.md")]
#![no_std]
#![warn(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::alloc_instead_of_core
)]

extern crate alloc;

mod taskflow;

mod task;

mod async_task;
mod condition;
mod module;
mod semaphore;
mod subflow;

mod graph;

mod executor;

mod builder;
mod future;
mod scope;

mod error;
mod panic;
mod policy;
mod stats;

mod platform;

mod seat;

mod manual;

mod flow;

mod run;

mod nested;
mod suspension;

mod pool;

mod worker;

mod wait;

mod directory;
mod guests;
mod host;
mod victims;

#[cfg(not(taskflow_loom))]
#[expect(unreachable_pub, reason = "public to the model checker's build only")]
mod protocol;
#[cfg(taskflow_loom)]
#[doc(hidden)]
pub mod protocol;

mod sync;

pub use builder::Builder;
pub use condition::{Branch, BranchId, ConditionalHandle, IntoBranch, Loop};
pub use error::{Lint, RunError, SemaphoreLabel, TaskError, TaskLabel, TaskflowError};
pub use executor::Executor;
pub use future::{RunCanceller, TaskflowFuture};
pub use manual::{Manual, NoThread, WithLocal};
pub use module::Module;
pub use panic::Panic;
pub use platform::{Local, Platform, WorkerId};
pub use policy::{FailurePolicy, RunOptions};
pub use scope::{Scope, ScopedRun};
pub use seat::{Seat, Step};
pub use semaphore::{Semaphore, Semaphores};
pub use stats::{Failure, RunStats, Suppressed};
pub use subflow::Subflow;
pub use task::{TaskHandle, TaskId, Tasks};
pub use taskflow::Taskflow;
