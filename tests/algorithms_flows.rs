//! Algorithms that are tasks of a flow come between their predecessors and their successors.

use core::cmp::Ordering as Order;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::support::scrambled::scrambled;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Steps, TaskHandle, Taskflow};

const WORKERS: [usize; 4] = [1, 2, 4, 8];
const LEN: usize = 3000;
const ROUNDS: usize = 3;

/// Where a flow stands: 0 before the algorithm's turn, 1 in it, 2 behind it.
#[derive(Default)]
struct Stage {
    now: AtomicUsize,
    calls: AtomicUsize,
}

impl Stage {
    /// The algorithm's operation is called.
    fn call(&self) {
        assert_eq!(self.now.load(Ordering::SeqCst), 1, "out of turn");
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs the flow with the algorithm between two other tasks, round after round.
    fn run_between<'env>(
        &'env self,
        executor: &Executor,
        flow: &Taskflow<'env>,
        algorithm: TaskHandle<'_>,
    ) {
        flow.emplace(|| self.now.store(1, Ordering::SeqCst))
            .precede(algorithm);
        algorithm.precede(flow.emplace(|| self.now.store(2, Ordering::SeqCst)));
        for round in 1..=ROUNDS {
            let before = self.calls.load(Ordering::Relaxed);
            let stats = executor.run_and_wait(flow);
            assert_eq!(stats.expect("nothing fails").tasks, 3);
            assert_eq!(self.now.load(Ordering::SeqCst), 2);
            let called = self.calls.load(Ordering::Relaxed) - before;
            assert!(called > 0, "nothing was called in round {round}");
        }
    }
}

/// A number whose comparisons are calls.
struct Keyed<'s>(u32, &'s Stage);

impl PartialEq for Keyed<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Keyed<'_> {}

impl PartialOrd for Keyed<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Order> {
        Some(self.cmp(other))
    }
}

impl Ord for Keyed<'_> {
    fn cmp(&self, other: &Self) -> Order {
        self.1.call();
        self.0.cmp(&other.0)
    }
}

fn on_each_executor(body: impl Fn(&Executor) + Send + 'static) {
    within_a_minute(move || {
        for workers in WORKERS {
            body(&Executor::new(workers));
        }
    });
}

#[test]
fn loops_run_between_what_comes_before_and_what_comes_behind_them() {
    on_each_executor(|executor| {
        let (stage, sum) = (Stage::default(), AtomicUsize::new(0));
        let flow = Taskflow::new();
        let each = flow.for_each_index(Steps::new(3000, 0, -1), |index| {
            stage.call();
            sum.fetch_add(index as usize, Ordering::Relaxed);
        });
        stage.run_between(executor, &flow, each);
        drop(flow);
        assert_eq!(sum.into_inner(), ROUNDS * LEN * (LEN + 1) / 2);
        assert_eq!(stage.calls.into_inner(), ROUNDS * LEN);

        let (stage, sum) = (Stage::default(), AtomicUsize::new(0));
        let flow = Taskflow::new();
        let each = flow.for_each_by_index([0..30, 0..100], |[row, column]| {
            stage.call();
            sum.fetch_add(100 * row + column, Ordering::Relaxed);
        });
        stage.run_between(executor, &flow, each);
        drop(flow);
        assert_eq!(sum.into_inner(), ROUNDS * LEN * (LEN - 1) / 2);

        let (stage, mut numbers) = (Stage::default(), scrambled(LEN));
        let flow = Taskflow::new();
        let each = flow.for_each(&mut numbers, |number| {
            stage.call();
            *number += 1;
        });
        stage.run_between(executor, &flow, each);
        drop(flow);
        let expected = scrambled(LEN).into_iter().map(|number| number + 3);
        assert!(numbers.into_iter().eq(expected));
    });
}

#[test]
fn what_writes_runs_between_what_comes_before_and_what_comes_behind_it() {
    on_each_executor(|executor| {
        let (stage, given, mut places) = (Stage::default(), scrambled(LEN), vec![0; LEN]);
        let flow = Taskflow::new();
        let transform = flow.transform(&given[..], &mut places, |number| {
            stage.call();
            3 * number
        });
        stage.run_between(executor, &flow, transform);
        drop(flow);
        assert!(given.iter().map(|number| 3 * number).eq(places));
        assert_eq!(stage.calls.into_inner(), ROUNDS * LEN);

        let (stage, mut places) = (Stage::default(), vec![0; LEN]);
        let flow = Taskflow::new();
        let generate = flow.generate(&mut places, |index| {
            stage.call();
            index + 1
        });
        stage.run_between(executor, &flow, generate);
        drop(flow);
        assert!(places.into_iter().eq(1..=LEN));
    });
}

