//! What waits runs in the order of the levels that it has when somebody is free, however they were changed.

use core::cmp::Reverse;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::dice::Dice;
use crate::support::watchdog::within_a_minute;
use taskflow_core::{Builder, Executor, Manual};
use taskflow_std::{
    DynamicPriorityScheduler, EscalationPolicy, Priority, PriorityError, RunError, RunStats,
    SharedDynamicScheduler, StdPlatform, TaskHandle, TaskId, Taskflow, TaskflowFuture,
};

/// The same queue, told by its order alone.
#[derive(Default)]
struct Model {
    order: BTreeMap<(Reverse<u32>, u64, u64), u32>,
    ranks: HashMap<u32, (Reverse<u32>, u64, u64)>,
    pushes: u64,
}

impl Model {
    fn push(&mut self, key: u32, level: u32, deadline: Option<u64>) -> bool {
        if self.ranks.contains_key(&key) {
            return false;
        }
        self.pushes += 1;
        let rank = (Reverse(level), deadline.unwrap_or(u64::MAX), self.pushes);
        self.order.insert(rank, key);
        self.ranks.insert(key, rank);
        true
    }

    fn pop(&mut self, accepts: impl Fn(u32) -> bool) -> Option<u32> {
        let key = *self.order.values().find(|key| accepts(**key))?;
        self.remove(key)
    }

    fn remove(&mut self, key: u32) -> Option<u32> {
        let rank = self.ranks.remove(&key)?;
        self.order.remove(&rank)
    }

    fn reprioritize(&mut self, key: u32, level: u32) -> Option<u32> {
        let (before, deadline, number) = *self.ranks.get(&key)?;
        self.order.remove(&(before, deadline, number));
        let rank = (Reverse(level), deadline, number);
        self.order.insert(rank, key);
        self.ranks.insert(key, rank);
        Some(before.0)
    }

    fn snapshot(&self) -> Vec<(u32, u32)> {
        let all = self.order.iter();
        all.map(|((level, _, _), key)| (*key, level.0)).collect()
    }
}

/// A million operations, on queues of up to 3000, with few levels and with any.
#[test]
fn a_queue_does_what_a_sorted_list_does() {
    let mut dice = Dice::shaken();
    for levels in [3, 1000, usize::MAX] {
        let (mut queue, mut model) = (DynamicPriorityScheduler::new(), Model::default());
        for operation in 0..334_000 {
            #[expect(clippy::cast_possible_truncation, reason = "any number will do")]
            let (key, level) = (dice.below(3000) as u32, dice.below(levels) as u32);
            match dice.below(100) {
                0..40 => {
                    let deadline = (dice.below(4) == 0).then(|| dice.below(50) as u64);
                    let refused = queue.push_until(key, level, deadline, key);
                    assert_eq!(refused.is_none(), model.push(key, level, deadline));
                }
                40..60 => {
                    let popped = queue.pop().map(|(key, value)| {
                        assert_eq!(key, value);
                        key
                    });
                    assert_eq!(popped, model.pop(|_| true));
                }
                60..90 => {
                    let before = model.reprioritize(key, level);
                    assert_eq!(queue.reprioritize(&key, level), before);
                }
                90..99 => assert_eq!(queue.remove(&key), model.remove(key)),
                _ => {
                    let of_residue = |other: u32| other % 7 == key % 7;
                    let popped = queue.pop_accepted(|value| of_residue(*value));
                    assert_eq!(popped.map(|(key, _)| key), model.pop(of_residue));
                }
            }
            assert_eq!(queue.len(), model.ranks.len());
            if operation % 20_000 == 0 {
                assert_eq!(queue.snapshot(), model.snapshot());
                let level = model.ranks.get(&key).map(|rank| rank.0.0);
                assert_eq!(
                    (queue.level(&key), queue.get(&key).copied()),
                    (level, level.map(|_| key))
                );
            }
        }
        while let Some((key, _)) = queue.pop() {
            assert_eq!(Some(key), model.pop(|_| true));
        }
        assert!(model.order.is_empty() && queue.is_empty());
    }
}

