//! What is said of a task reaches whoever asks, and nobody else's task.

use core::num::NonZeroU32;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier, mpsc};

use crate::support::watchdog::within_a_minute;
use taskflow_std::{
    Coarsening, Event, EventKind, Executor, Priority, RunError, TaskMetadata, Taskflow,
    TaskflowError,
};

#[test]
fn a_task_has_the_priority_that_was_named_last_and_others_are_normal() {
    let flow = Taskflow::new();
    let tasks: Vec<_> = (0..100).map(|_| flow.placeholder()).collect();
    assert_eq!(tasks[7].urgency(), Priority::Normal);
    tasks[7].priority(Priority::Low).priority(Priority::High);
    tasks[99].priority(Priority::Critical);
    // A later task than any that a priority was named of.
    let later = flow.placeholder();
    for (place, task) in tasks.iter().enumerate() {
        let expected = match place {
            7 => Priority::High,
            99 => Priority::Critical,
            _ => Priority::Normal,
        };
        assert_eq!(task.urgency(), expected, "task {place}");
    }
    assert_eq!(later.urgency(), Priority::Normal);
    Executor::new(2).run(&flow).wait().expect("it runs");
    later.priority(Priority::Low);
    Executor::new(2).run(&flow).wait().expect("it runs again");
    assert_eq!(flow.tasks()[100].urgency(), Priority::Low);
    assert_eq!(flow.tasks()[7].urgency(), Priority::High);
}

#[test]
fn the_task_that_takes_a_place_has_not_the_priority_of_the_one_before() {
    let mut flow = Taskflow::new();
    let gone = flow.placeholder().priority(Priority::Critical);
    let place = gone.id().index();
    flow.remove(gone);
    Executor::new(1).run(&flow).wait().expect("it runs");
    let next = flow.placeholder();
    assert_eq!(
        (next.id().index(), next.urgency()),
        (place, Priority::Normal)
    );
    next.priority(Priority::High);
    flow.clear();
    assert_eq!(flow.placeholder().urgency(), Priority::Normal);
}

#[test]
fn a_handle_of_another_flow_names_the_priority_of_its_own_task() {
    let (here, there) = (Taskflow::new(), Taskflow::new());
    let (mine, other) = (here.placeholder(), there.placeholder());
    other.priority(Priority::High);
    assert_eq!(
        (mine.urgency(), other.urgency()),
        (Priority::Normal, Priority::High)
    );
    assert!(here.task(other.id()).is_none());
    mine.precede(other);
    let error = Executor::new(1).run(&here).wait().expect_err("foreign");
    assert!(matches!(
        error,
        RunError::Invalid(TaskflowError::Foreign { .. })
    ));
}

/// In a block the first of these tasks would wait for the second, which comes after it.
#[test]
fn tasks_of_a_flow_with_priorities_are_not_run_in_blocks() {
    within_a_minute(|| {
        let executor = Executor::new(2);
        let flow = Taskflow::new();
        let meeting = Arc::new(Barrier::new(2));
        for place in 0..32 {
            let meeting = Arc::clone(&meeting);
            flow.emplace(move || {
                if place < 2 {
                    meeting.wait();
                }
            });
        }
        flow.coarsen(Coarsening::Blocks(NonZeroU32::new(8).expect("not zero")));
        flow.tasks()[0].priority(Priority::High);
        executor.run_n(&flow, 20).wait().expect("they meet");
    });
}

#[test]
fn nothing_is_said_of_a_task_while_its_flow_runs() {
    let (executor, flow) = (Executor::new(1), Taskflow::new());
    let (open, gate) = mpsc::channel::<()>();
    let task = flow.emplace(move || {
        let _ = gate.recv();
    });
    let run = executor.run(&flow);
    let named = catch_unwind(AssertUnwindSafe(|| {
        task.priority(Priority::High);
    }));
    drop(open);
    run.wait().expect("nothing fails");
    let panic = named.expect_err("the flow is in use");
    let text = panic.downcast_ref::<String>().expect("a text");
    assert!(
        text.contains("was edited while a run of it is unfinished"),
        "{text}"
    );
}

