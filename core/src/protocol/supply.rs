//! Something that several workers cut pieces off, one at a time.
//!
//! Cutting is user code, so it runs under no lock: whoever cuts takes all that is left, and gives the rest back.
//! Meanwhile there is nothing to be had for the others, who come again: `left` tells them that there will be. It is
//! written before the rest can be taken again, so that it never tells of more than there is.

use crate::mutant::mutant;
use crate::sync::{AtomicUsize, Mutex, Ordering, relax};

/// See the module's documentation.
#[derive(Debug)]
pub struct Supply<T> {
    /// `None` while somebody cuts, and at the end.
    rest: Mutex<Option<T>>,
    /// The size of the rest.
    left: AtomicUsize,
}

/// Ends the supply if a cut unwinds, so that nobody comes again for what is lost.
struct Cutting<'s>(&'s AtomicUsize);

impl Drop for Cutting<'_> {
    fn drop(&mut self) {
        // Ordering: Relaxed; as in `left`.
        self.0.store(0, Ordering::Relaxed);
    }
}

impl<T> Supply<T> {
    /// A supply of all this, which has this size.
    pub fn new(all: T, size: usize) -> Self {
        Self {
            rest: Mutex::new(Some(all)),
            left: AtomicUsize::new(size),
        }
    }

    /// The size of what is left. A hint that never grows.
    pub fn left(&self) -> usize {
        // Ordering: Relaxed; the lock hands over what is left.
        self.left.load(Ordering::Relaxed)
    }

    /// Cuts a piece off. `cut` gets what is left, and gives the piece, and the rest with its size unless that is
    /// nothing. `None`: nothing is left.
    pub fn take<R>(&self, cut: impl FnOnce(T) -> (R, Option<(T, usize)>)) -> Option<R> {
        let all = loop {
            if self.left() == 0 {
                return None;
            }
            let all = self.rest.lock().take();
            match all {
                Some(all) => break all,
                None => relax(),
            }
        };
        let cutting = Cutting(&self.left);
        let (piece, rest) = cut(all);
        let Some((rest, size)) = rest else {
            return Some(piece);
        };
        core::mem::forget(cutting);
        let late = mutant!("supply_tells_late");
        if !late {
            // Ordering: Relaxed; as in `left`. Whoever writes next takes the rest out of the lock before.
            self.left.store(size, Ordering::Relaxed);
        }
        *self.rest.lock() = Some(rest);
        if late {
            // Ordering: Relaxed; a broken variant for the model checker.
            self.left.store(size, Ordering::Relaxed);
        }
        Some(piece)
    }
}

#[cfg(all(test, not(taskflow_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_supply_ends_with_its_last_piece() {
        let supply = Supply::new(0..5u32, 5);
        let cut = |rest: core::ops::Range<u32>| {
            let left = rest.end - rest.start - 1;
            let next = rest.start + 1..rest.end;
            (rest.start, (left > 0).then_some((next, left as usize)))
        };
        for piece in 0..5 {
            assert_eq!(supply.left(), 5 - piece as usize);
            assert_eq!(supply.take(cut), Some(piece));
        }
        assert_eq!((supply.take(cut), supply.left()), (None, 0));
    }
}