pub(crate) type Journal = Arc<Mutex<Vec<String>>>;

pub(crate) fn note<'f>(
    flow: &'f Taskflow<'static>,
    journal: &Journal,
    name: &str,
) -> TaskHandle<'f> {
    let (journal, text) = (Arc::clone(journal), name.to_owned());
    let push = move || {
        journal
            .lock()
            .expect("nothing panics with it")
            .push(text.clone());
    };
    flow.emplace(push).name(name)
}

pub(crate) fn take(journal: &Journal) -> Vec<String> {
    core::mem::take(&mut journal.lock().expect("nothing panics with it"))
}

pub(crate) fn stepped(
    scheduler: &SharedDynamicScheduler,
) -> Executor<Manual, SharedDynamicScheduler> {
    let builder = Builder::new(Manual::new()).workers(1);
    let builder = builder.scheduler(scheduler.clone());
    builder.build().expect("no thread is needed")
}

fn threads(
    scheduler: &SharedDynamicScheduler,
    workers: usize,
) -> Executor<StdPlatform, SharedDynamicScheduler> {
    let builder = Builder::new(StdPlatform::default()).workers(workers);
    let builder = builder.scheduler(scheduler.clone());
    builder.build().expect("threads can be started")
}

/// These tasks, all of them waiting.
fn waiting<'f>(
    executor: &Executor<Manual, SharedDynamicScheduler>,
    flow: &'f Taskflow<'static>,
    journal: &Journal,
    names: &[&str],
) -> (Vec<TaskHandle<'f>>, TaskflowFuture) {
    let tasks: Vec<_> = names.iter().map(|name| note(flow, journal, name)).collect();
    let run = executor.run(flow);
    // The root has made them ready.
    executor.platform().step(0);
    (tasks, run)
}

/// Steps the worker until nothing is left to do.
pub(crate) fn finish(
    executor: &Executor<Manual, SharedDynamicScheduler>,
    run: TaskflowFuture,
) -> Result<RunStats, RunError> {
    executor.platform().step_all();
    run.wait()
}

#[test]
fn the_most_urgent_of_what_waits_runs_next_and_equals_in_the_order_of_arrival() {
    let scheduler = SharedDynamicScheduler::new();
    let (executor, flow, journal) = (stepped(&scheduler), Taskflow::new(), Journal::default());
    let names = ["a", "b", "c", "d", "e"];
    let (tasks, run) = waiting(&executor, &flow, &journal, &names);
    let ids: Vec<TaskId> = tasks.iter().map(|task| task.id()).collect();
    assert_eq!(scheduler.len(), 5);
    // To and fro, so that only the age can tell the equals.
    for level in [7, 900, 0, u32::MAX] {
        for task in [4, 2, 0, 3, 1] {
            scheduler.reprioritize(ids[task], level).expect("it waits");
        }
    }
    assert_eq!(scheduler.reprioritize(ids[3], 5), Ok(u32::MAX));
    assert_eq!(scheduler.reprioritize(ids[0], 4), Ok(u32::MAX));
    let order = [1, 2, 4, 3, 0].map(|task| Some(ids[task]));
    let snapshot = scheduler.snapshot();
    assert!(snapshot.iter().map(|(task, _)| *task).eq(order));
    assert_eq!(snapshot[4].1, 4);
    executor.platform().step(0);
    assert_eq!(take(&journal), ["b"]);
    // What comes later is behind what was there, unless it is more urgent.
    scheduler.reprioritize(ids[4], 3).expect("it waits");
    finish(&executor, run).expect("nothing fails");
    assert_eq!(take(&journal), ["c", "d", "a", "e"]);
    assert!(scheduler.is_empty());
}

