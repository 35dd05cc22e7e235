//! What is said of a task reaches whoever asks, and nobody else's task.

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod watchdog;
}

use core::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier, mpsc};

use support::watchdog::within_a_minute;
use taskflow_std::{Coarsening, Executor, Priority, RunError, Taskflow, TaskflowError};

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
fn levels_of_priorities_leave_room_between_them() {
    let levels = Priority::ALL.map(Priority::level);
    assert!(levels.is_sorted_by(|a, b| a + 1 < *b) && levels[0] > 0);
    assert!(Priority::ALL.is_sorted());
}
