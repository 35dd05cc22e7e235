//! A task whose input is missing is not started, and no value is taken for another.

use std::io;
use std::panic::resume_unwind;
use std::thread;

use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::gate::Gate;
use crate::support::rig::{Rig, on_each_rig};
use taskflow_std::{Executor, RunError, TaskError, TaskLabel, Taskflow, TaskflowError};

fn a_refusal() -> TaskError {
    io::Error::other("refused").into()
}

/// The label of the task that the run failed with.
#[track_caller]
fn failed(rig: &Rig, flow: &Taskflow<'_>) -> TaskLabel {
    match rig.run_and_wait(flow) {
        Err(RunError::Failed {
            task: Some(task),
            error,
            ..
        }) => {
            assert_eq!(error.to_string(), "refused");
            task
        }
        other => panic!("a task gives up: {other:?}"),
    }
}

#[test]
fn the_error_of_each_kind_of_task_names_its_task() {
    on_each_rig(|rig| {
        for kind in 0..5 {
            let flow = Taskflow::new();
            let number = flow.produce(|| 1);
            let shared = flow.produce(|| 2).share();
            let task = match kind {
                0 => flow.try_produce(|| Err::<(), _>(a_refusal())).task(),
                1 => number.try_map(|_| Err::<(), _>(a_refusal())).task(),
                2 => shared.try_map(|_| Err::<(), _>(a_refusal())).task(),
                3 => {
                    let refuse = |_: i32, _: &i32| Err::<(), _>(a_refusal());
                    flow.try_zip((number, &shared), refuse).task()
                }
                _ => flow
                    .with((number, shared))
                    .try_emplace(|_| Err(a_refusal())),
            };
            task.name("culprit");
            let label = failed(rig, &flow);
            assert_eq!(label.id, task.id(), "kind {kind}");
            assert_eq!(label.name.as_deref(), Some("culprit"));
        }
    });
}

#[test]
fn a_failed_task_has_no_value_not_even_that_of_an_earlier_round() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let (round, after) = (Counter::default(), Counter::default());
        let count = after.clone();
        let number = flow
            .try_produce(move || match round.add() {
                0 | 2 => Ok(7),
                1 => Err(a_refusal()),
                _ => resume_unwind(Box::new("panic")),
            })
            .share();
        let next = number.map(move |number| {
            count.add();
            number + 1
        });
        rig.run_and_wait(&flow).unwrap();
        assert_eq!((after.get(), next.take()), (1, Some(8)));
        failed(rig, &flow);
        assert_eq!((after.get(), number.take(), next.take()), (1, None, None));
        rig.run_and_wait(&flow).unwrap();
        assert_eq!(
            (after.get(), number.take(), next.take()),
            (2, Some(7), Some(8))
        );
    });
}

#[test]
fn a_task_that_panicked_has_no_value_not_even_that_of_an_earlier_round() {
    for workers in [1, 2, 4, 8] {
        let (flow, round) = (Taskflow::new(), Counter::default());
        let number = flow.produce(move || match round.add() {
            1 => resume_unwind(Box::new("panic")),
            round => round,
        });
        let number = number.share();
        let next = number.map(|number| *number);
        let executor = Executor::new(workers);
        executor.run(&flow).wait().unwrap();
        let error = executor.run(&flow).wait().unwrap_err();
        assert!(
            matches!(error, RunError::Panicked { task: Some(task), .. } if task.id == number.task().id())
        );
        assert_eq!((number.take(), next.take()), (None, None));
        executor.run(&flow).wait().unwrap();
        assert_eq!((number.take(), next.take()), (Some(2), Some(2)));
    }
}

#[test]
fn a_task_skipped_by_a_stopped_run_has_no_value_of_an_earlier_round() {
    on_each_rig(|rig| {
        let (flow, round) = (Taskflow::new(), Counter::default());
        let gate = flow.try_emplace(move || match round.add() {
            1 => Err(a_refusal()),
            _ => Ok(()),
        });
        let number = flow.produce(|| 7);
        gate.precede(number.task());
        rig.run_and_wait(&flow).unwrap();
        failed(rig, &flow);
        assert_eq!(number.take(), None);
        rig.run_and_wait(&flow).unwrap();
        assert_eq!(number.take(), Some(7));
    });
}

#[test]
fn a_run_cancelled_before_it_began_leaves_no_value_of_an_earlier_one() {
    let (flow, begun, end) = (Taskflow::new(), Gate::default(), Gate::default());
    let (first, second) = (begun.clone(), end.clone());
    let number = flow.produce(move || {
        first.open();
        second.pass();
        7
    });
    let executor = Executor::new(2);
    let run = executor.run(&flow);
    begun.pass();
    let queued = executor.run(&flow);
    queued.cancel();
    end.open();
    run.wait().unwrap();
    assert!(matches!(queued.wait(), Err(RunError::Cancelled { .. })));
    assert_eq!(number.take(), None);
}

#[test]
fn what_follows_a_removed_task_is_skipped_and_so_is_what_follows_that() {
    on_each_rig(|rig| {
        let (flow, ran) = (Taskflow::new(), Counter::default());
        let number = flow.produce(|| String::from("7")).share();
        let (first, second) = (ran.clone(), ran.clone());
        let next = number.map(move |text| {
            first.add();
            text.len()
        });
        let last = next.map(move |length| {
            second.add();
            length
        });
        let other = flow.produce(|| 1);
        rig.run_and_wait(&flow).unwrap();
        assert_eq!(ran.get(), 2);
        flow.remove(number.task());
        let stats = rig.run_and_wait(&flow).unwrap();
        assert_eq!((ran.get(), stats.tasks, stats.skipped), (2, 1, 2));
        assert_eq!(
            (number.take(), last.take(), other.take()),
            (None, None, Some(1))
        );
        // The place of the removed task goes to another, whose value is of another type.
        let stranger = flow.produce(|| [0_u64; 3]);
        assert_eq!(rig.run_and_wait(&flow).unwrap().skipped, 2);
        assert_eq!(stranger.take(), Some([0; 3]));
    });
}

