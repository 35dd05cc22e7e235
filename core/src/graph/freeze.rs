//! From the form that is edited to the form that runs, and what must hold before it does.
//!
//! A freeze takes O(V + E): it counts the edges of each task, places the successors of each task next
//! to one another, merges duplicates, appends the sources of the graph as the successors of its
//! *root* (the sentinel record behind the last task), and looks for a cycle, for which the order of
//! creation is proof enough if all edges lead forward in it.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use super::edges::{Edge, EdgeList, Edges, Weak};
use super::node::{Flag, Node, STRONG_MAX};
use super::{Graph, cycle};
use crate::error::{Lint, TaskflowError};
use crate::protocol::join_counter::JoinCounter;

/// The frozen form as workers read it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frozen<'g> {
    /// All records, the root's behind the last task's.
    pub(crate) nodes: &'g [Node],
    /// The successors of all tasks and, last, the sources.
    pub(crate) successors: &'g [u32],
    /// What only graphs with weak edges need.
    pub(crate) weak: Option<&'g Weak>,
    /// Some task is [special](Flag::SPECIAL).
    pub(crate) special: bool,
}

impl Graph {
    /// Freezes the graph if it was edited, and checks it. O(1) if nothing changed.
    ///
    /// # Errors
    ///
    /// What is wrong with the graph.
    pub(crate) fn validate(&mut self) -> Result<(), TaskflowError> {
        if let Some(verdict) = &self.verdict {
            return verdict.clone();
        }
        let verdict = self.freeze().and_then(|()| self.check());
        self.verdict.insert(verdict).clone()
    }