#[test]
fn tasks_begin_to_wait_at_the_level_of_their_priority_spawned_ones_too() {
    let scheduler = SharedDynamicScheduler::new();
    let (executor, flow, journal) = (stepped(&scheduler), Taskflow::new(), Journal::default());
    for (name, priority) in [
        ("low", Priority::Low),
        ("normal", Priority::Normal),
        ("critical", Priority::Critical),
    ] {
        note(&flow, &journal, name).priority(priority);
    }
    let spawned = Arc::clone(&journal);
    let handle = executor.spawn_with_priority(Priority::High, move || {
        spawned
            .lock()
            .expect("nothing panics with it")
            .push("spawned".into());
    });
    assert_eq!(scheduler.snapshot(), [(None, 300)]);
    let run = executor.run(&flow);
    executor.platform().step_all();
    finish(&executor, run).expect("nothing fails");
    handle.wait().expect("nothing fails");
    assert_eq!(take(&journal), ["critical", "spawned", "normal", "low"]);
}

#[test]
fn of_equally_urgent_tasks_the_one_with_the_nearest_deadline_runs_first() {
    let scheduler = SharedDynamicScheduler::new();
    let (executor, journal) = (stepped(&scheduler), Journal::default());
    let (early, late) = (Taskflow::new(), Taskflow::new());
    let ms = Duration::from_millis;
    note(&early, &journal, "free");
    note(&early, &journal, "60").deadline(ms(60));
    note(&early, &journal, "20").deadline(ms(20));
    note(&early, &journal, "low")
        .priority(Priority::Low)
        .deadline(ms(1));
    // Its run begins at 30 ms, so that this is at 40.
    note(&late, &journal, "40").deadline(ms(10));
    let first = executor.run(&early);
    executor.platform().step(0);
    let before = take(&journal);
    executor.platform().advance(ms(30));
    let second = executor.run(&late);
    for run in [first, second] {
        finish(&executor, run).expect("nothing fails");
    }
    let all = [before, take(&journal)].concat();
    assert_eq!(all, ["20", "40", "60", "free", "low"]);
}

#[test]
fn a_removed_task_is_left_out_with_what_comes_after_it_and_the_rest_runs() {
    let scheduler = SharedDynamicScheduler::new();
    let (executor, flow, journal) = (stepped(&scheduler), Taskflow::new(), Journal::default());
    let [_, b, _] = ["a", "b", "c"].map(|name| note(&flow, &journal, name));
    let after = note(&flow, &journal, "after b");
    b.precede(after);
    let run = executor.run(&flow);
    executor.platform().step(0);
    let (id, not_ready) = (b.id(), after.id());
    assert_eq!(
        scheduler.remove(not_ready),
        Err(PriorityError::NotReady { task: not_ready })
    );
    assert_eq!(scheduler.remove(id), Ok(()));
    let gone = Err(PriorityError::Removed { task: id });
    assert_eq!(scheduler.remove(id), gone);
    assert_eq!(
        (scheduler.reprioritize(id, 1).map(drop), scheduler.len()),
        (gone, 2)
    );
    let Err(RunError::Cancelled { stats, .. }) = finish(&executor, run) else {
        panic!("a task was left out");
    };
    assert_eq!((stats.tasks, stats.skipped), (2, 2));
    assert_eq!(take(&journal), ["a", "c"]);
    // Another run knows nothing of it.
    finish(&executor, executor.run(&flow)).expect("nothing fails");
    assert_eq!(take(&journal), ["a", "b", "c", "after b"]);
}

