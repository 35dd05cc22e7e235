//! Wherever a ready task comes from, the policy has it.

use core::future::poll_fn;
use core::task::Poll;
use std::sync::{Arc, Mutex};

use taskflow_core::{Builder, Executor, Manual};
use taskflow_std::{
    Coarsening, Module, Priority, PriorityScheduler, Ready, Scheduler, Semaphore, Taskflow, Want,
    WorkerId,
};

/// The names of what has run, in order.
#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<&'static str>>>);

impl Journal {
    fn of(&self, name: &'static str) -> impl FnMut() + Send + 'static {
        let journal = self.clone();
        move || journal.note(name)
    }

    fn note(&self, name: &'static str) {
        self.0.lock().expect("nobody panics with it").push(name);
    }

    fn names(&self) -> Vec<&'static str> {
        self.0.lock().expect("nobody panics with it").clone()
    }
}

fn by_priority() -> Executor<Manual, PriorityScheduler> {
    let builder = Builder::new(Manual::new()).workers(1);
    let built = builder.scheduler(PriorityScheduler::new()).build();
    built.expect("no thread is needed")
}

#[test]
fn an_urgent_spawned_task_goes_before_the_rest_of_a_graph_and_after_more_urgent_ones() {
    let (executor, journal) = (Arc::new(by_priority()), Journal::default());
    let flow = Taskflow::new();
    let (spawner, inner) = (Arc::downgrade(&executor), journal.clone());
    flow.emplace(move || {
        inner.note("first");
        let executor = spawner.upgrade().expect("it runs this");
        drop(executor.spawn_with_priority(Priority::Low, inner.of("spawned low")));
        drop(executor.spawn_with_priority(Priority::High, inner.of("spawned high")));
        drop(executor.spawn(inner.of("spawned")));
    });
    flow.emplace(journal.of("second"));
    flow.emplace(journal.of("critical"))
        .priority(Priority::Critical);
    let run = executor.run(&flow);
    executor.platform().step_all();
    run.wait().expect("it ends well");
    let expected = [
        "critical",
        "first",
        "spawned high",
        "second",
        "spawned",
        "spawned low",
    ];
    assert_eq!(journal.names(), expected);
}

#[test]
fn a_run_that_is_submitted_while_others_go_on_has_its_urgent_tasks_run_next() {
    let (executor, journal) = (by_priority(), Journal::default());
    let (slow, urgent) = (Taskflow::new(), Taskflow::new());
    slow.linearize(["a", "b", "c"].map(|name| slow.emplace(journal.of(name))));
    urgent
        .emplace(journal.of("urgent"))
        .priority(Priority::High);
    let first = executor.run(&slow);
    while journal.names().is_empty() {
        executor.platform().step(0);
    }
    let second = executor.run(&urgent);
    executor.platform().step_all();
    assert!(first.wait().is_ok() && second.wait().is_ok());
    assert_eq!(journal.names(), ["a", "urgent", "b", "c"]);
}

#[test]
fn an_async_task_that_is_woken_goes_on_in_its_own_urgency() {
    let (executor, journal) = (by_priority(), Journal::default());
    let flow = Taskflow::new();
    let waker = Arc::new(Mutex::new(None));
    let (inner, kept) = (journal.clone(), Arc::clone(&waker));
    let waits = flow.emplace_async(move || {
        let (inner, kept) = (inner.clone(), Arc::clone(&kept));
        let mut polled = false;
        poll_fn(move |context| {
            inner.note(if polled { "goes on" } else { "waits" });
            if polled {
                return Poll::Ready(());
            }
            polled = true;
            *kept.lock().expect("nobody panics with it") = Some(context.waker().clone());
            Poll::Pending
        })
    });
    waits.priority(Priority::High);
    let inner = journal.clone();
    flow.emplace(move || {
        inner.note("wakes");
        let waker = waker.lock().expect("nobody panics with it").take();
        waker.into_iter().for_each(core::task::Waker::wake);
    });
    for _ in 0..2 {
        flow.emplace(journal.of("other"));
    }
    let run = executor.run(&flow);
    executor.platform().step_all();
    run.wait().expect("it ends well");
    assert_eq!(
        journal.names(),
        ["waits", "wakes", "goes on", "other", "other"]
    );
}

/// Counts what passes through to another policy.
struct Counting<S>(S, Arc<Mutex<usize>>);

impl<S: Scheduler> Scheduler for Counting<S> {
    type Local = S::Local;

    fn local(&self, worker: WorkerId) -> S::Local {
        self.0.local(worker)
    }

