//! Who waits for whom: the edges of a workflow, a topological order, and a cycle if there is one.

use alloc::collections::BinaryHeap;
use core::cmp::Reverse;

/// The place of a task in its workflow's file, the first one being 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TaskIndex(pub(crate) usize);

/// A set of edges over the tasks `0..task_count`.
#[derive(Debug)]
pub(crate) struct Graph {
    predecessors: Vec<Vec<TaskIndex>>,
    successors: Vec<Vec<TaskIndex>>,
    edge_count: usize,
}

impl Graph {
    /// A graph of these edges, each from the earlier task to the later; repeated ones count once.
    /// O(V + E log E).
    pub(crate) fn new(task_count: usize, mut edges: Vec<(TaskIndex, TaskIndex)>) -> Self {
        edges.sort_unstable();
        edges.dedup();
        let mut graph = Self {
            predecessors: vec![Vec::new(); task_count],
            successors: vec![Vec::new(); task_count],
            edge_count: edges.len(),
        };
        for (before, after) in edges {
            graph.successors[before.0].push(after);
            graph.predecessors[after.0].push(before);
        }
        graph
    }

    pub(crate) fn edge_count(&self) -> usize {
        self.edge_count
    }

    pub(crate) fn predecessors(&self, task: TaskIndex) -> &[TaskIndex] {
        &self.predecessors[task.0]
    }

    pub(crate) fn successors(&self, task: TaskIndex) -> &[TaskIndex] {
        &self.successors[task.0]
    }

    /// The topological order that keeps closest to the order of the file, or else a cycle, each
    /// task of which precedes the next and the last the first. O((V + E) log V).
    pub(crate) fn order(&self) -> Result<Vec<TaskIndex>, Vec<TaskIndex>> {
        let mut waits: Vec<usize> = self.predecessors.iter().map(Vec::len).collect();
        let mut ready: BinaryHeap<Reverse<TaskIndex>> = (0..waits.len())
            .filter(|&task| waits[task] == 0)
            .map(|task| Reverse(TaskIndex(task)))
            .collect();
        let mut order = Vec::with_capacity(waits.len());
        while let Some(Reverse(task)) = ready.pop() {
            order.push(task);
            for &after in self.successors(task) {
                waits[after.0] -= 1;
                if waits[after.0] == 0 {
                    ready.push(Reverse(after));
                }
            }
        }
        match waits.iter().position(|&count| count > 0) {
            None => Ok(order),
            Some(stuck) => Err(self.cycle_behind(TaskIndex(stuck), &waits)),
        }
    }

    /// Walks from a stuck task to its stuck predecessors until one comes again. Every stuck task
    /// has a stuck predecessor, so the walk ends only by meeting itself.
    fn cycle_behind(&self, stuck: TaskIndex, waits: &[usize]) -> Vec<TaskIndex> {
        let mut met_at = vec![usize::MAX; waits.len()];
        let mut path = Vec::new();
        let mut task = stuck;
        while met_at[task.0] == usize::MAX {
            met_at[task.0] = path.len();
            path.push(task);
            let stuck_before = self
                .predecessors(task)
                .iter()
                .find(|before| waits[before.0] > 0);
            task = *stuck_before.expect("a stuck task waits for a stuck task");
        }
        let mut cycle = path.split_off(met_at[task.0]);
        cycle.reverse();
        cycle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(task_count: usize, edges: &[(usize, usize)]) -> Graph {
        let edges = edges
            .iter()
            .map(|&(before, after)| (TaskIndex(before), TaskIndex(after)));
        Graph::new(task_count, edges.collect())
    }

    #[test]
    fn repeated_edges_count_once() {
        let graph = graph(2, &[(0, 1), (0, 1)]);
        assert_eq!(graph.edge_count(), 1);
        assert_eq!(graph.predecessors(TaskIndex(1)), [TaskIndex(0)]);
    }

    #[test]
    fn the_order_respects_edges_and_otherwise_the_file() {
        let order = graph(4, &[(3, 0), (0, 1)])
            .order()
            .expect("there is no cycle");
        assert_eq!(order, [2, 3, 0, 1].map(TaskIndex));
    }

    #[test]
    fn a_cycle_is_given_without_what_only_hangs_on_it() {
        let edges = [(0, 1), (1, 2), (2, 3), (3, 1), (3, 4), (4, 5)];
        let cycle = graph(6, &edges).order().expect_err("1, 2 and 3 are a ring");
        assert_eq!(cycle.len(), 3);
        for (place, task) in cycle.iter().enumerate() {
            let next = cycle[(place + 1) % cycle.len()];
            assert!(
                edges.contains(&(task.0, next.0)),
                "{cycle:?} follows the edges"
            );
        }
    }

    #[test]
    fn a_cycle_of_a_million_tasks_needs_no_stack() {
        let count = 1_000_000;
        let edges = (0..count).map(|task| (TaskIndex(task), TaskIndex((task + 1) % count)));
        let cycle = Graph::new(count, edges.collect()).order();
        assert_eq!(cycle.expect_err("it is a ring").len(), count);
    }
}
