//! A graph holds what was asked for: tasks with names, each edge once and in order, and nothing that was
//! removed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use crate::support::blocked_flow::BlockedFlow;
use crate::support::panics::panic_of;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Lint, TaskHandle, TaskId, Taskflow};

type Log = Arc<Mutex<Vec<&'static str>>>;

fn noted(log: &Log, what: &'static str) -> impl FnMut() + Send + 'static {
    let log = Arc::clone(log);
    move || log.lock().expect("no task panics").push(what)
}

fn ids(tasks: &[TaskHandle<'_>]) -> Vec<TaskId> {
    tasks.iter().map(|task| task.id()).collect()
}

#[test]
fn a_new_flow_is_empty_and_has_its_name() {
    assert!(Taskflow::new().is_empty());
    assert_eq!(Taskflow::new().name(), "");
    assert_eq!(Taskflow::with_name("söme \"name\"").name(), "söme \"name\"");
    assert_eq!(Taskflow::default().len(), 0);
}

#[test]
fn tasks_are_counted_and_listed_in_the_order_of_their_creation() {
    let flow = Taskflow::new();
    let made = [
        flow.emplace(|| {}),
        flow.emplace_once(|| {}),
        flow.try_emplace(|| Ok(())),
        flow.placeholder(),
    ];
    assert_eq!(flow.len(), 4);
    assert_eq!(ids(&flow.tasks()), ids(&made));
    let indices: Vec<u32> = made.iter().map(|task| task.id().index()).collect();
    assert_eq!(indices, [0, 1, 2, 3]);
}

#[test]
fn the_last_name_counts() {
    let flow = Taskflow::new();
    let task = flow.emplace(|| {});
    assert_eq!(task.label(), "");
    assert_eq!(
        task.name("first").name(String::from("second")).label(),
        "second"
    );
    assert_eq!(flow.task(task.id()).unwrap().label(), "second");
}

#[test]
fn successors_keep_the_order_of_calls() {
    let flow = Taskflow::new();
    let [a, b, c, d, e] = [(); 5].map(|()| flow.placeholder());
    a.precede(d);
    c.succeed(a);
    a.precede((e, b));
    assert_eq!(ids(&a.successors()), ids(&[d, c, e, b]));
    assert_eq!((a.num_successors(), a.num_predecessors()), (4, 0));
    assert_eq!((b.num_successors(), b.num_predecessors()), (0, 1));
    flow.validate().unwrap();
    assert_eq!(ids(&a.successors()), ids(&[d, c, e, b]));
}

#[test]
fn every_form_of_several_tasks_is_taken() {
    let flow = Taskflow::new();
    let t: Vec<TaskHandle<'_>> = (0..12).map(|_| flow.placeholder()).collect();
    let fifth: &TaskHandle<'_> = &t[4];
    t[0].precede(t[1]).precede([t[2], t[3]]).precede(fifth);
    t[0].precede(&t[5..7]).precede(vec![t[7]]);
    t[0].precede((t[8], [t[9]], &t[10], vec![t[11]]));
    assert_eq!(ids(&t[0].successors()), ids(&t[1..]));
    let last = flow.placeholder();
    last.succeed(&t).succeed((t[0], t[1])).succeed([t[2]]);
    assert_eq!(last.num_predecessors(), 12);
    last.precede(Vec::<TaskHandle<'_>>::new());
    assert_eq!(last.num_successors(), 0);
}

#[test]
fn duplicate_edges_are_one_edge_and_a_lint() {
    let flow = Taskflow::new();
    let (a, b) = (flow.placeholder().name("a"), flow.placeholder());
    a.precede(b);
    b.succeed(a);
    assert_eq!((a.num_successors(), b.num_predecessors()), (1, 1));
    let lints = flow.validate().unwrap();
    let [Lint::DuplicateEdge { from, to }] = lints.as_slice() else {
        panic!("one lint about the one edge: {lints:?}");
    };
    assert_eq!((from.id, to.id), (a.id(), b.id()));
    assert_eq!(from.name.as_deref(), Some("a"));
    assert!(lints[0].to_string().contains("\"a\""));
    let stats = Executor::new(1).run_and_wait(&flow).unwrap();
    assert_eq!(stats.tasks, 2);
}

#[test]
fn an_edge_made_thrice_is_one_lint() {
    let flow = Taskflow::new();
    let (a, b) = (flow.placeholder(), flow.placeholder());
    a.precede([b, b, b]);
    assert_eq!(flow.validate().unwrap().len(), 1);
}

#[test]
fn a_removed_edge_no_longer_orders() {
    let log = Log::default();
    let flow = Taskflow::new();
    let a = flow.emplace(noted(&log, "a"));
    let b = flow.emplace(noted(&log, "b"));
    let c = flow.emplace(noted(&log, "c"));
    flow.linearize([a, b, c]);
    a.precede(b);
    assert!(flow.remove_edge(a, b));
    assert!(!flow.remove_edge(a, b));
    assert!(!flow.remove_edge(c, b));
    b.precede(a);
    assert_eq!((a.num_successors(), a.num_predecessors()), (0, 1));
    assert_eq!(flow.validate().unwrap(), []);
    let executor = Executor::new(1);
    executor.run_and_wait(&flow).unwrap();
    let ran = log.lock().unwrap().clone();
    assert_eq!(ran[0], "b");
    assert_eq!(ran.len(), 3);
}

#[test]
fn a_removed_task_does_not_run_and_orders_nothing() {
    let log = Log::default();
    let flow = Taskflow::new();
    let a = flow.emplace(noted(&log, "a"));
    let b = flow.emplace(noted(&log, "b"));
    let c = flow.emplace(noted(&log, "c"));
    flow.linearize([a, b, c]);
    flow.remove(b);
    assert_eq!(flow.len(), 2);
    assert_eq!((a.num_successors(), c.num_predecessors()), (0, 0));
    let stats = Executor::new(2).run(&flow).wait().unwrap();
    assert_eq!(stats.tasks, 2);
    assert!(!log.lock().unwrap().contains(&"b"));
}

#[test]
fn a_removed_place_is_used_again_and_the_old_id_leads_nowhere() {
    let flow = Taskflow::new();
    let kept = flow.placeholder().id();
    let mut seen = HashSet::from([kept]);
    let mut old = flow.placeholder();
    for _ in 0..1000 {
        let id = old.id();
        assert!(seen.insert(id), "{id} was another task's");
        flow.remove(old);
        assert_eq!(flow.task(id), None);
        flow.validate().unwrap();
        old = flow.placeholder();
        assert_eq!(old.id().index(), id.index());
        assert_ne!(old.id(), id);
        assert_eq!(flow.task(id), None);
    }
    assert!(flow.task(kept).is_some());
    assert_eq!(flow.len(), 2);
    assert_eq!(Taskflow::new().task(kept), None);
}

#[test]
fn a_place_used_again_takes_no_edges_from_others() {
    let flow = Taskflow::new();
    let [a, b, c, d] = [(); 4].map(|()| flow.placeholder());
    a.precede(b).precede(d);
    flow.remove(c);
    flow.validate().unwrap();
    let heir = flow.placeholder();
    assert_eq!(ids(&heir.successors()), []);
    assert_eq!(ids(&a.successors()), ids(&[b, d]));
}

#[test]
fn a_place_used_again_and_removed_leaves_the_edges_of_others_alone() {
    let flow = Taskflow::new();
    let [a, b, c] = [(); 3].map(|()| flow.placeholder());
    a.precede(c);
    flow.remove(b);
    flow.validate().unwrap();
    let heir = flow.placeholder();
    assert_eq!(heir.id().index(), b.id().index());
    flow.remove(heir);
    assert_eq!((a.num_successors(), c.num_predecessors()), (1, 1));
}

#[test]
fn ids_stay_while_other_tasks_come_and_go() {
    let flow = Taskflow::new();
    let made: Vec<TaskHandle<'_>> = (0..100).map(|_| flow.placeholder()).collect();
    let odd: Vec<TaskId> = made
        .iter()
        .skip(1)
        .step_by(2)
        .map(|task| task.id())
        .collect();
    for task in made.iter().step_by(2) {
        flow.remove(*task);
    }
    let executor = Executor::new(1);
    executor.run_and_wait(&flow).unwrap();
    let more: Vec<TaskId> = (0..200).map(|_| flow.placeholder().id()).collect();
    executor.run_and_wait(&flow).unwrap();
    for (at, id) in odd.iter().enumerate() {
        assert_eq!(flow.task(*id).unwrap().id().index() as usize, 2 * at + 1);
    }
    assert!(more.iter().all(|id| flow.task(*id).is_some()));
}

#[test]
fn a_placeholder_does_the_work_it_is_given_last() {
    let log = Log::default();
    let flow = Taskflow::new();
    let (a, b) = (flow.placeholder().name("a"), flow.emplace(noted(&log, "b")));
    b.precede(a);
    let executor = Executor::new(1);
    executor.run(&flow).wait().unwrap();
    flow.work(a, noted(&log, "a"));
    executor.run(&flow).wait().unwrap();
    flow.work(a, noted(&log, "other"));
    executor.run(&flow).wait().unwrap();
    assert_eq!(*log.lock().unwrap(), ["b", "b", "a", "b", "other"]);
    assert_eq!((a.label(), a.num_predecessors()), ("a".into(), 1));
}

#[test]
fn a_linearized_flow_runs_in_the_order_given() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let flow = Taskflow::new();
    let tasks: Vec<TaskHandle<'_>> = (0..100)
        .map(|number| {
            let order = Arc::clone(&order);
            flow.emplace(move || order.lock().unwrap().push(number))
        })
        .collect();
    let backwards: Vec<TaskHandle<'_>> = tasks.into_iter().rev().collect();
    flow.linearize(&backwards);
    flow.linearize([backwards[0]]);
    Executor::new(4).run(&flow).wait().unwrap();
    let expected: Vec<i32> = (0..100).rev().collect();
    assert_eq!(*order.lock().unwrap(), expected);
}

#[test]
fn a_cleared_flow_is_as_good_as_new() {
    let log = Log::default();
    let executor = Executor::new(2);
    let mut flow = Taskflow::with_name("kept");
    let old = flow.emplace(noted(&log, "old")).id();
    executor.run(&flow).wait().unwrap();
    flow.clear();
    assert!(flow.is_empty() && flow.task(old).is_none());
    assert_eq!(flow.name(), "kept");
    assert_eq!(executor.run(&flow).wait().unwrap().tasks, 0);
    let new = flow.emplace(noted(&log, "new")).id();
    assert_ne!(old, new);
    assert_eq!(executor.run(&flow).wait().unwrap().tasks, 1);
    assert_eq!(*log.lock().unwrap(), ["old", "new"]);
}

#[test]
fn a_graph_edited_between_runs_runs_as_it_is_now() {
    let log = Log::default();
    let executor = Executor::new(2);
    let flow = Taskflow::new();
    let a = flow.emplace(noted(&log, "a"));
    let c = flow.emplace(noted(&log, "c"));
    a.precede(c);
    executor.run(&flow).wait().unwrap();
    let b = flow.emplace(noted(&log, "b"));
    flow.remove_edge(a, c);
    c.precede(b.precede(a));
    flow.remove_edge(c, b);
    a.precede(c);
    executor.run(&flow).wait().unwrap();
    flow.remove(a);
    b.succeed(c);
    executor.run(&flow).wait().unwrap();
    assert_eq!(*log.lock().unwrap(), ["a", "c", "b", "a", "c", "c", "b"]);
}

#[test]
fn editing_while_the_graph_is_running_is_a_panic_that_names_the_flow() {
    within_a_minute(|| {
        let blocked = BlockedFlow::new("the busy one");
        let flow = &blocked.flow;
        let other = flow.placeholder();
        let executor = Executor::new(1);
        let run = executor.run(flow);
        blocked.begun.pass();
        let task = flow.tasks()[0];
        let edits: [(&str, &dyn Fn()); 10] = [
            ("emplace", &|| {
                flow.emplace(|| {});
            }),
            ("emplace_once", &|| {
                flow.emplace_once(|| {});
            }),
            ("try_emplace", &|| {
                flow.try_emplace(|| Ok(()));
            }),
            ("placeholder", &|| {
                flow.placeholder();
            }),
            ("work", &|| flow.work(other, || {})),
            ("linearize", &|| flow.linearize([task, other])),
            ("remove", &|| flow.remove(other)),
            ("remove_edge", &|| {
                flow.remove_edge(task, other);
            }),
            ("name", &|| {
                other.name("x");
            }),
            ("precede", &|| {
                task.precede(other);
            }),
        ];
        for (what, edit) in edits {
            let message = panic_of(edit);
            assert!(message.contains("the busy one"), "{what}: {message:?}");
        }
        assert!(panic_of(|| other.succeed(task).id()).contains("the busy one"));
        blocked.end.open();
        assert_eq!(run.wait().unwrap().tasks, 2);
        assert_eq!((flow.len(), other.num_predecessors()), (2, 0));
        task.precede(other.name("now"));
        assert_eq!(executor.run(flow).wait().unwrap().tasks, 2);
    });
}

#[test]
fn clearing_while_the_graph_is_running_is_a_panic_that_names_the_flow() {
    within_a_minute(|| {
        let mut blocked = BlockedFlow::new("the busy one");
        let executor = Executor::new(1);
        let run = executor.run(&blocked.flow);
        blocked.begun.pass();
        assert!(panic_of(|| blocked.flow.clear()).contains("the busy one"));
        blocked.end.open();
        assert_eq!(run.wait().unwrap().tasks, 1);
    });
}

#[test]
fn a_queued_run_keeps_the_graph_closed_too() {
    within_a_minute(|| {
        let blocked = BlockedFlow::new("queued");
        let executor = Executor::new(1);
        let first = executor.run(&blocked.flow);
        let second = executor.run(&blocked.flow);
        blocked.end.open();
        first.wait().unwrap();
        second.wait().unwrap();
        blocked.flow.emplace(|| {});
        assert_eq!(executor.run(&blocked.flow).wait().unwrap().tasks, 2);
    });
}

#[test]
fn queries_answer_while_the_graph_is_running() {
    within_a_minute(|| {
        let blocked = BlockedFlow::new("read");
        let flow = &blocked.flow;
        let task = flow.tasks()[0].precede(flow.placeholder());
        let executor = Executor::new(1);
        let run = executor.run(flow);
        blocked.begun.pass();
        assert_eq!(
            (flow.len(), task.num_successors(), task.num_predecessors()),
            (2, 1, 0)
        );
        assert_eq!(task.label(), "blocked");
        assert_eq!(ids(&task.successors()), [flow.tasks()[1].id()]);
        assert!(flow.dump().contains("t0 -> t1"));
        flow.validate().unwrap();
        blocked.end.open();
        run.wait().unwrap();
    });
}
