//! Observers come and go while runs go on, and what they do in an event (wait, run, cancel, panic) disturbs
//! nobody.

use std::panic::panic_any;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use crate::support::counted_flow::counted;
use crate::support::counter::Counter;
use crate::support::forgotten::forget;
use crate::support::gate::Gate;
use crate::support::journal::Journal;
use crate::support::shared_flow::SharedFlow;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{
    Ended, Event, EventKind, Executor, FailurePolicy, RunError, RunOptions, Taskflow,
};

const WORKERS: [usize; 4] = [1, 2, 4, 8];
const DONE: EventKind = EventKind::End {
    outcome: Ended::Done,
};
const SKIPPED: EventKind = EventKind::End {
    outcome: Ended::Skipped,
};
/// One of each kind that is of a run.
const OF_RUNS: [EventKind; 5] = [
    EventKind::RunBegin,
    EventKind::Ready,
    EventKind::Start,
    DONE,
    EventKind::RunEnd,
];

/// A payload whose drop panics too.
struct Evil;

impl Drop for Evil {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic_any("the drop of a payload");
        }
    }
}

#[test]
fn observers_come_and_go_while_a_long_run_goes_on() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, counter) = (Arc::new(Executor::new(workers)), Counter::default());
            let stop = Counter::default();
            let flow = counted(200, &counter);
            flow.linearize([(); 50].map(|()| flow.emplace(|| {})));
            let enough = stop.clone();
            let run = executor.run_until(&flow, move || enough.get() > 0);
            let threads: Vec<_> = (0..2)
                .map(|_| {
                    let executor = Arc::clone(&executor);
                    thread::spawn(move || {
                        for _ in 0..100 {
                            let heard = Counter::default();
                            let count = heard.clone();
                            let observer = executor.observe(move |event: &Event<'_>| {
                                if matches!(event.kind, EventKind::End { .. }) {
                                    count.add();
                                }
                            });
                            while heard.get() < 20 {
                                thread::yield_now();
                            }
                            observer.detach();
                        }
                    })
                })
                .collect();
            for thread in threads {
                thread.join().expect("an observer hears of the run");
            }
            stop.add();
            let stats = run.wait().expect("nothing fails");
            assert_eq!(counter.get() as u64, stats.rounds * 200);
            assert_eq!(stats.tasks, stats.rounds * 250);
        }
    });
}

#[test]
fn a_detached_observer_is_dropped_and_hears_nothing_more() {
    let executor = Executor::new(2);
    let (heard, flow) = (Counter::default(), Taskflow::new());
    flow.emplace(|| {});
    let shared = Arc::new(());
    let (count, held) = (heard.clone(), Arc::clone(&shared));
    let observer = executor.observe(move |event: &Event<'_>| {
        if event.task.is_some() {
            let _ = &held;
            count.add();
        }
    });
    assert!(observer.is_attached());
    executor.run(&flow).wait().expect("nothing fails");
    observer.detach();
    executor.run(&flow).wait().expect("nothing fails");
    assert_eq!(heard.get(), 3);
    within_a_minute(move || {
        // A worker may be telling it that it falls asleep.
        while Arc::strong_count(&shared) > 1 {
            thread::yield_now();
        }
    });
}

#[test]
fn a_kept_observer_hears_on_until_the_executor_is_gone() {
    let (journal, flow) = (Journal::default(), Taskflow::new());
    flow.emplace(|| {});
    {
        let executor = Executor::new(1);
        executor.observe(journal.clone()).keep();
        forget(executor.observe(journal.clone()));
        executor.run(&flow).wait().expect("nothing fails");
    }
    assert_eq!(journal.tasks(), [2; 3]);
    assert_eq!(journal.count(|heard| heard.flow_name.is_some()), 10);
}

#[test]
fn an_observer_that_panics_is_detached_and_disturbs_nobody() {
    within_a_minute(|| {
        for workers in WORKERS {
            for at in OF_RUNS {
                let (executor, ran, panics) = (
                    Executor::new(workers),
                    Counter::default(),
                    Counter::default(),
                );
                let count = panics.clone();
                let observer = executor.observe(move |event: &Event<'_>| {
                    if event.kind == at {
                        count.add();
                        panic_any(Evil);
                    }
                });
                let journal = Journal::default();
                let other = executor.observe(journal.clone());
                let flow = counted(100, &ran);
                executor.run(&flow).wait().expect("no task fails");
                assert!(!observer.is_attached() && other.is_attached());
                assert!((1..=workers).contains(&panics.get()));
                let before = panics.get();
                executor.run(&flow).wait().expect("no task fails");
                drop(other);
                assert_eq!((panics.get(), ran.get()), (before, 200));
                assert_eq!(journal.tasks(), [200; 3]);
                journal.assert_in_order();
            }
        }
    });
}

