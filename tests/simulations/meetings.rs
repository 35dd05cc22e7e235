//! Tasks that wait for tasks that nothing orders before them, in ways that as many workers as there are can bring to an
//! end: one that sleeps through a ready task leaves the others waiting for ever.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Arc;

use taskflow_std::testing::{Executor, Simulation, pause};
use taskflow_std::{FifoScheduler, TaskHandle, Taskflow};

use crate::support::counter::Counter;

/// Calls `body` with 1, 2, 4 and 8 workers, under several seeds each.
fn on_workers(body: impl Fn(&Executor, usize) + Sync) {
    for workers in [1, 2, 4, 8] {
        Simulation::new()
            .workers(workers)
            .seeds(20)
            .check(|executor, _| body(executor, workers));
    }
}

/// Passed by nobody before `size` have arrived; then it is new again.
#[derive(Clone, Debug)]
struct Meeting(usize, Counter);

impl Meeting {
    fn of(size: usize) -> Self {
        Self(size, Counter::default())
    }

    fn attend(&self) {
        let all = (self.1.add() / self.0 + 1) * self.0;
        while self.1.get() < all {
            pause();
        }
    }
}

#[test]
fn sources_that_wait_until_all_workers_have_arrived_find_all_workers() {
    on_workers(|executor, workers| {
        let (flow, meeting) = (Taskflow::new(), Meeting::of(workers));
        for _ in 0..40 * workers {
            let meeting = meeting.clone();
            flow.emplace(move || meeting.attend());
        }
        executor.run_n(&flow, 2).wait().expect("nothing fails");
        assert_eq!(meeting.1.get(), 80 * workers);
    });
}

/// A chain, and behind it tasks that meet, as many at a time as there are workers. Gives the first and the last task.
fn wide_behind_a_chain<'f>(
    flow: &'f Taskflow<'static>,
    workers: usize,
    met: &Counter,
) -> [TaskHandle<'f>; 2] {
    let chain: Vec<_> = (0..10).map(|_| flow.placeholder()).collect();
    flow.linearize(&chain);
    let (last, meeting) = (flow.placeholder(), Meeting(workers, met.clone()));
    for _ in 0..10 * workers {
        let meeting = meeting.clone();
        let wide = flow.emplace(move || meeting.attend());
        last.succeed(wide.succeed(chain[9]));
    }
    [chain[0], last]
}

#[test]
fn a_wide_level_behind_a_chain_meets_where_a_policy_decides() {
    for workers in [2, 4] {
        let simulation = Simulation::new().workers(workers).seeds(20);
        simulation.check_over(FifoScheduler::new, |executor, _| {
            let (flow, met) = (Taskflow::new(), Counter::default());
            wide_behind_a_chain(&flow, workers, &met);
            executor.run_n(&flow, 2).wait().expect("nothing fails");
            assert_eq!(met.get(), 20 * workers);
        });
    }
}

#[test]
fn a_wide_level_behind_a_chain_meets_in_each_turn_of_a_loop() {
    on_workers(|executor, workers| {
        let (flow, met) = (Taskflow::new(), Counter::default());
        let [first, last] = wide_behind_a_chain(&flow, workers, &met);
        let turns = Counter::default();
        let again = flow.emplace_condition(move || turns.add() % 3 == 2);
        flow.placeholder().precede(first);
        last.precede(again);
        // False goes round again, true leads nowhere.
        again.precede(first);
        executor.run_n(&flow, 2).wait().expect("nothing fails");
        assert_eq!(met.get(), 2 * 3 * 10 * workers);
    });
}

#[test]
fn a_wide_level_behind_a_chain_meets_in_a_subflow() {
    on_workers(|executor, workers| {
        let (flow, met) = (Taskflow::new(), Counter::default());
        let count = met.clone();
        flow.emplace_subflow(move |subflow| {
            wide_behind_a_chain(subflow, workers, &count);
        });
        executor.run_n(&flow, 2).wait().expect("nothing fails");
        assert_eq!(met.get(), 20 * workers);
    });
}

#[test]
fn the_spine_of_a_tree_ends_although_its_other_children_keep_all_workers_but_one() {
    on_workers(|executor, workers| {
        let (flow, ended) = (Taskflow::new(), Arc::new(AtomicBool::new(false)));
        let mut spine = flow.placeholder();
        for at in 0..40 {
            if at % 4 == 0 && at / 4 + 1 < workers {
                let ended = Arc::clone(&ended);
                spine.precede(flow.emplace(move || {
                    while !ended.load(Ordering::Relaxed) {
                        pause();
                    }
                }));
            }
            let next = flow.emplace(pause);
            spine.precede(next);
            spine = next;
        }
        let done = Arc::clone(&ended);
        spine.precede(flow.emplace(move || done.store(true, Ordering::Relaxed)));
        for _ in 0..3 {
            ended.store(false, Ordering::Relaxed);
            executor.run(&flow).wait().expect("nothing fails");
        }
    });
}

#[test]
fn a_diagonal_of_a_wavefront_meets_as_a_whole() {
    on_workers(|executor, workers| {
        let (flow, meeting) = (Taskflow::new(), Meeting::of(workers));
        let mut cells: Vec<Vec<TaskHandle<'_>>> = Vec::new();
        for row in 0..workers {
            let mut cells_of_row: Vec<TaskHandle<'_>> = Vec::new();
            for column in 0..workers {
                let meeting = (row + column + 1 == workers).then(|| meeting.clone());
                let cell = flow.emplace(move || {
                    if let Some(meeting) = &meeting {
                        meeting.attend();
                    }
                });
                if let Some(left) = cells_of_row.last() {
                    left.precede(cell);
                }
                if let Some(above) = cells.last() {
                    above[column].precede(cell);
                }
                cells_of_row.push(cell);
            }
            cells.push(cells_of_row);
        }
        let stats = executor.run_n(&flow, 10).wait().expect("nothing fails");
        assert_eq!(stats.tasks, 10 * (workers * workers) as u64);
        assert_eq!(meeting.1.get(), 10 * workers);
    });
}

#[test]
fn tasks_that_wait_for_the_others_of_a_fan_out_leave_them_a_worker() {
    on_workers(|executor, workers| {
        let flow = Taskflow::new();
        let (waiting, ran) = (Arc::new(AtomicUsize::new(0)), Counter::default());
        let source = flow.placeholder();
        for at in 0..100 {
            let (waiting, ran) = (Arc::clone(&waiting), ran.clone());
            source.precede(flow.emplace(move || {
                if at % 10 == 0 {
                    ran.add();
                    return;
                }
                // One worker is left to those that are waited for.
                if waiting.fetch_add(1, Ordering::Relaxed) + 1 < workers {
                    while ran.get() < 10 {
                        pause();
                    }
                }
                waiting.fetch_sub(1, Ordering::Relaxed);
            }));
        }
        executor.run(&flow).wait().expect("nothing fails");
        assert_eq!(ran.get(), 10);
    });
}

#[test]
fn tasks_that_meet_are_never_more_than_the_workers() {
    on_workers(|executor, workers| {
        let (flow, inside) = (Taskflow::new(), Arc::new(AtomicUsize::new(0)));
        for _ in 0..20 * workers {
            let inside = Arc::clone(&inside);
            flow.emplace(move || {
                assert!(inside.fetch_add(1, Ordering::Relaxed) < workers);
                pause();
                inside.fetch_sub(1, Ordering::Relaxed);
            });
        }
        executor.run(&flow).wait().expect("nothing fails");
        executor.run_and_wait(&flow).expect("nothing fails");
    });
}
