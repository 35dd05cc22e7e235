//! What a policy decides is what runs next.

#![forbid(unsafe_code)]

use std::sync::{Arc, Mutex};

use taskflow_core::{Builder, Executor, Manual, Scheduler};
use taskflow_std::{FifoScheduler, Ready, RunError, Taskflow, Want, WorkerId};

/// The names of what has run, in order.
#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<&'static str>>>);

impl Journal {
    fn of(&self, name: &'static str) -> impl FnMut() + Send + 'static {
        let names = Arc::clone(&self.0);
        move || names.lock().expect("nobody panics with it").push(name)
    }

    fn take(&self) -> Vec<&'static str> {
        core::mem::take(&mut self.0.lock().expect("nobody panics with it"))
    }
}

fn one_worker<S: Scheduler>(scheduler: S) -> Executor<Manual, S> {
    let builder = Builder::new(Manual::new()).workers(1).scheduler(scheduler);
    builder.build().expect("no thread is needed")
}

#[test]
fn a_fifo_executor_runs_in_the_order_of_arrival_over_all_flows() {
    let executor = one_worker(FifoScheduler::new());
    let journal = Journal::default();
    let (one, two) = (Taskflow::new(), Taskflow::new());
    for (flow, names) in [(&one, ["a", "b", "c"]), (&two, ["x", "y", "z"])] {
        let [first, second, third] = names.map(|name| flow.emplace(journal.of(name)));
        first.precede([second, third]);
    }
    let runs = [executor.run(&one), executor.run(&two)];
    executor.platform().step_all();
    for run in runs {
        run.wait().unwrap();
    }
    assert_eq!(journal.take(), ["a", "x", "b", "c", "y", "z"]);
}

/// Drops the task with this place, in the order of pushes.
struct Loses(FifoScheduler, Mutex<usize>, usize);

impl Scheduler for Loses {
    type Local = ();

    fn local(&self, _: WorkerId) {}

    fn push(&self, local: Option<&mut ()>, task: Ready) {
        let mut pushed = self.1.lock().unwrap();
        *pushed += 1;
        if *pushed - 1 != self.2 {
            self.0.push(local, task);
        }
    }

    fn pop(&self, local: &mut (), want: Want<'_>) -> Option<Ready> {
        self.0.pop(local, want)
    }
}

#[test]
fn a_run_whose_task_is_dropped_by_the_policy_ends_as_lost() {
    let executor = one_worker(Loses(FifoScheduler::new(), Mutex::new(0), 1));
    let journal = Journal::default();
    let flow = Taskflow::new();
    let [a, b, c] = ["a", "b", "c"].map(|name| flow.emplace(journal.of(name)).name(name));
    flow.linearize([a, b, c]);
    let error = executor.run(&flow).wait().unwrap_err();
    let RunError::Lost { task, stats } = error else {
        panic!("it was lost: {error}");
    };
    assert_eq!(task.name.as_deref(), Some("b"));
    assert_eq!(journal.take(), ["a"]);
    assert_eq!((stats.tasks, stats.skipped), (1, 2));
    executor.run(&flow).wait().unwrap();
    assert_eq!(journal.take(), ["a", "b", "c"]);
}
