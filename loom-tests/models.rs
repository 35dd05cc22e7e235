//! Model checks of the lock-free protocols, one file for each. They are one program, so that what they share of the engine is
//! compiled once.

#![cfg(taskflow_loom)]
#![forbid(unsafe_code)]

mod support {
    pub(crate) mod block_on;
    pub(crate) mod bodies;
    pub(crate) mod datum;
    pub(crate) mod explore;
    pub(crate) mod host;
    pub(crate) mod pool;
    pub(crate) mod stepped;
}

mod backlog;
mod cancel;
mod completion;
mod deque;
mod groups;
mod idle;
mod jobs;
mod join_counter;
mod joins;
mod lent_tasks;
mod letting_go;
mod lines;
mod lives;
mod marks;
mod occupancy;
mod policies;
mod races;
mod rendezvous;
mod round;
mod run_end;
mod second_look;
mod semaphores;
mod sharing;
mod shutdown;
mod static_graph;
mod supply;
mod tokens;
mod waits;
mod waking;
