//! Parallel algorithms over containers that the library does not know.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::VecDeque;

use crate::support::partitioners::partitioners;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Divisible, Executor, Taskflow};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

/// The elements of a ring, which lie in two slices.
#[derive(Clone)]
struct Ring<'r, T> {
    front: &'r [T],
    back: &'r [T],
}

impl<'r, T> Ring<'r, T> {
    fn of(ring: &'r VecDeque<T>) -> Self {
        let (front, back) = ring.as_slices();
        Self { front, back }
    }
}

impl<'r, T: Sync> Divisible for Ring<'r, T> {
    type Item = &'r T;
    type Items = core::iter::Chain<core::slice::Iter<'r, T>, core::slice::Iter<'r, T>>;

    fn len(&self) -> usize {
        self.front.len() + self.back.len()
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let Self { front, back } = self;
        let (left, rest) = front.split_at(index.min(front.len()));
        let (begin, end) = back.split_at(index - left.len());
        let halves = [(left, begin), (rest, end)].map(|(front, back)| Self { front, back });
        halves.into()
    }

    fn items(self) -> Self::Items {
        self.front.iter().chain(self.back)
    }
}

/// Words that its parts own.
struct Sheaf(Vec<String>);

impl Sheaf {
    /// The numbers from 0 on.
    fn of(len: usize) -> Self {
        Self((0..len).map(|number| number.to_string()).collect())
    }
}

impl Divisible for Sheaf {
    type Item = String;
    type Items = std::vec::IntoIter<String>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn split_at(mut self, index: usize) -> (Self, Self) {
        let right = self.0.split_off(index);
        (self, Self(right))
    }

    fn items(self) -> Self::Items {
        self.0.into_iter()
    }
}

/// The words of numbers, in a ring whose begin is in the middle of its memory.
fn ring(len: usize) -> VecDeque<String> {
    let mut ring: VecDeque<String> = (len / 3..len).map(|index| format!("{index:x},")).collect();
    for index in (0..len / 3).rev() {
        ring.push_front(format!("{index:x},"));
    }
    ring
}

#[test]
fn a_container_of_another_s_is_gone_through_once() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for partitioner in partitioners() {
                for len in [0, 1, 2, 100, 3000] {
                    let parallel = executor.parallel().with(partitioner);
                    let numbers: VecDeque<AtomicUsize> =
                        (0..len).map(|_| AtomicUsize::new(0)).collect();
                    let see = |number: &AtomicUsize| {
                        number.fetch_add(1, Ordering::Relaxed);
                    };
                    parallel.for_each(Ring::of(&numbers), see).unwrap();
                    let mut seen = numbers.into_iter().map(AtomicUsize::into_inner);
                    assert!(seen.all(|seen| seen == 1), "{len} by {partitioner:?}");

                    let sum = AtomicUsize::new(0);
                    let add = |number: String| {
                        sum.fetch_add(number.parse().unwrap(), Ordering::Relaxed);
                    };
                    parallel.for_each(Sheaf::of(len), add).unwrap();
                    assert_eq!(sum.into_inner(), len * len.saturating_sub(1) / 2);
                }
            }
        }
    });
}

#[test]
fn a_container_of_another_s_is_reduced_scanned_and_searched_in_its_order() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for len in [0, 1, 2, 100, 3000] {
                let ring = ring(len);
                let words: Vec<&str> = ring.iter().map(String::as_str).collect();
                for partitioner in partitioners() {
                    let parallel = executor.parallel().with(partitioner);
                    let (all, begin) = (|| Ring::of(&ring), String::from(">"));
                    let text =
                        parallel.transform_reduce(all(), begin, String::clone, |a, b| a + &b);
                    assert_eq!(text.unwrap(), format!(">{}", words.concat()));

                    let mut lengths = vec![0; len];
                    let add = |one: &usize, other: &usize| one + other;
                    parallel
                        .transform_inclusive_scan(all(), &mut lengths, String::len, add)
                        .unwrap();
                    let upto = |index: usize| words[..=index].iter().map(|word| word.len()).sum();
                    if len > 0 {
                        for index in [0, len / 3, len - 1] {
                            let expected: usize = upto(index);
                            assert_eq!(lengths[index], expected, "{len} by {partitioner:?}");
                        }
                    }
                    let found = parallel.find_if(all(), |word| word.len() > 2);
                    assert_eq!(found.unwrap(), (len > 16).then_some(16));
                    let mut places = vec![String::new(); len];
                    let by_itself = |number| number;
                    parallel
                        .transform(Sheaf::of(len), &mut places, by_itself)
                        .unwrap();
                    assert_eq!(places, Sheaf::of(len).0);
                }
            }
        }
    });
}

