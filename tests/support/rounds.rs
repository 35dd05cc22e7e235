//! How often what is rare is tried: `TASKFLOW_FULL=1` asks for all of it.

use crate::support::size::is_full;

/// How many rounds: 100 where all was asked for.
pub(crate) fn rounds() -> usize {
    let rounds = if is_full() { 100 } else { 3 };
    println!("{rounds} of 100 rounds");
    rounds
}
