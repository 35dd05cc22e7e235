//! What is counted in tasks and asked outside of them.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

/// A number that its clones share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counter(Arc<AtomicUsize>);

impl Counter {
    /// One more; gives what it was.
    pub(crate) fn add(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    /// What it is.
    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}
