//! Calls that take longer than they were to, and tasks that end too late, are reported and counted, and hold nobody up.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, mpsc};

use crate::support::counter::Counter;
use crate::support::gate::Gate;
use crate::support::watchdog::within_a_minute;
use taskflow_core::{Builder, Local, Platform};
use taskflow_std::{
    Ended, Event, EventKind, Executor, FailurePolicy, Manual, Module, NoThread, Observer, Panic,
    RunOptions, Seat, Taskflow, WorkerId,
};

/// What was heard of tasks, by their names.
#[derive(Clone, Debug, Default)]
struct Journal(Arc<Mutex<Vec<(String, EventKind)>>>);

impl Journal {
    fn of(&self, name: &str) -> Vec<EventKind> {
        let all = self.0.lock().expect("nothing panics with this lock");
        let named = all.iter().filter(|(of, _)| of == name);
        named.map(|(_, kind)| *kind).collect()
    }
}

impl Observer for Journal {
    fn event(&self, event: &Event<'_>) {
        if let Some(name) = event.task_name() {
            let heard = (name.to_owned(), event.kind);
            let mut all = self.0.lock().expect("nothing panics with this lock");
            all.push(heard);
        }
    }
}

const MS: Duration = Duration::from_millis(1);

/// A host whose workers a test steps and whose clock it moves, and which knows how often that was looked at.
#[derive(Default)]
struct Stepped {
    manual: Manual,
    looks: AtomicUsize,
}

impl Platform for Stepped {
    type Error = NoThread;

    fn parallelism(&self) -> core::num::NonZeroUsize {
        self.manual.parallelism()
    }

    fn start(&self, seat: Seat) -> Result<(), NoThread> {
        self.manual.start(seat)
    }

    fn park(&self, worker: WorkerId, timeout: Option<Duration>) {
        self.manual.park(worker, timeout);
    }

    fn unpark(&self, worker: WorkerId) {
        self.manual.unpark(worker);
    }

    fn now(&self) -> Duration {
        self.looks.fetch_add(1, Ordering::Relaxed);
        self.manual.now()
    }

    fn local(&self, f: &mut dyn FnMut(&Local)) {
        self.manual.local(f);
    }

    fn guard<R>(&self, stretch: impl FnOnce() -> R) -> Result<R, Panic> {
        catch_unwind(AssertUnwindSafe(stretch)).map_err(Panic::new)
    }
}

type SteppedExecutor = taskflow_core::Executor<Stepped>;

fn stepped(workers: usize) -> Arc<SteppedExecutor> {
    let builder = Builder::new(Stepped::default()).workers(workers);
    Arc::new(builder.build().expect("no thread is needed"))
}

fn moves_clock(executor: &Arc<SteppedExecutor>, by: Duration) -> impl Fn() + Send + Sync + 'static {
    let executor = Arc::downgrade(executor);
    move || {
        let executor = executor.upgrade().expect("it runs this task");
        executor.platform().manual.advance(by);
    }
}

#[test]
fn an_overrun_is_told_while_the_call_lasts_by_a_thread_that_sleeps_or_waits() {
    within_a_minute(|| {
        for workers in [1, 2, 4, 8] {
            let (executor, gate) = (Executor::new(workers), Gate::default());
            let flow = Taskflow::with_name("slow");
            let stuck = gate.clone();
            let task = flow.emplace(move || stuck.pass()).name("stuck");
            let id = task.budget(2 * MS).tag("suspect").id();
            let (tell, told) = mpsc::channel();
            let observer = executor.observe(move |event: &Event<'_>| {
                if let EventKind::Overrun { budget, running } = event.kind {
                    let name = event.task_name().map(str::to_owned);
                    let tagged = event.metadata().is_some_and(|said| said.has_tag("suspect"));
                    let flow = event.flow_name().map(str::to_owned);
                    let heard = (event.task, name, flow, tagged, budget, running >= budget);
                    let _ = tell.send((heard, event.worker.is_some(), event.run));
                    gate.open();
                }
            });
            // The caller waits, so that there is somebody also beside a single worker.
            let stats = executor.run(&flow).wait().expect("nothing fails");
            assert_eq!(stats.overruns, 1);
            observer.detach();
            let ((task, name, flow, tagged, budget, longer), worker, run) =
                told.try_recv().expect("it was told");
            assert_eq!(task, Some(id));
            assert_eq!(
                (name.as_deref(), flow.as_deref()),
                (Some("stuck"), Some("slow"))
            );
            assert_eq!((tagged, budget, longer, worker), (true, 2 * MS, true, true));
            assert!(run.is_some() && told.try_recv().is_err(), "told once");
        }
    });
}

