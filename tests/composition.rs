//! A composition is built anew at each use, and connected at its named points only.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::blocked_flow::BlockedFlow;
use crate::support::meeting::Meeting;
use crate::support::panics::panic_of;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{
    CloneableWork, Composition, Executor, Manual, Module, ParameterizedComposition, RunError,
    RunStats, Taskflow, TaskflowError,
};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

/// What ran, in the order of the ends.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().expect("no task panics").push(what.into());
    }

    fn noting(&self, what: &'static str) -> impl FnMut() + Send + 'static {
        let log = self.clone();
        move || log.note(what)
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("no task panics"))
    }

    /// Whether `before` ended before `after` did.
    fn in_order(noted: &[String], before: &str, after: &str) -> bool {
        let place = |what| noted.iter().position(|noted| noted == what);
        place(before).expect("it ran") < place(after).expect("it ran")
    }
}

/// Runs the flow on every number of threads, and on the host without threads, and hands the result to
/// `check`.
fn on_all(flow: &Taskflow<'_>, mut check: impl FnMut(Result<RunStats, RunError>)) {
    for workers in WORKERS {
        check(Executor::new(workers).run_and_wait(flow));
        check(taskflow_core::Executor::<Manual>::new(workers).run_and_wait(flow));
    }
}

/// Two lines of two tasks that have nothing to do with each other.
fn two_lines(log: &Log) -> Composition<'static> {
    let log = log.clone();
    Composition::new(move |lines| {
        let upper = [
            lines.emplace(log.noting("upper begin")),
            lines.emplace(log.noting("upper end")),
        ];
        let lower = [
            lines.emplace(log.noting("lower begin")),
            lines.emplace(log.noting("lower end")),
        ];
        lines.linearize(upper);
        lines.linearize(lower);
        lines.entry("upper", upper[0]);
        lines.entry("lower", lower[0]);
        lines.exit("upper", upper[1]);
        lines.exit("lower", lower[1]);
    })
}

#[test]
fn a_task_may_come_after_one_exit_and_before_one_entry_of_the_same_use() {
    within_a_minute(|| {
        let log = Log::default();
        let flow = Taskflow::new();
        let lines = flow.compose(&two_lines(&log));
        flow.emplace(log.noting("between"))
            .succeed(lines.exit("upper").unwrap())
            .precede(lines.entry("lower").unwrap());
        on_all(&flow, |result| {
            assert_eq!(result.unwrap().tasks, 5);
            let order = [
                "upper begin",
                "upper end",
                "between",
                "lower begin",
                "lower end",
            ];
            assert_eq!(log.take(), order);
        });
    });
}

#[test]
fn what_no_entry_leads_to_waits_for_nothing_outside() {
    let log = Log::default();
    let flow = Taskflow::new();
    let lines = flow.compose(&two_lines(&log));
    let upper = lines.entry("upper").unwrap();
    flow.emplace(|| {}).precede(upper);
    assert_eq!(upper.num_predecessors(), 1);
    assert_eq!(lines.entry("lower").unwrap().num_predecessors(), 0);
    assert_eq!(lines.exit("lower").unwrap().num_successors(), 0);
    assert_eq!(flow.len(), 5);
}

#[test]
fn each_use_has_state_of_its_own() {
    within_a_minute(|| {
        let log = Log::default();
        let counting = {
            let log = log.clone();
            Composition::new(move |part| {
                let (log, mut calls) = (log.clone(), 0);
                let count = part.emplace(move || {
                    calls += 1;
                    log.note(format!("{calls}"));
                });
                part.entry("count", count);
                part.exit("count", count);
            })
        };
        let flow = Taskflow::new();
        let (one, two) = (flow.compose(&counting), flow.compose(&counting));
        let exit = one.exit("count").unwrap();
        exit.precede(two.entry("count").unwrap());
        let executor = Executor::new(2);
        for round in ["1", "2", "3"] {
            executor.run_and_wait(&flow).unwrap();
            assert_eq!(log.take(), [round, round]);
        }
    });
}

#[test]
fn a_point_of_several_tasks_is_one_task_before_or_after_all_of_them() {
    within_a_minute(|| {
        let log = Log::default();
        let wide = {
            let log = log.clone();
            Composition::new(move |part| {
                let [a, b, c] = ["a", "b", "c"].map(|name| part.emplace(log.noting(name)));
                part.entry("all", [a, b]);
                part.entry("all", c);
                part.exit("all", [a, b, c]);
            })
        };
        let flow = Taskflow::new();
        let wide = flow.compose(&wide);
        let (entry, exit) = (wide.entry("all").unwrap(), wide.exit("all").unwrap());
        assert_eq!((entry.label(), entry.num_successors()), ("all".into(), 3));
        assert_eq!((exit.label(), exit.num_predecessors()), ("all".into(), 3));
        flow.emplace(log.noting("before")).precede(entry);
        flow.emplace(log.noting("after")).succeed(exit);
        on_all(&flow, |result| {
            assert_eq!(result.unwrap().tasks, 7);
            let noted = log.take();
            assert_eq!(noted.first().map(String::as_str), Some("before"));
            assert_eq!(noted.last().map(String::as_str), Some("after"));
        });
    });
}