#[test]
fn scans_run_between_what_comes_before_and_what_comes_behind_them() {
    on_each_executor(|executor| {
        for inclusive in [true, false] {
            let (stage, given, mut places) = (Stage::default(), scrambled(LEN), vec![0; LEN]);
            let flow = Taskflow::new();
            let add = |one: &u32, other: &u32| {
                stage.call();
                one + other
            };
            let scan = if inclusive {
                flow.inclusive_scan(&given, &mut places, add)
            } else {
                flow.exclusive_scan(&given, &mut places, 9, add)
            };
            stage.run_between(executor, &flow, scan);
            drop(flow);
            let mut sum = if inclusive { 0 } else { 9 };
            for (number, place) in given.into_iter().zip(places) {
                let before = sum;
                sum += number;
                assert_eq!(place, if inclusive { sum } else { before });
            }
        }
    });
}

#[test]
fn sorts_run_between_what_comes_before_and_what_comes_behind_them() {
    on_each_executor(|executor| {
        for stable in [true, false] {
            let stage = Stage::default();
            let keyed = |number| Keyed(number, &stage);
            let mut elements: Vec<Keyed<'_>> = scrambled(LEN).into_iter().map(keyed).collect();
            let flow = Taskflow::new();
            let sort = if stable {
                flow.sort(&mut elements)
            } else {
                flow.sort_unstable(&mut elements)
            };
            stage.run_between(executor, &flow, sort);
            drop(flow);
            let mut expected = scrambled(LEN);
            expected.sort_unstable();
            assert!(elements.iter().map(|element| element.0).eq(expected));
        }
    });
}

#[test]
fn what_answers_runs_between_what_comes_before_and_what_comes_behind_it() {
    on_each_executor(|executor| {
        let (stage, given) = (Stage::default(), scrambled(LEN));
        let flow = Taskflow::new();
        let sum = flow.transform_reduce(
            &given[..],
            5,
            |number| {
                stage.call();
                2 * number
            },
            |one, other| one + other,
        );
        stage.run_between(executor, &flow, sum.task());
        assert_eq!(sum.take(), Some(5 + 2 * given.iter().sum::<u32>()));

        let stage = Stage::default();
        let words: Vec<String> = given.iter().map(ToString::to_string).collect();
        let flow = Taskflow::new();
        let text = flow.reduce(&words, String::from(">"), |one, other| {
            stage.call();
            one + &other
        });
        stage.run_between(executor, &flow, text.task());
        assert_eq!(text.take(), Some(format!(">{}", words.concat())));

        let stage = Stage::default();
        let flow = Taskflow::new();
        let found = flow.find_if(0..LEN, |index| {
            stage.call();
            index >= LEN - 7
        });
        stage.run_between(executor, &flow, found.task());
        assert_eq!(found.take(), Some(Some(LEN - 7)));

        let stage = Stage::default();
        let flow = Taskflow::new();
        let both = flow.produce_parallel(|parallel| {
            let is_such = |index: usize| {
                stage.call();
                index % 3 == 1
            };
            let count = parallel.count(0..LEN, is_such)?;
            Ok((count, parallel.all(0..LEN, is_such)?))
        });
        stage.run_between(executor, &flow, both.task());
        assert_eq!(both.take(), Some((LEN / 3, false)));
    });
}

#[test]
fn what_an_algorithm_answers_goes_on_to_what_asks_for_it() {
    on_each_executor(|executor| {
        let given = scrambled(LEN);
        let flow = Taskflow::new();
        let sum = flow.transform_reduce(&given[..], 0, |number| *number, |a, b| a + b);
        let most = flow.max_element(&given);
        let told = flow.zip((sum, most), |sum, most| {
            format!("{sum}, and at most {:?}", most.map(|most| given[most]))
        });
        executor.run_and_wait(&flow).unwrap();
        let sum: u32 = given.iter().sum();
        let expected = format!("{sum}, and at most {:?}", given.iter().max());
        assert_eq!(told.take(), Some(expected));
    });
}
