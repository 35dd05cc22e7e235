//! Fibonacci numbers: a fork for each call, and an addition.

use core::hint::black_box;

use super::{Effort, Visit};
use crate::contest::{Contender, Contest};
use crate::peer;

fn fibonacci(number: u32) -> u64 {
    if number < 2 {
        return number.into();
    }
    fibonacci(black_box(number - 1)) + fibonacci(black_box(number - 2))
}

pub(super) fn contests(effort: Effort, visit: Visit<'_>) {
    // About as many calls as a graph has tasks.
    let number = 2 * effort.side.ilog2() + 8;
    let mut contenders = vec![Contender::new("by hand", 0, move || {
        black_box(fibonacci(number));
    })];
    contenders.extend(peer::all(|peer| peer.join(number)));
    // Two calls for each one that the sum is made of, but one.
    let calls = 2 * fibonacci(number + 1) - 1;
    visit(&mut Contest::new(
        format!("fib({number})"),
        calls,
        contenders,
    ));
}