    /// The frozen form, or `None` while the graph is being edited.
    pub(crate) fn frozen(&self) -> Option<Frozen<'_>> {
        match &self.edges {
            Edges::Frozen {
                successors, weak, ..
            } => Some(Frozen {
                nodes: self.nodes.settled(),
                successors,
                weak: weak.as_deref(),
                special: self.special > 0,
            }),
            Edges::Listed(_) => None,
        }
    }

    /// How often edges were brought into the form that runs: another number is another form.
    pub(crate) fn freezes(&self) -> u64 {
        self.freezes
    }

    /// Another pair is another graph to a policy: other edges, priorities or releases.
    pub(crate) fn edit(&self) -> (u64, u64) {
        (self.freezes, self.said)
    }

    /// What is odd in a frozen graph.
    pub(crate) fn lints(&self) -> Vec<Lint> {
        let duplicate = |edge: &Edge| Lint::DuplicateEdge {
            from: self.label(edge.from),
            to: self.label(edge.to),
        };
        let mut lints: Vec<_> = self.duplicates.iter().map(duplicate).collect();
        let conditions = self
            .tasks()
            .filter(|task| self.node(*task).has(Flag::BRANCHES));
        let barren = conditions.filter(|task| self.successors(*task).is_empty());
        lints.extend(barren.map(|task| Lint::ConditionWithoutBranches {
            task: self.label(task),
        }));
        if let Edges::Frozen { weak: Some(_), .. } = &self.edges {
            let startable = self.startable();
            let lost = self.tasks().filter(|task| !startable[*task as usize]);
            lints.extend(lost.map(|task| Lint::NeverStarted {
                task: self.label(task),
            }));
        }
        lints.extend(self.semaphore_lints());
        lints
    }

    /// For each task whether a round may start it: a source, a branch of a task that may be started, or one
    /// that gets as many arrivals as it waits for. (A task that a weak edge leads to, directly or over others,
    /// may arrive any number of times.)
    fn startable(&self) -> Vec<bool> {
        let mut waiting: Vec<u32> = self.nodes.iter().map(Node::strong).collect();
        let mut startable = vec![false; self.nodes.len()];
        let mut next: Vec<u32> = self.sources().to_vec();
        while let Some(task) = next.pop() {
            if core::mem::replace(&mut startable[task as usize], true) {
                continue;
            }
            let node = self.node(task);
            next.extend(self.scheduled_by(task));
            for successor in self.successors(task) {
                let waits = &mut waiting[*successor as usize];
                *waits = waits.saturating_sub(1);
                if *waits == 0 || node.has(Flag::BRANCHES.and(Flag::GUARDED)) {
                    next.push(*successor);
                }
            }
        }
        startable
    }

    /// For each task whether edges of any kind lead to it from one of these, which are marked too.
    fn reached_from(&self, starts: impl Iterator<Item = u32>) -> Vec<bool> {
        let mut reached = vec![false; self.nodes.len()];
        let mut next: Vec<u32> = Vec::new();
        let mut reach = |task: u32, next: &mut Vec<u32>| {
            if !core::mem::replace(&mut reached[task as usize], true) {
                next.push(task);
            }
        };
        for start in starts {
            reach(start, &mut next);
        }
        while let Some(task) = next.pop() {
            for successor in self.successors(task).iter().copied() {
                reach(successor, &mut next);
            }
            for successor in self.scheduled_by(task) {
                reach(successor, &mut next);
            }
        }
        reached
    }

    /// The sources of a frozen graph.
    pub(crate) fn sources(&self) -> &[u32] {
        let Some(frozen) = self.frozen() else {
            return &[];
        };
        let begin = frozen.nodes.last().map_or(0, |root| root.first as usize);
        frozen.successors.get(begin..).unwrap_or(&[])
    }

    /// The successors of a task of a frozen graph.
    pub(crate) fn successors(&self, index: u32) -> &[u32] {
        let Some(frozen) = self.frozen() else {
            return &[];
        };
        let begin = self.node(index).first as usize;
        let end = frozen.nodes.get(index as usize + 1);
        let end = end.map_or(begin, |next| next.first as usize);
        frozen.successors.get(begin..end).unwrap_or(&[])
    }

    /// Brings records and edges into the form that runs.
    pub(crate) fn freeze(&mut self) -> Result<(), TaskflowError> {
        let settled = self.nodes.settled().len() == self.nodes.len() + 1;
        if settled && matches!(self.edges, Edges::Frozen { .. }) {
            return Ok(());
        }
        self.listed();
        if !self.removed.is_empty() {
            self.purge();
        }
        let Edges::Listed(list) = core::mem::take(&mut self.edges) else {
            unreachable!("`listed` leaves a list");
        };
        let forward = list.forward;
        self.freezes += 1;
        self.duplicates.clear();
        self.scheduled
            .sort_unstable_by_key(|edge| (edge.from, edge.to));
        let nodes = self.nodes.settle(Node::empty());
        match place_edges(nodes, list, &self.scheduled, &mut self.duplicates) {
            Ok(successors) => {
                self.edges = Edges::Frozen {
                    successors,
                    forward,
                    weak: None,
                };
                self.guard();
                Ok(())
            }
            Err(error) => {
                // The edges are lost, so the graph must not run without them.
                self.lost_edges = true;
                Err(error)
            }
        }
    }

    /// Marks what weak edges lead to, directly or over others.
    fn guard(&mut self) {
        let guarded: Vec<u32> = self
            .tasks()
            .filter(|task| self.node(*task).has(Flag::GUARDED))
            .collect();
        if guarded.is_empty() {
            return;
        }
        let reached = self.reached_from(guarded.into_iter());
        let mut joins = Vec::new();
        for (index, _) in (0u32..).zip(&reached).filter(|(_, reached)| **reached) {
            let node = self.node_mut(index);
            node.set(Flag::GUARDED);
            if node.strong() > 1 {
                joins.push(index);
            }
        }
        let links = (0..=self.nodes.len())
            .map(|_| JoinCounter::new(0))
            .collect();
        let joins = joins.into_boxed_slice();
        if let Edges::Frozen { weak, .. } = &mut self.edges {
            *weak = Some(Box::new(Weak { joins, links }));
        }
    }

    /// A task with data inputs that a weak edge leads to.
    fn branch_onto_input(&self) -> Option<u32> {
        let Edges::Frozen { weak: Some(_), .. } = self.edges else {
            return None;
        };
        let conditions = self
            .tasks()
            .filter(|task| self.node(*task).has(Flag::BRANCHES));
        let branches = conditions.flat_map(|task| self.successors(task).iter().copied());
        let scheduled = self.scheduled.iter().map(|edge| edge.to);
        branches
            .chain(scheduled)
            .find(|task| self.has_inputs(*task))
    }

    fn check(&self) -> Result<(), TaskflowError> {
        if self.lost_edges {
            return Err(TaskflowError::TooLarge);
        }
        if let Some(defect) = &self.defect {
            return Err(defect.clone());
        }
        if let Some(task) = self.branch_onto_input() {
            let task = self.label(task);
            return Err(TaskflowError::BranchOntoInput { task });
        }
        let sorted = matches!(self.edges, Edges::Frozen { forward: true, .. });
        let cycle = if sorted { None } else { cycle::find(self) };
        match cycle {
            None if self.sources().is_empty() && self.len() > 0 => Err(TaskflowError::NoSource {
                tasks: self
                    .tasks()
                    .take(NAMED)
                    .map(|task| self.label(task))
                    .collect(),
            }),
            None => Ok(()),
            Some(tasks) => match *tasks.as_slice() {
                [task] => Err(TaskflowError::SelfDependency {
                    task: self.label(task),
                }),
                _ => Err(TaskflowError::Cycle {
                    tasks: tasks.iter().map(|task| self.label(*task)).collect(),
                }),
            },
        }
    }
}

/// Tasks that an error names at most.
const NAMED: usize = 8;

