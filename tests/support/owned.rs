//! Elements that own memory, and whose making and dropping is counted.

use core::sync::atomic::{AtomicUsize, Ordering};

/// How many elements were made, cloned ones among them, and how many were dropped; and what stops them from being cloned.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    made: AtomicUsize,
    dropped: AtomicUsize,
}

/// An element of such a ledger.
#[derive(Debug)]
pub(crate) struct Owned<'l> {
    number: Box<usize>,
    ledger: &'l Ledger,
}

impl Ledger {
    pub(crate) fn make(&self, number: usize) -> Owned<'_> {
        self.made.fetch_add(1, Ordering::Relaxed);
        Owned {
            number: Box::new(number),
            ledger: self,
        }
    }

    pub(crate) fn make_all(&self, numbers: impl IntoIterator<Item = usize>) -> Vec<Owned<'_>> {
        let numbers = numbers.into_iter();
        numbers.map(|number| self.make(number)).collect()
    }

    /// How many were made and not dropped yet.
    #[track_caller]
    pub(crate) fn alive(&self) -> usize {
        let (made, dropped) = (&self.made, &self.dropped);
        let alive = made
            .load(Ordering::Relaxed)
            .checked_sub(dropped.load(Ordering::Relaxed));
        alive.expect("none is dropped twice")
    }
}

impl Owned<'_> {
    pub(crate) fn number(&self) -> usize {
        *self.number
    }
}

impl Clone for Owned<'_> {
    fn clone(&self) -> Self {
        self.ledger.make(self.number())
    }
}

impl Drop for Owned<'_> {
    fn drop(&mut self) {
        // (One that is dropped twice shows here, as far as it shows.)
        assert_ne!(*self.number, usize::MAX, "dropped twice");
        *self.number = usize::MAX;
        self.ledger.dropped.fetch_add(1, Ordering::Relaxed);
    }
}
