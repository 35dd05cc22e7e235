//! Items by the handful, always the same handfuls.

use super::Divisible;

/// Leaves that a tree has at most, unless the caller says how long they are.
const LEAVES_MAX: usize = 1024;

/// Items in leaves of `size`; the last may be shorter.
#[derive(Debug)]
pub(super) struct Leaves<D> {
    items: D,
    size: usize,
}

/// One leaf after another.
#[derive(Debug)]
pub(super) struct Cuts<D> {
    rest: Option<D>,
    size: usize,
}

impl<D: Divisible> Leaves<D> {
    /// Leaves of `size` items, or for 0 as long as their number asks for: no shorter than `at_least`.
    pub(super) fn of(items: D, size: usize, at_least: usize) -> Self {
        let size = match size {
            0 => items.len().div_ceil(LEAVES_MAX).max(at_least),
            size => size,
        };
        Self { items, size }
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }
}

impl<D: Divisible> Divisible for Leaves<D> {
    type Item = D;
    type Items = Cuts<D>;

    fn len(&self) -> usize {
        self.items.len().div_ceil(self.size)
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let cut = index.saturating_mul(self.size).min(self.items.len());
        let (left, right) = self.items.split_at(cut);
        let size = self.size;
        (Self { items: left, size }, Self { items: right, size })
    }

    fn items(self) -> Cuts<D> {
        Cuts {
            rest: (!self.items.is_empty()).then_some(self.items),
            size: self.size,
        }
    }
}

impl<D: Divisible> Iterator for Cuts<D> {
    type Item = D;

    fn next(&mut self) -> Option<D> {
        let rest = self.rest.take()?;
        if rest.len() <= self.size {
            return Some(rest);
        }
        let (leaf, rest) = rest.split_at(self.size);
        self.rest = Some(rest);
        Some(leaf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_leaf_depends_on_the_number_of_items_alone() {
        for (items, size, leaves) in [(0, 1, 0), (1, 1, 1), (1024, 1, 1024), (1025, 2, 513)] {
            let all = Leaves::of(0..items, 0, 1);
            assert_eq!((all.size(), Divisible::len(&all)), (size, leaves));
            let (left, right) = all.split_at(leaves / 3);
            let cut = left.items().chain(right.items()).flatten();
            assert!(cut.eq(0..items));
        }
        assert_eq!(Leaves::of(0..10usize, 3, 1).items().last(), Some(9..10));
    }
}
