//! A handle of a removed task, or of another flow, changes nothing and is refused by name.

use taskflow_std::{Executor, Priority, RunError, TaskMetadata, Taskflow, TaskflowError};

/// Refused with this error by `validate` and by every kind of run, until it is repaired.
fn refused(flow: &Taskflow<'static>, is_it: impl Fn(&TaskflowError) -> bool) {
    let executor = Executor::new(1);
    let found = flow.validate().expect_err("refused");
    assert!(is_it(&found), "{found:?}");
    let ways = [
        executor.run(flow).wait(),
        executor.run_n(flow, 2).wait(),
        executor.run_until(flow, || true).wait(),
        executor.run_and_wait(flow),
    ];
    for way in ways {
        assert!(matches!(way, Err(RunError::Invalid(error)) if is_it(&error)));
    }
    flow.discard_refused();
    executor.run(flow).wait().expect("repaired");
}

#[test]
fn a_stale_handle_is_refused_and_can_be_discarded() {
    let flow = Taskflow::new();
    let (a, gone) = (flow.placeholder().name("a"), flow.placeholder());
    let id = gone.id();
    flow.remove(gone);
    let uses: [&dyn Fn(); 10] = [
        &|| {
            a.precede(gone);
        },
        &|| {
            a.succeed(gone);
        },
        &|| {
            gone.precede(a);
        },
        &|| {
            gone.name("x");
        },
        &|| {
            gone.priority(Priority::High);
        },
        &|| {
            gone.tag("x");
        },
        &|| {
            gone.budget(core::time::Duration::ZERO);
        },
        &|| {
            gone.describe(TaskMetadata::new().with_name("x"));
        },
        &|| flow.work(gone, || {}),
        &|| flow.remove(gone),
    ];
    for using in uses {
        using();
        assert_eq!((a.num_successors(), a.num_predecessors()), (0, 0));
        assert_eq!((gone.label(), gone.num_successors()), (String::new(), 0));
        assert_eq!(gone.urgency(), Priority::Normal);
        assert_eq!(gone.metadata(), TaskMetadata::new());
        refused(
            &flow,
            |error| matches!(error, TaskflowError::Stale { task } if *task == id),
        );
    }
}

#[test]
fn a_stale_handle_never_edits_the_task_that_took_its_place() {
    let flow = Taskflow::new();
    let gone = flow.placeholder();
    flow.remove(gone);
    flow.validate().unwrap();
    let heir = flow.placeholder().name("heir");
    assert_eq!(heir.id().index(), gone.id().index());
    gone.name("thief").precede(flow.placeholder());
    flow.remove(gone);
    assert_eq!((heir.label(), heir.num_successors()), ("heir".into(), 0));
    let id = gone.id();
    refused(
        &flow,
        |error| matches!(error, TaskflowError::Stale { task } if *task == id),
    );
    assert_eq!(flow.len(), 2);
}

#[test]
fn a_foreign_handle_is_refused_by_name_and_can_be_discarded() {
    let (flow, other) = (Taskflow::new(), Taskflow::new());
    let (mine, theirs) = (flow.placeholder().name("mine"), other.placeholder());
    mine.precede(theirs);
    let text = flow.validate().unwrap_err().to_string();
    assert!(text.contains("\"mine\""), "{text}");
    let (my_id, their_id) = (mine.id(), theirs.id());
    refused(
        &flow,
        |error| matches!(error, TaskflowError::Foreign { task, foreign } if task.id == my_id && *foreign == their_id),
    );
    mine.succeed([theirs]);
    assert_eq!((mine.num_predecessors(), theirs.num_successors()), (0, 0));
    refused(&flow, |error| {
        matches!(error, TaskflowError::Foreign { .. })
    });
    assert_eq!(other.validate().unwrap(), []);
}

#[test]
fn discarding_gives_what_was_refused_first() {
    let flow = Taskflow::new();
    assert_eq!(flow.discard_refused(), None);
    let [a, b, c] = [(); 3].map(|()| flow.placeholder());
    flow.remove(b);
    flow.remove(c);
    a.precede(c).precede(b);
    let first = flow.discard_refused();
    assert_eq!(first, Some(TaskflowError::Stale { task: c.id() }));
    assert_eq!(flow.discard_refused(), None);
    assert_eq!(flow.validate().unwrap(), []);
}
