//! Finding a cycle, without recursion.

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

use super::Graph;
use super::node::{Flag, Node};

const NOBODY: u32 = u32::MAX;

/// A cycle of a frozen graph, each task before its successor, or `None` if there is none. O(V + E).
///
/// Tasks whose predecessors are all done are taken away one by one (Kahn); what is left holds a cycle.
/// Of the cycles through the task that a walk along the rest meets first, a shortest one is given.
///
/// # References
///
/// A. B. Kahn, *Topological sorting of large networks*, Communications of the ACM 5(11), 1962.
pub(super) fn find(graph: &Graph) -> Option<Vec<u32>> {
    let left = leftover(graph)?;
    let on_cycle = walk_into_cycle(graph, &left)?;
    shortest_back(graph, &left, on_cycle)
}

/// The tasks that wait for this one.
fn waiting_for(graph: &Graph, task: u32) -> &[u32] {
    if graph.node(task).has(Flag::BRANCHES) {
        &[]
    } else {
        graph.successors(task)
    }
}

/// For each task whether it is on a cycle or behind one. `None` if that is true of no task.
fn leftover(graph: &Graph) -> Option<Vec<bool>> {
    let frozen = graph.frozen()?;
    let tasks = frozen.nodes.len() - 1;
    let mut waiting: Vec<u32> = frozen.nodes[..tasks].iter().map(Node::strong).collect();
    let mut ready: Vec<u32> = graph
        .tasks()
        .filter(|task| waiting[*task as usize] == 0)
        .collect();
    let mut done = 0;
    while let Some(task) = ready.pop() {
        done += 1;
        for next in waiting_for(graph, task) {
            let waits = &mut waiting[*next as usize];
            *waits -= 1;
            if *waits == 0 {
                ready.push(*next);
            }
        }
    }
    (done < graph.len()).then(|| waiting.into_iter().map(|waits| waits > 0).collect())
}

/// A task on a cycle: the first that a depth-first walk over the leftover meets again while it is
/// still on the walk's path.
fn walk_into_cycle(graph: &Graph, left: &[bool]) -> Option<u32> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        OnPath,
        Done,
    }
    let mut marks = vec![Mark::New; left.len()];
    for start in graph.tasks().filter(|task| left[*task as usize]) {
        let mut path = Vec::new();
        let mut step = Some(start);
        loop {
            if let Some(task) = step.take() {
                marks[task as usize] = Mark::OnPath;
                path.push((task, 0));
            }
            let Some((task, next)) = path.last_mut() else {
                break;
            };
            match waiting_for(graph, *task).get(*next) {
                None => {
                    marks[*task as usize] = Mark::Done;
                    path.pop();
                }
                Some(to) => {
                    *next += 1;
                    match marks[*to as usize] {
                        Mark::OnPath => return Some(*to),
                        Mark::New if left[*to as usize] => step = Some(*to),
                        Mark::New | Mark::Done => {}
                    }
                }
            }
        }
    }
    None
}

/// A shortest way from `start` back to itself.
fn shortest_back(graph: &Graph, left: &[bool], start: u32) -> Option<Vec<u32>> {
    debug_assert!(!graph.node(start).has(Flag::VACANT));
    let mut came_from = vec![NOBODY; left.len()];
    let mut queue = VecDeque::from([start]);
    while let Some(task) = queue.pop_front() {
        for next in waiting_for(graph, task) {
            if *next == start {
                let mut way = vec![task];
                while way.last() != Some(&start) {
                    let last = way.last().copied()?;
                    way.push(came_from[last as usize]);
                }
                way.reverse();
                return Some(way);
            }
            if left[*next as usize] && came_from[*next as usize] == NOBODY {
                came_from[*next as usize] = task;
                queue.push_back(*next);
            }
        }
    }
    None
}
