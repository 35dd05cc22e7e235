//! Running an unchanged graph again.

use super::{Effort, Visit, each_graph, first_in_first_out};
use crate::bound::Bound;
use crate::contest::Contender;
use crate::peer::{self, Graph, in_blocks};
use crate::tally::count;

pub(super) fn contests(effort: Effort, visit: Visit<'_>) {
    each_graph(effort, visit, |graph| {
        let mut contenders = by_hand(graph);
        contenders.extend(peer::all(|peer| peer.rerun(graph)));
        contenders.extend([1, 2].map(|workers| in_blocks(workers, graph)));
        // What is timed is a re-run.
        contenders.iter_mut().for_each(|one| {
            one.run();
        });
        contenders
    });
}

/// A loop in three orders.
fn by_hand(graph: Graph<'_>) -> Vec<Contender<'_>> {
    let (shape, tallies) = (graph.shape, graph.tallies);
    let bound = || Bound::new(shape, tallies, count);
    let (mut lifo, ordered) = (bound(), bound());
    vec![
        Contender::new("by hand, last in first out", 0, move || {
            lifo.run_lifo();
            tallies.ran();
        }),
        first_in_first_out(graph),
        Contender::new("by hand, fixed order", 0, move || {
            ordered.run_in_order();
            tallies.ran();
        }),
    ]
}
