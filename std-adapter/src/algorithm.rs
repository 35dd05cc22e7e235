//! The algorithms as functions, on the default executor.

use core::cmp::Ordering;
use core::ops::Range;

use taskflow_core::{Divisible, RunError};

use crate::default_executor;

macro_rules! functions {
    ($($name:ident $function:ident [$($parameters:tt)*]($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {
        $(
            #[doc = concat!("See [`Parallel::", stringify!($name), "`](crate::Parallel::", stringify!($name), "). On the [default executor](default_executor).")]
            ///
            /// # Errors
            ///
            /// See [`Parallel`](crate::Parallel).
            ///
            /// # Panics
            ///
            /// As there; and if the default executor cannot be started.
            pub fn $function<$($parameters)*>($($argument: $kind),*) -> Result<$result, RunError> {
                default_executor().$name($($argument),*)
            }
        )*
    };
}

taskflow_core::algorithms!(functions);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_run_on_the_default_executor() {
        let mut numbers: Vec<u32> = (0..10_000).rev().collect();
        parallel_sort(&mut numbers).expect("nothing panics");
        assert!(numbers.iter().copied().eq(0..10_000));
        parallel_for_each(&mut numbers[..], |number| *number += 1).expect("nothing panics");
        let sum = parallel_reduce(&numbers, 0, |a, b| a + b);
        assert_eq!(sum.expect("nothing panics"), 50_005_000);
    }
}
