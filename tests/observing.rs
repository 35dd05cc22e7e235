//! Observers hear what an executor does, all of it and in order, while they are attached.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::panic::{panic_any, resume_unwind};
use std::sync::Arc;
use std::thread;

use crate::support::counted_flow::counted;
use crate::support::counter::Counter;
use crate::support::dice::Dice;
use crate::support::journal::{Heard, Journal};
use crate::support::random_graph::RandomGraph;
use crate::support::shared_flow::SharedFlow;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{
    Ended, Event, EventKind, Executor, FailurePolicy, Manual, Module, ObserverHandle, RunId,
    RunOptions, Taskflow,
};

const WORKERS: [usize; 4] = [1, 2, 4, 8];
const DONE: EventKind = EventKind::End {
    outcome: Ended::Done,
};
const SKIPPED: EventKind = EventKind::End {
    outcome: Ended::Skipped,
};

#[test]
fn of_a_chain_everything_is_heard_in_order() {
    for workers in WORKERS {
        let executor = taskflow_core::Executor::<Manual>::new(workers);
        let journal = Journal::default();
        let observer = executor.observe(journal.clone());
        let flow = Taskflow::with_name("chain");
        let names = ["a", "b", "c"];
        flow.linearize(names.map(|name| flow.emplace(|| {}).name(name)));
        let run = executor.run_n(&flow, 2);
        executor.platform().advance(Duration::from_secs(3));
        executor.platform().step_all();
        run.wait().expect("nothing fails");
        let heard: Vec<_> = journal.all();
        let told = heard.iter().filter(|heard| heard.run.is_some());
        let told: Vec<_> = told.map(|h| (h.task_name.as_deref(), h.kind)).collect();
        let mut expected = vec![(None, EventKind::RunBegin)];
        for _ in 0..2 {
            for name in names {
                let kinds = [EventKind::Ready, EventKind::Start, DONE];
                expected.extend(kinds.map(|kind| (Some(name), kind)));
            }
        }
        expected.push((None, EventKind::RunEnd));
        assert_eq!(told, expected);
        assert!(
            heard
                .iter()
                .all(|heard| heard.time == Duration::from_secs(3))
        );
        let of_run = || heard.iter().filter(|heard| heard.run.is_some());
        assert!(of_run().all(|heard| heard.flow_name.as_deref() == Some("chain")));
        assert!(of_run().all(|heard| heard.run.map(RunId::number) == Some(1)));
        drop(observer);
    }
}

#[test]
fn every_task_is_ready_started_and_ended_once() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        for workers in WORKERS {
            let executor = Executor::new(workers);
            for size in [1, 2, 100, 3000] {
                let graph = RandomGraph::thrown(&mut dice, size, 4);
                let journal = Journal::default();
                let observer = executor.observe(journal.clone());
                executor
                    .run_n(&graph.flow, 3)
                    .wait()
                    .expect("nothing fails");
                executor.run_and_wait(&graph.flow).expect("nothing fails");
                observer.detach();
                graph.ran(4);
                assert_eq!(journal.tasks(), [4 * size; 3]);
                for kind in [EventKind::RunBegin, EventKind::RunEnd] {
                    assert_eq!(journal.count(|heard| heard.kind == kind), 2);
                }
                journal.assert_in_order();
            }
        }
    });
}

#[test]
fn a_wide_fan_out_is_heard_of_in_whole() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, counter, journal) = (
                Executor::new(workers),
                Counter::default(),
                Journal::default(),
            );
            let flow = counted(5000, &counter);
            let (source, tail) = (flow.placeholder(), flow.placeholder());
            for _ in 0..5000 {
                let middle = flow.placeholder();
                source.precede(middle);
                middle.precede(tail);
            }
            let observer = executor.observe(journal.clone());
            executor.run(&flow).wait().expect("nothing fails");
            drop(observer);
            assert_eq!(journal.tasks(), [10_002; 3]);
            journal.assert_in_order();
        }
    });
}

