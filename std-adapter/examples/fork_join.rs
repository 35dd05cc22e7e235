//! In how many ways can n queens stand on a board of n by n without one of them attacking another? Counted by joins: the
//! columns of a row are forked in halves.
//!
//! `cargo run --release -p taskflow-std --example fork_join -- 13`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Instant;

use taskflow_std::{Executor, Fork};

/// How many ways there are for boards of 0 to 16.
const KNOWN: [u64; 17] = [
    1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2_680, 14_200, 73_712, 365_596, 2_279_184, 14_772_512,
];

/// The columns, and the diagonals to both sides, that are attacked in the next row: a bit each.
#[derive(Clone, Copy, Default)]
struct Attacked {
    columns: u32,
    left: u32,
    right: u32,
}

impl Attacked {
    /// With a queen more, in the next row.
    fn by(self, queen: u32) -> Self {
        Self {
            columns: self.columns | queen,
            left: (self.left | queen) << 1,
            right: (self.right | queen) >> 1,
        }
    }
}

/// Ways to fill the rows that are left.
fn ways(fork: Fork<'_>, size: u32, row: u32, attacked: Attacked) -> u64 {
    if row == size {
        return 1;
    }
    let free = !(attacked.columns | attacked.left | attacked.right) & ((1 << size) - 1);
    ways_from(fork, size, row, attacked, free)
}

/// Those with the queen of this row on one of the `free` columns.
fn ways_from(fork: Fork<'_>, size: u32, row: u32, attacked: Attacked, free: u32) -> u64 {
    let queen = free & free.wrapping_neg();
    let others = free ^ queen;
    if free == 0 {
        return 0;
    }
    let (here, elsewhere) = fork.join(
        move |fork| ways(fork, size, row + 1, attacked.by(queen)),
        move |fork| ways_from(fork, size, row, attacked, others),
    );
    here + elsewhere
}

fn main() -> ExitCode {
    let size = std::env::args().nth(1).map_or(Ok(12), |size| size.parse());
    let Ok(size @ 0..17) = size else {
        eprintln!("usage: fork_join [queens, 16 at most]");
        return ExitCode::FAILURE;
    };
    let executor = Executor::new(0);
    let begun = Instant::now();
    let ways = executor.fork(|fork| ways(fork, size, 0, Attacked::default()));
    println!("{size} queens: {ways} ways, in {:?}", begun.elapsed());
    if ways == KNOWN[size as usize] {
        ExitCode::SUCCESS
    } else {
        eprintln!("there are {}", KNOWN[size as usize]);
        ExitCode::FAILURE
    }
}
