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
mod cancellation;
mod coarsening;
mod composition;
mod condition;
mod metadata;
mod module;
mod observer;
mod output;
mod pipeline;
mod priority;
mod runtime;
mod semaphore;
mod subflow;

mod graph;

mod executor;
mod runnable;

mod algorithm;

mod fork;

mod job;

mod group;

mod builder;
mod future;
mod scope;

mod error;
mod panic;
mod policy;
mod stats;

mod scheduler;

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

mod nursery;

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

mod mutant;
mod sync;

pub use algorithm::{Divisible, IndexBox, Indices, Parallel, Partitioner, Steps};
pub use builder::Builder;
pub use cancellation::{CancellationToken, Cancelled, CancelledFuture, TokenCanceller};
pub use coarsening::Coarsening;
pub use composition::{
    CloneableWork, Composed, Composition, CompositionBuilder, CompositionError, CompositionParams,
    ParamType, ParamValue, ParameterizedComposition,
};
pub use condition::{Branch, BranchId, ConditionalHandle, IntoBranch, Loop};
pub use error::{Lint, RunError, SemaphoreLabel, TaskError, TaskLabel, TaskflowError};
pub use executor::Executor;
pub use fork::Fork;
pub use future::{RunCanceller, TaskflowFuture};
pub use group::{GroupScope, TaskGroup};
pub use job::{Cause, Dependencies, Done, JoinError, JoinHandle};
pub use manual::{Manual, NoThread, WithLocal};
pub use metadata::TaskMetadata;
pub use module::Module;
#[cfg(any(taskflow_loom, taskflow_mutants))]
#[doc(hidden)]
pub use mutant::choose_mutant;
pub use observer::{Ended, Event, EventKind, Observer, ObserverHandle, RunId};
pub use output::{Inputs, Output, OutputId, OutputSlot, SharedOutput, With, ZipInputs};
pub use panic::Panic;
pub use pipeline::{
    ConcurrentPipeline, Feed, IntoFeed, Pipe, Pipeline, PipelineBuilder, SimplePipeline, StageType,
    Token, TypeSafePipeline,
};
pub use platform::{Local, Platform, WorkerId};
pub use policy::{FailurePolicy, RunOptions};
pub use priority::Priority;
pub use runnable::{Runnable, Source};
pub use runtime::{Preempted, Runtime, ScheduleError};
pub use scheduler::{
    DynamicPriorityScheduler, EscalationPolicy, FifoScheduler, FlowKey, Lift, PriorityError,
    PriorityHandle, PriorityScheduler, Ready, RoundRobinScheduler, Scheduler,
    SharedDynamicScheduler, Want, WorkStealing,
};
pub use scope::{Scope, ScopedHandle, ScopedRun};
pub use seat::{Seat, Step};
pub use semaphore::{Semaphore, Semaphores};
pub use stats::{Failure, RunStats, Suppressed};
pub use subflow::Subflow;
pub use task::{Part, TaskHandle, TaskId, Tasks};
pub use taskflow::Taskflow;
