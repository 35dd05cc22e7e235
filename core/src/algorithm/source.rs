//! Items that several workers take from, a chunk at a time.

use super::Divisible;
use super::crew::Piece;
use crate::sync::{AtomicUsize, Mutex, Ordering};

/// What is left, or nothing while somebody cuts it: that is user code, which runs under no lock.
pub(super) struct Source<D> {
    piece: Mutex<Option<Piece<D>>>,
    /// Items that are left.
    left: AtomicUsize,
}

impl<D: Divisible> Source<D> {
    pub(super) fn new(piece: Piece<D>) -> Self {
        Self {
            left: AtomicUsize::new(piece.items.len()),
            piece: Mutex::new(Some(piece)),
        }
    }

    pub(super) fn left(&self) -> usize {
        // Ordering: Relaxed; a hint that never grows, the lock hands the items on.
        self.left.load(Ordering::Relaxed)
    }

    /// Takes as many items as `chunk` says of what is left. `None`: nothing is left.
    pub(super) fn take(&self, chunk: impl Fn(usize) -> usize) -> Option<Piece<D>> {
        /// Ends the source if the cut panics, so that nobody waits for what is left.
        struct Cutting<'s>(&'s AtomicUsize, usize);
        impl Drop for Cutting<'_> {
            fn drop(&mut self) {
                // Ordering: Relaxed; as in `left`.
                self.0.store(self.1, Ordering::Relaxed);
            }
        }
        loop {
            if self.left() == 0 {
                return None;
            }
            let piece = self.piece.lock().take();
            let Some(piece) = piece else {
                core::hint::spin_loop();
                continue;
            };
            let mut cutting = Cutting(&self.left, 0);
            let len = piece.items.len();
            let chunk = chunk(len).clamp(1, len);
            let (taken, rest) = piece.cut(chunk);
            cutting.1 = len - chunk;
            if chunk < len {
                *self.piece.lock() = Some(rest);
            }
            return Some(taken);
        }
    }
}
