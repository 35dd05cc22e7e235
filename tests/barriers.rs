//! Graphs of every kind keep all workers at work, inside of one another and until they are told to stop.

use std::sync::Arc;

use crate::support::counter::Counter;
use crate::support::meeting::Meeting;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, RunError, TaskHandle, Taskflow};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

/// A chain of a hundred, and behind it 1,024 tasks that meet, as many at a time as there are workers. Gives the
/// first and the last task.
fn wide_behind_a_chain<'f>(
    flow: &'f Taskflow<'static>,
    workers: usize,
    met: &Counter,
) -> [TaskHandle<'f>; 2] {
    let chain: Vec<_> = (0..100).map(|_| flow.placeholder()).collect();
    flow.linearize(&chain);
    let (last, meeting) = (flow.placeholder(), Meeting::of(workers));
    for _ in 0..1024 / workers * workers {
        let (meeting, met) = (meeting.clone(), met.clone());
        let wide = flow.emplace(move || {
            meeting.attend();
            met.add();
        });
        last.succeed(wide.succeed(chain[99]));
    }
    [chain[0], last]
}

#[test]
fn a_wide_level_of_meetings_in_a_loop_loses_no_wake_up() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, met) = (Executor::new(workers), Counter::default());
            let flow = Taskflow::new();
            let [first, last] = wide_behind_a_chain(&flow, workers, &met);
            let mut pass = 0;
            let again = flow.emplace_condition(move || {
                pass += 1;
                usize::from(pass % 5 == 0)
            });
            flow.placeholder().precede(first);
            last.precede(again);
            again.precede(first);
            executor.run_n(&flow, 2).wait().unwrap();
            assert_eq!(met.get(), 10 * (1024 / workers * workers));
        }
    });
}

#[test]
fn a_wide_level_of_meetings_in_a_subflow_loses_no_wake_up() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, met) = (Executor::new(workers), Counter::default());
            let flow = Taskflow::new();
            let count = met.clone();
            let subflow = flow.emplace_subflow(move |subflow| {
                wide_behind_a_chain(subflow, workers, &count);
            });
            let seen = met.clone();
            let wide = 1024 / workers * workers;
            subflow.precede(flow.emplace(move || assert_eq!(seen.get() % wide, 0)));
            executor.run_n(&flow, 5).wait().unwrap();
            assert_eq!(met.get(), 5 * wide);
        }
    });
}

#[test]
fn executors_nested_three_deep_run_every_task() {
    within_a_minute(|| {
        for workers in WORKERS {
            let ran = Counter::default();
            let flow = Taskflow::new();
            for _ in 0..4 {
                let ran = ran.clone();
                flow.emplace(move || {
                    let (middle, flow) = (Executor::new(workers), Taskflow::new());
                    for _ in 0..4 {
                        let ran = ran.clone();
                        flow.emplace(move || {
                            let (inner, flow) = (Executor::new(workers), Taskflow::new());
                            for _ in 0..4 {
                                let ran = ran.clone();
                                flow.emplace(move || {
                                    ran.add();
                                });
                            }
                            inner.run(&flow).wait().expect("nothing fails");
                        });
                    }
                    middle.run(&flow).wait().expect("nothing fails");
                });
            }
            Executor::new(workers).run(&flow).wait().unwrap();
            assert_eq!(ran.get(), 64);
        }
    });
}

#[test]
fn a_hundred_endless_loops_of_every_kind_are_cancelled() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, turns) = (Executor::new(workers), Counter::default());
            let flow = Taskflow::new();
            for number in 0..100 {
                let turns = turns.clone();
                match number % 4 {
                    0 => {
                        let again = flow.emplace_condition(move || {
                            turns.add();
                            0
                        });
                        again.precede(again).succeed(flow.placeholder());
                    }
                    1 => {
                        let body = flow.emplace_subflow(move |subflow| {
                            let turns = turns.clone();
                            subflow.emplace(move || {
                                turns.add();
                            });
                        });
                        let again = flow.emplace_condition(|| 0);
                        body.succeed(flow.placeholder()).precede(again);
                        again.precede(body);
                    }
                    2 => {
                        flow.repeat_while(
                            move || {
                                turns.add();
                                true
                            },
                            [flow.placeholder(), flow.placeholder()],
                        );
                    }
                    _ => {
                        let body = flow.emplace_async(move || {
                            let turns = turns.clone();
                            async move {
                                turns.add();
                            }
                        });
                        let again = flow.emplace_condition(|| 0);
                        body.succeed(flow.placeholder()).precede(again);
                        again.precede(body);
                    }
                }
            }
            let run = executor.run(&flow);
            while turns.get() < 10_000 {
                std::thread::yield_now();
            }
            assert!(run.cancel());
            assert!(matches!(run.wait(), Err(RunError::Cancelled { .. })));
            let stopped = turns.get();
            executor.run(&Taskflow::new()).wait().unwrap();
            assert_eq!(turns.get(), stopped);
        }
    });
}

#[test]
fn flows_that_use_one_module_from_many_threads_at_once_all_end() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, ran) = (Arc::new(Executor::new(workers)), Counter::default());
            let part = Taskflow::new();
            let count = ran.clone();
            part.emplace(move || {
                count.add();
            });
            let module = taskflow_std::Module::new(part);
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    let (executor, module) = (Arc::clone(&executor), module.clone());
                    scope.spawn(move || {
                        let flow = Taskflow::new();
                        for _ in 0..10 {
                            flow.composed_of(&module);
                        }
                        for _ in 0..20 {
                            executor.run(&flow).wait().expect("nothing fails");
                            executor.run(&module).wait().expect("nothing fails");
                        }
                    });
                }
            });
            assert_eq!(ran.get(), 8 * 20 * 11);
        }
    });
}