#[test]
fn a_container_of_another_s_is_gone_through_in_a_flow_in_every_round() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, ring) = (Executor::new(workers), ring(2000));
            let seen = AtomicUsize::new(0);
            let flow = Taskflow::new();
            flow.for_each_index(Ring::of(&ring), |word| {
                seen.fetch_add(word.len(), Ordering::Relaxed);
            });
            let longest = |one: usize, other: usize| one.max(other);
            let longest = flow.transform_reduce(Ring::of(&ring), 0, String::len, longest);
            for _ in 0..3 {
                executor.run_and_wait(&flow).unwrap();
                assert_eq!(longest.take(), Some("7cf,".len()));
            }
            drop(flow);
            let all: usize = ring.iter().map(String::len).sum();
            assert_eq!(seen.into_inner(), 3 * all);
        }
    });
}

/// Says that it has as many items as it has numbers, and gives one less, or one more, of each part.
#[derive(Clone)]
struct Liar {
    numbers: core::ops::Range<usize>,
    gives_more: bool,
}

impl Divisible for Liar {
    type Item = String;
    type Items = std::vec::IntoIter<String>;

    fn len(&self) -> usize {
        Divisible::len(&self.numbers)
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let gives_more = self.gives_more;
        let (left, right) = self.numbers.split_at(index);
        (
            Self {
                numbers: left,
                gives_more,
            },
            Self {
                numbers: right,
                gives_more,
            },
        )
    }

    fn items(self) -> Self::Items {
        let core::ops::Range { start, end } = self.numbers;
        let end = if self.gives_more { end + 1 } else { end - 1 };
        let numbers = (start..end).map(|number| format!("{number:4}"));
        numbers.collect::<Vec<_>>().into_iter()
    }
}

#[test]
fn a_container_that_gives_more_or_less_than_it_says_ends_in_wrong_answers_only() {
    const LEN: usize = 1000;
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for partitioner in partitioners() {
                for gives_more in [true, false] {
                    let parallel = executor.parallel().with(partitioner);
                    let numbers = 0..LEN;
                    let liar = || Liar {
                        numbers: numbers.clone(),
                        gives_more,
                    };
                    let is_known = |number: &String| number.len() == 4;
                    parallel
                        .for_each(liar(), |number| assert!(is_known(&number)))
                        .unwrap();
                    let mut places = vec![String::from("None"); LEN];
                    let by_itself = |number| number;
                    parallel.transform(liar(), &mut places, by_itself).unwrap();
                    assert!(places.iter().all(is_known));
                    let most = |one: &String, other: &String| one.max(other).clone();
                    parallel
                        .transform_inclusive_scan(liar(), &mut places, by_itself, most)
                        .unwrap();
                    assert!(places.iter().all(is_known));
                    let init = String::from("Init");
                    parallel
                        .transform_exclusive_scan(liar(), &mut places, init, by_itself, most)
                        .unwrap();
                    assert!(places.iter().all(is_known));
                    let init = String::from("Init");
                    let all = parallel.transform_reduce(liar(), init, by_itself, String::max);
                    assert!(is_known(&all.unwrap()));
                    let found = parallel.find_if(liar(), |number| number == "1000");
                    assert!(found.unwrap().is_none_or(|place| place <= LEN));
                    let count = parallel.count(liar(), |number| number.ends_with('0'));
                    assert!(count.unwrap() <= LEN);
                }
            }
        }
    });
}
