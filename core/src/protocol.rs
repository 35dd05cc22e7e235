//! The lock-free protocols, each by itself, so that the model checker can judge each by itself.

pub mod backlog;
pub mod completion;
pub mod deque;
pub mod idle;
pub mod join_counter;
pub mod lives;
pub mod marks;
pub mod occupancy;
pub mod rendezvous;
pub mod sharing;
pub mod supply;
pub mod waking;
