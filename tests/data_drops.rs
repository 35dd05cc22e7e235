//! Every value is dropped once, whatever becomes of the task that made it and of those that get it.

use std::io;
use std::panic::resume_unwind;

use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::gate::Gate;
use crate::support::panics::panic_of;
use crate::support::rig::on_each_rig;
use taskflow_std::{Executor, Output, RunError, Taskflow};

/// Values that are counted.
#[derive(Clone, Debug, Default)]
struct Values {
    made: Counter,
    dropped: Counter,
}

impl Values {
    /// A task that makes one each time.
    fn produce<'flow>(&self, flow: &'flow Taskflow<'static>) -> Output<'flow, 'static, Dropped> {
        let values = self.clone();
        flow.produce(move || values.one())
    }

    fn one(&self) -> Dropped {
        self.made.add();
        Dropped(self.dropped.clone())
    }

    /// How many there are.
    #[track_caller]
    fn alive(&self) -> usize {
        let (made, dropped) = (self.made.get(), self.dropped.get());
        assert!(dropped <= made, "{dropped} drops of {made} values");
        made - dropped
    }
}

#[test]
fn a_round_that_ends_well_leaves_only_what_nobody_got() {
    on_each_rig(|rig| {
        let (flow, values) = (Taskflow::new(), Values::default());
        values.produce(&flow).map(drop);
        values.produce(&flow).map(|value| value).map(drop);
        let shared = values.produce(&flow).share();
        shared.map(|_| {});
        shared.map(|_| {});
        let (a, b) = (values.produce(&flow), values.produce(&flow));
        flow.zip((a, b, &shared), |_, _, _| {});
        let unused = values.produce(&flow).task();
        for round in 1..=10 {
            rig.run_n(&flow, 3).unwrap();
            assert_eq!((values.made.get(), values.alive()), (18 * round, 2));
        }
        assert!(shared.take().is_some());
        assert_eq!(values.alive(), 1);
        flow.remove(unused);
        assert_eq!(values.alive(), 0);
    });
}

#[test]
fn the_flow_drops_what_is_left_and_a_flow_that_never_ran_makes_nothing() {
    on_each_rig(|rig| {
        let (captures, values) = (Values::default(), Values::default());
        let build = || {
            let flow = Taskflow::new();
            let capture = captures.one();
            let value = values.produce(&flow).share();
            value.map(move |_| {
                let _used = &capture;
            });
            values.produce(&flow).map(|value| value);
            flow
        };
        drop(build());
        assert_eq!((values.made.get(), captures.alive()), (0, 0));
        let flow = build();
        rig.run_and_wait(&flow).unwrap();
        assert_eq!((values.alive(), captures.alive()), (2, 1));
        drop(flow);
        assert_eq!((values.alive(), captures.alive()), (0, 0));
        let mut flow = build();
        rig.run_and_wait(&flow).unwrap();
        flow.clear();
        assert_eq!((values.alive(), captures.alive()), (0, 0));
    });
}

#[test]
fn a_flow_dropped_while_it_runs_drops_its_values_with_the_run() {
    for workers in [1, 2, 4, 8] {
        let (flow, values) = (Taskflow::new(), Values::default());
        let (begun, end) = (Gate::default(), Gate::default());
        let (first, second) = (begun.clone(), end.clone());
        let shared = values.produce(&flow).share();
        shared.map(move |_| {
            first.open();
            second.pass();
        });
        values.produce(&flow);
        let executor = Executor::new(workers);
        let run = executor.run(&flow);
        begun.pass();
        drop(flow);
        end.open();
        run.wait().unwrap();
        assert_eq!((values.made.get(), values.alive()), (2, 0));
    }
}

#[test]
fn a_removed_producer_drops_its_value_and_a_removed_consumer_does_not() {
    on_each_rig(|rig| {
        let (flow, values) = (Taskflow::new(), Values::default());
        let (first, second) = (values.produce(&flow).share(), values.produce(&flow).share());
        let readers = [first.map(|_| {}).task(), second.map(|_| {}).task()];
        rig.run_and_wait(&flow).unwrap();
        flow.remove(readers[0]);
        flow.work(readers[1], || {});
        assert_eq!(values.alive(), 2);
        flow.remove(first.task());
        assert_eq!(values.alive(), 1);
        flow.work(second.task(), || {});
        assert_eq!(values.alive(), 0);
        rig.run_and_wait(&flow).unwrap();
    });
}

