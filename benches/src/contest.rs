//! All that run one graph, side by side.

use alloc::rc::Rc;
use core::fmt;

use taskflow_std::{Executor, Taskflow};

use crate::bound::Bound;
use crate::shape::Shape;
use crate::tally::{Tallies, count};

/// Something that can be done again and again, and timed.
pub struct Contender<'a> {
    name: &'static str,
    run: Box<dyn FnMut() + 'a>,
}

impl<'a> Contender<'a> {
    pub(crate) fn new(name: &'static str, run: impl FnMut() + 'a) -> Self {
        Self {
            name,
            run: Box::new(run),
        }
    }

    /// What it is called in tables.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Does it once.
    pub fn run(&mut self) {
        (self.run)();
    }
}

impl fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contender")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The hand-written loop in both orders, and one flow on executors of one and of two workers. Each has
/// run once, so what is timed is a re-run.
///
/// # Examples
///
/// ```
/// use taskflow_benches::{Shape, Tallies, contenders};
///
/// let shape = Shape::chain(3);
/// let tallies = Tallies::new(shape.tasks());
/// for contender in &mut contenders(&shape, &tallies) {
///     contender.run();
/// }
/// assert!(tallies.all_are(8));
/// ```
///
/// # Panics
///
/// Where no thread can be started.
#[must_use]
pub fn contenders<'a>(shape: &Shape, tallies: &'a Tallies) -> [Contender<'a>; 4] {
    let mut lifo = Bound::new(shape, tallies, count);
    let mut fifo = Bound::new(shape, tallies, count);
    let flow = Rc::new(flow_of(shape, tallies));
    let mut contenders = [
        Contender::new("bound, last in first out", move || lifo.run_lifo()),
        Contender::new("bound, first in first out", move || fifo.run_fifo()),
        Contender::new("taskflow, 1 worker", on_workers(1, &flow)),
        Contender::new("taskflow, 2 workers", on_workers(2, &flow)),
    ];
    contenders.iter_mut().for_each(Contender::run);
    contenders
}

/// The graph as a flow, built as a user builds it: a closure for each task, then edge by edge. O(V + E).
#[must_use]
pub fn flow_of<'a>(shape: &Shape, tallies: &'a Tallies) -> Taskflow<'a> {
    let flow = Taskflow::new();
    let tasks: Vec<_> = (0..shape.tasks())
        .map(|task| {
            let tally = tallies.of(task);
            flow.emplace(move || count(tally))
        })
        .collect();
    for (from, to) in shape.edges() {
        tasks[*from as usize].precede(tasks[*to as usize]);
    }
    drop(tasks);
    flow
}

fn on_workers<'a>(workers: usize, flow: &Rc<Taskflow<'a>>) -> impl FnMut() + use<'a> {
    let executor = Executor::new(workers);
    let flow = Rc::clone(flow);
    move || {
        let stats = executor.run_and_wait(&flow);
        stats.expect("tasks that only count do not fail");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contender_runs_every_task_once() {
        for shape in Shape::all(8, 1) {
            let tallies = Tallies::new(shape.tasks());
            let mut contenders = contenders(&shape, &tallies);
            let mut runs = 4;
            for contender in &mut contenders {
                contender.run();
                runs += 1;
                assert!(
                    tallies.all_are(runs),
                    "{}, {}",
                    shape.name(),
                    contender.name()
                );
            }
        }
    }
}
