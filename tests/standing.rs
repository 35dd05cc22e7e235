//! Where a task stands decides what a scheduler can do about it: one that is not ready is raised with what it depends on, and of one
//! that runs, is done, was removed or is somebody else's each is told.

use std::sync::{Arc, Mutex};

use crate::dynamic_priority::{Journal, finish, note, stepped, take};
use taskflow_std::{
    PriorityError, PriorityHandle, SharedDynamicScheduler, TaskHandle, TaskId, Taskflow,
};

#[test]
fn each_reason_why_a_task_cannot_be_changed_is_told_apart() {
    for scheduler in [
        SharedDynamicScheduler::new(),
        SharedDynamicScheduler::new().without_inheritance(),
    ] {
        let (executor, flow) = (stepped(&scheduler), Taskflow::new());
        let (asked, told) = (scheduler.clone(), Arc::new(Mutex::new(None)));
        let (itself, answer) = (Arc::new(Mutex::new(None)), Arc::clone(&told));
        let own = Arc::clone(&itself);
        let first = flow.emplace(move || {
            let task: Option<(TaskId, PriorityHandle)> = own.lock().expect("no panic").clone();
            let (task, handle) = task.expect("it was given");
            let answers = [
                asked.reprioritize(task, 1).map(drop),
                asked.remove(task),
                asked.level(task).map(drop),
                handle.reprioritize(1).map(drop),
                handle.remove(),
            ];
            *answer.lock().expect("no panic") = Some(answers);
        });
        let (removed, waits) = (flow.placeholder(), flow.placeholder());
        first.precede(waits);
        let [first, removed, waits] = [first, removed, waits].map(TaskHandle::id);
        let foreign = Taskflow::new();
        let stranger = foreign.placeholder().id();
        let other = stepped(&SharedDynamicScheduler::new());
        for round in 0..2 {
            let run = executor.run(&flow);
            executor.platform().step(0);
            let handle = scheduler.handle(first).expect("it waits");
            *itself.lock().expect("no panic") = Some((first, handle.clone()));
            assert_eq!(
                scheduler.remove(waits),
                Err(PriorityError::NotReady { task: waits })
            );
            assert_eq!(
                scheduler.level(waits),
                Err(PriorityError::NotReady { task: waits })
            );
            assert_eq!(scheduler.remove(removed), Ok(()));
            let gone = PriorityError::Removed { task: removed };
            assert_eq!(scheduler.remove(removed), Err(gone));
            executor.platform().step_all();
            let running = PriorityError::Running { task: first };
            let answers = told.lock().expect("no panic").take();
            assert_eq!(answers, Some([Err(running); 5]), "round {round}");
            run.wait().expect_err("a task was removed");
            let done = PriorityError::Done { task: first };
            assert_eq!(scheduler.reprioritize(first, 1), Err(done));
            assert_eq!(handle.remove(), Err(done));
            let unknown = PriorityError::Foreign { task: stranger };
            assert_eq!(scheduler.reprioritize(stranger, 1), Err(unknown));
            assert_eq!(scheduler.remove(stranger), Err(unknown));
            // It waits, but for another executor.
            let elsewhere = other.run(&foreign);
            other.platform().step(0);
            assert_eq!(scheduler.level(stranger), Err(unknown));
            finish(&other, elsewhere).expect("nothing fails");
        }
    }
}

#[test]
fn a_task_that_is_not_ready_is_raised_with_all_that_it_depends_on_until_it_has_ended() {
    let scheduler = SharedDynamicScheduler::new();
    let (executor, flow, journal) = (stepped(&scheduler), Taskflow::new(), Journal::default());
    let [_, _, a, b, c] = ["x", "y", "a", "b", "c"].map(|name| note(&flow, &journal, name));
    flow.linearize([a, b, c]);
    let (ids, after) = (
        [a, b, c].map(TaskHandle::id),
        note(&flow, &journal, "after"),
    );
    c.precede(after);
    for round in 0..2 {
        let run = executor.run(&flow);
        executor.platform().step(0);
        assert_eq!(scheduler.level(ids[0]), Ok(200), "round {round}");
        assert_eq!(scheduler.reprioritize(ids[2], 900), Ok(200));
        assert_eq!(scheduler.level(ids[0]), Ok(900));
        // What it was given itself is another thing.
        assert_eq!(scheduler.reprioritize(ids[0], 100), Ok(200));
        assert_eq!(scheduler.level(ids[0]), Ok(900));
        finish(&executor, run).expect("nothing fails");
        assert_eq!(take(&journal), ["a", "b", "c", "x", "y", "after"]);
    }
    // Taken back, before it is ready.
    let run = executor.run(&flow);
    executor.platform().step(0);
    assert_eq!(scheduler.reprioritize(ids[2], 900), Ok(200));
    executor.platform().step(0);
    assert_eq!(scheduler.level(ids[1]), Ok(900));
    assert_eq!(scheduler.reprioritize(ids[2], 0), Ok(900));
    assert_eq!(scheduler.level(ids[1]), Ok(200));
    finish(&executor, run).expect("nothing fails");
    assert_eq!(take(&journal), ["a", "x", "y", "b", "c", "after"]);
    let alone = SharedDynamicScheduler::new().without_inheritance();
    let executor = stepped(&alone);
    let run = executor.run(&flow);
    executor.platform().step(0);
    let waits = PriorityError::NotReady { task: ids[2] };
    assert_eq!(alone.reprioritize(ids[2], 900), Err(waits));
    finish(&executor, run).expect("nothing fails");
}

#[test]
fn a_task_that_was_raised_in_one_round_is_as_usual_in_the_next() {
    let scheduler = SharedDynamicScheduler::new();
    let (executor, flow, journal) = (stepped(&scheduler), Taskflow::new(), Journal::default());
    let [_, a, b] = ["x", "a", "b"].map(|name| note(&flow, &journal, name));
    a.precede(b);
    let run = executor.run_n(&flow, 2);
    executor.platform().step(0);
    assert_eq!(scheduler.reprioritize(b.id(), 900), Ok(200));
    finish(&executor, run).expect("nothing fails");
    let (raised, usual) = (["a", "b", "x"], ["x", "a", "b"]);
    assert_eq!(take(&journal), [raised, usual].concat());
}
