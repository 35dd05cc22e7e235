//! A place where tasks wait for one another.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;

/// Passed by nobody before `size` have arrived; then it is new again.
#[derive(Clone, Debug)]
pub(crate) struct Meeting {
    size: usize,
    arrived: Arc<AtomicUsize>,
}

impl Meeting {
    pub(crate) fn of(size: usize) -> Self {
        let arrived = Arc::default();
        Self { size, arrived }
    }

    /// Returns when all of this meeting have arrived.
    pub(crate) fn attend(&self) {
        let number = self.arrived.fetch_add(1, Ordering::SeqCst);
        let all = (number / self.size + 1) * self.size;
        while self.arrived.load(Ordering::SeqCst) < all {
            thread::yield_now();
        }
    }
}
