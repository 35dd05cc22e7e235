//! Async tasks: while one is pending it holds no worker, any waker resumes it, and its future is dropped once,
//! whatever comes in between. No runtime is needed.

mod nesting;
mod runs;
mod stops;
mod wakes;