#[test]
fn a_cancelled_run_loses_no_value() {
    for workers in [1, 2, 4, 8] {
        let (flow, values) = (Taskflow::new(), Values::default());
        let (begun, end) = (Gate::default(), Gate::default());
        let (first, second) = (begun.clone(), end.clone());
        let held = values.produce(&flow).map(move |value| {
            first.open();
            second.pass();
            value
        });
        let after = held.map(drop);
        for _ in 0..20 {
            values.produce(&flow).map(drop);
        }
        let executor = Executor::new(workers);
        let run = executor.run(&flow);
        begun.pass();
        run.cancel();
        end.open();
        assert!(matches!(run.wait(), Err(RunError::Cancelled { .. })));
        assert_eq!(after.take(), None);
        drop(flow);
        assert_eq!(values.alive(), 0);
    }
}

#[test]
fn a_task_that_panics_drops_the_values_it_got_and_gives_back_those_lent_to_it() {
    for workers in [1, 2, 4, 8] {
        let (flow, values, rounds) = (Taskflow::new(), Values::default(), Counter::default());
        let shared = values.produce(&flow).share();
        let round = rounds.clone();
        let joined = flow.zip((values.produce(&flow), &shared), move |value, _| {
            if round.add() == 0 {
                resume_unwind(Box::new("panic"));
            }
            value
        });
        let executor = Executor::new(workers);
        assert!(executor.run(&flow).wait().is_err());
        assert_eq!(
            (values.made.get(), values.alive()),
            (2, 1),
            "the shared one"
        );
        assert!(shared.take().is_some(), "it is lent to nobody any more");
        executor.run(&flow).wait().unwrap();
        assert_eq!((values.made.get(), values.alive()), (4, 2));
        assert!(joined.take().is_some());
        drop(flow);
        assert_eq!(values.alive(), 0);
    }
}

#[test]
fn a_task_that_gives_up_drops_the_values_it_got() {
    on_each_rig(|rig| {
        let (flow, values) = (Taskflow::new(), Values::default());
        let got = values.produce(&flow);
        let next = got.try_map(|_| Err::<(), _>(io::Error::other("no").into()));
        assert!(rig.run_and_wait(&flow).is_err());
        assert_eq!(
            (values.made.get(), values.alive(), next.take()),
            (1, 0, None)
        );
    });
}

/// Panics when it is dropped, if it is to.
struct Bomb {
    armed: bool,
    _counted: Dropped,
}

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.armed {
            resume_unwind(Box::new("a drop"));
        }
    }
}

#[test]
fn a_value_whose_drop_panics_when_it_is_replaced_is_dropped_once_and_its_task_is_blamed() {
    for workers in [1, 2, 4, 8] {
        let (flow, values, round) = (Taskflow::new(), Values::default(), Counter::default());
        let make = values.clone();
        let value = flow.produce(move || Bomb {
            armed: round.add() == 0,
            _counted: make.one(),
        });
        let executor = Executor::new(workers);
        executor.run(&flow).wait().unwrap();
        let error = executor.run(&flow).wait().unwrap_err();
        assert!(
            matches!(error, RunError::Panicked { task: Some(task), .. } if task.id == value.task().id())
        );
        assert_eq!((values.made.get(), values.alive()), (2, 0));
        assert!(value.take().is_none());
        executor.run(&flow).wait().unwrap();
        assert!(value.take().is_some());
        assert_eq!((values.made.get(), values.alive()), (3, 0));
    }
}

#[test]
fn a_value_whose_drop_panics_as_its_task_is_removed_is_dropped_once() {
    let (flow, values) = (Taskflow::new(), Values::default());
    let capture = values.one();
    let make = values.clone();
    let value = flow.produce(move || {
        let _used = &capture;
        Bomb {
            armed: true,
            _counted: make.one(),
        }
    });
    let value = value.share();
    value.map(|_| {});
    let executor = Executor::new(1);
    executor.run(&flow).wait().unwrap();
    assert_eq!(values.alive(), 2);
    assert_eq!(panic_of(|| flow.remove(value.task())), "a drop");
    assert_eq!(values.alive(), 0);
    assert_eq!(executor.run(&flow).wait().unwrap().skipped, 1);
}
