//! A graph that is built, run once, and dropped.

use alloc::sync::Arc;

use super::{Effort, Visit};
use crate::bound::Bound;
use crate::contest::{Contender, Contest};
use crate::peer::{self, Graph};
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
        let mut contenders = vec![Contender::new("by hand, first in first out", 0, || {
            Bound::new(&shape, &tallies, count).run_fifo();
            tallies.ran();
        })];
        contenders.extend(peer::all(|peer| peer.life(graph)));
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
