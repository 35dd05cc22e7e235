//! Tokens through four serial pipes that do next to nothing.

use core::hint::black_box;

use super::{Effort, Visit};
use crate::contest::{Contender, Contest};
use crate::peer;

/// Calls of a pipe for one token.
const PIPES: u64 = 4;

pub(super) fn contests(effort: Effort, visit: Visit<'_>) {
    let tokens = u64::from(effort.side * effort.side / 4);
    let mut contenders = vec![Contender::new("by hand, boxes", 0, by_hand(tokens))];
    contenders.extend(peer::all(|peer| peer.stream(tokens)));
    visit(&mut Contest::new("empty pipes", tokens * PIPES, contenders));
}

fn by_hand(tokens: u64) -> impl FnMut() {
    let pipe = || -> Box<dyn FnMut(u64) -> u64> { Box::new(black_box) };
    let mut pipes = black_box([pipe(), pipe(), pipe(), pipe()]);
    move || {
        for number in 0..tokens {
            pipes.iter_mut().fold(number, |number, pipe| pipe(number));
        }
    }
}
