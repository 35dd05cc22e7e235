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
    Branch, BranchId, Builder, Cause, ConditionalHandle, Dependencies, Done, Failure,
    FailurePolicy, GroupScope, Inputs, IntoBranch, JoinError, JoinHandle, Lint, Local, Loop,
    Manual, Module, NoThread, Output, OutputId, OutputSlot, Panic, Platform, Preempted,
    RunCanceller, RunError, RunOptions, RunStats, Runtime, ScheduleError, Scope, ScopedHandle,
    ScopedRun, Seat, SemaphoreLabel, SharedOutput, Step, Subflow, Suppressed, TaskError, TaskGroup,
    TaskHandle, TaskId, TaskLabel, Taskflow, TaskflowError, TaskflowFuture, Tasks, With, WithLocal,
    WorkerId, ZipInputs,
};
