//! How many bytes a task and an edge take, in a process of its own for each figure.

use alloc::sync::Arc;
use core::hint::black_box;

use super::Effort;
use crate::bound::Bound;
use crate::contest::{Row, relate_to_ours};
use crate::memory::{ask, held};
use crate::peer::{Graph, KINDS};
use crate::shape::Shape;
use crate::spread::Spread;
use crate::tally::{Tallies, Work, count};

/// Rows of the square graphs, and tasks in each.
const SIDE: u32 = 1 << 9;

const BY_HAND: &str = "by hand";

/// What is held, in all.
const SPAWNED: &str = "spawned";

pub(super) fn rows(_effort: Effort) -> Vec<Row> {
    let [chain, wavefront] = shapes();
    let mut rows = Vec::new();
    let kinds = KINDS.iter().map(|kind| (kind.name, kind.is_native));
    for (who, is_native) in [(BY_HAND, false)].into_iter().chain(kinds) {
        // Those have processes of their own.
        let bytes = |what| {
            if is_native {
                measure(who, what)
            } else {
                ask(who, what)
            }
        };
        let tasks = f64::from(SIDE * SIDE);
        if let (Some(fewer), Some(more)) = (bytes(chain.name()), bytes(wavefront.name())) {
            let edges = [&chain, &wavefront].map(|shape| shape.edges().len() as f64);
            let edge = (more - fewer) as f64 / (edges[1] - edges[0]);
            let task = (fewer as f64 - edge * edges[0]) / tasks;
            rows.push(row("a task of a graph that ran", who, task));
            rows.push(row("an edge", who, edge));
        }
        if let Some(bytes) = bytes(SPAWNED) {
            rows.push(row("a spawned task", who, bytes as f64 / tasks));
        }
    }
    relate_to_ours(&mut rows);
    rows
}

/// As many tasks, with one edge and with two for each.
fn shapes() -> [Shape; 2] {
    [Shape::chain(SIDE * SIDE), Shape::wavefront(SIDE)]
}

/// The bytes that `who` holds for `what`: called in a process of its own.
pub(crate) fn measure(who: &str, what: &str) -> Option<i64> {
    let start = KINDS
        .iter()
        .find(|kind| kind.name == who)
        .map(|kind| kind.start);
    if what == SPAWNED {
        return start?(1)?.spawned_bytes(SIDE * SIDE);
    }
    let shape = shapes().into_iter().find(|shape| shape.name() == what)?;
    let tallies = Arc::new(Tallies::new(shape.tasks()));
    let graph = Graph {
        shape: &shape,
        tallies: &tallies,
        work: Work::Count,
    };
    // The numbers themselves are not part of the graph.
    (0..shape.tasks()).for_each(|task| count(tallies.of(task)));
    if who == BY_HAND {
        let before = held();
        let mut bound = Bound::new(&shape, &tallies, count);
        bound.run_fifo();
        let bytes = held() - before;
        drop(black_box(bound));
        return Some(bytes);
    }
    start?(1)?.graph_bytes(graph)
}

fn row(case: &str, who: &str, bytes: f64) -> Row {
    Row {
        case: case.to_owned(),
        workers: 1,
        side: who.to_owned(),
        figure: Spread {
            min: bytes,
            median: bytes,
            max: bytes,
        },
        ratio: None,
        counted: 1,
        samples: 1,
        busy: None,
        ping: None,
    }
}
