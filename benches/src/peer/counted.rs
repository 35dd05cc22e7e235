//! A graph by hand for pools that know none: counters, and a task spawned for each that becomes ready.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

use super::Graph;
use crate::tally::{Tallies, Work};

/// One counter of 4 bytes a task, successors in one array.
#[derive(Debug)]
pub(crate) struct Counted {
    records: Vec<Record>,
    edges: Vec<u32>,
    sources: Vec<u32>,
    tallies: Arc<Tallies>,
    work: Work,
}

#[derive(Debug)]
struct Record {
    pending: AtomicU32,
    strong: u32,
    first: u32,
    end: u32,
}

impl Counted {
    /// Lays the graph out. O(V + E).
    pub(crate) fn new(graph: Graph<'_>) -> Self {
        let shape = graph.shape;
        let (mut strong, mut out) = (
            vec![0; shape.tasks() as usize],
            vec![0; shape.tasks() as usize],
        );
        for (from, to) in shape.edges() {
            out[*from as usize] += 1;
            strong[*to as usize] += 1;
        }
        let mut place = 0;
        let records: Vec<_> = strong
            .iter()
            .zip(&mut out)
            .map(|(strong, out)| {
                let first = place;
                place += core::mem::replace(out, first);
                Record {
                    pending: AtomicU32::new(*strong),
                    strong: *strong,
                    first,
                    end: place,
                }
            })
            .collect();
        let mut edges = vec![0; shape.edges().len()];
        for (from, to) in shape.edges() {
            edges[out[*from as usize] as usize] = *to;
            out[*from as usize] += 1;
        }
        let sources = (0..shape.tasks())
            .filter(|task| strong[*task as usize] == 0)
            .collect();
        Self {
            records,
            edges,
            sources,
            tallies: Arc::clone(graph.tallies),
            work: graph.work,
        }
    }

    /// Where to begin.
    pub(crate) fn sources(&self) -> &[u32] {
        &self.sources
    }

    /// Runs the task, and one that becomes ready by it, and so on; hands the others to `spawn`.
    pub(crate) fn run(&self, mut task: u32, mut spawn: impl FnMut(u32)) {
        loop {
            self.work.on(self.tallies.of(task));
            let record = &self.records[task as usize];
            let mut kept = None;
            for to in &self.edges[record.first as usize..record.end as usize] {
                if self.arrive(*to)
                    && let Some(other) = kept.replace(*to)
                {
                    spawn(other);
                }
            }
            match kept {
                Some(next) => task = next,
                None => return,
            }
        }
    }

    /// All tasks have run.
    pub(crate) fn ran(&self) {
        self.tallies.ran();
    }

    fn arrive(&self, task: u32) -> bool {
        let record = &self.records[task as usize];
        // Ordering: AcqRel: what predecessors wrote comes before the task.
        if record.strong != 1 && record.pending.fetch_sub(1, Ordering::AcqRel) != 1 {
            return false;
        }
        // Ordering: Relaxed: the next who counts here comes after the end of this run.
        record.pending.store(record.strong, Ordering::Relaxed);
        true
    }
}
