//! A panic ends its run and nothing else: the payload comes out whole, and the pool is as good as new.

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};

use crate::support::blocked_flow::BlockedFlow;
use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::forgotten::forget;
use crate::support::gate::Gate;
use crate::support::meeting::Meeting;
use crate::support::panics::panic_of;
use crate::support::payload::text_of;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Failure, Panic, RunError, RunStats, TaskLabel, Taskflow};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

/// A payload that no other panic has.
#[derive(Debug, PartialEq)]
struct Payload(usize);

/// A panic that writes nothing to the terminal.
fn throw(number: usize) {
    resume_unwind(Box::new(Payload(number)));
}

#[track_caller]
fn panicked(result: Result<RunStats, RunError>) -> (TaskLabel, Panic, RunStats) {
    match result {
        Err(RunError::Panicked {
            task: Some(task),
            panic,
            stats,
        }) => (task, panic, *stats),
        other => panic!("a panic of a task is expected: {other:?}"),
    }
}

fn number_in(panic: Panic) -> usize {
    let payload = panic.into_payload().downcast::<Payload>();
    payload.expect("the payload is the task's").0
}

#[test]
fn a_panic_in_task_three_of_six_lets_exactly_two_run() {
    for workers in WORKERS {
        let executor = Executor::new(workers);
        let (flow, count) = (Taskflow::new(), Counter::default());
        let tasks = [0, 1, 2, 3, 4, 5].map(|number| {
            let count = count.clone();
            flow.emplace(move || {
                if number == 2 {
                    throw(42);
                }
                count.add();
            })
            .name(format!("task {number}"))
        });
        flow.linearize(tasks);
        for round in 1..=3 {
            let (task, panic, stats) = panicked(executor.run(&flow).wait());
            assert_eq!(
                (task.id, task.name.as_deref()),
                (tasks[2].id(), Some("task 2"))
            );
            assert_eq!(number_in(panic), 42);
            assert_eq!((stats.rounds, stats.tasks, stats.skipped), (1, 3, 3));
            assert!(stats.suppressed.is_empty());
            assert_eq!(count.get(), 2 * round);
        }
    }
}

#[test]
fn a_panic_in_any_position_ends_the_run_and_leaves_the_pool_as_good_as_new() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for position in 0..10 {
                let (flow, broken) = (Taskflow::new(), Arc::new(Mutex::new(true)));
                let tasks: Vec<_> = (0..10)
                    .map(|number| {
                        let broken = Arc::clone(&broken);
                        flow.emplace(move || {
                            if number == position && *broken.lock().unwrap() {
                                throw(number);
                            }
                        })
                    })
                    .collect();
                tasks[0].precede(&tasks[1..9]);
                tasks[9].succeed(&tasks[1..9]);
                // Not under the lock: that would be poisoned.
                let throwing = flow.tasks()[position].id();
                let (task, panic, stats) = panicked(executor.run_n(&flow, 3).wait());
                drop(panic);
                assert_eq!(task.id, throwing);
                assert_eq!(stats.rounds, 1);
                *broken
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner) = false;
                broken.clear_poison();
                assert_eq!(executor.run_n(&flow, 3).wait().unwrap().tasks, 30);
            }
        }
    });
}

#[test]
fn a_panic_in_a_later_round_ends_the_run_there() {
    for workers in WORKERS {
        let executor = Executor::new(workers);
        let flow = Taskflow::new();
        let mut round = 0;
        flow.emplace(move || {
            round += 1;
            if round == 7 {
                throw(round);
            }
        });
        let (_, panic, stats) = panicked(executor.run_n(&flow, 100).wait());
        assert_eq!((number_in(panic), stats.rounds, stats.tasks), (7, 7, 7));
    }
}

#[test]
fn the_text_of_a_panic_is_in_the_error() {
    let executor = Executor::new(1);
    let flow = Taskflow::new();
    flow.emplace(|| resume_unwind(Box::new("out of cheese")))
        .name("shop");
    let error = executor.run(&flow).wait().unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("out of cheese") && text.contains("\"shop\""),
        "{text}"
    );
    let (_, panic, _) = panicked(Err(error));
    assert_eq!(panic.message(), Some("out of cheese"));
    assert_eq!(text_of(panic.into_payload()), "out of cheese");
}