#[test]
fn stepped_workers_tell_as_much_as_threads_in_every_interleaving() {
    let mut dice = Dice::shaken();
    for workers in WORKERS {
        let executor = taskflow_core::Executor::<Manual>::new(workers);
        for _ in 0..30 {
            let size = 1 + dice.below(100);
            let graph = RandomGraph::thrown(&mut dice, size, 3);
            let journal = Journal::default();
            let observer = executor.observe(journal.clone());
            let run = executor.run(&graph.flow);
            while !run.is_done() {
                executor.platform().step(dice.below(workers));
            }
            observer.detach();
            assert_eq!(journal.tasks(), [size; 3]);
            journal.assert_in_order();
        }
    }
}

#[test]
fn an_observer_attached_and_detached_between_any_two_steps_hears_consistent_pairs() {
    let mut dice = Dice::shaken();
    for workers in WORKERS {
        let executor = taskflow_core::Executor::<Manual>::new(workers);
        let mut heard = 0;
        for _ in 0..50 {
            let graph = RandomGraph::thrown(&mut dice, 60, 3);
            let run = executor.run_n(&graph.flow, 3);
            let journal = Journal::default();
            let mut observer: Option<ObserverHandle> = None;
            while !run.is_done() {
                executor.platform().step(dice.below(workers));
                if dice.below(10) == 0 {
                    observer = match observer {
                        None => Some(executor.observe(journal.clone())),
                        Some(_) => None,
                    };
                }
            }
            drop(observer);
            graph.ran(3);
            // No task runs between two steps, so nothing is missing of any.
            let [_, started, ended] = journal.tasks();
            assert_eq!(started, ended);
            heard += ended;
        }
        assert!(heard > 0, "runs that go on are heard of");
    }
}

#[test]
fn two_observers_hear_the_same() {
    let executor = taskflow_core::Executor::<Manual>::new(2);
    let mut dice = Dice::shaken();
    let graph = RandomGraph::thrown(&mut dice, 50, 3);
    let (one, two) = (Journal::default(), Arc::new(Journal::default()));
    let first = executor.observe(one.clone());
    let second = executor.observe(Arc::clone(&two));
    executor.run_and_wait(&graph.flow).expect("nothing fails");
    drop(first);
    let names = |journal: &Journal| -> Vec<_> {
        let all = journal.all();
        all.iter().map(|heard| (heard.kind, heard.task)).collect()
    };
    assert_eq!(names(&one), names(&two));
    executor.run_and_wait(&graph.flow).expect("nothing fails");
    drop(second);
    assert_eq!((one.tasks(), two.tasks()), ([50; 3], [100; 3]));
}

#[test]
fn failed_and_skipped_tasks_end_as_such() {
    for workers in WORKERS {
        let (executor, journal) = (Executor::new(workers), Journal::default());
        let observer = executor.observe(journal.clone());
        let flow = Taskflow::new();
        let bad = flow.emplace(|| panic_any("on purpose")).name("bad");
        let worse = flow.try_emplace(|| Err(std::io::Error::other("no").into()));
        bad.precede(flow.placeholder().name("after"));
        worse.name("worse");
        flow.placeholder().name("apart");
        let options = RunOptions::new().on_failure(FailurePolicy::KeepIndependent);
        let error = executor
            .run_with(&flow, options)
            .wait()
            .expect_err("it fails");
        let stats = error.stats().expect("it was started");
        drop(observer);
        assert_eq!((stats.tasks, stats.skipped), (3, 1));
        let ends = |name| journal.of(name).last().copied();
        let failed = EventKind::End {
            outcome: Ended::Failed,
        };
        assert_eq!(["bad", "worse"].map(ends), [Some(failed); 2]);
        assert_eq!((ends("after"), ends("apart")), (Some(SKIPPED), Some(DONE)));
        assert_eq!(journal.tasks(), [4; 3]);
        journal.assert_in_order();
    }
}

