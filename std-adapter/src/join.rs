//! Fork and join on the default executor.

use crate::default_executor;

/// Calls both, maybe at the same time, and gives what they gave; see [`Executor::join`](crate::Executor::join). On the
/// [default executor](default_executor), also inside of tasks of others.
///
/// # Panics
///
/// If one of them does, with the same payload; and if the default executor cannot be started.
///
/// # Examples
///
/// ```
/// fn largest(numbers: &[u32]) -> u32 {
///     match numbers {
///         [] => 0,
///         [number] => *number,
///         _ => {
///             let (left, right) = numbers.split_at(numbers.len() / 2);
///             let (left, right) = taskflow_std::join(|| largest(left), || largest(right));
///             left.max(right)
///         }
///     }
/// }
/// assert_eq!(largest(&[3, 1, 4, 1, 5, 9, 2, 6]), 9);
/// ```
pub fn join<A, B, RA, RB>(a: A, b: B) -> (RA, RB)
where
    A: FnOnce() -> RA,
    B: FnOnce() -> RB + Send,
    RB: Send,
{
    default_executor().join(a, b)
}