#[test]
fn a_stepped_worker_that_is_stepped_tells_of_the_call_of_another() {
    let executor = stepped(2);
    let journal = Journal::default();
    let observer = executor.observe(journal.clone());
    let flow = Taskflow::new();
    let (host, heard) = (Arc::downgrade(&executor), journal.clone());
    let task = flow.emplace(move || {
        let host = host.upgrade().expect("it runs this task");
        let overruns = |kind: &&EventKind| matches!(kind, EventKind::Overrun { .. });
        let told = || heard.of("long").iter().filter(overruns).count();
        for (moved, expected) in [(9 * MS, 0), (MS, 1), (MS, 1)] {
            host.platform().manual.advance(moved);
            host.platform().manual.step(1);
            assert_eq!(told(), expected);
        }
    });
    task.name("long").budget(10 * MS);
    let run = executor.run(&flow);
    assert_eq!(executor.next_deadline(), None);
    executor.platform().manual.step(0);
    assert_eq!(run.wait().expect("nothing fails").overruns, 1);
    assert_eq!(executor.next_deadline(), None);
    let (budget, running) = (10 * MS, 10 * MS);
    assert_eq!(
        journal.of("long"),
        [
            EventKind::Ready,
            EventKind::Start,
            EventKind::Overrun { budget, running },
            EventKind::End {
                outcome: Ended::Done
            },
        ]
    );
    drop(observer);
}

#[test]
fn a_call_that_nobody_could_tell_of_is_told_when_it_ends_however_it_ends() {
    let executor = stepped(1);
    let (journal, flow) = (Journal::default(), Taskflow::new());
    let observer = executor.observe(journal.clone());
    let slow = || moves_clock(&executor, 3 * MS);
    let (done, panics, fails) = (slow(), slow(), slow());
    let tasks = [
        flow.emplace(done).name("done"),
        flow.emplace(move || {
            panics();
            std::panic::panic_any("on purpose");
        })
        .name("panics"),
        flow.try_emplace(move || {
            fails();
            Err(std::io::Error::other("on purpose").into())
        })
        .name("fails"),
    ];
    for task in tasks {
        task.budget(2 * MS);
    }
    flow.emplace(slow()).name("patient").budget(4 * MS);
    flow.emplace(slow()).name("free");
    let options = RunOptions::new().on_failure(FailurePolicy::CollectAll);
    let error = executor.run_with(&flow, options).wait().expect_err("fails");
    let stats = error.stats().expect("it was started");
    assert_eq!((stats.overruns, stats.missed_deadlines), (3, 0));
    let (budget, running) = (2 * MS, 3 * MS);
    let overrun = EventKind::Overrun { budget, running };
    for (name, outcome) in [
        ("done", Ended::Done),
        ("panics", Ended::Failed),
        ("fails", Ended::Failed),
    ] {
        let end = EventKind::End { outcome };
        let heard = [EventKind::Ready, EventKind::Start, overrun, end];
        assert_eq!(journal.of(name), heard, "{name}");
    }
    for name in ["patient", "free"] {
        assert!(!journal.of(name).iter().any(|kind| *kind == overrun));
    }
    drop(observer);
    drop(flow);
}

#[test]
fn overruns_and_missed_deadlines_are_counted_when_nobody_observes() {
    let executor = stepped(1);
    let flow = Taskflow::new();
    let task = flow.emplace(moves_clock(&executor, 3 * MS));
    task.budget(2 * MS).deadline(2 * MS);
    let run = executor.run_n(&flow, 3);
    let stats = run.wait().expect("nothing fails");
    assert_eq!((stats.overruns, stats.missed_deadlines), (3, 3));
    // A run's counts begin anew.
    task.budget(5 * MS).deadline(5 * MS);
    let stats = executor.run(&flow).wait().expect("nothing fails");
    assert_eq!((stats.overruns, stats.missed_deadlines), (0, 0));
    drop(flow);
}

#[test]
fn a_task_holds_nobody_up_while_it_is_suspended() {
    let executor = stepped(1);
    let (flow, wakers) = (Taskflow::new(), mpsc::channel());
    let task = flow.emplace_async(move || {
        let wakers = wakers.0.clone();
        let mut polled = false;
        std::future::poll_fn(move |context| {
            if polled {
                return std::task::Poll::Ready(());
            }
            polled = true;
            wakers
                .send(context.waker().clone())
                .expect("the test lives");
            std::task::Poll::Pending
        })
    });
    task.budget(2 * MS);
    let run = executor.run(&flow);
    executor.platform().manual.step_all();
    executor.platform().manual.advance(60 * MS);
    wakers.1.recv().expect("it was polled").wake();
    assert_eq!(run.wait().expect("nothing fails").overruns, 0);
    drop(flow);
}

