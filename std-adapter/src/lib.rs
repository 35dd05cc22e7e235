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
    Builder, Failure, Inputs, Lint, Local, Manual, NoThread, Output, OutputId, OutputSlot, Panic,
    Platform, RunCanceller, RunError, RunStats, Scope, ScopedRun, Seat, SharedOutput, Step,
    Suppressed, TaskError, TaskHandle, TaskId, TaskLabel, Taskflow, TaskflowError, TaskflowFuture,
    Tasks, With, WithLocal, WorkerId, ZipInputs,
};