#[test]
fn a_handle_tells_what_became_of_its_task_and_of_its_scheduler() {
    let scheduler = SharedDynamicScheduler::new();
    let (executor, flow, journal) = (stepped(&scheduler), Taskflow::new(), Journal::default());
    let (tasks, run) = waiting(&executor, &flow, &journal, &["a", "b", "c"]);
    let ids: Vec<_> = tasks.iter().map(|task| task.id()).collect();
    let handles: Vec<_> = ids
        .iter()
        .map(|id| scheduler.handle(*id).expect("it waits"))
        .collect();
    let again = scheduler.handle(ids[1]).expect("it waits");
    assert_eq!(handles[1].reprioritize(1000), Ok(200));
    assert_eq!(
        (again.level(), scheduler.level(ids[1])),
        (Ok(1000), Ok(1000))
    );
    handles[2].remove().expect("it waits");
    // What was removed is left out, and the next one is run.
    executor.platform().step(0);
    executor.platform().step(0);
    assert_eq!(take(&journal), ["b"]);
    let done = PriorityError::Done { task: ids[1] };
    let removed = PriorityError::Removed { task: ids[2] };
    for handle in [&handles[1], &again] {
        assert_eq!(handle.reprioritize(1), Err(done));
        assert_eq!(handle.remove(), Err(done));
        assert_eq!(handle.level(), Err(done));
    }
    assert_eq!(handles[2].remove(), Err(removed));
    assert!(scheduler.handle(ids[1]).is_err());
    finish(&executor, run).expect_err("a task was removed");
    assert_eq!(
        handles[0].level(),
        Err(PriorityError::Done { task: ids[0] })
    );
    // The same task waits again, and the handle is not of that.
    let run = executor.run(&flow);
    executor.platform().step(0);
    assert_eq!(scheduler.level(ids[1]), Ok(200));
    assert_eq!(handles[1].level(), Err(done));
    assert_eq!(handles[1].reprioritize(1), Err(done));
    assert_eq!(handles[2].remove(), Err(removed));
    finish(&executor, run).expect("nothing fails");
    // Of its own scheduler only, and of no use without.
    let other = SharedDynamicScheduler::new();
    assert!(other.handle(ids[0]).is_err() && other.level(ids[0]).is_err());
    drop((executor, scheduler));
    assert_eq!(handles[0].level(), Err(PriorityError::Gone));
    assert_eq!(handles[2].remove(), Err(PriorityError::Gone));
    assert_eq!(handles[0].clone().task(), ids[0]);
}

#[test]
fn a_scheduler_serves_one_executor() {
    let scheduler = SharedDynamicScheduler::new();
    let executor = stepped(&scheduler);
    let refused = catch_unwind(AssertUnwindSafe(|| drop(stepped(&scheduler))));
    assert!(refused.is_err());
    let flow = Taskflow::new();
    flow.placeholder();
    finish(&executor, executor.run(&flow)).expect("it serves the first");
}

/// Four threads change, name and remove what waits, at random; each task runs once or was removed, and never both.
#[test]
fn whatever_four_threads_change_each_task_runs_once_unless_it_was_removed() {
    within_a_minute(|| {
        for workers in [1, 2, 4, 8] {
            let scheduler = SharedDynamicScheduler::new();
            let executor = threads(&scheduler, workers);
            let flow = Taskflow::new();
            let runs: Arc<Vec<AtomicUsize>> = Arc::new((0..4000).map(|_| 0.into()).collect());
            let ids: Vec<TaskId> = (0..4000)
                .map(|place| {
                    let runs = Arc::clone(&runs);
                    let work = move || {
                        runs[place].fetch_add(1, Ordering::Relaxed);
                    };
                    flow.emplace(work).id()
                })
                .collect();
            let (over, removed) = (AtomicBool::new(false), Mutex::new(Vec::new()));
            let run = executor.run(&flow);
            let result = thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        let mut dice = Dice::shaken();
                        while !over.load(Ordering::Relaxed) {
                            let place = dice.below(ids.len());
                            let task = ids[place];
                            let level = u32::try_from(dice.below(1000)).expect("small");
                            match dice.below(40) {
                                0 => {
                                    if scheduler.remove(task).is_ok() {
                                        removed.lock().expect("no panic").push(place);
                                    }
                                }
                                1..5 => {
                                    if let Ok(handle) = scheduler.handle(task) {
                                        thread::yield_now();
                                        let _ = handle.reprioritize(level);
                                    }
                                }
                                _ => {
                                    let _ = scheduler.reprioritize(task, level);
                                }
                            }
                        }
                    });
                }
                let result = run.wait();
                over.store(true, Ordering::Relaxed);
                result
            });
            let mut removed = removed.into_inner().expect("no panic");
            removed.sort_unstable();
            let skipped = match result {
                Ok(stats) => stats.skipped,
                Err(RunError::Cancelled { stats, .. }) => stats.skipped,
                Err(other) => panic!("nothing fails: {other}"),
            };
            assert_eq!(skipped, removed.len() as u64);
            for (place, runs) in runs.iter().enumerate() {
                let expected = usize::from(removed.binary_search(&place).is_err());
                assert_eq!(runs.load(Ordering::Relaxed), expected, "task {place}");
            }
            assert!(scheduler.is_empty());
            executor.run(&flow).wait().expect("it serves the next");
        }
    });
}

