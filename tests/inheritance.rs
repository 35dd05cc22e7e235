//! What a critical task waits for is as urgent as that task, so that nothing less urgent goes before it; and it falls back
//! when nothing such waits any more. Without inheritance, the same programs invert priorities.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::inversion::flooded;
use crate::support::watchdog::within_a_minute;
use taskflow_core::{Builder, Executor, Manual};
use taskflow_std::{
    Module, Priority, PriorityScheduler, Scheduler, Semaphore, SharedDynamicScheduler, StdPlatform,
    TaskHandle, Taskflow, TaskflowFuture,
};

/// What ran, in order.
type Journal = Arc<Mutex<Vec<String>>>;

/// Tasks of usual urgency that would go before those of a `Low` flow.
const FLOOD: usize = 20;

fn note<'f>(flow: &'f Taskflow<'static>, journal: &Journal, name: &str) -> TaskHandle<'f> {
    let (journal, text) = (Arc::clone(journal), name.to_owned());
    flow.emplace(move || write(&journal, &text)).name(name)
}

fn write(journal: &Journal, name: &str) {
    let mut journal = journal.lock().expect("nothing panics with it");
    journal.push(name.to_owned());
}

fn one_worker<S: Scheduler>(scheduler: S) -> Executor<Manual, S> {
    let builder = Builder::new(Manual::new()).workers(1).scheduler(scheduler);
    builder.build().expect("no thread is needed")
}

fn flood(flow: &Taskflow<'static>, journal: &Journal) {
    for _ in 0..FLOOD {
        note(flow, journal, "flood");
    }
}

fn finish<S: Scheduler>(executor: &Executor<Manual, S>, runs: Vec<TaskflowFuture>) {
    executor.platform().step_all();
    for run in runs {
        run.wait().expect("nothing fails");
    }
}

/// How many of the flood ran before this.
fn flooded_before(journal: &Journal, name: &str) -> usize {
    let journal = journal.lock().expect("nothing panics with it");
    let end = journal.iter().position(|other| other == name);
    let before = journal[..end.expect("it ran")].iter();
    before.filter(|other| *other == "flood").count()
}

/// A program that is run over a policy by one worker.
trait Program {
    /// Gives how many of the flood ran before what was urgent.
    fn run<S: Scheduler>(scheduler: S) -> usize;
}

/// Over each policy that knows priorities: nothing goes before with inheritance, and all of the flood without.
#[track_caller]
fn inverts_only_without_inheritance<P: Program>() {
    let prompt = 0;
    assert_eq!(P::run(PriorityScheduler::new().ageing(None)), prompt);
    assert_eq!(P::run(SharedDynamicScheduler::new()), prompt);
    let alone = PriorityScheduler::new().ageing(None).without_inheritance();
    assert_eq!(P::run(alone), FLOOD);
    let alone = SharedDynamicScheduler::new().without_inheritance();
    assert_eq!(P::run(alone), FLOOD);
}

#[test]
fn what_comes_before_a_critical_task_goes_before_what_does_not() {
    struct Chain;
    impl Program for Chain {
        fn run<S: Scheduler>(scheduler: S) -> usize {
            let (executor, flow, journal) =
                (one_worker(scheduler), Taskflow::new(), Journal::default());
            flood(&flow, &journal);
            let critical = note(&flow, &journal, "critical").priority(Priority::Critical);
            // Made after what it leads to, so that edges do not only lead forward.
            let mut after = critical;
            for step in 0..5 {
                let low = note(&flow, &journal, &format!("{step}"));
                low.priority(Priority::Low).precede(after);
                after = low;
            }
            finish(&executor, vec![executor.run(&flow)]);
            flooded_before(&journal, "critical")
        }
    }
    inverts_only_without_inheritance::<Chain>();
}

#[test]
fn what_leads_to_a_critical_task_by_a_choice_goes_before_what_does_not() {
    struct Choice;
    impl Program for Choice {
        fn run<S: Scheduler>(scheduler: S) -> usize {
            let (executor, flow, journal) =
                (one_worker(scheduler), Taskflow::new(), Journal::default());
            flood(&flow, &journal);
            let first = note(&flow, &journal, "first").priority(Priority::Low);
            let mut turns = 0;
            let choice = flow.emplace_condition(move || {
                turns += 1;
                usize::from(turns == 3)
            });
            choice.priority(Priority::Low);
            let critical = note(&flow, &journal, "critical").priority(Priority::Critical);
            first.precede(choice);
            choice.precede((choice, critical));
            finish(&executor, vec![executor.run(&flow)]);
            flooded_before(&journal, "critical")
        }
    }
    inverts_only_without_inheritance::<Choice>();
}

