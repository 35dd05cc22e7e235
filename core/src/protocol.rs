//! The lock-free protocols, each by itself, so that the model checker can judge each by itself.

pub mod backlog;
#[cfg(feature = "alloc")]
pub mod completion;
#[cfg(feature = "alloc")]
pub mod deque;
#[cfg(feature = "alloc")]
pub mod idle;
pub mod join_counter;
#[cfg(feature = "alloc")]
pub mod lending;
#[cfg(feature = "alloc")]
pub mod listed;
#[cfg(feature = "alloc")]
pub mod lives;
#[cfg(feature = "alloc")]
pub mod marks;
#[cfg(feature = "alloc")]
pub mod occupancy;
#[cfg(feature = "alloc")]
pub mod rendezvous;
#[cfg(feature = "alloc")]
pub mod sharing;
#[cfg(feature = "alloc")]
pub mod supply;
#[cfg(feature = "alloc")]
pub mod waking;
