#![doc = include_str!("../ARCHITECTURE.md")]
#![forbid(unsafe_code)]

mod algorithm;
#[cfg(feature = "tokio")]
mod async_executor;
mod checkpoint;
mod default;
mod executor;
mod join;
#[cfg(taskflow_mutants)]
mod mutant;
mod parker;
mod platform;
mod preemptive;
#[cfg(doctest)]
mod readme;
mod runtime;
#[cfg(feature = "testing")]
pub mod testing;

pub use algorithm::{
    parallel_all, parallel_any, parallel_copy_if, parallel_count, parallel_exclusive_scan,
    parallel_fill, parallel_find_if, parallel_for_each, parallel_for_each_by_index,
    parallel_for_each_index, parallel_generate, parallel_inclusive_scan, parallel_max_element,
    parallel_max_element_by, parallel_merge, parallel_merge_by, parallel_min_element,
    parallel_min_element_by, parallel_partition, parallel_reduce, parallel_sort, parallel_sort_by,
    parallel_sort_unstable, parallel_sort_unstable_by, parallel_transform,
    parallel_transform_exclusive_scan, parallel_transform_inclusive_scan,
    parallel_transform_reduce, parallel_transform_two,
};
#[cfg(feature = "tokio")]
pub use async_executor::AsyncExecutor;
pub use checkpoint::checkpoint;
pub use default::default_executor;
pub use executor::Executor;
pub use join::join;
pub use platform::StdPlatform;
pub use preemptive::{DeadlineGuard, PreemptiveCancellationToken};
pub use taskflow_core::{
    Branch, BranchId, Builder, CancellationToken, Cancelled, CancelledFuture, Cause, CloneableWork,
    Coarsening, Composed, Composition, CompositionBuilder, CompositionError, CompositionParams,
    ConcurrentPipeline, ConditionalHandle, Dependencies, Divisible, Done, DynamicPriorityScheduler,
    Ended, EscalationPolicy, Event, EventKind, Failure, FailurePolicy, Feed, FifoScheduler,
    FlowKey, Fork, GroupScope, IndexBox, Indices, Inputs, IntoBranch, IntoFeed, JoinError,
    JoinHandle, Lift, Lint, Local, Loop, Manual, Module, NoThread, Observer, ObserverHandle,
    Output, OutputId, OutputSlot, Panic, Parallel, ParamType, ParamValue, ParameterizedComposition,
    Partitioner, Pipe, Pipeline, PipelineBuilder, Platform, Preempted, Priority, PriorityError,
    PriorityHandle, PriorityScheduler, Ready, RoundRobinScheduler, RunCanceller, RunError, RunId,
    RunOptions, RunStats, Runnable, Runtime, ScheduleError, Scheduler, Scope, ScopedHandle,
    ScopedRun, Seat, Semaphore, SemaphoreLabel, Semaphores, SharedDynamicScheduler, SharedOutput,
    SimplePipeline, StageType, StaticGraphError, StaticRunError, StaticTask, StaticTaskflow, Step,
    Steps, Subflow, Suppressed, TaskError, TaskGroup, TaskHandle, TaskId, TaskLabel, TaskMetadata,
    Taskflow, TaskflowError, TaskflowFuture, Tasks, Token, TokenCanceller, TypeSafePipeline, Want,
    With, WithLocal, WorkStealing, WorkerId, ZipInputs,
};
