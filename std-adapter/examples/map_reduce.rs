//! Map and reduce: counts the words of a text. Each part of the text is counted by a task of its own, and
//! the counts are merged in pairs, as a tree, while other parts are still being counted.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::{Mutex, MutexGuard, PoisonError};

use taskflow_std::{Executor, RunError, Taskflow};

const WORDS: [&str; 8] = [
    "graph", "node", "edge", "task", "worker", "queue", "run", "round",
];
const LINES: usize = 40_000;
const PARTS: usize = 37;

type Counts<'t> = BTreeMap<&'t str, usize>;

/// Lines of eight words, by a linear congruential generator with a fixed seed.
fn text() -> Vec<String> {
    let mut seed = 1u32;
    let mut word = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // The square makes some words more frequent than others.
        let place = u64::from(seed >> 24).pow(2) * 8 / 65_536;
        WORDS[usize::try_from(place).expect("below eight")]
    };
    let mut line = || (0..8).map(|_| word()).collect::<Vec<_>>().join(" ");
    (0..LINES).map(|_| line()).collect()
}

fn count(lines: &[String]) -> Counts<'_> {
    let mut counts = Counts::new();
    for word in lines.iter().flat_map(|line| line.split(' ')) {
        *counts.entry(word).or_default() += 1;
    }
    counts
}

/// Nobody holds the lock meanwhile: edges order all who use it.
fn open<'s, 't>(slot: &'s Mutex<Counts<'t>>) -> MutexGuard<'s, Counts<'t>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

fn main() -> Result<(), RunError> {
    let text = text();
    let part_len = LINES.div_ceil(PARTS);
    let slots: Vec<Mutex<Counts<'_>>> = (0..PARTS).map(|_| Mutex::default()).collect();
    let flow = Taskflow::with_name("word count");
    let maps = text.chunks(part_len).zip(&slots).map(|(lines, slot)| {
        let map = flow.emplace(move || *open(slot) = count(lines));
        (map.name("map"), slot)
    });
    let mut level: Vec<_> = maps.collect();
    while level.len() > 1 {
        let pairs = level.chunks(2).map(|pair| match *pair {
            [(left, into), (right, from)] => {
                let reduce = flow.emplace(move || {
                    let from = take(&mut *open(from));
                    let mut into = open(into);
                    for (word, count) in from {
                        *into.entry(word).or_default() += count;
                    }
                });
                (reduce.name("reduce").succeed([left, right]), into)
            }
            // An odd one goes on to the next level.
            ref one => one[0],
        });
        level = pairs.collect();
    }
    let stats = Executor::new(0).run_and_wait(&flow)?;
    let counts = take(&mut *open(&slots[0]));
    assert_eq!(counts, count(&text));
    let (word, times) = counts
        .iter()
        .max_by_key(|(_, times)| **times)
        .expect("there are words");
    println!(
        "{} tasks counted {} words; the most frequent of {} is {word:?}, {times} times",
        stats.tasks,
        counts.values().sum::<usize>(),
        counts.len()
    );
    Ok(())
}
