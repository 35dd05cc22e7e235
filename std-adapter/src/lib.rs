#![doc = include_str!("../ARCHITECTURE.md")]
#![forbid(unsafe_code)]

mod default;
mod executor;
mod parker;
mod platform;
#[cfg(doctest)]
mod readme;

pub use default::default_executor;
pub use executor::Executor;
pub use platform::StdPlatform;
pub use taskflow_core::{
    Branch, BranchId, Builder, ConditionalHandle, Failure, FailurePolicy, IntoBranch, Lint, Local,
    Loop, Manual, Module, NoThread, Panic, Platform, RunCanceller, RunError, RunOptions, RunStats,
    Scope, ScopedRun, Seat, Semaphore, SemaphoreLabel, Semaphores, Step, Subflow, Suppressed,
    TaskError, TaskHandle, TaskId, TaskLabel, Taskflow, TaskflowError, TaskflowFuture, Tasks,
    WithLocal, WorkerId,
};
