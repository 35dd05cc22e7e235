//! A test that hangs is told so, instead of holding all others up.

use std::env;
use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use core::time::Duration;

/// Longer than any test takes on a loaded machine: a minute, or as many seconds as `TASKFLOW_PATIENCE` says, for what
/// makes every step slower.
fn patience() -> Duration {
    let asked = env::var("TASKFLOW_PATIENCE").ok();
    Duration::from_secs(asked.map_or(60, |seconds| {
        seconds.parse().expect("TASKFLOW_PATIENCE is in seconds")
    }))
}

/// Calls `body` on a thread of its own and gives what it gives.
///
/// # Panics
///
/// With the panic of `body`; and if it takes longer than [`patience`] allows. Its thread is left behind then.
#[track_caller]
pub(crate) fn within_a_minute<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let name = thread::current().name().unwrap_or("test").to_owned();
    let (done, ended) = channel();
    let thread = thread::Builder::new().name(name);
    let thread = thread
        .spawn(move || {
            let result = body();
            // Nobody listens any more when the time is over.
            let _ = done.send(());
            result
        })
        .expect("a thread can be started");
    let patience = patience();
    if ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
        panic!("this hangs: {patience:?} have passed");
    }
    thread
        .join()
        .unwrap_or_else(|payload| resume_unwind(payload))
}