/// Sorts the edges by source, keeping their order, and arms the counters of their targets.
fn place_edges(
    nodes: &mut [Node],
    list: EdgeList,
    scheduled: &[Edge],
    duplicates: &mut Vec<Edge>,
) -> Result<Box<[u32]>, TaskflowError> {
    let (edge_count, source_count) = count(nodes, &list, scheduled)?;
    let mut successors = Vec::with_capacity(edge_count + source_count);
    if list.by_source {
        for edges in list.into_chunks() {
            successors.extend(edges.iter().map(|edge| edge.to));
        }
    } else {
        successors.resize(edge_count, 0);
        // `first` serves as the cursor of its row and stands at the next row's begin afterwards.
        for edges in list.into_chunks() {
            for edge in edges {
                let cursor = &mut nodes[edge.from as usize].first;
                successors[*cursor as usize] = edge.to;
                *cursor += 1;
            }
        }
        let mut begin = 0;
        for node in nodes.iter_mut() {
            begin = core::mem::replace(&mut node.first, begin);
        }
    }
    merge_duplicates(nodes, &mut successors, duplicates);
    let root = nodes.len() - 1;
    for (index, node) in (0u32..).zip(&nodes[..root]) {
        if is_source(node) {
            successors.push(index);
        }
        node.counter.rearm(node.strong());
    }
    nodes[root].counter.rearm(0);
    Ok(successors.into_boxed_slice())
}

/// A task that no edge leads to.
fn is_source(node: &Node) -> bool {
    node.strong() == 0 && !node.has(Flag::VACANT.and(Flag::GUARDED))
}

/// Counts in-edges into `strong`, marks what weak edges lead to, and lays out the rows in `first`. Gives
/// the edges and the sources.
fn count(
    nodes: &mut [Node],
    list: &EdgeList,
    scheduled: &[Edge],
) -> Result<(usize, usize), TaskflowError> {
    for node in nodes.iter_mut() {
        node.first = 0;
        node.set_strong(0);
        node.unset(Flag::GUARDED);
    }
    for edge in scheduled {
        nodes[edge.to as usize].set(Flag::GUARDED);
    }
    for edges in list.chunks() {
        count_edges(nodes, edges)?;
    }
    let mut edge_count = 0;
    let mut source_count = 0;
    for node in nodes.iter_mut() {
        let begin = u32::try_from(edge_count).map_err(|_| TaskflowError::TooLarge)?;
        edge_count += core::mem::replace(&mut node.first, begin) as usize;
        source_count += usize::from(is_source(node));
    }
    u32::try_from(edge_count + source_count).map_err(|_| TaskflowError::TooLarge)?;
    Ok((edge_count, source_count - 1))
}

/// The part of [`count`] that each edge has.
fn count_edges(nodes: &mut [Node], edges: &[Edge]) -> Result<(), TaskflowError> {
    for edge in edges {
        let source = &mut nodes[edge.from as usize];
        source.first += 1;
        let weak = source.has(Flag::BRANCHES);
        let target = &mut nodes[edge.to as usize];
        if weak {
            target.set(Flag::GUARDED);
            continue;
        }
        let strong = target.strong();
        if strong == STRONG_MAX {
            return Err(TaskflowError::TooLarge);
        }
        target.set_strong(strong + 1);
    }
    Ok(())
}

/// Rows up to this long are searched for duplicates edge by edge.
const SHORT_ROW: usize = 8;

/// Leaves one of each strong edge, the first, and takes the others off the counts of their targets.
fn merge_duplicates(nodes: &mut [Node], successors: &mut Vec<u32>, duplicates: &mut Vec<Edge>) {
    let mut last_seen = Vec::new();
    let mut kept = 0;
    let mut begin = 0;
    for from in 0..nodes.len() {
        let end = nodes
            .get(from + 1)
            .map_or(successors.len(), |next| next.first as usize);
        nodes[from].first = index_of(kept);
        let row = kept;
        let weak = nodes[from].has(Flag::BRANCHES);
        if kept == begin && (weak || are_distinct(&successors[begin..end])) {
            kept = end;
            begin = end;
            continue;
        }
        let long = end - begin > SHORT_ROW;
        if long && last_seen.is_empty() {
            last_seen = vec![u32::MAX; nodes.len()];
        }
        for place in begin..end {
            let to = successors[place];
            let seen = if weak {
                false
            } else if long {
                let before = core::mem::replace(&mut last_seen[to as usize], index_of(from));
                before == index_of(from)
            } else {
                successors[row..kept].contains(&to)
            };
            if seen {
                let target = &mut nodes[to as usize];
                target.set_strong(target.strong() - 1);
                let from = index_of(from);
                duplicates.push(Edge { from, to });
            } else {
                successors[kept] = to;
                kept += 1;
            }
        }
        begin = end;
    }
    duplicates.sort_unstable_by_key(|edge| (edge.from, edge.to));
    duplicates.dedup();
    if kept < successors.len() {
        successors.truncate(kept);
        successors.shrink_to_fit();
    }
}

/// Whether it can be seen at once that a row has no duplicates. (Branches, which are told apart by their number, may have some.)
fn are_distinct(row: &[u32]) -> bool {
    match row {
        [] | [_] => true,
        [first, second] => first != second,
        [first, second, third] => first != second && first != third && second != third,
        _ => false,
    }
}

fn index_of(place: usize) -> u32 {
    u32::try_from(place).expect("`count` has refused more than 2^32")
}
