//! A short list that everybody looks at before sleep, and that is mostly empty.
//!
//! ```text
//!   add: lock, push, count        look: count is zero? nothing : lock, look
//! ```
//!
//! **No look misses what is there.** Who adds an entry fills it afterwards, and then passes the fence of `notify`; who looks has passed
//! that of `announce` ([`idle`](super::idle)). Of these two fences one comes first: either the publisher sees the sleeper, or the sleeper
//! sees the count, takes the lock, and sees the entry and what is in it. Who removes an entry has put what was in it somewhere else before, and
//! has notified.

use alloc::vec::Vec;

use crate::mutant::mutant;
use crate::sync::{AtomicUsize, Mutex, Ordering};

/// See the module's documentation.
#[derive(Debug)]
pub struct Listed<T> {
    count: AtomicUsize,
    entries: Mutex<Vec<T>>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self {
            count: AtomicUsize::new(0),
            entries: Mutex::default(),
        }
    }
}

impl<T> Listed<T> {
    /// How many there are. A hint: it may change at once.
    pub fn count(&self) -> usize {
        // Ordering: Relaxed; a hint. Whoever must not miss an entry (before it sleeps) passes a SeqCst fence first, and so
        // does who fills one that was counted before.
        self.count.load(Ordering::Relaxed)
    }

    /// One after another.
    pub fn nth(&self, place: usize) -> Option<T>
    where
        T: Clone,
    {
        if self.count() == 0 {
            return None;
        }
        self.entries.lock().get(place).cloned()
    }

    /// Whether there is such a one.
    pub fn any(&self, is_such: impl FnMut(&T) -> bool) -> bool {
        let none = usize::from(mutant!("listed_last_unseen"));
        self.count() > none && self.entries.lock().iter().any(is_such)
    }

    /// Adds one.
    pub fn add(&self, entry: T) {
        let mut entries = self.entries.lock();
        entries.push(entry);
        // Ordering: Relaxed; see `count`. Changed under the lock.
        self.count.store(entries.len(), Ordering::Relaxed);
    }

    /// Removes the first that is such, and gives it.
    pub fn remove(&self, is_such: impl FnMut(&T) -> bool) -> Option<T> {
        let mut entries = self.entries.lock();
        let place = entries.iter().position(is_such)?;
        let entry = entries.swap_remove(place);
        // Ordering: Relaxed; see `count`. Changed under the lock.
        self.count.store(entries.len(), Ordering::Relaxed);
        Some(entry)
    }
}