#[test]
fn what_waits_past_its_thresholds_is_raised_once_for_each_up_to_the_cap() {
    let scheduler = SharedDynamicScheduler::new();
    let (executor, flow, journal) = (stepped(&scheduler), Taskflow::new(), Journal::default());
    let ms = Duration::from_millis;
    let policy = EscalationPolicy::new(450)
        .raise(ms(30), u32::MAX)
        .raise(ms(10), 100);
    let (tasks, run) = waiting(&executor, &flow, &journal, &["old", "above", "young"]);
    let [old, above, young] = [0, 1, 2].map(|task| tasks[task].id());
    scheduler.reprioritize(above, 700).expect("it waits");
    let levels = || [old, above, young].map(|task| scheduler.level(task).expect("it waits"));
    executor.platform().advance(ms(9));
    assert_eq!((policy.tick(&scheduler), levels()), (0, [200, 700, 200]));
    executor.platform().advance(ms(1));
    assert_eq!((policy.tick(&scheduler), levels()), (2, [300, 700, 300]));
    assert_eq!(policy.tick(&scheduler), 0, "once");
    // What somebody lowers is raised by the next step from there.
    scheduler.reprioritize(young, 5).expect("it waits");
    executor.platform().advance(ms(20));
    assert_eq!((policy.tick(&scheduler), levels()), (2, [450, 700, 450]));
    executor.platform().advance(ms(1000));
    assert_eq!((policy.tick(&scheduler), levels()), (0, [450, 700, 450]));
    finish(&executor, run).expect("nothing fails");
    assert_eq!(take(&journal), ["above", "old", "young"]);
    assert_eq!(policy.tick(&scheduler), 0, "nothing waits");
    assert_eq!(EscalationPolicy::new(9).tick(&scheduler), 0, "no steps");
}

/// Urgent tasks that make further ones ready, for ever, and one that is not urgent.
#[test]
fn a_task_behind_urgent_ones_that_keep_coming_runs_if_it_is_raised() {
    let scheduler = SharedDynamicScheduler::new();
    let (executor, flow) = (stepped(&scheduler), Taskflow::new());
    let done = Arc::new(AtomicBool::new(false));
    let (first, ended) = (flow.placeholder(), Arc::clone(&done));
    let again = flow.repeat_while(
        move || !ended.load(Ordering::Relaxed),
        flow.placeholder().priority(Priority::Critical),
    );
    let waits = flow.emplace(move || done.store(true, Ordering::Relaxed));
    waits.priority(Priority::Low);
    first.precede(again);
    first.precede(waits);
    let policy = EscalationPolicy::new(u32::MAX).raise(Duration::from_secs(1), 1000);
    let run = executor.run(&flow);
    for _ in 0..1000 {
        executor.platform().step(0);
        policy.tick(&scheduler);
    }
    assert!(!run.is_done(), "it waits behind them");
    executor.platform().advance(Duration::from_secs(1));
    assert!(policy.tick(&scheduler) >= 1);
    for _ in 0..20 {
        executor.platform().step(0);
    }
    assert!(run.is_done(), "it has had its turn");
    finish(&executor, run).expect("nothing fails");
}
