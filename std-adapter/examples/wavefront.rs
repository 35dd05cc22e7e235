//! A wavefront: each cell of a grid after its upper and its left neighbour. Counts the shortest paths
//! through a grid, cell by cell, and runs the same graph again and again.

#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering};

use taskflow_std::{Executor, RunError, Taskflow};

const SIDE: usize = 30;

fn main() -> Result<(), RunError> {
    let paths: Vec<AtomicU64> = (0..SIDE * SIDE).map(|_| AtomicU64::new(0)).collect();
    // Ordering: Relaxed; the edges of the graph order the cells.
    let at = |row: usize, column: usize| paths[row * SIDE + column].load(Ordering::Relaxed);
    let flow = Taskflow::with_name("wavefront");
    let mut cells = Vec::new();
    for row in 0..SIDE {
        for column in 0..SIDE {
            let cell = flow.emplace({
                let paths = &paths;
                move || {
                    let sum = match (row, column) {
                        (0, _) | (_, 0) => 1,
                        _ => at(row - 1, column) + at(row, column - 1),
                    };
                    // Ordering: Relaxed, as above.
                    paths[row * SIDE + column].store(sum, Ordering::Relaxed);
                }
            });
            if row > 0 {
                cell.succeed(cells[(row - 1) * SIDE + column]);
            }
            if column > 0 {
                cell.succeed(cells[row * SIDE + column - 1]);
            }
            cells.push(cell);
        }
    }
    let executor = Executor::new(0);
    for _ in 0..100 {
        executor.run_and_wait(&flow)?;
    }
    // The number of shortest paths is the binomial coefficient (58 over 29).
    let expected = (1..30u128).fold(1, |paths, step| paths * (29 + step) / step);
    println!("{} shortest paths", at(SIDE - 1, SIDE - 1));
    assert_eq!(u128::from(at(SIDE - 1, SIDE - 1)), expected);
    Ok(())
}
