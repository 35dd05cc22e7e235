//! A task may build a graph each time it runs.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::io;
use std::sync::{Arc, Mutex};

use crate::support::counted_task::counted;
use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::rig::on_each_rig;
use crate::support::throwing::throw;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{
    Executor, Failure, Manual, RunError, RunStats, Subflow, TaskLabel, Taskflow, TaskflowError,
};

fn named(task: TaskLabel) -> String {
    task.name.map_or_else(String::new, String::from)
}

/// The name of the task that failed, and the stats.
#[track_caller]
fn failed(result: Result<RunStats, RunError>) -> (String, RunStats) {
    match result {
        Err(RunError::Panicked { task, stats, .. }) => {
            (named(task.expect("only tasks fail")), *stats)
        }
        Err(RunError::Failed {
            task: Some(task),
            stats,
            ..
        }) => (named(task), *stats),
        other => panic!("a failure is expected: {other:?}"),
    }
}

#[test]
fn children_run_before_what_follows_their_parent() {
    on_each_rig(|rig| {
        let (flow, ran) = (Taskflow::new(), Counter::default());
        let (count, seen) = (ran.clone(), ran.clone());
        let parent = flow.emplace_subflow(move |subflow| {
            let first = counted(subflow, &count);
            for _ in 0..50 {
                first.precede(counted(subflow, &count));
            }
        });
        let mut round = 0;
        parent.precede(flow.emplace(move || {
            round += 1;
            assert_eq!(seen.get(), round * 51);
        }));
        let stats = rig.run_n(&flow, 5).unwrap();
        assert_eq!((stats.tasks, stats.rounds), (5 * 53, 5));
    });
}

#[test]
fn an_empty_subflow_is_a_task_like_any_other() {
    on_each_rig(|rig| {
        let (flow, ran) = (Taskflow::new(), Counter::default());
        flow.emplace_subflow(|_| {}).precede(counted(&flow, &ran));
        flow.emplace_subflow(|subflow| drop(subflow.join().unwrap()));
        assert_eq!(rig.run_n(&flow, 10).unwrap().tasks, 30);
        assert_eq!(ran.get(), 10);
    });
}

#[test]
fn a_join_runs_the_children_at_once_and_gives_what_they_did() {
    on_each_rig(|rig| {
        let (flow, ran) = (Taskflow::new(), Counter::default());
        let count = ran.clone();
        flow.emplace_subflow(move |subflow| {
            let before = count.get();
            for _ in 0..100 {
                counted(subflow, &count);
            }
            let stats = subflow.join().expect("no child fails");
            assert_eq!(count.get(), before + 100);
            assert_eq!((stats.tasks, stats.rounds), (100, 1));
        });
        assert_eq!(rig.run_n(&flow, 5).unwrap().tasks, 505);
        assert_eq!(ran.get(), 500);
    });
}

#[test]
fn building_on_a_joined_subflow_is_a_panic_that_says_so() {
    on_each_rig(|rig| {
        type Act = fn(&mut Subflow<'_, 'static>);
        let acts: [Act; 4] = [
            |subflow| assert!(subflow.emplace(|| {}).label().is_empty()),
            |subflow| assert!(subflow.placeholder().label().is_empty()),
            |subflow| assert!(subflow.emplace_subflow(|_| {}).label().is_empty()),
            |subflow| assert!(subflow.tasks()[0].name("late").label().is_empty()),
        ];
        for act in acts {
            let flow = Taskflow::new();
            flow.emplace_subflow(move |subflow| {
                subflow.emplace(|| {});
                subflow.join().unwrap();
                act(subflow);
            })
            .name("late");
            let Err(RunError::Panicked { panic, .. }) = rig.run(&flow) else {
                panic!("it was edited");
            };
            let text = panic.to_string();
            assert!(text.contains("the subflow was joined"), "{text}");
        }
    });
}

