//! Running an unchanged graph again, where a policy decides what runs next.

use super::{Effort, Visit, each_graph};
use crate::bound::Bound;
use crate::contest::Contender;
use crate::peer::under_policies;
use crate::tally::count;

pub(super) fn contests(effort: Effort, visit: Visit<'_>) {
    // (Some policies take a token for each task: a sixteenth of the others' graphs is enough to tell.)
    let side = (effort.side / 4).max(2);
    each_graph(Effort { side, ..effort }, visit, |graph| {
        let mut fifo = Bound::new(graph.shape, graph.tallies, count);
        let by_hand = Contender::new("by hand, first in first out", 0, move || {
            fifo.run_fifo();
            graph.tallies.ran();
        });
        let mut contenders = vec![by_hand];
        contenders.extend(
            [1, 2]
                .into_iter()
                .flat_map(|workers| under_policies(workers, graph)),
        );
        // What is timed is a re-run.
        contenders.iter_mut().for_each(|one| {
            one.run();
        });
        contenders
    });
}
