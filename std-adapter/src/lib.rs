#![doc = include_str!("../ARCHITECTURE.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "tokio")]
mod async_executor;
mod checkpoint;
mod default;
mod executor;
mod parker;
mod platform;
mod preemptive;
#[cfg(doctest)]
mod readme;
mod runtime;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(feature = "tokio")]
pub use async_executor::AsyncExecutor;
pub use checkpoint::checkpoint;
pub use default::default_executor;
pub use executor::Executor;
pub use platform::StdPlatform;
pub use preemptive::{DeadlineGuard, PreemptiveCancellationToken};
pub use taskflow_core::{
    Branch, BranchId, Builder, CancellationToken, Cancelled, CancelledFuture, Cause, CloneableWork,
    Coarsening, Composed, Composition, CompositionBuilder, CompositionError, CompositionParams,
    ConcurrentPipeline, ConditionalHandle, Dependencies, Done, Ended, Event, EventKind, Failure,
    FailurePolicy, Feed, GroupScope, Inputs, IntoBranch, IntoFeed, JoinError, JoinHandle, Lint,
    Local, Loop, Manual, Module, NoThread, Observer, ObserverHandle, Output, OutputId, OutputSlot,
    Panic, ParamType, ParamValue, ParameterizedComposition, Pipe, Pipeline, PipelineBuilder,
    Platform, Preempted, RunCanceller, RunError, RunId, RunOptions, RunStats, Runnable, Runtime,
    ScheduleError, Scope, ScopedHandle, ScopedRun, Seat, Semaphore, SemaphoreLabel, Semaphores,
    SharedOutput, SimplePipeline, StageType, Step, Subflow, Suppressed, TaskError, TaskGroup,
    TaskHandle, TaskId, TaskLabel, Taskflow, TaskflowError, TaskflowFuture, Tasks, Token,
    TokenCanceller, TypeSafePipeline, With, WithLocal, WorkerId, ZipInputs,
};