#[test]
fn an_observer_may_run_another_flow_and_wait_at_any_event_of_a_run() {
    within_a_minute(|| {
        for workers in WORKERS {
            for at in OF_RUNS {
                let (executor, ran, inner) = (
                    Arc::new(Executor::new(workers)),
                    Counter::default(),
                    Counter::default(),
                );
                let waits = Counter::default();
                let flow = Taskflow::with_name("outer");
                let chain = [(); 20].map(|()| flow.emplace(|| {}));
                flow.linearize(chain);
                for after in chain {
                    for _ in 0..3 {
                        let ran = ran.clone();
                        after.precede(flow.emplace(move || {
                            ran.add();
                        }));
                    }
                }
                let other = SharedFlow::of(counted(10, &inner));
                let (host, count) = (Arc::downgrade(&executor), waits.clone());
                let observer = executor.observe(move |event: &Event<'_>| {
                    if event.kind == at && event.flow_name() == Some("outer") {
                        let host = host.upgrade().expect("it waits for its runs");
                        other.start(&host).wait().expect("nothing fails");
                        count.add();
                    }
                });
                let stats = executor.run_n(&flow, 5).wait().expect("nothing fails");
                drop(observer);
                assert_eq!((stats.tasks, ran.get()), (400, 300));
                assert_eq!(inner.get(), 10 * waits.get());
                assert!(waits.get() > 0);
            }
        }
    });
}

#[test]
fn an_observer_that_waits_for_the_run_it_hears_of_is_told_of_the_deadlock() {
    within_a_minute(|| {
        for workers in [1, 2] {
            let executor = Arc::new(Executor::new(workers));
            let told: Arc<Mutex<Vec<EventKind>>> = Arc::default();
            let flow = SharedFlow::of(counted(1, &Counter::default()));
            let (again, host, heard) = (flow.clone(), Arc::downgrade(&executor), Arc::clone(&told));
            let observer = executor.observe(move |event: &Event<'_>| {
                if event.run.is_some_and(|run| run.number() == 1) {
                    let host = host.upgrade().expect("it waits for its runs");
                    let queued = again.start(&host).wait();
                    assert!(matches!(queued, Err(RunError::Deadlock)));
                    heard.lock().expect("nothing panics").push(event.kind);
                }
            });
            flow.start(&executor).wait().expect("nothing fails");
            assert!(observer.is_attached());
            executor.wait_for_all().expect("this is no task");
            let told = told.lock().expect("nothing panics");
            assert_eq!(told.len(), 5);
        }
    });
}

#[test]
fn an_observer_may_cancel_the_run_and_the_task_at_whose_start_it_does_is_not_called() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, journal) = (Executor::new(workers), Journal::default());
            let canceller: Arc<OnceLock<taskflow_std::RunCanceller>> = Arc::default();
            let (ran, gate) = (Counter::default(), Gate::default());
            let flow = Taskflow::new();
            let (first, second, third) = (gate.clone(), ran.clone(), ran.clone());
            flow.linearize([
                flow.emplace(move || first.pass()),
                flow.emplace(move || {
                    second.add();
                })
                .name("second"),
                flow.emplace(move || {
                    third.add();
                })
                .name("third"),
            ]);
            let cancels = Arc::clone(&canceller);
            let observer = executor.observe(move |event: &Event<'_>| {
                if event.kind == EventKind::Start && event.task_name() == Some("second") {
                    cancels.get().expect("set before the gate opens").cancel();
                }
            });
            let all = executor.observe(journal.clone());
            let run = executor.run(&flow);
            canceller.set(run.canceller()).expect("set once");
            gate.open();
            match run.wait() {
                Err(RunError::Cancelled { stats, .. }) => {
                    assert_eq!((stats.tasks, stats.skipped), (1, 2));
                }
                other => panic!("{other:?}"),
            }
            drop((observer, all));
            assert_eq!(ran.get(), 0);
            for name in ["second", "third"] {
                let skipped = [EventKind::Ready, EventKind::Start, SKIPPED];
                assert_eq!(journal.of(name), skipped);
            }
        }
    });
}

#[test]
fn an_observer_that_waits_while_tasks_are_skipped_loses_no_count_of_them() {
    within_a_minute(|| {
        for workers in WORKERS {
            let (executor, inner) = (Arc::new(Executor::new(workers)), Counter::default());
            let other = SharedFlow::of(counted(3, &inner));
            let host = Arc::downgrade(&executor);
            let observer = executor.observe(move |event: &Event<'_>| {
                if event.task.is_some() && event.flow_name() == Some("failing") {
                    let host = host.upgrade().expect("it waits for its runs");
                    other.start(&host).wait().expect("nothing fails");
                }
            });
            let flow = Taskflow::with_name("failing");
            let bad = flow.try_emplace(|| Err(std::io::Error::other("no").into()));
            let chain = [(); 10].map(|()| flow.placeholder());
            bad.precede(chain[0]);
            flow.linearize(chain);
            let options = RunOptions::new().on_failure(FailurePolicy::KeepIndependent);
            let run = executor.run_with(&flow, options).wait();
            let error = run.expect_err("a task fails");
            let stats = error.stats().expect("it was started");
            assert_eq!((stats.tasks, stats.skipped), (1, 10));
            drop(observer);
            assert_eq!(inner.get(), 3 * 3 * 11);
        }
    });
}
