//! Async tasks: while one is pending it holds no worker, any waker resumes it, and its future is dropped once,
//! whatever comes in between. No runtime is needed.

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod bell;
    pub(crate) mod block_on;
    pub(crate) mod counter;
    pub(crate) mod dice;
    pub(crate) mod drops;
    pub(crate) mod shared_flow;
    pub(crate) mod watchdog;
}

mod async_tasks {
    mod nesting;
    mod runs;
    mod stops;
    mod wakes;
}
