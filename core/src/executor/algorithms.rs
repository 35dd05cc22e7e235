//! The algorithms as methods of an executor.

use core::cmp::Ordering;
use core::ops::Range;

use super::Executor;
use crate::algorithm::Divisible;
use crate::error::RunError;
use crate::platform::Platform;

macro_rules! methods {
    ($($name:ident $function:ident [$($parameters:tt)*]($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {
        impl<P: Platform, S> Executor<P, S> {
            $(
                #[doc = concat!("See [`Parallel::", stringify!($name), "`](crate::Parallel::", stringify!($name), ").")]
                ///
                /// # Errors
                ///
                /// See [`Parallel`](crate::Parallel).
                ///
                /// # Panics
                ///
                /// As there.
                pub fn $name<$($parameters)*>(&self, $($argument: $kind),*) -> Result<$result, RunError> {
                    self.parallel().$name($($argument),*)
                }
            )*
        }
    };
}

crate::algorithms!(methods);
