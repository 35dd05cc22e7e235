//! What goes wrong as soon as two tasks are at it at once.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;

/// A number that is changed by a load and a store, and counts who is inside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guarded(Arc<(AtomicUsize, AtomicUsize)>);

impl Guarded {
    /// One more; lost if somebody else does the same meanwhile.
    pub(crate) fn update(&self) {
        let number = self.0.0.load(Ordering::Relaxed);
        if number.is_multiple_of(3) {
            thread::yield_now();
        }
        self.0.0.store(number + 1, Ordering::Relaxed);
    }

    /// How many updates were not lost.
    pub(crate) fn get(&self) -> usize {
        self.0.0.load(Ordering::Relaxed)
    }

    /// Somebody comes in, where at most so many may be.
    #[track_caller]
    pub(crate) fn enter(&self, most: usize) {
        let inside = self.0.1.fetch_add(1, Ordering::Relaxed) + 1;
        assert!(inside <= most, "{inside} are inside, not {most}");
    }

    /// Somebody is inside.
    #[track_caller]
    pub(crate) fn stay(&self, most: usize) {
        thread::yield_now();
        let inside = self.count();
        assert!(inside <= most, "{inside} are inside, not {most}");
    }

    /// Somebody leaves.
    pub(crate) fn leave(&self) {
        self.0.1.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many are inside.
    pub(crate) fn count(&self) -> usize {
        self.0.1.load(Ordering::Relaxed)
    }
}
