//! A graph that is built, run once, and dropped.

use super::{Effort, Visit, each_graph};
use crate::bound::Bound;
use crate::contest::Contender;
use crate::peer;
use crate::tally::count;

pub(super) fn contests(effort: Effort, visit: Visit<'_>) {
    each_graph(effort, visit, |graph| {
        let mut contenders = vec![Contender::new(
            "by hand, first in first out",
            0,
            move || {
                Bound::new(graph.shape, graph.tallies, count).run_fifo();
                graph.tallies.ran();
            },
        )];
        contenders.extend(peer::all(|peer| peer.life(graph)));
        contenders
    });
}
