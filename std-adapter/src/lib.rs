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
    Builder, Cause, Dependencies, Done, Failure, GroupScope, JoinError, JoinHandle, Lint, Local,
    Manual, NoThread, Panic, Platform, RunCanceller, RunError, RunStats, Scope, ScopedHandle,
    ScopedRun, Seat, Step, Suppressed, TaskError, TaskGroup, TaskHandle, TaskId, TaskLabel,
    Taskflow, TaskflowError, TaskflowFuture, Tasks, WithLocal, WorkerId,
};
