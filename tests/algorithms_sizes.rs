//! Parallel algorithms give the sequential answer for each size beside those at which something changes.

use core::sync::atomic::{AtomicU8, Ordering};

use crate::support::scrambled::scrambled;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Parallel, Partitioner};

const WORKERS: [usize; 3] = [1, 2, 4];

/// Beside a leaf, a chunk, and the most leaves that there are.
const SMALL: [usize; 12] = [0, 1, 2, 3, 63, 64, 65, 1000, 1023, 1024, 1025, 4097];
const LARGE: [usize; 2] = [65_535, 65_536];

/// `x` becomes `factor * x + summand`. One behind another is another such one, and which comes first matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Map {
    factor: u32,
    summand: u32,
}

impl Map {
    /// This one, then the other.
    fn then(&self, other: &Self) -> Self {
        let summand = self.summand.wrapping_mul(other.factor);
        Self {
            factor: self.factor.wrapping_mul(other.factor),
            summand: summand.wrapping_add(other.summand),
        }
    }
}

const INIT: Map = Map {
    factor: 3,
    summand: 5,
};

/// What a loop says of this many items.
struct Expected {
    maps: Vec<Map>,
    /// The sum before each, and behind each, of which only the former begins with `INIT`.
    before: Vec<Map>,
    upto: Vec<Map>,
    all: Map,
}

impl Expected {
    fn of(len: usize) -> Self {
        let map = |number: u32| Map {
            factor: number | 1,
            summand: number.rotate_left(11),
        };
        let maps: Vec<Map> = scrambled(len).into_iter().map(map).collect();
        let (mut all, mut sum) = (INIT, None::<Map>);
        let (mut before, mut upto) = (Vec::new(), Vec::new());
        for map in &maps {
            before.push(all);
            all = all.then(map);
            let next = sum.map_or(*map, |sum| sum.then(map));
            upto.push(next);
            sum = Some(next);
        }
        Self {
            maps,
            before,
            upto,
            all,
        }
    }

    /// Compares what the algorithms give.
    ///
    /// # Errors
    ///
    /// None: nothing panics, and nothing is cancelled.
    fn check(&self, parallel: Parallel<'_>) -> Result<(), taskflow_std::RunError> {
        let (maps, len) = (&self.maps, self.maps.len());
        let seen: Vec<AtomicU8> = (0..len).map(|_| AtomicU8::new(0)).collect();
        parallel.for_each(&seen[..], |seen| {
            seen.fetch_add(1, Ordering::Relaxed);
        })?;
        assert!(
            seen.into_iter().all(|seen| seen.into_inner() == 1),
            "for_each"
        );
        let all = parallel.reduce(maps, INIT, |one, other| one.then(&other))?;
        assert_eq!(all, self.all, "reduce");
        let mut places = vec![INIT; len];
        parallel.inclusive_scan(maps, &mut places, Map::then)?;
        assert!(places == self.upto, "inclusive_scan");
        parallel.exclusive_scan(maps, &mut places, INIT, Map::then)?;
        assert!(places == self.before, "exclusive_scan");
        parallel.transform((&maps[..], 0..len), &mut places, |(map, index)| Map {
            factor: map.factor,
            summand: map.summand ^ index as u32,
        })?;
        let numbered = places.iter().zip(maps).zip(0..);
        for ((place, map), index) in numbered {
            let summand = map.summand ^ index;
            assert_eq!((place.factor, place.summand), (map.factor, summand));
        }
        for first in [0, len / 2, len.saturating_sub(1), len] {
            let found = parallel.find_if(0..len, |index| index >= first)?;
            assert_eq!(found, (first < len).then_some(first), "find_if");
        }
        Ok(())
    }
}

fn partitioners(chunk: usize) -> [Partitioner; 4] {
    [
        Partitioner::Adaptive { chunk },
        Partitioner::Static { chunk },
        Partitioner::Dynamic { chunk },
        Partitioner::Guided { chunk },
    ]
}

fn check_all(workers: &[usize], sizes: &[usize], chunks: &[usize]) {
    for len in sizes {
        let expected = Expected::of(*len);
        for workers in workers {
            let executor = Executor::new(*workers);
            for partitioner in chunks.iter().copied().flat_map(partitioners) {
                let result = expected.check(executor.parallel().with(partitioner));
                assert!(result.is_ok(), "{len} by {partitioner:?}: {result:?}");
            }
        }
    }
}

#[test]
fn every_small_size_gives_the_sequential_answer_for_every_partitioner_and_chunk() {
    within_a_minute(|| check_all(&WORKERS, &SMALL, &[0, 1, 7, 1024]));
}

#[test]
fn every_large_size_gives_the_sequential_answer_for_every_partitioner_and_chunk() {
    within_a_minute(|| {
        check_all(&WORKERS, &LARGE, &[1024]);
        // (So short chunks take long.)
        check_all(&[1, 4], &LARGE[..1], &[7]);
        check_all(&[2], &LARGE[1..], &[1]);
    });
}