#[test]
fn a_failed_run_leaves_the_queued_ones_alone() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let blocked = BlockedFlow::new("first throws");
            let mut first = true;
            blocked.flow.tasks()[0].precede(blocked.flow.emplace(move || {
                if core::mem::take(&mut first) {
                    throw(1);
                }
            }));
            let [one, two, three] = [(); 3].map(|()| executor.run(&blocked.flow));
            blocked.end.open();
            assert_eq!(number_in(panicked(one.wait()).1), 1);
            assert_eq!(two.wait().unwrap().tasks, 2);
            assert_eq!(three.wait().unwrap().tasks, 2);
        }
    });
}

#[test]
fn of_all_workers_throwing_at_once_one_is_reported_and_the_others_are_suppressed() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for _ in 0..20 {
                let (flow, meeting) = (Taskflow::new(), Meeting::of(workers));
                for number in 0..workers {
                    let meeting = meeting.clone();
                    flow.emplace(move || {
                        meeting.attend();
                        throw(number);
                    });
                }
                let (task, panic, stats) = panicked(executor.run(&flow).wait());
                let mut thrown = vec![number_in(panic)];
                let mut tasks = vec![task.id];
                for suppressed in stats.suppressed {
                    tasks.push(suppressed.task.unwrap().id);
                    match suppressed.failure {
                        Failure::Panicked(panic) => thrown.push(number_in(panic)),
                        other => panic!("{other:?}"),
                    }
                }
                assert_eq!(stats.tasks, workers as u64);
                thrown.sort_unstable();
                assert_eq!(thrown, (0..workers).collect::<Vec<_>>());
                tasks.sort_unstable();
                tasks.dedup();
                assert_eq!(tasks.len(), workers);
            }
        }
    });
}

#[test]
fn a_task_that_gives_up_fails_its_run_with_its_error() {
    for workers in WORKERS {
        let executor = Executor::new(workers);
        let (flow, count) = (Taskflow::new(), Counter::default());
        let counted = count.clone();
        let parse = flow.try_emplace(|| {
            "seven".parse::<u8>()?;
            Ok(())
        });
        parse.name("parse").precede(flow.emplace(move || {
            counted.add();
        }));
        let error = executor.run(&flow).wait().unwrap_err();
        let RunError::Failed {
            task: Some(task),
            error,
            stats,
        } = error
        else {
            panic!("a failure is expected: {error:?}");
        };
        assert_eq!((task.id, task.name.as_deref()), (parse.id(), Some("parse")));
        assert!(
            error
                .get()
                .downcast_ref::<core::num::ParseIntError>()
                .is_some()
        );
        assert!(
            error
                .into_inner()
                .downcast::<core::num::ParseIntError>()
                .is_ok()
        );
        assert_eq!((stats.tasks, stats.skipped, count.get()), (1, 1, 0));
    }
}

/// Panics when it is dropped, with the number of drops before.
#[derive(Debug)]
struct Sour(Counter);

impl Drop for Sour {
    fn drop(&mut self) {
        throw(self.0.add());
    }
}

#[test]
fn a_panicking_drop_of_a_once_closure_is_a_panic_of_its_task() {
    for workers in WORKERS {
        let executor = Executor::new(workers);
        let (flow, drops) = (Taskflow::new(), Counter::default());
        let sour = Sour(drops.clone());
        let task = flow.emplace_once(move || drop(sour)).id();
        let kept = Sour(drops.clone());
        let (culprit, panic, _) = panicked(executor.run(&flow).wait());
        assert_eq!((culprit.id, number_in(panic), drops.get()), (task, 0, 1));
        forget(kept);
        drop(flow);
        assert_eq!(drops.get(), 1);
        let next = Taskflow::new();
        next.emplace(|| {});
        executor.run(&next).wait().unwrap();
    }
}

/// Drops flows while they run, each with this many captures whose drop panics, and ten that do not.
fn drop_while_running(workers: usize, bad: usize) {
    let executor = Executor::new(workers);
    let (drops, sour) = (Counter::default(), Counter::default());
    for _ in 0..20 {
        let blocked = BlockedFlow::new("dropped");
        for at in 0..10 + bad {
            let dropped = (at >= bad).then(|| Dropped(drops.clone()));
            let bad = (at < bad).then(|| Sour(sour.clone()));
            blocked.flow.emplace(move || {
                let _kept = (&dropped, &bad);
            });
        }
        let run = executor.run(&blocked.flow);
        blocked.begun.pass();
        drop(blocked.flow);
        blocked.end.open();
        assert_eq!(run.wait().expect("it ends well").tasks as usize, 11 + bad);
    }
    executor.wait_for_all().expect("it ends well");
    drop(executor);
    while (drops.get(), sour.get()) != (200, 20 * bad) {
        std::thread::yield_now();
    }
}