#[test]
fn the_error_of_a_join_can_be_handed_on_or_swallowed() {
    on_each_rig(|rig| {
        for swallow in [true, false] {
            let (flow, after) = (Taskflow::new(), Counter::default());
            let parent = flow.try_emplace_subflow(move |subflow| {
                let gives_up = || Err(io::Error::other("no more").into());
                subflow.try_emplace(gives_up).name("child");
                let joined = subflow.join();
                assert!(matches!(joined, Err(RunError::Failed { .. })));
                if !swallow {
                    joined?;
                }
                Ok(())
            });
            parent.name("parent").precede(counted(&flow, &after));
            let result = rig.run(&flow);
            if swallow {
                assert_eq!(result.unwrap().tasks, 3);
            } else {
                let text = result.as_ref().unwrap_err().to_string();
                assert_eq!(text, "task 0 (\"child\") failed: no more");
                let (name, stats) = failed(result);
                assert_eq!((&*name, stats.tasks, stats.skipped), ("child", 2, 1));
                assert_eq!(stats.suppressed.len(), 0);
            }
            assert_eq!(after.get(), usize::from(swallow));
        }
    });
}

#[test]
fn the_error_of_a_child_is_that_of_its_parent_and_the_rest_is_suppressed() {
    on_each_rig(|rig| {
        let (flow, after) = (Taskflow::new(), Counter::default());
        let parent = flow.emplace_subflow(|subflow| {
            for _ in 0..4 {
                subflow.emplace(|| throw("child's")).name("child");
            }
        });
        parent.name("parent").precede(counted(&flow, &after));
        let (name, stats) = failed(rig.run(&flow));
        assert_eq!((&*name, after.get()), ("child", 0));
        // Those that had begun before the first was noted.
        assert_eq!(stats.suppressed.len() as u64 + 2, stats.tasks);
        assert_eq!(stats.tasks + stats.skipped, 6);
        for other in &stats.suppressed {
            assert!(matches!(other.failure, Failure::Panicked(_)));
            let name = other.task.as_ref().unwrap().name.as_deref();
            assert_eq!(name, Some("child"));
        }
    });
}

/// A subflow in a subflow, so many levels, with work in the innermost.
fn nest(subflow: &Subflow<'_, 'static>, levels: usize, work: Arc<dyn Fn() + Send + Sync>) {
    if levels == 0 {
        subflow.emplace(move || work()).name("innermost");
        return;
    }
    let nested = subflow.emplace_subflow(move |inner| nest(inner, levels - 1, Arc::clone(&work)));
    nested.name(format!("level {levels}"));
}

#[test]
fn a_panic_in_the_fourth_of_nested_subflows_is_that_of_the_run() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let after = Counter::default();
        let work: Arc<dyn Fn() + Send + Sync> = Arc::new(|| throw("deep"));
        let outer = flow.emplace_subflow(move |subflow| nest(subflow, 3, Arc::clone(&work)));
        outer.precede(counted(&flow, &after));
        let (name, stats) = failed(rig.run(&flow));
        assert_eq!((&*name, stats.tasks, stats.skipped), ("innermost", 5, 1));
        assert_eq!((stats.suppressed.len(), after.get()), (0, 0));
    });
}

#[test]
fn two_hundred_joined_and_two_hundred_implicit_children_all_run() {
    on_each_rig(|rig| {
        let (flow, ran) = (Taskflow::new(), Counter::default());
        for joined in [true, false] {
            let count = ran.clone();
            flow.emplace_subflow(move |subflow| {
                for _ in 0..200 {
                    let count = count.clone();
                    subflow.emplace_subflow(move |inner| {
                        counted(inner, &count);
                        if joined {
                            inner.join().unwrap();
                        }
                    });
                }
                if joined {
                    subflow.join().unwrap();
                }
            });
        }
        assert_eq!(rig.run_n(&flow, 2).unwrap().tasks, 2 * 2 * 401);
        assert_eq!(ran.get(), 800);
    });
}

#[test]
fn children_borrow_what_the_flow_borrows() {
    let numbers: Vec<usize> = (0..100).collect();
    let sum = AtomicUsize::new(0);
    for workers in [1, 2, 4, 8] {
        let flow = Taskflow::new();
        flow.emplace_subflow(|subflow| {
            for number in &numbers {
                let sum = &sum;
                subflow.emplace(move || {
                    sum.fetch_add(*number, Ordering::Relaxed);
                });
            }
        });
        Executor::new(workers).run_and_wait(&flow).unwrap();
        taskflow_core::Executor::<Manual>::new(workers)
            .run_and_wait(&flow)
            .unwrap();
    }
    assert_eq!(sum.into_inner(), 8 * 4950);
}