#[test]
fn a_point_without_tasks_is_a_task_without_work() {
    let none = Composition::new(|part| {
        let tasks: [taskflow_std::TaskHandle<'_>; 0] = [];
        part.entry("nothing", tasks);
    });
    let flow = Taskflow::new();
    assert!(flow.compose(&none).entry("nothing").is_some());
    assert_eq!(flow.len(), 1);
}

#[test]
fn points_are_found_by_kind_and_name_and_listed_in_order() {
    let part = Composition::new(|part| {
        let task = part.placeholder();
        part.entry("second", task);
        part.entry("first", task);
        part.exit("out", task);
    });
    let flow = Taskflow::new();
    let part = flow.compose(&part);
    assert_eq!(part.entry("first"), part.entry("second"));
    assert_eq!(part.entry("first"), part.exit("out"));
    assert!(part.exit("first").is_none());
    assert!(part.entry("out").is_none());
    assert!(part.entry("").is_none());
    let names: Vec<_> = part.entries().map(|(name, _)| name).collect();
    assert_eq!(names, ["second", "first"]);
    let exits: Vec<_> = part.exits().collect();
    assert_eq!(exits, [("out", part.exit("out").unwrap())]);
    assert_eq!(flow.len(), 1);
}

#[test]
fn a_point_in_another_flow_is_refused_by_validate() {
    let kept = Arc::new(Mutex::new(Taskflow::new()));
    let other = Arc::clone(&kept);
    let part = Composition::new(move |part| {
        let other = other.lock().unwrap();
        part.entry("in", other.placeholder());
    });
    let flow = Taskflow::new();
    assert!(flow.compose(&part).entry("in").is_some());
    let foreign = kept.lock().unwrap().tasks()[0].id();
    match flow.validate() {
        Err(TaskflowError::Foreign { task, foreign: id }) => {
            assert_eq!((task.name.as_deref(), id), (Some("in"), foreign));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_removed_point_is_refused_by_validate() {
    let part = Composition::new(|part| {
        let task = part.placeholder();
        part.exit("out", task);
        part.remove(task);
    });
    let flow = Taskflow::new();
    flow.compose(&part);
    assert!(matches!(flow.validate(), Err(TaskflowError::Stale { .. })));
}

#[test]
fn compositions_are_made_of_compositions_and_modules() {
    within_a_minute(|| {
        let log = Log::default();
        let inner = Taskflow::new();
        inner.emplace(log.noting("module"));
        let module = Module::new(inner);
        let lines = two_lines(&log);
        let outer = Composition::new(move |part| {
            let module = part.composed_of(&module);
            let lines = part.compose(&lines);
            module.precede([lines.entry("upper").unwrap(), lines.entry("lower").unwrap()]);
            part.entry("in", module);
            part.exit(
                "out",
                [lines.exit("upper").unwrap(), lines.exit("lower").unwrap()],
            );
        });
        let flow = Taskflow::new();
        let (first, second) = (flow.compose(&outer), flow.compose(&outer.clone()));
        let out = first.exit("out").unwrap();
        out.precede(second.entry("in").unwrap());
        on_all(&flow, |result| {
            // Twice: the module and its task, two lines of two, and what joins the exits.
            assert_eq!(result.unwrap().tasks, 14);
            let noted = log.take();
            assert_eq!(noted.len(), 10);
            for half in noted.chunks(5) {
                assert_eq!(half[0], "module");
                assert!(Log::in_order(half, "upper begin", "upper end"));
                assert!(Log::in_order(half, "lower begin", "lower end"));
            }
        });
    });
}

#[test]
fn a_loop_leads_back_to_an_entry_and_branches_off_an_exit() {
    within_a_minute(|| {
        let passes = AtomicUsize::new(0);
        let attempt = Composition::new(|part| {
            let work = part.emplace(|| {
                // Ordering: Relaxed; the loop orders the passes.
                passes.fetch_add(1, Ordering::Relaxed);
            });
            // Ordering: Relaxed, as above.
            let enough =
                part.emplace_condition(|| passes.load(Ordering::Relaxed).is_multiple_of(5));
            work.precede(enough);
            part.entry("again", work);
            part.exit("decided", enough);
        });
        let flow = Taskflow::new();
        let attempt = flow.compose(&attempt);
        let again = attempt.entry("again").unwrap();
        flow.placeholder().precede(again);
        let done = flow.emplace(|| {});
        attempt.exit("decided").unwrap().precede([again, done]);
        let mut runs = 0;
        on_all(&flow, |result| {
            runs += 1;
            assert_eq!(result.unwrap().tasks, 12);
            // Ordering: Relaxed; the run has ended.
            assert_eq!(passes.load(Ordering::Relaxed), 5 * runs);
        });
    });
}

#[test]
fn one_composition_is_built_into_flows_of_several_threads_at_once() {
    within_a_minute(|| {
        let total = AtomicUsize::new(0);
        let part = Composition::new(|part| {
            let adds = [1, 10, 100].map(|amount| {
                let total = &total;
                part.emplace(move || {
                    // Ordering: Relaxed; read after the runs.
                    total.fetch_add(amount, Ordering::Relaxed);
                })
            });
            part.linearize(adds);
        });
        let executor = Executor::new(2);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let flow = Taskflow::new();
                    for _ in 0..10 {
                        flow.compose(&part);
                    }
                    executor.run_and_wait(&flow).unwrap();
                });
            }
        });
        // Ordering: Relaxed; the threads have ended.
        assert_eq!(total.load(Ordering::Relaxed), 8 * 10 * 111);
    });
}

