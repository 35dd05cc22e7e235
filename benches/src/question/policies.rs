//! Running an unchanged graph again, where a policy decides what runs next.

use super::{Effort, Visit, each_graph, first_in_first_out};
use crate::peer::under_policies;

pub(super) fn contests(effort: Effort, visit: Visit<'_>) {
    // (Some policies take a token for each task: a sixteenth of the others' graphs is enough to tell.)
    let side = (effort.side / 4).max(2);
    each_graph(Effort { side, ..effort }, visit, |graph| {
        let mut contenders = vec![first_in_first_out(graph)];
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
