#![doc = include_str!("../ARCHITECTURE.md")]
#![no_std]
#![warn(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::alloc_instead_of_core
)]

#[cfg(feature = "alloc")]
extern crate alloc;

#[cfg(feature = "alloc")]
mod taskflow;

#[cfg(feature = "alloc")]
mod task;

#[cfg(feature = "alloc")]
mod async_task;
#[cfg(feature = "alloc")]
mod cancellation;
#[cfg(feature = "alloc")]
mod coarsening;
#[cfg(feature = "alloc")]
mod composition;
#[cfg(feature = "alloc")]
mod condition;
#[cfg(feature = "alloc")]
mod metadata;
#[cfg(feature = "alloc")]
mod module;
#[cfg(feature = "alloc")]
mod observer;
#[cfg(feature = "alloc")]
mod output;
#[cfg(feature = "alloc")]
mod pipeline;
#[cfg(feature = "alloc")]
mod priority;
#[cfg(feature = "alloc")]
mod runtime;
#[cfg(feature = "alloc")]
mod semaphore;
#[cfg(feature = "alloc")]
mod subflow;

#[cfg(feature = "alloc")]
mod graph;

#[cfg(feature = "alloc")]
mod executor;
#[cfg(feature = "alloc")]
mod runnable;

#[cfg(feature = "alloc")]
mod algorithm;

#[cfg(feature = "alloc")]
mod fork;

#[cfg(feature = "alloc")]
mod job;

#[cfg(feature = "alloc")]
mod group;

#[cfg(feature = "alloc")]
mod builder;
#[cfg(feature = "alloc")]
mod future;
#[cfg(feature = "alloc")]
mod scope;

#[cfg(feature = "alloc")]
mod error;
#[cfg(feature = "alloc")]
mod panic;
#[cfg(feature = "alloc")]
mod policy;
#[cfg(feature = "alloc")]
mod stats;

#[cfg(feature = "alloc")]
mod scheduler;

#[cfg(feature = "alloc")]
mod platform;

#[cfg(feature = "alloc")]
mod seat;

#[cfg(feature = "alloc")]
mod manual;

mod static_taskflow;

#[cfg(feature = "alloc")]
mod flow;

#[cfg(feature = "alloc")]
mod run;

#[cfg(feature = "alloc")]
mod nested;
#[cfg(feature = "alloc")]
mod suspension;

#[cfg(feature = "alloc")]
mod pool;

#[cfg(feature = "alloc")]
mod worker;

#[cfg(feature = "alloc")]
mod wait;

#[cfg(feature = "alloc")]
mod nursery;

#[cfg(feature = "alloc")]
mod directory;
#[cfg(feature = "alloc")]
mod guests;
#[cfg(feature = "alloc")]
mod host;
#[cfg(feature = "alloc")]
mod victims;

#[cfg(not(taskflow_loom))]
#[expect(unreachable_pub, reason = "public to the model checker's build only")]
mod protocol;
#[cfg(taskflow_loom)]
#[doc(hidden)]
pub mod protocol;

mod mutant;
mod sync;

#[cfg(feature = "alloc")]
pub use algorithm::{Divisible, IndexBox, Indices, Parallel, Partitioner, Steps};
#[cfg(feature = "alloc")]
pub use builder::Builder;
#[cfg(feature = "alloc")]
pub use cancellation::{CancellationToken, Cancelled, CancelledFuture, TokenCanceller};
#[cfg(feature = "alloc")]
pub use coarsening::Coarsening;
#[cfg(feature = "alloc")]
pub use composition::{
    CloneableWork, Composed, Composition, CompositionBuilder, CompositionError, CompositionParams,
    ParamType, ParamValue, ParameterizedComposition,
};
#[cfg(feature = "alloc")]
pub use condition::{Branch, BranchId, ConditionalHandle, IntoBranch, Loop};
#[cfg(feature = "alloc")]
pub use error::{Lint, RunError, SemaphoreLabel, TaskError, TaskLabel, TaskflowError};
#[cfg(feature = "alloc")]
pub use executor::Executor;
#[cfg(feature = "alloc")]
pub use fork::Fork;
#[cfg(feature = "alloc")]
pub use future::{RunCanceller, TaskflowFuture};
#[cfg(feature = "alloc")]
pub use group::{GroupScope, TaskGroup};
#[cfg(feature = "alloc")]
pub use job::{Cause, Dependencies, Done, JoinError, JoinHandle};
#[cfg(feature = "alloc")]
pub use manual::{Manual, NoThread, WithLocal};
#[cfg(feature = "alloc")]
pub use metadata::TaskMetadata;
#[cfg(feature = "alloc")]
pub use module::Module;
#[cfg(any(taskflow_loom, taskflow_mutants))]
#[doc(hidden)]
pub use mutant::choose_mutant;
#[cfg(feature = "alloc")]
pub use observer::{Ended, Event, EventKind, Observer, ObserverHandle, RunId};
#[cfg(feature = "alloc")]
pub use output::{Inputs, Output, OutputId, OutputSlot, SharedOutput, With, ZipInputs};
#[cfg(feature = "alloc")]
pub use panic::Panic;
#[cfg(feature = "alloc")]
pub use pipeline::{
    ConcurrentPipeline, Feed, IntoFeed, Pipe, Pipeline, PipelineBuilder, SimplePipeline, StageType,
    Token, TypeSafePipeline,
};
#[cfg(feature = "alloc")]
pub use platform::{Local, Platform, WorkerId};
#[cfg(feature = "alloc")]
pub use policy::{FailurePolicy, RunOptions};
#[cfg(feature = "alloc")]
pub use priority::Priority;
#[cfg(feature = "alloc")]
pub use runnable::{Runnable, Source};
#[cfg(feature = "alloc")]
pub use runtime::{Preempted, Runtime, ScheduleError};
#[cfg(feature = "alloc")]
pub use scheduler::{
    DynamicPriorityScheduler, EscalationPolicy, FifoScheduler, FlowKey, Lift, PriorityError,
    PriorityHandle, PriorityScheduler, Ready, RoundRobinScheduler, Scheduler,
    SharedDynamicScheduler, Want, WorkStealing,
};
#[cfg(feature = "alloc")]
pub use scope::{Scope, ScopedHandle, ScopedRun};
#[cfg(feature = "alloc")]
pub use seat::{Seat, Step};
#[cfg(feature = "alloc")]
pub use semaphore::{Semaphore, Semaphores};
pub use static_taskflow::{StaticGraphError, StaticRunError, StaticTask, StaticTaskflow};
#[cfg(feature = "alloc")]
pub use stats::{Failure, RunStats, Suppressed};
#[cfg(feature = "alloc")]
pub use subflow::Subflow;
#[cfg(feature = "alloc")]
pub use task::{Part, TaskHandle, TaskId, Tasks};
#[cfg(feature = "alloc")]
pub use taskflow::Taskflow;