#[test]
fn nested_runs_are_heard_of_within_their_task() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, journal) = (Executor::new(workers), Journal::default());
            let observer = executor.observe(journal.clone());
            let steps = Taskflow::with_name("module");
            steps.linearize([(); 5].map(|()| steps.emplace(|| {})));
            let module = Module::new(steps);
            let flow = Taskflow::with_name("outer");
            let used = flow.composed_of(&module).name("use");
            let built = flow
                .emplace_subflow(|subflow| {
                    for _ in 0..7 {
                        subflow.emplace(|| {}).name("child");
                    }
                })
                .name("subflow");
            used.precede(built);
            let stats = executor.run_n(&flow, 3).wait().expect("nothing fails");
            drop(observer);
            assert_eq!(stats.tasks, 3 * 14);
            assert_eq!(journal.tasks(), [3 * 14; 3]);
            assert_eq!(journal.count(|heard| heard.kind == EventKind::RunBegin), 7);
            assert_eq!(journal.count(|heard| heard.kind == EventKind::RunEnd), 7);
            assert_eq!(journal.of("child").len(), 3 * 7 * 3);
            let suspended = EventKind::End {
                outcome: Ended::Suspended,
            };
            let once = [
                EventKind::Ready,
                EventKind::Start,
                suspended,
                EventKind::Start,
                DONE,
            ];
            assert_eq!(journal.of("use"), [once; 3].concat());
            assert_eq!(journal.of("subflow"), [once; 3].concat());
            journal.assert_in_order();
        }
    });
}

#[test]
fn a_loop_is_heard_of_at_each_pass_and_may_be_waited_in() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, journal) = (Arc::new(Executor::new(workers)), Journal::default());
            let inner = Counter::default();
            let other = SharedFlow::of(counted(3, &inner));
            let host = Arc::downgrade(&executor);
            let waiting = executor.observe(move |event: &Event<'_>| {
                if event.kind == DONE && event.task_name() == Some("body") {
                    let host = host.upgrade().expect("it waits for its runs");
                    other.start(&host).wait().expect("nothing fails");
                }
            });
            let observer = executor.observe(journal.clone());
            let (flow, mut passes) = (Taskflow::new(), 0);
            let body = flow.placeholder().name("body");
            flow.repeat_while(
                move || {
                    passes += 1;
                    passes % 11 != 0
                },
                body,
            );
            let stats = executor.run_n(&flow, 2).wait().expect("nothing fails");
            drop((observer, waiting));
            let once = [EventKind::Ready, EventKind::Start, DONE];
            assert_eq!(journal.of("body"), [once; 20].concat());
            assert_eq!(inner.get(), 60);
            let of_flow = journal.count(|heard| heard.kind == DONE) - inner.get();
            assert_eq!(of_flow as u64, stats.tasks);
        }
    });
}

#[test]
fn a_task_that_waits_ends_on_its_thread() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let (executor, journal) = (Arc::new(Executor::new(workers)), Journal::default());
            let observer = executor.observe(journal.clone());
            let (flow, inner) = (Taskflow::new(), Counter::default());
            for _ in 0..20 {
                let (host, below) = (
                    Arc::downgrade(&executor),
                    SharedFlow::of(counted(5, &inner)),
                );
                flow.emplace(move || {
                    let host = host.upgrade().expect("it waits for its runs");
                    below.start(&host).wait().expect("nothing fails");
                });
            }
            executor.run(&flow).wait().expect("nothing fails");
            drop(observer);
            assert_eq!(journal.tasks(), [120; 3]);
            journal.assert_in_order();
        }
    });
}