#[test]
fn a_panicking_drop_in_a_flow_dropped_while_it_runs_reaches_nobody() {
    within_a_minute(|| {
        for workers in WORKERS {
            drop_while_running(workers, 1);
        }
    });
}

#[test]
fn several_panicking_drops_in_a_flow_dropped_while_it_runs_do_not_end_the_process() {
    let this = std::env::current_exe().expect("this test lies in a file");
    let child = std::process::Command::new(this)
        .args(["--ignored", "--exact", "panicking::several_panicking_drops"])
        .output()
        .expect("this test can be started");
    assert!(
        child.status.success(),
        "{}",
        String::from_utf8_lossy(&child.stderr)
    );
}

#[test]
#[ignore = "started as a process of its own by the test above"]
fn several_panicking_drops() {
    within_a_minute(|| {
        drop_while_running(1, 3);
        drop_while_running(4, 3);
    });
}

#[test]
fn clearing_goes_on_after_a_panicking_drop() {
    let (drops, sour) = (Counter::default(), Counter::default());
    let mut flow = Taskflow::new();
    for at in 0..10 {
        let dropped = Dropped(drops.clone());
        let bad = (at == 3).then(|| Sour(sour.clone()));
        flow.emplace(move || {
            let _kept = (&dropped, &bad);
        });
    }
    panic_of(|| flow.clear());
    assert_eq!((drops.get(), sour.get(), flow.len()), (10, 1, 0));
    flow.emplace(|| {});
    assert_eq!(Executor::new(1).run_and_wait(&flow).unwrap().tasks, 1);
}

#[test]
fn removing_and_replacing_work_with_a_panicking_drop_is_done_all_the_same() {
    let sour = Counter::default();
    let flow = Taskflow::new();
    let [gone, kept] = [(); 2].map(|()| {
        let bad = Sour(sour.clone());
        flow.emplace(move || {
            let _kept = &bad;
        })
    });
    panic_of(|| flow.remove(gone));
    panic_of(|| flow.work(kept, || {}));
    assert_eq!((sour.get(), flow.len()), (2, 1));
    assert_eq!(Executor::new(1).run_and_wait(&flow).unwrap().tasks, 1);
}

/// An executor whose panic handler notes the texts of the errors it is given.
fn noting(workers: usize) -> (Executor, Arc<Mutex<Vec<String>>>) {
    let noted: Arc<Mutex<Vec<String>>> = Arc::default();
    let notes = Arc::clone(&noted);
    let builder = Executor::builder().workers(workers);
    let builder = builder.panic_handler(move |error| {
        notes
            .lock()
            .expect("nothing panics with this lock")
            .push(error.to_string());
    });
    (builder.build().expect("threads can be started"), noted)
}

#[test]
fn the_panic_handler_hears_of_runs_whose_handles_were_dropped_and_of_no_others() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, noted) = noting(workers);
            for unheard in [false, true] {
                let (flow, gate) = (Taskflow::new(), Gate::default());
                let end = gate.clone();
                flow.emplace(move || {
                    end.pass();
                    throw(1);
                })
                .name("unheard of");
                let run = executor.run(&flow);
                if unheard {
                    drop(run);
                    gate.open();
                } else {
                    gate.open();
                    panicked(run.wait());
                }
                executor.wait_for_all().unwrap();
                drop(flow);
            }
            let blocked = BlockedFlow::new("cancelled");
            blocked.flow.tasks()[0].precede(blocked.flow.placeholder());
            let run = executor.run(&blocked.flow);
            blocked.begun.pass();
            run.cancel();
            drop(run);
            blocked.end.open();
            executor.wait_for_all().unwrap();
            drop(executor);
            let noted = noted.lock().unwrap();
            assert_eq!(noted.len(), 1, "{noted:?}");
            assert!(noted[0].contains("unheard of"), "{noted:?}");
        }
    });
}

#[test]
fn a_panicking_panic_handler_kills_no_worker() {
    within_a_minute(|| {
        for workers in [1, 2] {
            let builder = Executor::builder().workers(workers);
            let builder = builder.panic_handler(|_| throw(2));
            let executor = builder.build().expect("threads can be started");
            for _ in 0..20 {
                let (flow, gate) = (Taskflow::new(), Gate::default());
                let end = gate.clone();
                flow.emplace(move || {
                    end.pass();
                    throw(1);
                });
                drop(executor.run(&flow));
                gate.open();
            }
            let good = Taskflow::new();
            good.emplace(|| {});
            for _ in 0..20 {
                assert_eq!(executor.run(&good).wait().unwrap().tasks, 1);
            }
        }
    });
}
