//! Stacks that recursion over a large graph would overflow.

use std::thread;

use taskflow_std::Executor;

const SMALL_STACK_BYTES: usize = 256 * 1024;

/// Calls this on a small stack.
pub(crate) fn on_a_small_stack(body: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(SMALL_STACK_BYTES);
    let thread = thread.spawn(body).expect("a thread can be started");
    if let Err(payload) = thread.join() {
        std::panic::resume_unwind(payload);
    }
}

/// An executor whose threads have small stacks.
pub(crate) fn small(workers: usize) -> Executor {
    let builder = Executor::builder()
        .workers(workers)
        .stack_size_bytes(SMALL_STACK_BYTES);
    builder.build().expect("threads can be started")
}
