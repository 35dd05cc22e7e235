//! From a call to its answer, when there is next to nothing to do.

use alloc::rc::Rc;
use core::time::Duration;
use std::thread;
use std::time::Instant;

use taskflow_std::{Executor, Taskflow};

use crate::contest::Contender;
use crate::echo::Echo;

/// A bare thread that is woken and answers, and executors that run one empty task.
///
/// # Examples
///
/// ```
/// let [bare, ..] = &mut taskflow_benches::callers();
/// bare.run();
/// assert_eq!(bare.name(), "park and unpark");
/// ```
///
/// # Panics
///
/// Where no thread can be started.
#[must_use]
pub fn callers() -> [Contender<'static>; 5] {
    let echo = Echo::new();
    let one = Rc::new(Executor::new(1));
    let two = Rc::new(Executor::new(2));
    let mut callers = [
        Contender::new("park and unpark", move || echo.ask()),
        Contender::new("run_and_wait, 1 worker", run_and_wait(&one)),
        Contender::new("run_and_wait, 2 workers", run_and_wait(&two)),
        Contender::new("run and wait, 1 worker", run_then_wait(&one)),
        Contender::new("run and wait, 2 workers", run_then_wait(&two)),
    ];
    callers.iter_mut().for_each(Contender::run);
    callers
}

/// How long the call takes after its thread has slept for `idle`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use taskflow_benches::{after_idle, callers};
///
/// let [bare, ..] = &mut callers();
/// assert!(after_idle(Duration::from_millis(1), bare) > Duration::ZERO);
/// ```
pub fn after_idle(idle: Duration, caller: &mut Contender<'_>) -> Duration {
    thread::sleep(idle);
    let begin = Instant::now();
    caller.run();
    begin.elapsed()
}

/// The caller may run the task itself.
fn run_and_wait(executor: &Rc<Executor>) -> impl FnMut() + use<> {
    let (executor, flow) = (Rc::clone(executor), one_empty_task());
    move || {
        let stats = executor.run_and_wait(&flow);
        stats.expect("an empty task does not fail");
    }
}

/// A worker may be woken before the caller waits.
fn run_then_wait(executor: &Rc<Executor>) -> impl FnMut() + use<> {
    let (executor, flow) = (Rc::clone(executor), one_empty_task());
    move || {
        let stats = executor.run(&flow).wait();
        stats.expect("an empty task does not fail");
    }
}

fn one_empty_task() -> Taskflow<'static> {
    let flow = Taskflow::new();
    flow.emplace(|| {});
    flow
}