#[test]
fn observers_read_what_is_said_of_a_task_and_the_handle_says_the_same() {
    for workers in [1, 2, 4, 8] {
        let (executor, flow) = (Executor::new(workers), Taskflow::new());
        let (tell, told) = mpsc::channel();
        let observer = executor.observe(move |event: &Event<'_>| {
            if event.kind == EventKind::Start {
                let said = event.metadata().expect("it is about a task").into_owned();
                let _ = tell.send((event.task, said));
            }
        });
        let said = TaskMetadata::new()
            .with_name("load")
            .with_priority(Priority::High)
            .with_deadline(Duration::from_secs(60))
            .with_budget(Duration::from_secs(50))
            .with_numa_node(3)
            .with_tag("io")
            .with_tag(String::from("disk"))
            .with_tag("io");
        let described = flow.placeholder().describe(said.clone());
        let piecewise = flow
            .placeholder()
            .name("other")
            .tag("io")
            .numa_node(3)
            .budget(Duration::from_secs(50))
            .tag("disk")
            .priority(Priority::High)
            .deadline(Duration::from_secs(60))
            // Not that of the time of the first tag.
            .name("load");
        let plain = flow.placeholder().name("plain").priority(Priority::Low);
        let silent = flow.placeholder();
        let mut expected = vec![
            (Some(described.id()), said.clone()),
            (Some(piecewise.id()), said.clone()),
            (
                Some(plain.id()),
                TaskMetadata::new()
                    .with_name("plain")
                    .with_priority(Priority::Low),
            ),
            (Some(silent.id()), TaskMetadata::new()),
        ];
        for ((_, said), task) in expected.iter().zip([described, piecewise, plain, silent]) {
            assert_eq!(task.metadata(), *said);
            assert_eq!(
                (task.label(), task.urgency()),
                (said.name().to_owned(), said.priority())
            );
        }
        assert!(said.tags().eq(["io", "disk"]) && !said.has_tag("net"));
        assert_eq!(said.numa_node(), Some(3));
        executor.run(&flow).wait().expect("nothing fails");
        observer.detach();
        let mut heard: Vec<_> = told.try_iter().collect();
        heard.sort_by_key(|(task, _)| *task);
        expected.sort_by_key(|(task, _)| *task);
        assert_eq!(heard, expected);
    }
}

#[test]
fn what_is_said_anew_replaces_what_was_said_and_a_removed_task_takes_it_along() {
    let flow = Taskflow::new();
    let task = flow
        .placeholder()
        .name("old")
        .tag("a")
        .budget(Duration::ZERO);
    task.priority(Priority::High)
        .describe(TaskMetadata::new().with_tag("b"));
    assert_eq!(task.metadata(), TaskMetadata::new().with_tag("b"));
    assert_eq!(
        (task.label(), task.urgency()),
        (String::new(), Priority::Normal)
    );
    task.deadline(Duration::ZERO);
    flow.remove(task);
    let executor = Executor::new(1);
    let stats = executor.run(&flow).wait().expect("it runs");
    assert_eq!(stats.missed_deadlines, 0);
    let next = flow.placeholder();
    assert_eq!(next.id().index(), 0);
    let stats = executor.run(&flow).wait().expect("it runs");
    assert_eq!((stats.missed_deadlines, stats.overruns), (0, 0));
    assert_eq!(flow.tasks()[0].metadata(), TaskMetadata::new());
}

#[test]
fn levels_of_priorities_leave_room_between_them() {
    let levels = Priority::ALL.map(Priority::level);
    assert!(levels.is_sorted_by(|a, b| a + 1 < *b) && levels[0] > 0);
    assert!(Priority::ALL.is_sorted());
}
