//! Grouping the results of leaves, always in the same way.
//!
//! ```text
//!   level 2             0 ─────────────── (1)
//!   level 1        0 ─────── 1 ──── 2      │
//!   leaves       0 ── 1   2 ── 3   4
//! ```
//!
//! Two neighbours, of which the left has an even number, become one node of the next level; a last one without a
//! neighbour goes up as it is. That is all that the grouping depends on.
//!
//! A worker that does leaves one after another keeps their nodes on a [`Stack`], on which they merge as far as they are
//! whole. What is left when its piece ends goes into the [`Tree`], where of two neighbours the first that comes leaves
//! its value in the place of the other, and the second goes on with both. So nobody waits for anybody.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::sync::Mutex;

/// A node's value.
struct Node<T> {
    level: u32,
    index: usize,
    value: T,
}

/// Values of leaves that were done one after another.
pub(super) struct Stack<T>(Vec<Node<T>>);

impl<T> Stack<T> {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds the value of a leaf, which follows the last.
    #[inline]
    pub(super) fn push(&mut self, leaf: usize, value: T, merge: &impl Fn(T, T) -> T) {
        let mut node = Node {
            level: 0,
            index: leaf,
            value,
        };
        while node.index % 2 == 1
            && let Some(left) = self.0.last()
            && (left.level, left.index + 1) == (node.level, node.index)
            && let Some(left) = self.0.pop()
        {
            node = Node {
                level: node.level + 1,
                index: node.index / 2,
                value: merge(left.value, node.value),
            };
        }
        self.0.push(node);
    }

    /// The value of all, if these were all leaves.
    pub(super) fn finish(mut self, merge: &impl Fn(T, T) -> T) -> Option<T> {
        let mut value = self.0.pop()?.value;
        while let Some(left) = self.0.pop() {
            value = merge(left.value, value);
        }
        Some(value)
    }
}

/// Where the values of several workers meet. One place for each leaf: that of a node whose left half is missing, or
/// whose right is, is the first leaf of its right half; the first leaf is where the last value goes.
pub(super) struct Tree<T>(Box<[Mutex<Option<T>>]>);

impl<T> Tree<T> {
    pub(super) fn new(leaves: usize) -> Self {
        Self((0..leaves).map(|_| Mutex::new(None)).collect())
    }

    /// Takes in what a worker has, as long as the call goes on.
    pub(super) fn take_in(
        &self,
        stack: Stack<T>,
        merge: &impl Fn(T, T) -> T,
        goes_on: &dyn Fn() -> bool,
    ) {
        for node in stack.0 {
            if !goes_on() {
                return;
            }
            self.rise(node, merge);
        }
    }

    fn rise(&self, mut node: Node<T>, merge: &impl Fn(T, T) -> T) {
        while self.0.len() > 1 << node.level {
            let right = (node.index | 1) << node.level;
            if let Some(place) = self.0.get(right) {
                let mut place = place.lock();
                let Some(other) = place.take() else {
                    *place = Some(node.value);
                    return;
                };
                drop(place);
                node.value = if node.index & 1 == 0 {
                    merge(node.value, other)
                } else {
                    merge(other, node.value)
                };
            }
            node.level += 1;
            node.index /= 2;
        }
        *self.0[0].lock() = Some(node.value);
    }

    /// The value of all leaves.
    pub(super) fn finish(self) -> Option<T> {
        self.0.first()?.lock().take()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::*;

    /// Shows how its values were grouped.
    fn merge(left: String, right: String) -> String {
        format!("({})", [left, right].concat())
    }

    fn stack(leaves: core::ops::Range<usize>) -> Stack<String> {
        let mut stack = Stack::new();
        for leaf in leaves {
            stack.push(leaf, format!("{leaf:x}"), &merge);
        }
        stack
    }

    #[test]
    fn however_leaves_are_shared_out_they_are_grouped_alike() {
        assert_eq!(stack(0..0).finish(&merge), None);
        assert_eq!(
            stack(0..5).finish(&merge).unwrap_or_default(),
            "(((01)(23))4)"
        );
        for leaves in 1..40 {
            let whole = stack(0..leaves).finish(&merge);
            for one in 0..=leaves {
                for other in one..=leaves {
                    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0], [2, 1, 0]] {
                        let tree = Tree::new(leaves);
                        let parts = [0..one, one..other, other..leaves];
                        for part in order {
                            tree.take_in(stack(parts[part].clone()), &merge, &|| true);
                        }
                        assert_eq!(tree.finish(), whole, "{leaves}: {one}, {other}");
                    }
                }
            }
        }
    }
}
