//! The longest way through a graph, by the time that each task took.

use core::time::Duration;

use crate::workflow::{Graph, TaskIndex};

/// The tasks on the longest path, first to last, without those at either end that took no time.
/// O((V + E) log V).
///
/// Among equally long paths the one through the earlier tasks of the file is given. A graph with a
/// cycle has no longest path, and none is given.
pub(super) fn find(graph: &Graph, times: &[Duration]) -> Vec<TaskIndex> {
    let Ok(order) = graph.order() else {
        return Vec::new();
    };
    let mut ends_at = vec![Duration::ZERO; times.len()];
    let mut comes_from = vec![None; times.len()];
    let mut last: Option<TaskIndex> = None;
    for task in order {
        let mut latest = Duration::ZERO;
        for &before in graph.predecessors(task) {
            if ends_at[before.0] > latest {
                latest = ends_at[before.0];
                comes_from[task.0] = Some(before);
            }
        }
        ends_at[task.0] = latest.saturating_add(times[task.0]);
        let longest = last.map_or(Duration::ZERO, |last| ends_at[last.0]);
        if ends_at[task.0] > longest {
            last = Some(task);
        }
    }
    let mut path = Vec::new();
    while let Some(task) = last {
        path.push(task);
        last = comes_from[task.0];
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(edges: &[(usize, usize)], milliseconds: &[u64]) -> Vec<usize> {
        let edges = edges
            .iter()
            .map(|&(before, after)| (TaskIndex(before), TaskIndex(after)));
        let graph = Graph::new(milliseconds.len(), edges.collect());
        let times: Vec<_> = milliseconds
            .iter()
            .copied()
            .map(Duration::from_millis)
            .collect();
        find(&graph, &times).iter().map(|task| task.0).collect()
    }

    #[test]
    fn the_path_follows_time_and_not_the_number_of_tasks() {
        let edges = [(0, 1), (1, 2), (2, 4), (0, 3), (3, 4)];
        assert_eq!(path(&edges, &[1, 1, 1, 5, 1]), [0, 3, 4]);
        assert_eq!(path(&edges, &[1, 2, 4, 5, 1]), [0, 1, 2, 4]);
    }

    #[test]
    fn the_path_ends_with_the_last_task_that_took_time() {
        assert_eq!(path(&[(0, 1), (1, 2)], &[1, 1, 0]), [0, 1]);
        assert_eq!(path(&[(0, 1)], &[0, 0]), [0; 0]);
    }

    #[test]
    fn a_lone_long_task_is_the_path() {
        assert_eq!(path(&[(0, 1)], &[2, 2, 5]), [2]);
    }

    #[test]
    fn a_task_that_took_no_time_stays_inside_the_path() {
        assert_eq!(path(&[(0, 1), (1, 2)], &[1, 0, 1]), [0, 1, 2]);
    }
}
