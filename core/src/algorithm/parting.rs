//! Parting items in place: by one worker, and by several.
//!
//! ```text
//!   leaves      l l r r │ l r r r │ l l l r │ l l r r      each parted by itself
//!   misplaced       x x     x x x   x x x     x x          right ones before the cut, left ones behind it
//!   whole       l l l l   l l l l   r r r r   r r r r      each such pair of pieces swapped by itself
//! ```
//!
//! All moves are swaps, and none is under way while user code runs: whatever that does, the items are the same.

use alloc::vec;
use alloc::vec::Vec;

use super::leaves::Leaves;
use super::{Divisible, Parallel, Partitioner};
use crate::error::RunError;

/// Items between two looks at whether to go on; and of a leaf.
const LEAF: usize = 1 << 14;

/// Brings the items that are such before the others. Gives how many they are; `None`: given up when `goes_on` said so,
/// which is asked now and then.
pub(super) fn sift<T>(
    items: &mut [T],
    is_such: impl Fn(&T) -> bool,
    goes_on: &dyn Fn() -> bool,
) -> Option<usize> {
    let (mut such, mut done) = (0, 0);
    while done < items.len() {
        if !goes_on() {
            return None;
        }
        let end = items.len().min(done + LEAF);
        let items = &mut items[..end];
        for at in done..end {
            // (Without a branch: nobody could foretell it.)
            let is_such = is_such(&items[at]);
            items.swap(such, at);
            such += usize::from(is_such);
        }
        done = end;
    }
    Some(such)
}

/// As [`sift`], with all who have nothing to do.
///
/// # Errors
///
/// See [`Parallel`].
pub(super) fn sift_together<T: Send>(
    helpers: Parallel<'_>,
    items: &mut [T],
    is_such: impl Fn(&T) -> bool + Sync,
) -> Result<usize, RunError> {
    let by_leaf = helpers.with(Partitioner::Adaptive { chunk: 1 });
    let leaves = Leaves::of(&mut *items, LEAF, 1);
    let mut counts = vec![0; leaves.len()];
    by_leaf.for_each((leaves, &mut counts[..]), |(leaf, count)| {
        *count = sift(leaf, &is_such, &|| true).unwrap_or(0);
    })?;
    let cut = counts.iter().sum();
    let (front, back) = items.split_at_mut(cut);
    let mut misplaced = Misplaced::default();
    // Those of the leaf in which the cut is, which lie in the back.
    let (whole, within) = (cut / LEAF, cut % LEAF);
    for (leaf, such) in front.chunks_mut(LEAF).zip(&counts) {
        let such = leaf.len().min(*such);
        misplaced.front.push(&mut leaf[such..]);
    }
    let (first, others) = back.split_at_mut(back.len().min(LEAF - within));
    let such = counts
        .get(whole)
        .map_or(0, |such| such.saturating_sub(within));
    misplaced.back.push(&mut first[..such]);
    for (leaf, such) in others.chunks_mut(LEAF).zip(counts.iter().skip(whole + 1)) {
        misplaced.back.push(&mut leaf[..*such]);
    }
    let mut pairs = misplaced.pairs();
    by_leaf.for_each(&mut pairs[..], |(one, other)| one.swap_with_slice(other))?;
    Ok(cut)
}

/// Items on the wrong side of the cut, in pieces: as many before it as behind it.
struct Misplaced<'i, T> {
    front: Vec<&'i mut [T]>,
    back: Vec<&'i mut [T]>,
}

impl<T> Default for Misplaced<'_, T> {
    fn default() -> Self {
        let (front, back) = (Vec::new(), Vec::new());
        Self { front, back }
    }
}

impl<'i, T> Misplaced<'i, T> {
    /// Pieces of equal length that are to be swapped.
    fn pairs(mut self) -> Vec<(&'i mut [T], &'i mut [T])> {
        let mut pairs = Vec::new();
        let (mut one, mut other): (&mut [T], &mut [T]) = (&mut [], &mut []);
        loop {
            if one.is_empty() {
                match self.front.pop() {
                    Some(next) => one = next,
                    None => return pairs,
                }
            } else if other.is_empty() {
                match self.back.pop() {
                    Some(next) => other = next,
                    None => return pairs,
                }
            } else {
                let len = one.len().min(other.len());
                let (these, rest) = core::mem::take(&mut one).split_at_mut(len);
                let (those, others) = core::mem::take(&mut other).split_at_mut(len);
                (one, other) = (rest, others);
                pairs.push((these, those));
            }
        }
    }
}
