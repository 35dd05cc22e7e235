//! What a call does, and with what.

use super::Divisible;
use super::pacer::Pace;

/// What is done with items.
pub(super) trait Work<D>: Sync {
    /// What one worker keeps from chunk to chunk.
    type Local;

    /// Begins a piece.
    fn begin(&self) -> Self::Local;

    /// Does a chunk, of which the first item is the `first`-th of all. Those of a piece come in order, one
    /// behind the other.
    fn run(&self, local: &mut Self::Local, first: usize, items: D);

    /// A piece has ended. Unless this `goes_on`, the call was stopped, and has no result.
    fn end(&self, local: Self::Local, goes_on: &dyn Fn() -> bool);

    /// Whether the items from the `first` on need not be done.
    fn is_over(&self, first: usize) -> bool {
        let _ = first;
        false
    }
}

/// Items that follow one another.
pub(super) struct Piece<D> {
    /// The number of the first.
    pub(super) first: usize,
    pub(super) items: D,
    pub(super) pace: Pace,
}

impl<D: Divisible> Piece<D> {
    /// The first `index` items, and the others.
    pub(super) fn cut(self, index: usize) -> (Self, Self) {
        let (left, right) = self.items.split_at(index);
        let right = Self {
            first: self.first + index,
            items: right,
            ..self
        };
        (
            Self {
                items: left,
                ..self
            },
            right,
        )
    }
}
