//! A supply: every piece is had once, and everybody who comes too late is told so.
//!
//! What is cut is a cell of the checker, written by each cut: two cuts that are not ordered end the model. The second
//! model is bounded, since workers come again and again. (A worker that would wait for ever for what is not there exceeds the checker's bound on the
//! length of an execution, which ends the model too.)

use std::rc::Rc;

use loom::cell::Cell;
use loom::thread;
use taskflow_core::protocol::supply::Supply;

use crate::support::explore::{Preemptions, explore};

/// Takes pieces until none is left. Gives their sum.
fn take_all(supply: &Supply<Rc<Cell<u32>>>) -> u32 {
    let mut sum = 0;
    while let Some(piece) = supply.take(|rest| {
        let piece = rest.get();
        rest.set(piece - 1);
        let left = (piece > 1).then(|| (rest, piece as usize - 1));
        (piece, left)
    }) {
        sum += piece;
    }
    sum
}

fn share(pieces: u32, preemptions: Preemptions) {
    explore(preemptions, move || {
        let all = Rc::new(Cell::new(pieces));
        let supply = Rc::new(Supply::new(all, pieces as usize));
        let other = Rc::clone(&supply);
        let other = thread::spawn(move || take_all(&other));
        let sum = take_all(&supply) + other.join().expect("no part of the model panics");
        assert_eq!(sum, pieces * (pieces + 1) / 2);
        assert_eq!(supply.left(), 0);
    });
}

#[test]
fn two_workers_share_a_piece() {
    share(1, None);
}

#[test]
fn two_workers_share_two_pieces() {
    share(2, Some(3));
}