/// Two tasks, one after the other.
fn module_of_two(journal: &Journal) -> Module<'static> {
    let inner = Taskflow::new();
    note(&inner, journal, "inner").precede(note(&inner, journal, "innermost"));
    let outer = Taskflow::new();
    outer.composed_of(&Module::new(inner));
    Module::new(outer)
}

#[test]
fn the_graph_that_a_critical_task_uses_goes_before_what_is_less_urgent() {
    struct Nested;
    impl Program for Nested {
        fn run<S: Scheduler>(scheduler: S) -> usize {
            let (executor, flow, journal) =
                (one_worker(scheduler), Taskflow::new(), Journal::default());
            flood(&flow, &journal);
            let used = flow.composed_of(&module_of_two(&journal));
            used.priority(Priority::Critical);
            finish(&executor, vec![executor.run(&flow)]);
            flooded_before(&journal, "innermost")
        }
    }
    inverts_only_without_inheritance::<Nested>();
}

#[test]
fn a_low_use_of_a_module_goes_before_what_is_less_urgent_than_a_use_that_waits_for_its_turn() {
    struct Turns;
    impl Program for Turns {
        fn run<S: Scheduler>(scheduler: S) -> usize {
            let (executor, journal) = (one_worker(scheduler), Journal::default());
            let [low, flooding, critical] = [(); 3].map(|()| Taskflow::new());
            let module = module_of_two(&journal);
            low.composed_of(&module).priority(Priority::Low);
            let mut runs = vec![executor.run(&low)];
            // Up to where a task of the inner graph is queued.
            for _ in 0..4 {
                executor.platform().step(0);
            }
            flood(&flooding, &journal);
            let used = critical.composed_of(&module);
            let end = note(&critical, &journal, "critical");
            used.priority(Priority::Critical)
                .precede(end.priority(Priority::Critical));
            runs.extend([executor.run(&flooding), executor.run(&critical)]);
            finish(&executor, runs);
            flooded_before(&journal, "critical")
        }
    }
    inverts_only_without_inheritance::<Turns>();
}

/// A section of three tasks, all `Low`, that one run at a time may be in, and one behind it.
fn low_section(journal: &Journal, lock: &Semaphore) -> Taskflow<'static> {
    let flow = Taskflow::new();
    let [enter, work, leave, rest] =
        ["enter", "work", "leave", "rest"].map(|name| note(&flow, journal, name));
    enter.acquire(lock).precede(work);
    work.precede(leave);
    leave.release(lock).precede(rest);
    for task in [enter, work, leave, rest] {
        task.priority(Priority::Low);
    }
    flow
}

/// A critical task that is in a section by itself.
fn critical_section(journal: &Journal, lock: &Semaphore) -> Taskflow<'static> {
    let flow = Taskflow::new();
    let task = note(&flow, journal, "critical").priority(Priority::Critical);
    task.acquire(lock).release(lock);
    flow
}

/// Steps the worker until this has run.
fn step_past<S: Scheduler>(executor: &Executor<Manual, S>, journal: &Journal, name: &str) {
    while !journal
        .lock()
        .expect("nothing panics with it")
        .iter()
        .any(|other| other == name)
    {
        executor.platform().step(0);
    }
}

/// A low flow holds what a critical task waits for.
struct Lock;

impl Program for Lock {
    fn run<S: Scheduler>(scheduler: S) -> usize {
        let (executor, journal) = (one_worker(scheduler), Journal::default());
        let lock = Semaphore::new(1);
        let low = low_section(&journal, &lock);
        let mut runs = vec![executor.run(&low)];
        step_past(&executor, &journal, "enter");
        let flooding = Taskflow::new();
        flood(&flooding, &journal);
        let critical = critical_section(&journal, &lock);
        runs.extend([executor.run(&flooding), executor.run(&critical)]);
        finish(&executor, runs);
        assert_eq!(flooded_before(&journal, "rest"), FLOOD, "it has no reason");
        flooded_before(&journal, "critical")
    }
}

#[test]
fn who_holds_what_a_critical_task_waits_for_goes_before_what_is_less_urgent_and_then_falls_back() {
    inverts_only_without_inheritance::<Lock>();
}

#[test]
fn who_is_raised_stays_so_while_what_others_wait_for_is_found_anew() {
    let many = || (0..300).for_each(|_| inverts_only_without_inheritance::<Lock>());
    thread::scope(|scope| {
        scope.spawn(many);
        scope.spawn(many);
    });
}

