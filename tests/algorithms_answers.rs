//! Parallel algorithms give the sequential answer.

use core::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

use crate::support::algorithms::assert_all_agree;

use crate::support::partitioners::partitioners;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Divisible, Executor, IndexBox, Manual, Partitioner, Steps, Taskflow};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

#[test]
fn every_algorithm_gives_the_sequential_answer_for_every_partitioner_and_chunk() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for partitioner in partitioners() {
                for len in [0, 1, 2, 3, 7, 64, 100, 129, 1025] {
                    assert_all_agree(executor.parallel().with(partitioner), len, &|| {});
                }
            }
        }
    });
}

#[test]
fn every_algorithm_gives_the_sequential_answer_on_stepped_workers() {
    for workers in WORKERS {
        let executor = taskflow_core::Executor::<Manual>::new(workers);
        for partitioner in partitioners() {
            for len in [0, 1, 2, 5, 100, 2500] {
                assert_all_agree(executor.parallel().with(partitioner), len, &|| {});
            }
        }
    }
}

#[test]
fn every_algorithm_gives_the_sequential_answer_for_many_items() {
    within_a_minute(|| {
        for workers in [2, 8] {
            let executor = Executor::new(workers);
            for partitioner in [
                Partitioner::default(),
                Partitioner::Static { chunk: 0 },
                Partitioner::Dynamic { chunk: 99 },
                Partitioner::Guided { chunk: 7 },
            ] {
                assert_all_agree(executor.parallel().with(partitioner), 65_536, &|| {});
            }
        }
    });
}

#[test]
fn every_algorithm_gives_the_sequential_answer_where_items_take_long() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let calls = AtomicUsize::new(0);
            let between = || {
                if calls.fetch_add(1, Ordering::Relaxed) & 7 == 0 {
                    std::thread::yield_now();
                }
            };
            for partitioner in partitioners() {
                if matches!(partitioner.chunk(), 0 | 7) {
                    assert_all_agree(executor.parallel().with(partitioner), 100, &between);
                }
            }
        }
    });
}

#[test]
fn every_size_up_to_a_thousand_is_sorted_and_summed() {
    within_a_minute(|| {
        let executor = Executor::new(4);
        for len in 0..1000 {
            let parallel = executor.parallel().with(Partitioner::Dynamic { chunk: 7 });
            let mut numbers = crate::support::scrambled::scrambled(len);
            let sum: u32 = numbers.iter().sum();
            assert_eq!(parallel.reduce(&numbers, 0, |a, b| a + b).unwrap(), sum);
            parallel.sort(&mut numbers).unwrap();
            assert!(numbers.is_sorted(), "{len}");
        }
    });
}

#[test]
fn indices_of_every_kind_come_once() {
    for workers in WORKERS {
        let executor = Executor::new(workers);
        for partitioner in partitioners() {
            let parallel = executor.parallel().with(partitioner);
            let sum = AtomicI64::new(0);
            let add = |number: i64| {
                sum.fetch_add(number, Ordering::Relaxed);
            };
            parallel.for_each_index(-50..51i64, add).unwrap();
            parallel
                .for_each_index(Steps::new(100, -1, -10), add)
                .unwrap();
            parallel.for_each_index(Steps::new(-7, 7, 5), add).unwrap();
            parallel
                .for_each_index(-3..0i8, |number| add(number.into()))
                .unwrap();
            assert_eq!(sum.into_inner(), 550 - 6 - 6);
            let cells = AtomicU64::new(0);
            parallel
                .for_each_by_index([0..4, 2..5, 7..12], |[x, y, z]| {
                    let bit = (x * 3 + (y - 2)) * 5 + z - 7;
                    let before = cells.fetch_or(1 << bit, Ordering::Relaxed);
                    assert_eq!(before & 1 << bit, 0, "[{x}, {y}, {z}] comes twice");
                })
                .unwrap();
            assert_eq!(cells.into_inner(), (1 << 60) - 1);
        }
    }
}