#[test]
fn a_deadline_is_missed_by_what_ends_later_in_its_round() {
    let executor = stepped(1);
    let (journal, flow) = (Journal::default(), Taskflow::new());
    let observer = executor.observe(journal.clone());
    let first = flow.emplace(moves_clock(&executor, 7 * MS)).name("first");
    let just = flow.placeholder().name("just").deadline(7 * MS);
    let late = flow.placeholder().name("late").deadline(4 * MS);
    first.precede((just, late));
    executor.platform().manual.advance(50 * MS);
    let stats = executor.run_n(&flow, 2).wait().expect("nothing fails");
    assert_eq!((stats.missed_deadlines, stats.overruns), (2, 0));
    let end = EventKind::End {
        outcome: Ended::Done,
    };
    let missed = EventKind::DeadlineMissed { late: 3 * MS };
    let heard = [EventKind::Ready, EventKind::Start, end, missed];
    assert_eq!(journal.of("late"), [heard, heard].concat());
    assert_eq!(journal.of("just").len(), 6);
    drop(observer);
    drop(flow);
}

#[test]
fn a_skipped_task_misses_no_deadline() {
    let executor = stepped(1);
    let flow = Taskflow::new();
    let slow = moves_clock(&executor, 5 * MS);
    let fails = flow.try_emplace(move || {
        slow();
        Err(std::io::Error::other("on purpose").into())
    });
    fails.precede(flow.placeholder().deadline(MS));
    let error = executor.run(&flow).wait().expect_err("it fails");
    let stats = error.stats().expect("it was started");
    assert_eq!((stats.skipped, stats.missed_deadlines), (1, 0));
    drop(flow);
}

#[test]
fn what_nested_graphs_take_too_long_for_is_counted_in_the_run_around_them() {
    let executor = stepped(1);
    let part = Taskflow::new();
    let inner = part.emplace(moves_clock(&executor, 3 * MS));
    inner.budget(MS).deadline(MS);
    let (module, flow) = (Module::new(part), Taskflow::new());
    flow.composed_of(&module);
    let slow = moves_clock(&executor, 3 * MS);
    flow.emplace_subflow(move |subflow| {
        let (one, two) = (subflow.placeholder(), subflow.placeholder());
        one.precede(two);
        slow();
        two.deadline(Duration::ZERO);
    });
    let stats = executor.run(&flow).wait().expect("nothing fails");
    assert_eq!((stats.overruns, stats.missed_deadlines), (1, 1));
    drop(flow);
}

#[test]
fn what_is_ready_behind_an_overrunning_task_is_run_by_others() {
    within_a_minute(|| {
        for workers in [2, 4, 8] {
            for observed in [false, true] {
                let executor = Executor::new(workers);
                let observer = observed.then(|| executor.observe(|_: &Event<'_>| {}));
                let (counter, gate) = (Counter::default(), Gate::default());
                let flow = Taskflow::new();
                let held = gate.clone();
                let (source, stuck) = (flow.placeholder(), flow.emplace(move || held.pass()));
                stuck.budget(MS);
                source.precede(stuck);
                for _ in 0..3000 {
                    let (counter, gate) = (counter.clone(), gate.clone());
                    source.precede(flow.emplace(move || {
                        if counter.add() == 2999 {
                            gate.open();
                        }
                    }));
                }
                // The stuck task is first in its worker's hands, and all others are behind it.
                let stats = executor.run(&flow).wait().expect("nothing fails");
                assert!(stats.overruns <= 1);
                drop(observer);
            }
        }
    });
}

/// The clock is looked at by tasks that have a budget or a deadline, and by no others.
#[test]
fn what_has_neither_budget_nor_deadline_looks_at_no_clock() {
    let looks = |say: &dyn Fn(&Taskflow<'static>)| {
        let (executor, flow) = (stepped(1), Taskflow::new());
        for _ in 0..100 {
            flow.placeholder();
        }
        say(&flow);
        executor.run(&flow).wait().expect("nothing fails");
        executor.platform().looks.load(Ordering::Relaxed)
    };
    let none = looks(&|_| {});
    let tagged = looks(&|flow| {
        for task in flow.tasks() {
            task.tag("a").numa_node(1).name("b");
        }
    });
    assert_eq!(none, tagged);
    let one = looks(&|flow| {
        flow.tasks()[7].budget(MS);
    });
    assert_eq!(one, none + 2);
}

#[test]
fn a_call_is_not_charged_for_what_it_spawned() {
    let executor = stepped(1);
    let (flow, slow) = (Taskflow::new(), moves_clock(&executor, 3 * MS));
    let slow = Arc::new(slow);
    let task = flow.emplace_runtime(move |runtime| {
        let slow = Arc::clone(&slow);
        runtime.spawn(move || slow());
    });
    task.budget(2 * MS);
    let stats = executor.run(&flow).wait().expect("nothing fails");
    assert_eq!(stats.overruns, 0);
    drop(flow);
}