#[test]
fn who_holds_what_a_holder_waits_for_that_a_critical_task_waits_for_goes_before_too() {
    struct Two;
    impl Program for Two {
        fn run<S: Scheduler>(scheduler: S) -> usize {
            let (executor, journal) = (one_worker(scheduler), Journal::default());
            let (first, second) = (Semaphore::new(1), Semaphore::new(1));
            let low = low_section(&journal, &second);
            let mut runs = vec![executor.run(&low)];
            step_past(&executor, &journal, "enter");
            // It has the first, and waits for the second.
            let both = Taskflow::new();
            let has = note(&both, &journal, "has").acquire(&first);
            let waits = note(&both, &journal, "waits").acquire(&second);
            waits.release([&first, &second]).succeed(has);
            runs.push(executor.run(&both));
            step_past(&executor, &journal, "has");
            executor.platform().step(0);
            let flooding = Taskflow::new();
            flood(&flooding, &journal);
            let critical = critical_section(&journal, &first);
            runs.extend([executor.run(&flooding), executor.run(&critical)]);
            finish(&executor, runs);
            flooded_before(&journal, "critical")
        }
    }
    inverts_only_without_inheritance::<Two>();
}

#[test]
fn the_graph_inside_of_a_task_that_holds_a_unit_goes_before_what_is_less_urgent() {
    struct Inside;
    impl Program for Inside {
        fn run<S: Scheduler>(scheduler: S) -> usize {
            let (executor, journal) = (one_worker(scheduler), Journal::default());
            let (lock, low) = (Semaphore::new(1), Taskflow::new());
            note(&low, &journal, "first").precede(
                low.composed_of(&module_of_two(&journal))
                    .acquire(&lock)
                    .release(&lock)
                    .priority(Priority::Low),
            );
            let mut runs = vec![executor.run(&low)];
            step_past(&executor, &journal, "first");
            // Up to where a task of the inner graph is queued.
            for _ in 0..4 {
                executor.platform().step(0);
            }
            let flooding = Taskflow::new();
            flood(&flooding, &journal);
            let critical = critical_section(&journal, &lock);
            runs.extend([executor.run(&flooding), executor.run(&critical)]);
            finish(&executor, runs);
            assert!(flooded_before(&journal, "innermost") <= flooded_before(&journal, "critical"));
            flooded_before(&journal, "critical")
        }
    }
    inverts_only_without_inheritance::<Inside>();
}

#[test]
fn who_is_queued_falls_back_when_the_critical_task_is_cancelled() {
    struct Cancelled;
    impl Program for Cancelled {
        fn run<S: Scheduler>(scheduler: S) -> usize {
            let (executor, journal) = (one_worker(scheduler), Journal::default());
            let lock = Semaphore::new(1);
            let low = low_section(&journal, &lock);
            let low = executor.run(&low);
            step_past(&executor, &journal, "enter");
            let (flooding, critical) = (Taskflow::new(), critical_section(&journal, &lock));
            let critical = executor.run(&critical);
            // It waits now, and `work` is the next.
            for _ in 0..2 {
                executor.platform().step(0);
            }
            critical.cancel();
            flood(&flooding, &journal);
            let flooding = executor.run(&flooding);
            executor.platform().step_all();
            assert!(critical.wait().is_err());
            finish(&executor, vec![low, flooding]);
            flooded_before(&journal, "work")
        }
    }
    assert_eq!(Cancelled::run(PriorityScheduler::new().ageing(None)), FLOOD);
    assert_eq!(Cancelled::run(SharedDynamicScheduler::new()), FLOOD);
}

/// Spawned tasks that are the flood.
fn spawn_flood<S: Scheduler>(executor: &Executor<Manual, S>, journal: &Journal) {
    for _ in 0..FLOOD {
        let journal = Arc::clone(journal);
        drop(executor.spawn(move || write(&journal, "flood")));
    }
}

#[test]
fn what_a_critical_spawned_task_depends_on_goes_before_what_is_less_urgent() {
    struct Dependents;
    impl Program for Dependents {
        fn run<S: Scheduler>(scheduler: S) -> usize {
            let (executor, journal) = (one_worker(scheduler), Journal::default());
            let first = executor.spawn_with_priority(Priority::Low, || {});
            let second = executor.spawn_after_with_priority(&first, Priority::Low, || {});
            let third = executor.spawn_after(&second, || {});
            spawn_flood(&executor, &journal);
            let text = Arc::clone(&journal);
            let critical =
                executor.spawn_after_with_priority(&third, Priority::Critical, move || {
                    write(&text, "critical");
                });
            finish(&executor, Vec::new());
            critical.wait().expect("nothing fails");
            flooded_before(&journal, "critical")
        }
    }
    inverts_only_without_inheritance::<Dependents>();
}

