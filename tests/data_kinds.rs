//! Tasks of every kind get values, or are skipped.

use core::sync::atomic::{AtomicUsize, Ordering};

use crate::support::counter::Counter;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, FailurePolicy, RunOptions, Taskflow};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

#[test]
fn a_condition_chooses_by_the_values_that_it_gets() {
    for workers in WORKERS {
        let taken = Counter::default();
        let flow = Taskflow::new();
        let (number, factor) = (flow.produce(|| 1), flow.produce(|| 2).share());
        let choice = flow
            .with((number, &factor))
            .emplace_condition(|(number, factor)| number * factor);
        for branch in 0..4 {
            let taken = taken.clone();
            choice.precede(flow.emplace(move || {
                assert_eq!(branch, 2);
                taken.add();
            }));
        }
        let executor = Executor::new(workers);
        executor.run_n(&flow, 3).wait().unwrap();
        assert_eq!((taken.get(), factor.take()), (3, Some(2)));
    }
}

#[test]
fn a_multi_condition_chooses_all_that_a_value_names() {
    for workers in WORKERS {
        let taken = AtomicUsize::new(0);
        let flow = Taskflow::new();
        let names = flow.produce(|| vec![0, 2, 2, 7]);
        let choice = flow.with(names).emplace_multi_condition(|names| names);
        for branch in 0..4 {
            let taken = &taken;
            choice.precede(flow.emplace(move || {
                taken.fetch_add(1 << branch, Ordering::SeqCst);
            }));
        }
        Executor::new(workers).run_and_wait(&flow).unwrap();
        assert_eq!(taken.load(Ordering::SeqCst), 0b101);
    }
}

#[test]
fn subflows_runtime_tasks_and_futures_get_values_each_round() {
    within_a_minute(|| {
        for workers in WORKERS {
            let sum = AtomicUsize::new(0);
            {
                let add = |number: usize| {
                    sum.fetch_add(number, Ordering::SeqCst);
                };
                let flow = Taskflow::new();
                let parts = flow.produce(|| vec![1, 2, 3]).share();
                let add = &add;
                flow.with(&parts).emplace_subflow(move |subflow, parts| {
                    for part in parts.clone() {
                        subflow.emplace(move || add(part));
                    }
                });
                flow.with((&parts, flow.produce(|| 10))).emplace_runtime(
                    move |runtime, (parts, more)| {
                        for part in parts.clone() {
                            runtime.spawn(move || add(part * more));
                        }
                    },
                );
                flow.with(&parts).emplace_async(move |parts| {
                    let all: usize = parts.iter().sum();
                    async move { add(all * 100) }
                });
                let executor = Executor::new(workers);
                for _ in 0..5 {
                    executor.run_and_wait(&flow).unwrap();
                }
            }
            assert_eq!(sum.load(Ordering::SeqCst), 5 * 666);
        }
    });
}

#[test]
fn tasks_of_every_kind_are_skipped_when_a_value_is_missing() {
    for workers in WORKERS {
        let (ran, branched) = (Counter::default(), Counter::default());
        let flow = Taskflow::new();
        let missing = flow
            .try_produce(|| -> Result<usize, _> {
                "none".parse::<usize>()?;
                Ok(1)
            })
            .share();
        let note = |ran: &Counter| {
            let ran = ran.clone();
            move || {
                ran.add();
            }
        };
        let first = note(&ran);
        let choice = flow.with(&missing).emplace_condition(move |_| {
            first();
            0
        });
        choice.precede(flow.emplace(note(&branched)));
        let first = note(&ran);
        flow.with(&missing).emplace_subflow(move |_, _| first());
        let first = note(&ran);
        flow.with(&missing).emplace_runtime(move |_, _| first());
        let first = note(&ran);
        flow.with(&missing).emplace_async(move |_| {
            first();
            async {}
        });
        let options = RunOptions::new().on_failure(FailurePolicy::CollectAll);
        let executor = Executor::new(workers);
        for _ in 0..3 {
            let error = executor
                .run_with(&flow, options.clone())
                .wait()
                .unwrap_err();
            assert_eq!(error.stats().unwrap().skipped, 4);
        }
        assert_eq!((ran.get(), branched.get()), (0, 0));
    }
}

#[test]
fn a_try_form_that_gives_up_fails_with_its_name() {
    let flow = Taskflow::new();
    let number = flow.produce(|| "x").share();
    flow.with(&number)
        .try_emplace_subflow(|_, text| {
            text.parse::<u8>()?;
            Ok(())
        })
        .name("subflow");
    flow.with(&number)
        .try_emplace_runtime(|_, text| {
            text.parse::<u8>()?;
            Ok(())
        })
        .name("runtime");
    flow.with(&number)
        .try_emplace_async(|text| {
            let text = (*text).to_owned();
            async move {
                text.parse::<u8>()?;
                Ok(())
            }
        })
        .name("future");
    let options = RunOptions::new().on_failure(FailurePolicy::CollectAll);
    let error = Executor::new(2)
        .run_with(&flow, options)
        .wait()
        .unwrap_err();
    let others = error.stats().unwrap().suppressed.iter();
    let mut names: Vec<_> = others
        .map(|failed| {
            failed
                .task
                .as_ref()
                .unwrap()
                .name
                .as_deref()
                .unwrap()
                .to_owned()
        })
        .collect();
    names.push(error.to_string());
    let all = names.join(" ");
    assert!(
        ["subflow", "runtime", "future"]
            .iter()
            .all(|name| all.contains(name)),
        "{all}"
    );
}

#[test]
fn a_branch_onto_a_task_that_waits_for_values_is_refused_by_name() {
    let flow = Taskflow::new();
    let number = flow.produce(|| 1);
    let doubled = number.map(|number| number * 2).name("doubled");
    let start = flow.placeholder();
    let choice = flow.emplace_condition(|| 0);
    start.precede(choice);
    choice.precede(doubled.task());
    assert_eq!(
        flow.validate().unwrap_err().to_string(),
        "a branch leads to task 1 (\"doubled\"), which waits for values; branch to what makes them"
    );
    // With other work it waits for none.
    flow.work(doubled.task(), || {});
    assert_eq!(flow.validate().unwrap(), []);
}
