//! Marks on a task that change while a run goes on, and the claim that one of them is.
//!
//! A task that weak edges lead to is claimed by the mark that it is active: whoever *raises* it, and finds that it
//! was not raised, starts the task, alone. The mark is *lowered* when the task has ended, before what comes after it
//! begins. Whoever finds it raised has found a second start: a task race.
//!
//! The marks share their word with what does not change meanwhile.

use crate::mutant::mutant;
use crate::sync::{AtomicU32, Ordering};

/// A word of marks. None is raised at first.
#[derive(Debug, Default)]
pub struct Marks(AtomicU32);

impl Marks {
    /// All of them. A hint as to those that change.
    #[must_use]
    #[inline]
    pub fn get(&self) -> u32 {
        // Ordering: Relaxed; an exchange decides, or else the arrivals that led to the task order it.
        self.0.load(Ordering::Relaxed)
    }

    /// Exchanges all of them.
    pub fn set(&mut self, marks: u32) {
        // Ordering: Relaxed; the caller has the word alone.
        self.0.store(marks, Ordering::Relaxed);
    }

    /// Raises a mark. `true`: it was raised already.
    #[must_use]
    pub fn raise(&self, mark: u32) -> bool {
        if mutant!("mark_raise_looks_first") {
            // Ordering: as below.
            let before = self.0.load(Ordering::Acquire);
            // Ordering: as above.
            self.0.fetch_or(mark, Ordering::Acquire);
            return before & mark != 0;
        }
        // Ordering: Acquire, with the Release of `lower`: whoever starts a task again comes after its last end, so
        // that the closure sees what its last call left.
        let order = mutant!("mark_raise_relaxed", Ordering::Relaxed, Ordering::Acquire);
        self.0.fetch_or(mark, order) & mark != 0
    }

    /// Lowers a mark. `true`: it was raised.
    pub fn lower(&self, mark: u32) -> bool {
        // Ordering: Release, with the Acquire of `raise`. Other marks of the word that change in between keep the
        // two together: a read-modify-write continues what was released.
        let order = mutant!("mark_lower_relaxed", Ordering::Relaxed, Ordering::Release);
        self.0.fetch_and(!mark, order) & mark != 0
    }

    /// [`raise`](Self::raise) where one thread at a time runs all tasks: no locked instruction.
    #[must_use]
    #[inline]
    pub fn raise_alone(&self, mark: u32) -> bool {
        let before = self.get();
        if before & mark != 0 {
            return true;
        }
        // Ordering: Relaxed; the seat that the caller holds is handed over through a lock. While the mark is not
        // raised only its holder changes the word.
        self.0.store(before | mark, Ordering::Relaxed);
        false
    }

    /// [`lower`](Self::lower) where one thread at a time runs all tasks, of a task that the caller has in hand.
    #[inline]
    pub fn lower_alone(&self, mark: u32) {
        // Ordering: Relaxed; as above. Whoever has the task in hand changes the word.
        self.0.store(self.get() & !mark, Ordering::Relaxed);
    }
}