#[test]
fn steals_parks_and_wake_ups_are_heard_of() {
    within_a_minute(|| {
        let (executor, journal) = (Executor::new(2), Journal::default());
        let observer = executor.observe(journal.clone());
        let heard = |kind: fn(&EventKind) -> bool| journal.count(|heard| kind(&heard.kind)) > 0;
        let all = || {
            heard(|kind| matches!(kind, EventKind::Steal { tasks: 1.., .. }))
                && heard(|kind| *kind == EventKind::Park)
                && heard(|kind| *kind == EventKind::Wake)
        };
        while !all() {
            let (flow, ran) = (Taskflow::new(), Counter::default());
            let source = flow.placeholder();
            let half = ran.clone();
            // The source's worker runs one of these, which waits until somebody has taken the others.
            for _ in 0..2 {
                let (half, ran) = (half.clone(), ran.clone());
                source.precede(flow.emplace(move || {
                    ran.add();
                    while half.get() < 2 {
                        thread::yield_now();
                    }
                }));
            }
            executor.run(&flow).wait().expect("nothing fails");
        }
        drop(observer);
        for heard in journal.all() {
            if let EventKind::Steal { from, .. } = heard.kind {
                assert!(heard.worker.is_some_and(|worker| worker != from));
                assert!(from.index() < 2);
            }
        }
    });
}

#[test]
fn what_is_taken_from_behind_a_full_queue_is_heard_of() {
    // More than a queue holds. Whoever steals from one takes 32 at most.
    let flow = Taskflow::new();
    let source = flow.placeholder();
    for _ in 0..1424 {
        source.precede(flow.placeholder());
    }
    let most = Arc::new(AtomicUsize::new(0));
    for alone in 0..20 {
        let executor = taskflow_core::Executor::<Manual>::new(2);
        let stolen = Arc::clone(&most);
        let observer = executor.observe(move |event: &Event<'_>| {
            if let EventKind::Steal { tasks, .. } = event.kind {
                stolen.fetch_max(tasks, Ordering::Relaxed);
            }
        });
        let run = executor.run(&flow);
        for _ in 0..alone {
            executor.platform().step(0);
        }
        for _ in 0..1400 {
            executor.platform().step(1);
        }
        executor.platform().step_all();
        run.wait().expect("nothing fails");
        drop(observer);
    }
    assert!(most.load(Ordering::Relaxed) > 32, "{most:?}");
}

#[test]
fn a_run_on_another_executor_is_not_heard_of() {
    let (observed, other) = (Executor::new(1), Executor::new(1));
    let (journal, flow) = (Journal::default(), counted(3, &Counter::default()));
    observed.run(&flow).wait().expect("nothing fails");
    let observer = observed.observe(journal.clone());
    other.run(&flow).wait().expect("nothing fails");
    assert_eq!(journal.tasks(), [0; 3]);
    observed.run(&flow).wait().expect("nothing fails");
    drop(observer);
    assert_eq!(journal.tasks(), [3; 3]);
}

#[test]
fn spawned_tasks_are_told_of_in_pairs_of_no_run() {
    for workers in WORKERS {
        let executor = Executor::new(workers);
        let journal = Journal::default();
        let handle = executor.observe(journal.clone());
        let jobs: Vec<_> = (0..10)
            .map(|number| executor.spawn(move || number))
            .collect();
        let sum: usize = jobs.into_iter().map(|job| job.wait().unwrap()).sum();
        let failed = executor.spawn(|| resume_unwind(Box::new("boom"))).wait();
        assert!(failed.is_err() && sum == 45);
        executor.wait_for_all().unwrap();
        drop(handle);
        let spawned = |heard: &Heard| heard.run.is_none() && heard.task.is_none();
        let starts = journal.count(|heard| spawned(heard) && heard.kind == EventKind::Start);
        let ends = |ended| {
            let kind = EventKind::End { outcome: ended };
            journal.count(|heard| spawned(heard) && heard.kind == kind)
        };
        assert_eq!(
            (starts, ends(Ended::Done), ends(Ended::Failed)),
            (11, 10, 1)
        );
    }
}
