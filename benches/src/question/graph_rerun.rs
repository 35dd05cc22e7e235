//! Running an unchanged graph again.

use alloc::sync::Arc;

use super::{Effort, Visit};
use crate::bound::Bound;
use crate::contest::{Contender, Contest};
use crate::peer::{self, Graph, in_blocks};
use crate::shape::Shape;
use crate::tally::{Tallies, Work, count};

/// Chooses the edges of the random graph.
const SEED: u64 = 1;

pub(super) fn contests(effort: Effort, visit: Visit<'_>) {
    for shape in Shape::all(effort.side, SEED) {
        let tallies = Arc::new(Tallies::new(shape.tasks()));
        let graph = Graph {
            shape: &shape,
            tallies: &tallies,
            work: Work::Count,
        };
        let mut contenders = by_hand(graph);
        contenders.extend(peer::all(|peer| peer.rerun(graph)));
        contenders.extend([1, 2].map(|workers| in_blocks(workers, graph)));
        // What is timed is a re-run.
        contenders.iter_mut().for_each(|one| {
            one.run();
        });
        let mut contest = Contest::new(shape.name(), shape.tasks().into(), contenders);
        visit(&mut contest);
        drop(contest);
        assert!(
            tallies.all_ran(),
            "a task of {} did not run once in each run",
            shape.name()
        );
    }
}

/// A loop in three orders.
fn by_hand(graph: Graph<'_>) -> Vec<Contender<'_>> {
    let (shape, tallies) = (graph.shape, graph.tallies);
    let bound = || Bound::new(shape, tallies, count);
    let (mut lifo, mut fifo, ordered) = (bound(), bound(), bound());
    vec![
        Contender::new("by hand, last in first out", 0, move || {
            lifo.run_lifo();
            tallies.ran();
        }),
        Contender::new("by hand, first in first out", 0, move || {
            fifo.run_fifo();
            tallies.ran();
        }),
        Contender::new("by hand, fixed order", 0, move || {
            ordered.run_in_order();
            tallies.ran();
        }),
    ]
}
