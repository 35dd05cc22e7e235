//! Waiting for others that may come, or not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Waits a while for others. Whether they came.
pub(crate) fn come(begun: &AtomicBool) -> bool {
    (0..1000).any(|_| {
        thread::yield_now();
        begun.load(Ordering::SeqCst)
    })
}
