//! A number that nothing orders but what is checked.

use std::sync::Arc;

use loom::sync::atomic::{AtomicUsize, Ordering};

/// A number that tasks write and others read, in two steps where it is changed: whoever is not ordered after a
/// change may read what was there before, and two that are not ordered lose one of two changes. (A checked cell
/// says the same, but is not `Sync`, which a task's captures have to be.)
#[derive(Clone, Debug, Default)]
pub(crate) struct Datum(Arc<AtomicUsize>);

impl Datum {
    pub(crate) fn get(&self) -> usize {
        // Ordering: Relaxed; what is checked has to order it.
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, number: usize) {
        // Ordering: Relaxed; as above.
        self.0.store(number, Ordering::Relaxed);
    }

    pub(crate) fn add_one(&self) {
        self.set(self.get() + 1);
    }
}