#[test]
fn what_follows_a_task_that_got_other_work_is_skipped() {
    on_each_rig(|rig| {
        let (flow, ran) = (Taskflow::new(), Counter::default());
        let number = flow.produce(|| String::from("7")).share();
        let next = number.map(String::len);
        let count = ran.clone();
        flow.work(number.task(), move || {
            count.add();
        });
        let late = number.map(String::len);
        assert_eq!(rig.run_and_wait(&flow).unwrap().skipped, 2);
        assert_eq!((ran.get(), next.take(), late.take()), (1, None, None));
        assert_eq!(late.task().num_predecessors(), 1);
        // A consumer that gets other work is an ordinary task again.
        flow.work(next.task(), || {});
        assert_eq!(rig.run_and_wait(&flow).unwrap().skipped, 1);
    });
}

#[test]
fn a_value_that_is_there_stays_where_it_is_if_another_is_missing() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let there = flow.produce(|| Dropped(Counter::default()));
        let gone = flow.produce(|| 1);
        let (id, removed) = (there.id(), gone.task());
        let both = flow.zip((there, gone), |there, _| there);
        flow.remove(removed);
        assert_eq!(rig.run_and_wait(&flow).unwrap().skipped, 1);
        let there = flow.output(id).and_then(|output| output.take());
        assert_eq!(there.map(|there| there.0.get()), Some(0));
        assert!(both.take().is_none());
    });
}

#[test]
fn an_output_of_another_flow_is_refused_and_never_touched() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let dropped = Counter::default();
        let (own, capture) = (flow.produce(|| 1).name("own"), Dropped(dropped.clone()));
        let joined = {
            let other = Taskflow::new();
            let foreign = other.produce(|| 2);
            let id = foreign.task().id();
            let joined = flow.zip((own, foreign), move |own, foreign| {
                let _used = &capture;
                own + foreign
            });
            assert_eq!(dropped.get(), 1, "the closure is of no use");
            let task = joined.task().id();
            assert!(matches!(
                flow.validate(),
                Err(TaskflowError::Foreign { task: at, foreign }) if at.id == task && foreign == id
            ));
            assert!(matches!(
                rig.run_and_wait(&flow),
                Err(RunError::Invalid(TaskflowError::Foreign { .. }))
            ));
            rig.run_and_wait(&other).unwrap();
            assert!(flow.discard_refused().is_some());
            joined
        };
        let after = joined.map(|sum| sum + 1);
        assert_eq!(rig.run_and_wait(&flow).unwrap().skipped, 2);
        assert_eq!(after.take(), None);
    });
}

#[test]
fn an_output_of_a_removed_task_is_refused() {
    let flow = Taskflow::new();
    let number = flow.produce(|| 7);
    let id = number.task().id();
    flow.remove(number.task());
    flow.with(number).emplace(|number| assert_eq!(number, 7));
    assert_eq!(flow.validate(), Err(TaskflowError::Stale { task: id }));
}

/// Without the edge a consumer may run before the producer, after it or at the same time: it gets the
/// value or is skipped, or keeps the producer out; and every value is dropped once.
#[test]
fn without_its_edge_a_value_is_still_moved_once_or_not_at_all() {
    on_each_rig(|rig| {
        let (made, dropped, got) = (Counter::default(), Counter::default(), Counter::default());
        let flow = Taskflow::new();
        let rounds = 50;
        for _ in 0..20 {
            let (make, drops, get) = (made.clone(), dropped.clone(), got.clone());
            let value = flow.produce(move || {
                make.add();
                Dropped(drops.clone())
            });
            let producer = value.task();
            let consumer = flow.with(value).emplace(move |_| {
                get.add();
            });
            assert!(flow.remove_edge(producer, consumer));
        }
        match rig.run_n(&flow, rounds) {
            Ok(stats) => {
                assert_eq!(made.get() as u64, 20 * rounds);
                assert_eq!(got.get() as u64 + stats.skipped, 20 * rounds);
            }
            // The producer of the next round may come while the value is being moved.
            Err(error) => assert!(error.to_string().contains("still in use"), "{error}"),
        }
        drop(flow);
        assert_eq!(dropped.get(), made.get());
    });
}

#[test]
fn a_task_that_makes_its_value_again_while_that_is_read_fails_and_leaves_it_alone() {
    for workers in [2, 4, 8] {
        let (flow, dropped, round) = (Taskflow::new(), Counter::default(), Counter::default());
        let reading = Gate::default();
        let (drops, is_read) = (dropped.clone(), reading.clone());
        let value = flow.produce(move || Dropped(drops.clone())).share();
        let reader = flow.with(&value).emplace(move |value| {
            if round.add() > 0 {
                reading.open();
                while value.0.get() == 0 {
                    thread::yield_now();
                }
            }
        });
        let executor = Executor::new(workers);
        executor.run(&flow).wait().unwrap();
        flow.remove_edge(value.task(), reader);
        flow.emplace(move || is_read.pass()).precede(value.task());
        let error = executor.run(&flow).wait().unwrap_err();
        assert!(
            matches!(error, RunError::Failed { task: Some(task), .. } if task.id == value.task().id())
        );
        assert_eq!(dropped.get(), 1, "the new one");
        drop(flow);
        assert_eq!(dropped.get(), 2);
    }
}
