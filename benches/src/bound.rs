//! What one writes by hand for one graph on one thread: the figure that a scheduler is measured against.

use core::ops::Range;
use core::sync::atomic::AtomicU64;

use crate::shape::Shape;
use crate::tally::Tallies;

/// A graph that one thread runs in a loop, last-in first-out or first-in first-out.
///
/// One record of 32 bytes a task, successors in one array, plain join counters, and none where the
/// in-degree is 1: an edge itself says so. Nothing can be cancelled, fail, be edited or run on a second
/// thread.
///
/// # Examples
///
/// ```
/// use taskflow_benches::{Bound, Shape, Tallies, count};
///
/// let shape = Shape::tree(7);
/// let tallies = Tallies::new(shape.tasks());
/// let mut bound = Bound::new(&shape, &tallies, count);
/// bound.run_lifo();
/// bound.run_fifo();
/// assert!(tallies.all_are(2));
/// ```
#[derive(Debug)]
pub struct Bound<'a> {
    records: Vec<Record<'a>>,
    edges: Vec<Edge>,
    sources: Vec<u32>,
    /// Tasks that can run; first-in first-out it keeps those that ran, too, and never grows.
    ready: Vec<u32>,
}

#[derive(Debug)]
struct Record<'a> {
    /// Predecessors still to come; used where there are several.
    pending: u32,
    /// Predecessors.
    strong: u32,
    /// Where the edges to the successors begin.
    first: u32,
    /// Where they end.
    end: u32,
    work: fn(&AtomicU64),
    tally: &'a AtomicU64,
}

const _: () = assert!(size_of::<Record<'_>>() <= 32);

/// A successor, and a bit that is set if this is the only edge to it.
#[derive(Clone, Copy, Debug)]
struct Edge(u32);

impl<'a> Bound<'a> {
    /// Lays the graph out. Each task calls `work`, through a pointer, with its own number. O(V + E).
    ///
    /// # Panics
    ///
    /// For a shape of 2^31 tasks or more.
    #[must_use]
    pub fn new(shape: &Shape, tallies: &'a Tallies, work: fn(&AtomicU64)) -> Self {
        assert!(shape.tasks() < Edge::ONLY, "an edge holds 31 bits");
        let mut records: Vec<_> = (0..shape.tasks())
            .map(|task| Record {
                pending: 0,
                strong: 0,
                first: 0,
                end: 0,
                work,
                tally: tallies.of(task),
            })
            .collect();
        for (from, to) in shape.edges() {
            records[*from as usize].end += 1;
            records[*to as usize].strong += 1;
        }
        let mut place = 0;
        for record in &mut records {
            record.pending = record.strong;
            record.first = place;
            place += record.end;
            record.end = record.first;
        }
        let mut edges = vec![Edge(0); shape.edges().len()];
        for (from, to) in shape.edges() {
            let only = records[*to as usize].strong == 1;
            let end = &mut records[*from as usize].end;
            edges[*end as usize] = Edge::new(*to, only);
            *end += 1;
        }
        let sources = (0..shape.tasks())
            .filter(|task| records[*task as usize].strong == 0)
            .collect();
        Self {
            records,
            edges,
            sources,
            ready: Vec::with_capacity(shape.tasks() as usize),
        }
    }

    /// Runs every task once: of those that became ready last the one whose edge was made first, and it
    /// at once. O(V + E), allocates nothing.
    pub fn run_lifo(&mut self) {
        let (records, ready) = (&mut self.records, &mut self.ready);
        for source in &self.sources {
            let mut task = *source;
            loop {
                let mut kept = None;
                for edge in self.edges[records[task as usize].run()].iter().rev() {
                    if edge.arrive(records)
                        && let Some(other) = kept.replace(edge.to())
                    {
                        ready.push(other);
                    }
                }
                if let Some(next) = kept {
                    task = next;
                } else if let Some(next) = ready.pop() {
                    task = next;
                } else {
                    break;
                }
            }
        }
    }

    /// Runs every task once, in the order of their numbers, which every edge agrees with: nothing is counted, and no
    /// graph is looked at. O(V).
    pub fn run_in_order(&self) {
        for record in &self.records {
            let _ = record.run();
        }
    }

    /// Runs every task once, those first that became ready first. O(V + E), allocates nothing.
    pub fn run_fifo(&mut self) {
        let (records, ready) = (&mut self.records, &mut self.ready);
        ready.extend_from_slice(&self.sources);
        let mut done = 0;
        while let Some(task) = ready.get(done) {
            done += 1;
            for edge in &self.edges[records[*task as usize].run()] {
                if edge.arrive(records) {
                    ready.push(edge.to());
                }
            }
        }
        ready.clear();
    }
}

impl Record<'_> {
    /// Does the work; gives the place of the edges to the successors.
    #[inline]
    fn run(&self) -> Range<usize> {
        (self.work)(self.tally);
        self.first as usize..self.end as usize
    }
}

impl Edge {
    const ONLY: u32 = 1 << 31;

    fn new(to: u32, only: bool) -> Self {
        Self(if only { to | Self::ONLY } else { to })
    }

    #[inline]
    fn to(self) -> u32 {
        self.0 & !Self::ONLY
    }

    /// The predecessor has run: whether it was the last. The counter is ready for the next run then.
    #[inline]
    fn arrive(self, records: &mut [Record<'_>]) -> bool {
        if self.0 & Self::ONLY != 0 {
            return true;
        }
        let record = &mut records[self.to() as usize];
        record.pending -= 1;
        if record.pending > 0 {
            return false;
        }
        record.pending = record.strong;
        true
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::Ordering;

    use super::*;

    /// One thread's clock: the work of the task that ran last has the largest number.
    fn stamp(tally: &AtomicU64) {
        static CLOCK: AtomicU64 = AtomicU64::new(1);
        // Ordering: one thread only.
        tally.store(CLOCK.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
    }

    #[test]
    fn both_orders_respect_every_edge_in_every_run() {
        for shape in Shape::all(8, 1) {
            let tallies = Tallies::new(shape.tasks());
            // Ordering: one thread only.
            let stamp_of = |task| tallies.of(task).load(Ordering::Relaxed);
            let mut bound = Bound::new(&shape, &tallies, stamp);
            for run in [
                Bound::run_lifo,
                Bound::run_fifo,
                Bound::run_fifo,
                Bound::run_lifo,
            ] {
                let before: Vec<u64> = (0..shape.tasks()).map(stamp_of).collect();
                run(&mut bound);
                for (from, to) in shape.edges() {
                    assert!(stamp_of(*from) < stamp_of(*to), "{}", shape.name());
                }
                for (task, before) in (0..).zip(before) {
                    assert!(stamp_of(task) > before, "{} skipped {task}", shape.name());
                }
            }
        }
    }

    #[test]
    fn both_orders_run_every_task_once() {
        for shape in Shape::all(8, 2) {
            let tallies = Tallies::new(shape.tasks());
            let mut bound = Bound::new(&shape, &tallies, crate::tally::count);
            for runs in (0..4).step_by(2) {
                bound.run_lifo();
                assert!(tallies.all_are(runs + 1), "{}", shape.name());
                bound.run_fifo();
                assert!(tallies.all_are(runs + 2), "{}", shape.name());
            }
        }
    }
}
