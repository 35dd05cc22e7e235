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
    Branch, BranchId, Builder, ConditionalHandle, Failure, FailurePolicy, Inputs, IntoBranch, Lint,
    Local, Loop, Manual, Module, NoThread, Output, OutputId, OutputSlot, Panic, Platform,
    RunCanceller, RunError, RunOptions, RunStats, Scope, ScopedRun, Seat, SemaphoreLabel,
    SharedOutput, Step, Subflow, Suppressed, TaskError, TaskHandle, TaskId, TaskLabel, Taskflow,
    TaskflowError, TaskflowFuture, Tasks, With, WithLocal, WorkerId, ZipInputs,
};
