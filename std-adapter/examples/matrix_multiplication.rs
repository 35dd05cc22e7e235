//! The product of two matrices: a loop over its rows.

#![forbid(unsafe_code)]

use taskflow_std::{Executor, RunError};

const SIDE: usize = 256;

/// A matrix of small whole numbers, row by row, so that sums of products are exact.
fn matrix(seed: usize) -> Vec<f64> {
    let cell = |index: usize| ((index * 31 + seed) % 17) as f64 - 8.0;
    (0..SIDE * SIDE).map(cell).collect()
}

fn main() -> Result<(), RunError> {
    let (left, right) = (matrix(3), matrix(5));
    let mut product = vec![0.0; SIDE * SIDE];
    let mut rows: Vec<&mut [f64]> = product.chunks_mut(SIDE).collect();
    Executor::new(0).for_each((0..SIDE, &mut rows[..]), |(row, cells)| {
        for (middle, factor) in left[row * SIDE..][..SIDE].iter().enumerate() {
            for (cell, other) in cells.iter_mut().zip(&right[middle * SIDE..][..SIDE]) {
                *cell += factor * other;
            }
        }
    })?;

    for (index, cell) in product.iter().enumerate() {
        let (row, column) = (index / SIDE, index % SIDE);
        let products = (0..SIDE).map(|at| left[row * SIDE + at] * right[at * SIDE + column]);
        assert_eq!(*cell, products.sum::<f64>(), "row {row}, column {column}");
    }
    println!("the first cell of the product is {}", product[0]);
    Ok(())
}
