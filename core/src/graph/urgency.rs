//! How urgent tasks are since others wait for them.
//!
//! A task counts as urgent as the most urgent that comes after it, over any number of edges of any kind, if that is more than
//! [`Normal`](Priority::Normal), which is said of nothing. That is found once for each edit, by a walk against the edges from the
//! urgent tasks; the edges by target stay for those that become urgent later.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use super::Graph;
use crate::priority::Priority;
use crate::sync::AtomicU32;

/// What is found for a frozen graph, once for each edit.
#[derive(Debug, Default)]
pub(crate) struct Urgency {
    /// The edit that it was found for.
    edit: (u64, u64),
    /// Of each task, what it inherits; none if none does.
    inherited: Box<[Priority]>,
    /// Where the predecessors of each task begin, and where the last one's end.
    begins: Box<[u32]>,
    predecessors: Box<[u32]>,
    /// Where each task stands; see [`rounds`](crate::flow).
    standings: Box<[AtomicU32]>,
    /// Who releases what: the numbers of semaphores and the tasks.
    releases: Box<[(u64, u32)]>,
}

impl Urgency {
    /// Finds it. O(V + E).
    pub(crate) fn of(graph: &Graph) -> Self {
        let (begins, predecessors) = edges_by_target(graph);
        let mut all = Self {
            edit: graph.edit(),
            begins,
            predecessors,
            standings: (0..graph.nodes.len()).map(|_| AtomicU32::new(0)).collect(),
            ..Self::default()
        };
        if graph.is_contended() {
            let releases = graph.tasks().flat_map(|task| {
                let needs = graph.needs(task);
                let released = needs.into_iter().flat_map(|needs| &needs.release);
                released.map(move |need| (need.semaphore.id(), task))
            });
            let mut releases: Vec<_> = releases.collect();
            releases.sort_unstable();
            all.releases = releases.into();
        }
        if graph.priorities.iter().all(|own| *own <= Priority::Normal) {
            return all;
        }
        let mut inherited = vec![Priority::Low; graph.nodes.len()];
        for level in [Priority::Critical, Priority::High] {
            let urgent = graph.tasks();
            let urgent = urgent.filter(|task| graph.priority(*task) == level);
            all.walk_back(urgent, |task| {
                let most = &mut inherited[task as usize];
                let first = *most < level;
                *most = level.max(*most);
                first
            });
        }
        all.inherited = inherited.into();
        all
    }

    /// Whether it was found for the graph as it is.
    #[inline]
    pub(crate) fn is_of(&self, graph: &Graph) -> bool {
        self.edit == graph.edit()
    }

    /// What a task inherits, at least `Low`.
    #[inline]
    pub(crate) fn inherited(&self, task: u32) -> Priority {
        let inherited = self.inherited.get(task as usize);
        inherited.copied().unwrap_or(Priority::Low)
    }

    /// These tasks and all that come before them, but nothing before an `end`, in rising order. O(k log k) for k of those and the edges to them.
    pub(crate) fn before_few(
        &self,
        tasks: impl Iterator<Item = u32>,
        end: impl Fn(u32) -> bool,
    ) -> Vec<u32> {
        let mut seen = BTreeSet::new();
        self.walk_back(tasks, |task| seen.insert(task) && !end(task));
        seen.into_iter().collect()
    }

    /// Walks from these tasks against the edges, on from each for which `enter` says so.
    fn walk_back(&self, tasks: impl Iterator<Item = u32>, mut enter: impl FnMut(u32) -> bool) {
        let mut next: Vec<u32> = tasks.filter(|task| enter(*task)).collect();
        while let Some(task) = next.pop() {
            let before = self.predecessors(task).iter().copied();
            next.extend(before.filter(|task| enter(*task)));
        }
    }

    /// A word for each task, if its policy inherits.
    pub(crate) fn standings(&self) -> &[AtomicU32] {
        &self.standings
    }

    /// The tasks that release a semaphore.
    pub(crate) fn releasers(&self, semaphore: u64) -> impl Iterator<Item = u32> {
        let releases = &self.releases;
        let begin = releases.partition_point(|(other, _)| *other < semaphore);
        let all = releases[begin..].iter();
        all.take_while(move |(other, _)| *other == semaphore)
            .map(|(_, task)| *task)
    }

    fn predecessors(&self, task: u32) -> &[u32] {
        let place = task as usize;
        match self.begins.get(place..=place + 1) {
            Some([begin, end]) => &self.predecessors[*begin as usize..*end as usize],
            _ => &[],
        }
    }
}

/// The predecessors of all tasks, and where those of each begin.
fn edges_by_target(graph: &Graph) -> (Box<[u32]>, Box<[u32]>) {
    let tasks = graph.nodes.len();
    let edges = || {
        graph.tasks().flat_map(|from| {
            let strong = graph.successors(from).iter().copied();
            let all = strong.chain(graph.scheduled_by(from));
            all.map(move |to| (from, to))
        })
    };
    let mut begins = vec![0_u32; tasks + 1];
    for (_, to) in edges() {
        begins[to as usize + 1] += 1;
    }
    for place in 1..=tasks {
        begins[place] += begins[place - 1];
    }
    let mut free = begins.clone();
    let mut predecessors = vec![0; begins[tasks] as usize];
    for (from, to) in edges() {
        let place = &mut free[to as usize];
        predecessors[*place as usize] = from;
        *place += 1;
    }
    (begins.into(), predecessors.into())
}