#[test]
fn uses_run_at_the_same_time() {
    within_a_minute(|| {
        let executor = Executor::new(2);
        let meeting = Meeting::of(2);
        let attend = CloneableWork::new(move || meeting.attend());
        let shared = attend.clone();
        let part = Composition::new(move |part| {
            part.emplace(shared.task());
        });
        let flow = Taskflow::new();
        for _ in 0..2 {
            flow.compose(&part);
        }
        executor.run_n(&flow, 100).wait().unwrap();
        let instances = ParameterizedComposition::new(move |(): &()| {
            let flow = Taskflow::new();
            flow.emplace(attend.task());
            flow
        });
        let flow = Taskflow::new();
        for _ in 0..2 {
            flow.composed_of(&instances.instantiate(&()));
        }
        executor.run_n(&flow, 100).wait().unwrap();
    });
}

#[test]
fn a_subflow_is_composed_like_a_flow() {
    within_a_minute(|| {
        let log = Log::default();
        let lines = two_lines(&log);
        let flow = Taskflow::new();
        flow.emplace_subflow(move |children| {
            let lines = children.compose(&lines);
            let exit = lines.exit("lower").unwrap();
            exit.precede(lines.entry("upper").unwrap());
        });
        on_all(&flow, |result| {
            assert_eq!(result.unwrap().tasks, 5);
            let order = ["lower begin", "lower end", "upper begin", "upper end"];
            assert_eq!(log.take(), order);
        });
    });
}

#[test]
fn composing_a_flow_that_runs_is_refused() {
    within_a_minute(|| {
        let blocked = BlockedFlow::new("busy");
        let executor = Executor::new(1);
        let run = executor.run(&blocked.flow);
        blocked.begun.pass();
        let part = Composition::new(|part| {
            part.emplace(|| {});
        });
        assert!(panic_of(|| blocked.flow.compose(&part)).contains("busy"));
        blocked.end.open();
        assert_eq!(run.wait().unwrap().tasks, 1);
    });
}

#[test]
fn a_recipe_that_panics_leaves_the_flow_fit_to_run() {
    within_a_minute(|| {
        let part = Composition::new(|part| {
            part.emplace(|| {});
            panic!("no recipe");
        });
        let flow = Taskflow::new();
        assert!(panic_of(|| flow.compose(&part)).contains("no recipe"));
        assert_eq!(Executor::new(1).run_and_wait(&flow).unwrap().tasks, 1);
    });
}

#[test]
fn shared_work_is_done_by_each_of_its_tasks_and_dropped_with_the_last() {
    within_a_minute(|| {
        let calls = Arc::new(AtomicUsize::new(0));
        let work = CloneableWork::new({
            let calls = Arc::clone(&calls);
            move || {
                // Ordering: Relaxed; read after the runs.
                calls.fetch_add(1, Ordering::Relaxed);
            }
        });
        {
            let flow = Taskflow::new();
            for _ in 0..100 {
                flow.emplace(work.clone().task());
            }
            on_all(&flow, |result| assert_eq!(result.unwrap().tasks, 100));
            work.call();
            drop(work);
            assert_eq!(Arc::strong_count(&calls), 2);
        }
        assert_eq!(Arc::strong_count(&calls), 1);
        // Ordering: Relaxed; the runs have ended.
        assert_eq!(calls.load(Ordering::Relaxed), 801);
    });
}

#[test]
fn shared_work_may_fail_and_may_choose_and_may_give_a_value() {
    within_a_minute(|| {
        let failing = CloneableWork::new(|| {
            "one".parse::<u8>()?;
            Ok(())
        });
        let flow = Taskflow::new();
        flow.try_emplace(failing.task()).name("parse");
        on_all(&flow, |result| {
            let error = result.unwrap_err().to_string();
            assert_eq!(
                error,
                "task 0 (\"parse\") failed: invalid digit found in string"
            );
        });
        let value = CloneableWork::new(|| 21);
        let flow = Taskflow::new();
        let sum = (flow.produce(value.task()), flow.produce(value.task()));
        let sum = flow.zip(sum, |one, two| one + two);
        on_all(&flow, |result| {
            assert_eq!((result.unwrap().tasks, sum.take()), (3, Some(42)));
        });
        let choice = CloneableWork::new(|| 1usize);
        let flow = Taskflow::new();
        let condition = flow.emplace_condition(choice.task());
        condition.precede([flow.emplace(|| panic!("not chosen")), flow.emplace(|| {})]);
        on_all(&flow, |result| assert_eq!(result.unwrap().tasks, 2));
    });
}
