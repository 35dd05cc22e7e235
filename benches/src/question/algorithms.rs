//! What is done with many numbers, beside a plain loop.

use core::hint::black_box;

use super::{Effort, Visit};
use crate::contest::{Contender, Contest};
use crate::numbers::{Numbers, changed};
use crate::peer::{self, Algorithm};

pub(super) fn contests(effort: Effort, visit: Visit<'_>) {
    let million = (effort.side * effort.side) as usize;
    for which in Algorithm::ALL {
        let len = million
            * match which {
                Algorithm::ForEach | Algorithm::Scan | Algorithm::Find => 50,
                Algorithm::Reduce => 100,
                Algorithm::Sort => 10,
            };
        let mut contenders = vec![by_hand(which, len)];
        contenders.extend(peer::all(|peer| peer.algorithm(which, len)));
        let case = format!("{}, {len}", which.name());
        visit(&mut Contest::new(case, len as u64, contenders));
    }
}

fn by_hand(which: Algorithm, len: usize) -> Contender<'static> {
    let mut numbers = Numbers::new(which, len);
    let last = numbers.last();
    Contender::timed("by hand", 0, move || {
        numbers.timed(|given, room| match which {
            Algorithm::ForEach => given
                .iter_mut()
                .for_each(|number| *number = changed(*number)),
            Algorithm::Reduce => {
                black_box(given.iter().copied().fold(0, u64::wrapping_add));
            }
            Algorithm::Scan => {
                let mut sum = 0u64;
                for (number, place) in given.iter().zip(room) {
                    sum = sum.wrapping_add(*number);
                    *place = sum;
                }
            }
            Algorithm::Sort => given.sort_unstable(),
            Algorithm::Find => assert!(given.contains(&last)),
        })
    })
}
