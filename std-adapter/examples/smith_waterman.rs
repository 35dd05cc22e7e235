//! A blocked wavefront: the Smith-Waterman score of two DNA sequences, the best local alignment. The matrix
//! is cut into blocks; a block starts when the blocks above and to the left are done, and hands on its last
//! row and column only, so that the matrix is never in memory.

#![forbid(unsafe_code)]

use std::sync::{Mutex, MutexGuard, PoisonError};

use taskflow_std::{Executor, RunError, Taskflow};

const BLOCKS: usize = 16;
const BLOCK: usize = 128;
const MATCH: i32 = 3;
const MISMATCH: i32 = -2;
const GAP: i32 = 2;

/// What a block leaves to others.
#[derive(Clone, Default)]
struct Border {
    bottom: Vec<i32>,
    right: Vec<i32>,
    best: i32,
}

/// A cell of the matrix from its neighbours.
fn cell(diagonal: i32, up: i32, left: i32, same: bool) -> i32 {
    let step = if same { MATCH } else { MISMATCH };
    (diagonal + step).max(up - GAP).max(left - GAP).max(0)
}

/// A block from the row above it, which begins with the corner, and the column to its left.
fn block(mut above: Vec<i32>, left: &[i32], rows: &[u8], columns: &[u8]) -> Border {
    let mut border = Border::default();
    for (row, left) in rows.iter().zip(left) {
        let mut diagonal = above[0];
        above[0] = *left;
        for (place, column) in columns.iter().enumerate() {
            let up = above[place + 1];
            above[place + 1] = cell(diagonal, up, above[place], row == column);
            diagonal = up;
            border.best = border.best.max(above[place + 1]);
        }
        border.right.push(above[columns.len()]);
    }
    border.bottom = above.split_off(1);
    border
}

/// A sequence by a linear congruential generator, and one that comes from it by changes here and there.
fn sequences() -> (Vec<u8>, Vec<u8>) {
    let mut seed = 7u32;
    let mut dice = |end: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % end
    };
    let mut base = || b"ACGT"[usize::try_from(dice(4)).expect("below four")];
    let first: Vec<u8> = (0..BLOCKS * BLOCK).map(|_| base()).collect();
    let mut second = first.clone();
    for place in (0..second.len()).step_by(9) {
        second[place] = base();
    }
    second.rotate_left(500);
    (first, second)
}

/// The plain recurrence over the whole matrix.
fn expected(first: &[u8], second: &[u8]) -> i32 {
    let mut matrix = vec![vec![0; second.len() + 1]; first.len() + 1];
    let mut best = 0;
    for (i, row) in first.iter().enumerate() {
        for (j, column) in second.iter().enumerate() {
            let (diagonal, up, left) = (matrix[i][j], matrix[i][j + 1], matrix[i + 1][j]);
            matrix[i + 1][j + 1] = cell(diagonal, up, left, row == column);
            best = best.max(matrix[i + 1][j + 1]);
        }
    }
    best
}

fn main() -> Result<(), RunError> {
    let (first, second) = sequences();
    let borders: Vec<Mutex<Border>> = (0..BLOCKS * BLOCKS).map(|_| Mutex::default()).collect();
    let at = |row: usize, column: usize| -> MutexGuard<'_, Border> {
        let border = borders[row * BLOCKS + column].lock();
        border.unwrap_or_else(PoisonError::into_inner)
    };
    let at = &at;
    let flow = Taskflow::with_name("Smith-Waterman");
    let mut tasks = Vec::new();
    for (row, rows) in first.chunks(BLOCK).enumerate() {
        for (column, columns) in second.chunks(BLOCK).enumerate() {
            let task = flow.emplace(move || {
                let corner = match (row, column) {
                    (0, _) | (_, 0) => 0,
                    _ => at(row - 1, column - 1).bottom[BLOCK - 1],
                };
                let mut above = vec![corner];
                match row {
                    0 => above.resize(BLOCK + 1, 0),
                    _ => above.extend(&at(row - 1, column).bottom),
                }
                let left = match column {
                    0 => vec![0; BLOCK],
                    _ => at(row, column - 1).right.clone(),
                };
                *at(row, column) = block(above, &left, rows, columns);
            });
            if row > 0 {
                task.succeed(tasks[(row - 1) * BLOCKS + column]);
            }
            if column > 0 {
                task.succeed(tasks[row * BLOCKS + column - 1]);
            }
            tasks.push(task);
        }
    }
    let stats = Executor::new(0).run_and_wait(&flow)?;
    let bests = borders.iter().map(|border| {
        let border = border.lock().unwrap_or_else(PoisonError::into_inner);
        border.best
    });
    let score = bests.max().expect("there are blocks");
    println!(
        "score {score} for {} and {} bases, in {} blocks",
        first.len(),
        second.len(),
        stats.tasks
    );
    assert_eq!(score, expected(&first, &second));
    Ok(())
}
