//! Rows whose neighbours are all in the same order.

use alloc::vec::Vec;

use super::leaves::Leaves;
use super::rows::Row;
use super::{Parallel, Partitioner};
use crate::error::RunError;

/// Pairs that are compared between two looks at whether to go on, and by one helper.
const BETWEEN: usize = 1 << 14;

/// Whether all neighbours are so, and nobody said to stop.
///
/// # Errors
///
/// Those of helpers, if there are any: see [`Parallel`].
pub(super) fn is_chain<T: Send, R: Row<T>>(
    row: &mut R,
    goes_on: &dyn Fn() -> bool,
    helpers: Option<Parallel<'_>>,
    is_so: impl Fn(&T, &T) -> bool + Sync,
) -> Result<bool, RunError> {
    match helpers {
        Some(helpers) => is_chain_together(helpers, row, is_so),
        None => Ok(is_chain_alone(row, goes_on, is_so)),
    }
}

fn is_chain_alone<T, R: Row<T>>(
    row: &R,
    goes_on: &dyn Fn() -> bool,
    is_so: impl Fn(&T, &T) -> bool,
) -> bool {
    let (mut rest, reversed) = row.items();
    while rest.len() > 1 {
        let now = &rest[..rest.len().min(BETWEEN)];
        let mut pairs = now.windows(2);
        let are_so = if reversed {
            pairs.all(|pair| is_so(&pair[1], &pair[0]))
        } else {
            pairs.all(|pair| is_so(&pair[0], &pair[1]))
        };
        if !are_so || !goes_on() {
            return false;
        }
        rest = &rest[now.len() - 1..];
    }
    true
}

fn is_chain_together<T: Send, R: Row<T>>(
    helpers: Parallel<'_>,
    row: &mut R,
    is_so: impl Fn(&T, &T) -> bool + Sync,
) -> Result<bool, RunError> {
    // (An item may be looked at by one at a time, so the caller compares those that meet at a seam.)
    let mut seams = (BETWEEN..row.len()).step_by(BETWEEN);
    if !seams.all(|seam| is_so(row.item(seam - 1), row.item(seam))) {
        return Ok(false);
    }
    let by_leaf = helpers.with(Partitioner::Adaptive { chunk: 1 });
    by_leaf.all(Leaves::of(row.settle(), BETWEEN, 1), |leaf| {
        leaf.windows(2).all(|pair| is_so(&pair[0], &pair[1]))
    })
}

/// Brings the last item to the front and so on, with all who have nothing to do.
///
/// # Errors
///
/// See [`Parallel`]. The items are in some order.
pub(super) fn reverse_together<T: Send>(
    helpers: Parallel<'_>,
    items: &mut [T],
) -> Result<(), RunError> {
    let half = items.len() / 2;
    let (front, rest) = items.split_at_mut(half);
    let (_, back) = rest.split_at_mut(rest.len() - half);
    let fronts = front.chunks_mut(BETWEEN);
    let mut pairs: Vec<_> = fronts.zip(back.rchunks_mut(BETWEEN)).collect();
    let by_leaf = helpers.with(Partitioner::Adaptive { chunk: 1 });
    by_leaf.for_each(&mut pairs[..], |(front, back)| {
        front.reverse();
        back.reverse();
        front.swap_with_slice(back);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Executor, Manual};

    const LENGTHS: [usize; 9] = [
        0,
        1,
        2,
        BETWEEN - 1,
        BETWEEN,
        BETWEEN + 1,
        2 * BETWEEN,
        2 * BETWEEN + 1,
        5 * BETWEEN + 3,
    ];

    #[test]
    fn several_see_what_one_sees_wherever_a_chain_is_broken() {
        let executor = Executor::<Manual>::new(3);
        for len in LENGTHS {
            let breaks = (0..len).filter(|at| at % BETWEEN < 2 || at % BETWEEN > BETWEEN - 3);
            for at in breaks.chain([len]) {
                let mut items: Vec<usize> = (0..len).collect();
                if let Some(item) = items.get_mut(at) {
                    *item = 0;
                }
                let expected = items.windows(2).all(|pair| pair[0] < pair[1]);
                let seen = [None, Some(executor.parallel())].map(|helpers| {
                    is_chain(&mut &mut items[..], &|| true, helpers, |one, next| {
                        one < next
                    })
                    .ok()
                });
                assert_eq!(seen, [Some(expected); 2], "{at} of {len}");
            }
        }
    }

    #[test]
    fn several_reverse_what_one_reverses() {
        let executor = Executor::<Manual>::new(3);
        for len in LENGTHS {
            let mut items: Vec<usize> = (0..len).collect();
            assert!(reverse_together(executor.parallel(), &mut items).is_ok());
            assert!(items.into_iter().eq((0..len).rev()), "{len}");
        }
    }
}
