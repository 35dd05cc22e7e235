//! Recursions that do next to nothing but fork: Fibonacci numbers, and a tree that is wider than it is deep.

use core::hint::black_box;

use super::{Effort, Visit};
use crate::contest::{Contender, Contest};
use crate::peer::{self, Recursion};

fn fibonacci(number: u32) -> u64 {
    if number < 2 {
        return number.into();
    }
    fibonacci(black_box(number - 1)) + fibonacci(black_box(number - 2))
}

fn skynet(first: u64, leaves: u64) -> u64 {
    if leaves == 1 {
        return first;
    }
    let each = black_box(leaves / 10);
    (0..10)
        .map(|child| skynet(first + child * each, each))
        .sum()
}

pub(super) fn contests(effort: Effort, visit: Visit<'_>) {
    // About as many calls as a graph has tasks.
    let number = 2 * effort.side.ilog2() + 8;
    let by_hand = Contender::new("by hand", 0, move || {
        black_box(fibonacci(number));
    });
    let forks = fibonacci(number + 1) - 1;
    ask(
        format!("fib({number})"),
        forks,
        Recursion::Fibonacci(number),
        by_hand,
        visit,
    );
    let leaves = 10_u64.pow(effort.side.pow(2).ilog10());
    let by_hand = Contender::new("by hand", 0, move || {
        black_box(skynet(0, leaves));
    });
    ask(
        format!("skynet({leaves})"),
        leaves - 1,
        Recursion::Skynet(leaves),
        by_hand,
        visit,
    );
}

/// What a fork takes, so many of which the recursion makes.
fn ask(title: String, forks: u64, recursion: Recursion, by_hand: Contender<'_>, visit: Visit<'_>) {
    let mut contenders = vec![by_hand];
    contenders.extend(peer::all(|peer| peer.join(recursion)));
    visit(&mut Contest::new(title, forks, contenders));
}
