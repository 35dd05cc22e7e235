//! Whom a worker steals from, the nearest first.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::platform::{Platform, WorkerId};

/// The other workers, in rings of equal distance.
#[derive(Debug)]
pub(crate) struct Victims(Box<[Box<[usize]>]>);

impl Victims {
    /// The victims of worker `index`. O(workers log workers) once.
    pub(crate) fn of<P: Platform>(index: usize, workers: usize, platform: &P) -> Self {
        let own = WorkerId::new(index);
        let others = (0..workers).filter(|other| *other != index);
        let mut by_distance: Vec<(u8, usize)> = others
            .map(|other| (platform.distance(own, WorkerId::new(other)), other))
            .collect();
        by_distance.sort_unstable();
        let rings = by_distance.chunk_by(|a, b| a.0 == b.0);
        Self(
            rings
                .map(|ring| ring.iter().map(|(_, other)| *other).collect())
                .collect(),
        )
    }

    /// All victims, ring by ring, each ring from a place that `random` tells.
    pub(crate) fn from(&self, random: u32) -> impl Iterator<Item = usize> {
        self.0.iter().flat_map(move |ring| {
            let begin = random as usize % ring.len();
            let (before, after) = ring.split_at(begin);
            after.iter().chain(before).copied()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manual::Manual;

    #[test]
    fn every_other_worker_is_a_victim_once_wherever_the_ring_begins() {
        let victims = Victims::of(2, 5, &Manual::new());
        for random in 0..10 {
            let mut all: Vec<_> = victims.from(random).collect();
            all.sort_unstable();
            assert_eq!(all, [0, 1, 3, 4]);
        }
        assert_eq!(victims.from(1).next(), Some(1));
    }
}
