//! What algorithms are given.

use core::time::Duration;
use std::time::Instant;

use crate::peer::Algorithm;

/// Numbers in no order, room for as many, and for [`Algorithm::Sort`] those that each call begins with.
#[derive(Debug)]
pub(crate) struct Numbers {
    given: Vec<u64>,
    room: Vec<u64>,
    again: Vec<u64>,
}

impl Numbers {
    pub(crate) fn new(which: Algorithm, len: usize) -> Self {
        let given = scrambled(len);
        Self {
            room: if which == Algorithm::Scan {
                given.clone()
            } else {
                Vec::new()
            },
            again: if which == Algorithm::Sort {
                given.clone()
            } else {
                Vec::new()
            },
            given,
        }
    }

    /// The last number, which stands nowhere else.
    pub(crate) fn last(&self) -> u64 {
        self.given.last().copied().unwrap_or(0)
    }

    /// How long the call takes, with the numbers and the room.
    pub(crate) fn timed(&mut self, call: impl FnOnce(&mut [u64], &mut [u64])) -> Duration {
        if !self.again.is_empty() {
            self.given.copy_from_slice(&self.again);
        }
        let begin = Instant::now();
        call(&mut self.given, &mut self.room);
        let time = begin.elapsed();
        if !self.again.is_empty() {
            assert!(self.given.is_sorted(), "they are in order");
        }
        time
    }
}

/// What for-each does.
pub(crate) fn changed(number: u64) -> u64 {
    number.wrapping_mul(3) ^ 0x55
}

/// As many numbers, in no order, all different.
fn scrambled(len: usize) -> Vec<u64> {
    (0..len as u64)
        .map(|number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23))
        .collect()
}
