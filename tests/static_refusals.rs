//! Graphs of fixed capacity refuse what they have no room for, what is not theirs, and what cannot run.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;

use taskflow_core::{StaticGraphError, StaticRunError, StaticTaskflow};

use crate::support::dice::Dice;
use crate::support::static_flow::{Flow, emplace_all};
use crate::support::watchdog::within_a_minute;

#[test]
fn what_has_no_room_is_refused_and_the_rest_runs() {
    let calls = AtomicUsize::new(0);
    let task = || {
        calls.fetch_add(1, Ordering::SeqCst);
    };
    let mut flow = StaticTaskflow::<2, 1>::new();
    let [one, two] = [(); 2].map(|()| flow.emplace(&task).unwrap());
    let full = Err(StaticGraphError::TasksFull { capacity: 2 });
    assert_eq!(flow.emplace(&task), full);
    assert_eq!(flow.precede(one, two), Ok(()));
    let full = StaticGraphError::EdgesFull { capacity: 1 };
    assert_eq!(flow.precede(two, one), Err(full));
    assert_eq!(
        flow.freeze(),
        Ok(()),
        "the edge that closes a circle is not there"
    );
    assert_eq!(
        (flow.len(), flow.is_empty(), flow.run()),
        (2, false, Ok(()))
    );
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[test]
fn a_task_before_itself_and_a_task_of_another_graph_are_refused() {
    let mut other = StaticTaskflow::<1, 0>::new();
    let foreign = other.emplace(&|| ()).unwrap();
    let mut larger = Flow::default();
    let mut flow = Flow::new();
    let own = flow.emplace(&|| ()).unwrap();
    let error = StaticGraphError::Foreign { task: foreign };
    assert_eq!(flow.precede(own, foreign), Err(error));
    assert_eq!(flow.precede(foreign, own), Err(error));
    assert_eq!(flow.name(foreign, "stranger"), Err(error));
    assert_eq!(flow.name_of(foreign), None);
    let error = StaticGraphError::SelfDependency { task: own };
    assert_eq!(flow.precede(own, own), Err(error));
    let beyond = [(); 3].map(|()| larger.emplace(&|| ()).unwrap())[2];
    assert!(matches!(
        flow.precede(own, beyond),
        Err(StaticGraphError::Foreign { .. })
    ));
    assert_eq!((flow.freeze(), flow.run()), (Ok(()), Ok(())));
}

#[test]
fn of_graphs_made_at_one_place_tasks_beyond_the_last_are_refused() {
    let [mut small, mut large] = [(); 2].map(|()| Flow::new());
    let own = small.emplace(&|| ()).unwrap();
    let alike = large.emplace(&|| ()).unwrap();
    let beyond = large.emplace(&|| ()).unwrap();
    assert_eq!(own, alike, "these two are not told apart");
    let error = StaticGraphError::Foreign { task: beyond };
    assert_eq!(small.precede(own, beyond), Err(error));
}

#[test]
fn a_name_is_kept() {
    let mut flow = Flow::new();
    let [named, unnamed] = [(); 2].map(|()| flow.emplace(&|| ()).unwrap());
    assert_eq!(flow.name(named, "sample"), Ok(()));
    assert_eq!(
        (flow.name_of(named), flow.name_of(unnamed)),
        (Some("sample"), None)
    );
}

#[test]
fn a_task_in_a_cycle_is_named_and_nothing_runs() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        for _ in 0..200 {
            let calls = AtomicUsize::new(0);
            let task = || {
                calls.fetch_add(1, Ordering::SeqCst);
            };
            let (before, length, after) = (dice.below(4), 2 + dice.below(6), dice.below(4));
            let size = before + length + after;
            let tasks = vec![task; size];
            let mut flow = Flow::new();
            let handles = emplace_all(&mut dice, &mut flow, &tasks);
            // A way into the circle, the circle, a way out.
            for at in 1..size {
                flow.precede(handles[at - 1], handles[at]).unwrap();
            }
            assert_eq!(flow.freeze(), Ok(()));
            flow.precede(handles[before + length - 1], handles[before])
                .unwrap();
            for _ in 0..2 {
                let Err(StaticGraphError::Cycle { task }) = flow.freeze() else {
                    panic!("the cycle is not seen");
                };
                let at = handles.iter().position(|handle| *handle == task);
                let inside = before..before + length;
                assert!(
                    inside.contains(&at.expect("its own")),
                    "{at:?} of {inside:?}"
                );
            }
            assert_eq!(flow.run(), Err(StaticRunError::NotFrozen));
            assert_eq!((flow.help(), calls.load(Ordering::SeqCst)), (0, 0));
        }
    });
}

#[test]
fn an_edited_graph_runs_as_it_is_now_once_it_is_frozen_again() {
    within_a_minute(|| {
        let order = Mutex::new(Vec::new());
        let note = |what| order.lock().unwrap().push(what);
        let (a, b, c) = (|| note('a'), || note('b'), || note('c'));
        let ran = || core::mem::take(&mut *order.lock().unwrap());
        let mut flow = Flow::new();
        let (a, b) = (flow.emplace(&a).unwrap(), flow.emplace(&b).unwrap());
        assert_eq!(flow.run(), Err(StaticRunError::NotFrozen));
        flow.precede(b, a).unwrap();
        flow.freeze().unwrap();
        flow.run().unwrap();
        assert_eq!(ran(), ['b', 'a']);
        let c = flow.emplace(&c).unwrap();
        assert_eq!(flow.run(), Err(StaticRunError::NotFrozen));
        flow.precede(c, b).unwrap();
        flow.precede(c, a).unwrap();
        assert_eq!(flow.run(), Err(StaticRunError::NotFrozen));
        for _ in 0..2 {
            flow.freeze().unwrap();
            for _ in 0..2 {
                flow.run().unwrap();
                assert_eq!(ran(), ['c', 'b', 'a']);
            }
        }
    });
}

#[test]
fn errors_name_the_culprit_and_the_remedy() {
    let mut flow = Flow::new();
    let task = flow.emplace(&|| ()).unwrap();
    let graph = [
        StaticGraphError::TasksFull { capacity: 3 },
        StaticGraphError::EdgesFull { capacity: 3 },
        StaticGraphError::Foreign { task },
        StaticGraphError::SelfDependency { task },
        StaticGraphError::Cycle { task },
    ];
    let words = [
        "raise N",
        "raise E",
        "task 0",
        "task 0 depends on itself",
        "task 0 is in a cycle",
    ];
    for (error, words) in graph.iter().zip(words) {
        assert!(error.to_string().contains(words), "{error}");
    }
    let run = StaticRunError::Panicked { task };
    assert_eq!(run.to_string(), "task 0 panicked on a thread that helped");
    assert_eq!(
        format!("{flow:?}"),
        "StaticTaskflow { tasks: 1, edges: 0, is_frozen: false, .. }"
    );
}