#[test]
fn captures_of_children_are_dropped_exactly_once_however_the_subflow_ends() {
    on_each_rig(|rig| {
        for ending in ["implicit", "join", "panic", "error", "child", "cancel"] {
            let (flow, drops) = (Taskflow::new(), Counter::default());
            let dropped = drops.clone();
            let handle = Arc::new(Mutex::new(None::<taskflow_std::RunCanceller>));
            let own = Arc::clone(&handle);
            flow.try_emplace_subflow(move |subflow| {
                for number in 0..20 {
                    let dropped = Dropped(dropped.clone());
                    subflow.emplace(move || {
                        assert!(dropped.0.get() < usize::MAX);
                        if ending == "child" && number == 7 {
                            throw("child");
                        }
                    });
                }
                match ending {
                    "join" => drop(subflow.join()?),
                    "panic" => throw("parent"),
                    "error" => return Err(io::Error::other("parent").into()),
                    "cancel" => drop(
                        own.lock()
                            .unwrap()
                            .as_ref()
                            .map(taskflow_std::RunCanceller::cancel),
                    ),
                    _ => {}
                }
                Ok(())
            });
            for rounds in 1..=3 {
                let mut lock = handle.lock().unwrap();
                let run = rig.start(&flow);
                *lock = Some(run.canceller());
                drop(lock);
                let ok = matches!(ending, "implicit" | "join");
                assert_eq!(rig.finish(run).is_ok(), ok, "{ending}");
                assert_eq!(drops.get(), 20 * rounds, "{ending}");
            }
        }
    });
}

#[derive(Debug)]
struct ThrowsAtDrop;

impl Drop for ThrowsAtDrop {
    fn drop(&mut self) {
        throw("dropped");
    }
}

#[test]
fn a_panicking_drop_of_a_childs_closure_is_a_panic_of_the_parent() {
    on_each_rig(|rig| {
        let (flow, ran, drops) = (Taskflow::new(), Counter::default(), Counter::default());
        let (count, dropped) = (ran.clone(), drops.clone());
        flow.emplace_subflow(move |subflow| {
            for number in 0..5 {
                let (count, kept) = (count.clone(), Dropped(dropped.clone()));
                let bomb = (number == 2).then(|| ThrowsAtDrop);
                subflow.emplace(move || {
                    let _both = (&bomb, &kept);
                    count.add();
                });
            }
        })
        .name("parent");
        for rounds in 1..=3 {
            let (name, stats) = failed(rig.run(&flow));
            assert_eq!((&*name, stats.tasks), ("parent", 6));
            assert_eq!((ran.get(), drops.get()), (5 * rounds, 5 * rounds));
        }
    });
}

#[test]
fn the_failure_of_a_child_is_not_hidden_by_a_panicking_drop_of_another() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        flow.emplace_subflow(move |subflow| {
            let bomb = ThrowsAtDrop;
            subflow.emplace(move || {
                let _held = &bomb;
            });
            subflow.emplace(|| throw("first")).name("child");
        })
        .name("parent");
        let (name, stats) = failed(rig.run(&flow));
        assert_eq!((&*name, stats.suppressed.len()), ("child", 1));
    });
}

#[test]
fn a_child_graph_that_cannot_run_fails_its_parent_and_the_executor_works_on() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            for joined in [true, false] {
                let (flow, ran) = (Taskflow::new(), Counter::default());
                let count = ran.clone();
                flow.try_emplace_subflow(move |subflow| {
                    let [a, b] = ["a", "b"].map(|name| counted(subflow, &count).name(name));
                    counted(subflow, &count);
                    a.precede(b);
                    b.precede(a);
                    if joined {
                        subflow.join()?;
                    }
                    Ok(())
                })
                .name("parent");
                let error = rig.run(&flow).unwrap_err();
                let text = error.to_string();
                assert!(
                    text.contains("\"parent\"") && text.contains("cycle") && text.contains("\"b\""),
                    "{text}"
                );
                let RunError::Failed { error, .. } = error else {
                    panic!("{error}");
                };
                let refused = error.get().downcast_ref::<RunError>();
                let cycle = matches!(
                    refused,
                    Some(RunError::Invalid(TaskflowError::Cycle { .. }))
                );
                assert!(cycle, "{error:?}");
                assert_eq!(ran.get(), 0);
            }
        });
    });
}