    fn push(&self, local: Option<&mut S::Local>, task: Ready) {
        *self.1.lock().expect("nobody panics with it") += 1;
        self.0.push(local, task);
    }

    fn pop(&self, local: &mut S::Local, want: Want<'_>) -> Option<Ready> {
        self.0.pop(local, want)
    }
}

#[test]
fn every_task_of_every_kind_is_pushed_once_each_time_it_becomes_ready() {
    let pushed = Arc::new(Mutex::new(0));
    let counting = Counting(PriorityScheduler::new(), Arc::clone(&pushed));
    let builder = Builder::new(Manual::new()).workers(1).scheduler(counting);
    let executor = builder.build().expect("no thread is needed");
    let assert_pushes = |flow: &Taskflow<'static>, expected: usize, what: &str| {
        let run = executor.run(flow);
        executor.platform().step_all();
        run.wait().expect("it ends well");
        assert_eq!(
            core::mem::take(&mut *pushed.lock().expect("nobody panics with it")),
            expected,
            "{what}"
        );
    };
    let nested = || {
        let flow = Taskflow::new();
        flow.linearize([flow.placeholder(), flow.placeholder()]);
        flow
    };
    let flow = Taskflow::new();
    flow.placeholder()
        .precede((0..300).map(|_| flow.placeholder()).collect::<Vec<_>>());
    assert_pushes(&flow, 301, "a long row");
    flow.coarsen(Coarsening::Blocks(8.try_into().expect("not zero")));
    assert_pushes(&flow, 301, "no blocks");

    let flow = Taskflow::new();
    let mut left = 3;
    let entry = flow.placeholder();
    let condition = flow.emplace_condition(move || {
        left -= 1;
        usize::from(left == 0)
    });
    entry.precede(condition.task());
    condition
        .task()
        .precede([condition.task(), flow.placeholder()]);
    assert_pushes(&flow, 5, "a loop");

    let flow = Taskflow::new();
    flow.composed_of(&Module::new(nested()));
    assert_pushes(&flow, 4, "a module: begun, ended, and two tasks");

    let flow = Taskflow::new();
    let semaphore = Semaphore::new(1);
    for _ in 0..2 {
        flow.placeholder().acquire(&semaphore).release(&semaphore);
    }
    assert_pushes(&flow, 2, "a semaphore that is free by then");

    drop(executor.spawn(|| ()));
    executor.platform().step_all();
    assert_eq!(
        *pushed.lock().expect("nobody panics with it"),
        1,
        "a spawned task"
    );
}

/// Spawns one of each priority, the least urgent first, and steps until all have run.
#[track_caller]
fn assert_most_urgent_first(
    executor: &Executor<Manual, PriorityScheduler>,
    journal: &Journal,
    spawn: impl FnOnce(&mut dyn FnMut(Priority) -> Box<dyn FnOnce() + Send>),
) {
    let names = ["low", "normal", "high", "critical"];
    spawn(&mut |priority| Box::new(journal.of(names[priority as usize])));
    executor.platform().step_all();
    assert_eq!(journal.names(), ["critical", "high", "normal", "low"]);
}

#[test]
fn children_of_groups_runtime_tasks_and_scopes_and_dependents_go_by_their_priorities() {
    let journal = || Journal::default();
    let executor = by_priority();
    let group = executor.task_group();
    assert_most_urgent_first(&executor, &journal(), |of| {
        for priority in Priority::ALL {
            group.spawn_with_priority(priority, of(priority));
        }
    });
    group.wait().expect("nothing fails");

    let executor = by_priority();
    let (flow, noted) = (Taskflow::new(), journal());
    let names = ["low", "normal", "high", "critical"];
    let children = noted.clone();
    flow.emplace_runtime(move |rt| {
        for priority in Priority::ALL {
            rt.spawn_with_priority(priority, children.of(names[priority as usize]));
        }
    });
    assert_most_urgent_first(&executor, &noted, |_| drop(executor.run(&flow)));

    let executor = by_priority();
    executor
        .scope(|scope| {
            assert_most_urgent_first(&executor, &journal(), |of| {
                for priority in Priority::ALL {
                    drop(scope.spawn_with_priority(priority, of(priority)));
                }
            });
        })
        .expect("nothing fails");

    let executor = by_priority();
    assert_most_urgent_first(&executor, &journal(), |of| {
        let first = executor.spawn(|| {});
        for priority in Priority::ALL {
            drop(executor.spawn_after_with_priority(&first, priority, of(priority)));
        }
    });
}
