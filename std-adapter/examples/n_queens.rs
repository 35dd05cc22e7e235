//! In how many ways eleven queens stand on a board of eleven by eleven, none in the way of another.

#![forbid(unsafe_code)]

use taskflow_std::{Executor, RunError};

const SIDE: u32 = 11;

/// Ways to fill the rows that are left. A bit of each mask is a column: taken, or in the way of a diagonal.
fn ways(columns: u32, left: u32, right: u32) -> u64 {
    let all = (1 << SIDE) - 1;
    if columns == all {
        return 1;
    }
    let mut sum = 0;
    let mut free = all & !(columns | left | right);
    while free != 0 {
        let queen = free & free.wrapping_neg();
        free ^= queen;
        sum += ways(columns | queen, (left | queen) << 1, (right | queen) >> 1);
    }
    sum
}

/// The same for the boards with these two queens in the first rows.
fn ways_after(first: u32, second: u32) -> u64 {
    let (one, other) = (1 << first, 1 << second);
    let (left, right) = (one << 1, one >> 1);
    if other & (one | left | right) != 0 {
        return 0;
    }
    ways(one | other, (left | other) << 1, (right | other) >> 1)
}

fn main() -> Result<(), RunError> {
    let count = Executor::new(0).transform_reduce(
        0..SIDE * SIDE,
        0,
        |begin| ways_after(begin / SIDE, begin % SIDE),
        |one, other| one + other,
    )?;
    assert_eq!(count, 2680);
    println!("{SIDE} queens: {count} ways");
    Ok(())
}