#[test]
fn ranges_and_boxes_are_cut_anywhere() {
    let cut = IndexBox::new([1..3, 0..5]).split_at(7);
    let all = IndexBox::new([1..3, 0..5]).items();
    assert!(cut.0.items().chain(cut.1.items()).eq(all));
    assert_eq!(IndexBox::new([0..3, 4..4]).len(), 0);
    assert_eq!(IndexBox::<0>::new([]).items().count(), 1);
    for step in [-7, -1, 1, 3, i64::MIN, i64::MAX] {
        for (first, end) in [(-20, 20), (20, -20), (5, 5), (i64::MIN, i64::MIN + 30)] {
            let numbers = Steps::new(first, end, step);
            let len = numbers.len().min(1000);
            let expected: Vec<i64> = (0..len as i128)
                .map(|at| i64::try_from(i128::from(first) + at * i128::from(step)))
                .map(|number| number.expect("it is in the range"))
                .collect();
            assert!(
                numbers
                    .clone()
                    .items()
                    .take(len)
                    .eq(expected.iter().copied())
            );
            let (left, right) = numbers.split_at(len / 2);
            assert!(
                left.items()
                    .chain(right.items().take(len - len / 2))
                    .eq(expected)
            );
        }
    }
    assert_eq!((i64::MIN..i64::MAX).len(), usize::MAX);
    let (left, right) = (i64::MIN..i64::MAX).split_at(usize::MAX - 1);
    assert_eq!(
        (left.len(), right),
        (usize::MAX - 1, i64::MAX - 1..i64::MAX)
    );
}

#[test]
fn items_of_size_zero_are_items() {
    for workers in WORKERS {
        let executor = Executor::new(workers);
        for partitioner in partitioners() {
            let parallel = executor.parallel().with(partitioner);
            let mut units = [(); 1000];
            let count = AtomicUsize::new(0);
            let see = |(): &mut ()| {
                count.fetch_add(1, Ordering::Relaxed);
            };
            parallel.for_each(&mut units[..], see).unwrap();
            assert_eq!(count.into_inner(), 1000);
            parallel.sort(&mut units).unwrap();
            parallel.sort_unstable(&mut units).unwrap();
            assert_eq!(parallel.partition(&mut units, |()| true).unwrap(), 1000);
            parallel
                .inclusive_scan(&[(); 1000], &mut units, |(), ()| ())
                .unwrap();
            assert_eq!(parallel.min_element(&units).unwrap(), Some(0));
        }
    }
}

#[test]
fn algorithms_are_tasks_of_a_flow_in_every_round() {
    for workers in WORKERS {
        let executor = Executor::new(workers);
        let mut numbers: Vec<u32> = (0..5000).collect();
        let (mut sums, mut doubled) = (vec![0; 5000], vec![0; 5000]);
        let visited = AtomicUsize::new(0);
        let given = crate::support::scrambled::scrambled(5000);
        {
            let flow = Taskflow::new();
            let add = flow.for_each(&mut numbers, |number| *number += 1);
            let visit = flow.for_each_by_index([0..10, 0..20], |_| {
                visited.fetch_add(1, Ordering::Relaxed);
            });
            add.precede(visit);
            flow.transform(&given[..], &mut doubled, |number| 2 * number);
            flow.inclusive_scan(&given, &mut sums, |a, b| a + b);
            let sum = flow.reduce(&given, 0, |a, b| a + b);
            let found = flow.find_if(&given[..], |number| *number == given[77]);
            for _ in 0..3 {
                executor.run_and_wait(&flow).unwrap();
                assert_eq!(sum.take(), Some(given.iter().sum()));
                assert_eq!(
                    found.take(),
                    Some(given.iter().position(|it| *it == given[77]))
                );
            }
        }
        assert!(numbers.iter().copied().eq(3..5003));
        assert_eq!(visited.into_inner(), 600);
        assert!(
            doubled
                .iter()
                .zip(&given)
                .all(|(twice, once)| *twice == 2 * once)
        );
        assert_eq!(sums.last(), Some(&given.iter().sum()));
    }
}
