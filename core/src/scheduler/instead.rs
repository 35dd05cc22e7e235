//! The policy of executors that ask for none: the engine's own queues, or what a test build names.
//!
//! `RUSTFLAGS='--cfg taskflow_policy="fifo"' cargo test` runs every test over that policy.

use alloc::boxed::Box;

use super::Policy;

#[cfg(taskflow_policy = "fifo")]
type Instead = super::FifoScheduler;

#[cfg(taskflow_policy = "priority")]
type Instead = super::PriorityScheduler;
#[cfg(taskflow_policy = "round_robin")]
type Instead = super::RoundRobinScheduler;
#[cfg(taskflow_policy = "stealing")]
type Instead = super::WorkStealing;

#[cfg(taskflow_policy)]
pub(crate) fn instead_of_queues(workers: usize) -> Option<Box<dyn Policy>> {
    let scheduler = crate::sync::Arc::new(Instead::default());
    Some(Box::new(super::Erased::new(&scheduler, workers)))
}

#[cfg(not(taskflow_policy))]
pub(crate) fn instead_of_queues(_: usize) -> Option<Box<dyn Policy>> {
    None
}