#[test]
fn what_a_critical_task_has_spawned_goes_before_what_is_less_urgent() {
    struct Children;
    impl Program for Children {
        fn run<S: Scheduler>(scheduler: S) -> usize {
            let (executor, journal) = (one_worker(scheduler), Journal::default());
            spawn_flood(&executor, &journal);
            let (flow, text) = (Taskflow::new(), Arc::clone(&journal));
            let parent = flow.emplace_runtime(move |rt| {
                let text = Arc::clone(&text);
                rt.spawn_with(move |rt| {
                    rt.spawn_with_priority(Priority::Low, move || write(&text, "child"));
                });
            });
            parent.priority(Priority::Critical);
            finish(&executor, vec![executor.run(&flow)]);
            flooded_before(&journal, "child")
        }
    }
    inverts_only_without_inheritance::<Children>();
}

#[test]
fn what_a_holder_has_spawned_goes_before_what_is_less_urgent_than_who_waits() {
    struct Children;
    impl Program for Children {
        fn run<S: Scheduler>(scheduler: S) -> usize {
            let (executor, journal) = (one_worker(scheduler), Journal::default());
            let (lock, low, text) = (Semaphore::new(1), Taskflow::new(), Arc::clone(&journal));
            let holder = low.emplace_runtime(move |rt| {
                write(&text, "holds");
                rt.spawn_with_priority(Priority::Low, || {});
            });
            holder.acquire(&lock).release(&lock);
            let mut runs = vec![executor.run(&low)];
            step_past(&executor, &journal, "holds");
            spawn_flood(&executor, &journal);
            let critical = critical_section(&journal, &lock);
            runs.push(executor.run(&critical));
            finish(&executor, runs);
            flooded_before(&journal, "critical")
        }
    }
    inverts_only_without_inheritance::<Children>();
}

fn on_threads<S: Scheduler>(workers: usize, scheduler: S, most: usize) -> usize {
    let builder = Builder::new(StdPlatform::default()).workers(workers);
    let executor = builder.scheduler(scheduler).build();
    flooded(&Arc::new(executor.expect("threads can be started")), most)
}

#[test]
fn on_threads_a_critical_task_gets_its_unit_while_less_urgent_tasks_keep_coming() {
    within_a_minute(|| {
        let most = 2000;
        let alone = PriorityScheduler::new().ageing(None).without_inheritance();
        assert!(on_threads(1, alone, most) >= most, "it inverts");
        let alone = SharedDynamicScheduler::new().without_inheritance();
        assert!(on_threads(1, alone, most) >= most, "it inverts");
        for workers in [1, 2, 4, 8] {
            // If it had to wait for all of them, this would not end.
            let most = usize::MAX;
            on_threads(workers, PriorityScheduler::new().ageing(None), most);
            on_threads(workers, SharedDynamicScheduler::new(), most);
        }
    });
}

#[test]
fn what_was_raised_in_a_run_and_did_not_run_is_as_usual_in_the_next() {
    let scheduler = SharedDynamicScheduler::new();
    let builder = Builder::new(Manual::new()).workers(1);
    let executor = builder.scheduler(scheduler.clone()).build().unwrap();
    let (flow, chosen) = (Taskflow::new(), Arc::new(AtomicUsize::new(0)));
    let choice = Arc::clone(&chosen);
    let fork = flow.emplace_condition(move || choice.load(Ordering::Relaxed));
    let [left, right, first, second] = [(); 4].map(|()| flow.placeholder());
    fork.precede(left);
    fork.precede(right);
    first.precede(second);
    let usual = Priority::Normal.level();
    for (choice, raised, level) in [(0, right, 900), (1, second, 100)] {
        chosen.store(choice, Ordering::Relaxed);
        let run = executor.run(&flow);
        executor.platform().step(0);
        scheduler
            .reprioritize(raised.id(), level)
            .expect("it is unfinished");
        let mut seen = None;
        while !run.is_done() {
            executor.platform().step(0);
            seen = scheduler.level(right.id()).ok().or(seen);
        }
        run.wait().expect("nothing fails");
        assert_eq!(seen, (choice == 1).then_some(usual), "choice {choice}");
    }
}
