//! Graphs of fixed capacity run as large ones do, on any number of threads.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::OnceLock;
use std::thread;

use taskflow_core::{StaticGraphError, StaticRunError, StaticTaskflow};

use crate::support::dice::Dice;
use crate::support::static_flow::{CREWS, Flow, beside, emplace_all};
use crate::support::watchdog::within_a_minute;

/// Numbers that the tasks of a graph make of those of the tasks before, and of their own in the last round.
struct Numbers {
    before: Vec<Vec<usize>>,
    made: Vec<AtomicUsize>,
}

impl Numbers {
    fn thrown(dice: &mut Dice, size: usize, degree: usize) -> Self {
        let before = (0..size).map(|to| {
            let count = if to == 0 { 0 } else { dice.below(degree + 1) };
            (0..count).map(|_| dice.below(to)).collect()
        });
        Self {
            before: before.collect(),
            made: (0..size).map(|_| AtomicUsize::new(0)).collect(),
        }
    }

    fn number(&self, at: usize, number_of: impl Fn(usize) -> usize) -> usize {
        let before = self.before[at].iter().map(|from| number_of(*from));
        before.fold(number_of(at).wrapping_mul(31) + at + 1, |sum, number| {
            sum.wrapping_mul(7).wrapping_add(number)
        })
    }

    /// What task `at` does. (Relaxed: the graph has to order it.)
    fn make(&self, at: usize) {
        let number = self.number(at, |of| self.made[of].load(Ordering::Relaxed));
        self.made[at].store(number, Ordering::Relaxed);
    }

    /// What one loop makes of `numbers` in a round.
    fn expect(&self, numbers: &mut [usize]) {
        for at in 0..numbers.len() {
            numbers[at] = self.number(at, |of| numbers[of]);
        }
    }

    fn made(&self) -> Vec<usize> {
        self.made
            .iter()
            .map(|number| number.load(Ordering::Relaxed))
            .collect()
    }
}

#[test]
fn a_random_graph_makes_what_a_loop_makes_in_every_round_for_any_number_of_threads() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        for crew in CREWS {
            for _ in 0..20 {
                let size = 1 + dice.below(64);
                let numbers = Numbers::thrown(&mut dice, size, 4);
                let numbers = &numbers;
                let tasks: Vec<_> = (0..size).map(|at| move || numbers.make(at)).collect();
                let mut flow = Flow::new();
                let handles = emplace_all(&mut dice, &mut flow, &tasks);
                for (to, before) in numbers.before.iter().enumerate() {
                    for from in before {
                        assert_eq!(flow.precede(handles[*from], handles[to]), Ok(()));
                    }
                }
                assert_eq!(flow.freeze(), Ok(()));
                let mut expected = vec![0; size];
                beside(crew - 1, &flow, || {
                    for round in 0..10 {
                        assert_eq!(flow.run_idling(thread::yield_now), Ok(()));
                        numbers.expect(&mut expected);
                        assert_eq!(numbers.made(), expected, "round {round}");
                    }
                });
            }
        }
    });
}

#[test]
fn threads_that_run_one_graph_are_refused_or_run_it_alone() {
    within_a_minute(|| {
        for crew in CREWS {
            let (calls, inside) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let task = || {
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                calls.fetch_add(1, Ordering::SeqCst);
                inside.fetch_sub(1, Ordering::SeqCst);
            };
            let mut flow = StaticTaskflow::<1, 0>::new();
            flow.emplace(&task).unwrap();
            flow.freeze().unwrap();
            let run_often = || {
                for _ in 0..200 {
                    while let Err(error) = flow.run() {
                        assert_eq!(error, StaticRunError::Running);
                        thread::yield_now();
                    }
                }
            };
            thread::scope(|scope| {
                for _ in 0..crew {
                    scope.spawn(run_often);
                }
            });
            assert_eq!(calls.load(Ordering::SeqCst), 200 * crew);
        }
    });
}

static CALLS: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];

const fn built() -> Result<StaticTaskflow<'static, 2, 1>, StaticGraphError> {
    let mut flow = StaticTaskflow::new();
    let (Ok(first), Ok(second)) = (flow.emplace(&first), flow.emplace(&second)) else {
        return Err(StaticGraphError::TasksFull { capacity: 2 });
    };
    match (flow.precede(first, second), flow.freeze()) {
        (Ok(()), Ok(())) => Ok(flow),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

fn first() {
    CALLS[0].fetch_add(1, Ordering::SeqCst);
}

fn second() {
    let before = CALLS[0].load(Ordering::SeqCst);
    assert_eq!(CALLS[1].fetch_add(1, Ordering::SeqCst) + 1, before);
}

static BUILT: Result<StaticTaskflow<'static, 2, 1>, StaticGraphError> = built();

#[test]
fn a_graph_in_a_static_is_built_and_frozen_by_the_compiler() {
    let flow = BUILT.as_ref().expect("it has room and no cycle");
    for round in 1..=3 {
        assert_eq!(flow.run(), Ok(()));
        assert_eq!(
            CALLS.each_ref().map(|calls| calls.load(Ordering::SeqCst)),
            [round; 2]
        );
    }
}

#[test]
fn an_empty_graph_runs() {
    let mut flow = StaticTaskflow::<0, 0>::new();
    assert!(flow.is_empty());
    assert_eq!(flow.run(), Err(StaticRunError::NotFrozen));
    assert_eq!(
        flow.emplace(&|| ()),
        Err(StaticGraphError::TasksFull { capacity: 0 })
    );
    assert_eq!(flow.freeze(), Ok(()));
    assert_eq!((flow.run(), flow.run(), flow.help()), (Ok(()), Ok(()), 0));
}

#[test]
fn a_task_that_runs_its_own_graph_is_refused_and_one_that_helps_runs_others() {
    let (graph, refused, helped) = (
        OnceLock::<&Flow<'_>>::new(),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    let runs = || {
        assert_eq!(graph.get().unwrap().run(), Err(StaticRunError::Running));
        refused.fetch_add(1, Ordering::SeqCst);
    };
    let helps = || {
        helped.fetch_add(graph.get().unwrap().help(), Ordering::SeqCst);
    };
    let mut flow = Flow::new();
    for _ in 0..3 {
        flow.emplace(&helps).unwrap();
        flow.emplace(&runs).unwrap();
    }
    flow.freeze().unwrap();
    graph.set(&flow).unwrap();
    assert_eq!(flow.run(), Ok(()));
    assert_eq!(refused.load(Ordering::SeqCst), 3);
    // The first that runs helps with all others, or the second does if the first is one that is refused.
    assert!(helped.load(Ordering::SeqCst) >= 4);
}

/// The figures of the documentation.
#[test]
fn a_task_takes_44_bytes_and_an_edge_4_and_on_32_bits_28_and_4() {
    let bytes_of_a_task = 2 * size_of::<&str>() + 12;
    assert_eq!(
        bytes_of_a_task,
        if cfg!(target_pointer_width = "32") {
            28
        } else {
            44
        }
    );
    let empty = size_of::<StaticTaskflow<'_, 0, 0>>();
    let tasks = size_of::<StaticTaskflow<'_, 1000, 0>>() - empty;
    assert_eq!(tasks, 1000 * bytes_of_a_task);
    let edges = size_of::<StaticTaskflow<'_, 0, 1000>>() - empty;
    assert_eq!(edges, 1000 * 4);
    assert!(empty <= 64, "{empty} bytes");
}
