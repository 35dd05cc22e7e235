//! All that run one graph, side by side.

use alloc::rc::Rc;
use core::fmt;

use taskflow_std::{Coarsening, Executor, Taskflow};

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

/// How many [`contenders`] there are.
pub const CONTENDERS: usize = 7;

/// How often [`contenders`] runs each task.
pub const WARM_UPS: u64 = 5 + 2 * TRIALS;

/// Rounds until a flow has found out how long its blocks should be.
const TRIALS: u64 = 16;

/// The hand-written loop in three orders, and one flow on executors of one and of two workers. Each has
/// run once, so what is timed is a re-run.
///
/// # Examples
///
/// ```
/// use taskflow_benches::{CONTENDERS, Shape, Tallies, WARM_UPS, contenders};
///
/// let shape = Shape::chain(3);
/// let tallies = Tallies::new(shape.tasks());
/// for contender in &mut contenders(&shape, &tallies) {
///     contender.run();
/// }
/// assert!(tallies.all_are(WARM_UPS + CONTENDERS as u64));
/// ```
///
/// # Panics
///
/// Where no thread can be started.
#[must_use]
pub fn contenders<'a>(shape: &Shape, tallies: &'a Tallies) -> [Contender<'a>; CONTENDERS] {
    let mut lifo = Bound::new(shape, tallies, count);
    let mut fifo = Bound::new(shape, tallies, count);
    let ordered = Bound::new(shape, tallies, count);
    let flow = Rc::new(flow_of(shape, tallies));
    let mut contenders = [
        Contender::new("bound, last in first out", move || lifo.run_lifo()),
        Contender::new("bound, first in first out", move || fifo.run_fifo()),
        Contender::new("bound, fixed order", move || ordered.run_in_order()),
        Contender::new("taskflow, 1 worker", on_workers(1, &flow)),
        Contender::new("taskflow, 2 workers", on_workers(2, &flow)),
        Contender::new("blocks, 1 worker", in_blocks(1, shape, tallies)),
        Contender::new("blocks, 2 workers", in_blocks(2, shape, tallies)),
    ];
    contenders[..5].iter_mut().for_each(Contender::run);
    for _ in 0..TRIALS {
        contenders[5..].iter_mut().for_each(Contender::run);
    }
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

/// Runs that have found out how to be quickest.
fn in_blocks<'a>(workers: usize, shape: &Shape, tallies: &'a Tallies) -> impl FnMut() + use<'a> {
    let flow = flow_of(shape, tallies);
    flow.coarsen(Coarsening::Adaptive);
    on_workers(workers, &Rc::new(flow))
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
            let mut runs = WARM_UPS;
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
