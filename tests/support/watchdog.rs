//! A test that hangs is told so, instead of holding all others up.

use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use core::time::Duration;

/// Longer than any test takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Calls `body` on a thread of its own and gives what it gives.
///
/// # Panics
///
/// With the panic of `body`; and if it takes longer than a minute. Its thread is left behind then.
#[track_caller]
pub(crate) fn within_a_minute<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let name = thread::current().name().unwrap_or("test").to_owned();
    let (done, ended) = channel();
    let thread = thread::Builder::new().name(name);
    let thread = thread
        .spawn(move || {
            let result = body();
            // Nobody listens any more when the minute is over.
            let _ = done.send(());
            result
        })
        .expect("a thread can be started");
    if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
        panic!("this hangs: a minute has passed");
    }
    thread
        .join()
        .unwrap_or_else(|payload| resume_unwind(payload))
}
