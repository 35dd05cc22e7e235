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

/// What is found, and for which edit.
#[derive(Debug, Default)]
pub(super) struct Urgency {
    /// The freeze that it was found for; 0: it is to be found anew.
    freeze: u64,
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

impl Graph {
    /// A priority was changed, or what a task releases.
    pub(super) fn forget_urgency(&mut self) {
        self.urgency.freeze = 0;
    }

    /// Finds what tasks of the frozen graph inherit. O(V + E), and O(1) if nothing was changed.
    pub(crate) fn inherit(&mut self) {
        if self.found().is_some() {
            return;
        }
        let (begins, predecessors) = self.edges_by_target();
        self.urgency = Urgency {
            freeze: self.freezes,
            begins,
            predecessors,
            standings: (0..self.nodes.len()).map(|_| AtomicU32::new(0)).collect(),
            ..Urgency::default()
        };
        if self.is_contended() {
            let releases = self.tasks().flat_map(|task| {
                let needs = self.needs(task);
                let released = needs.into_iter().flat_map(|needs| &needs.release);
                released.map(move |need| (need.semaphore.id(), task))
            });
            let mut releases: Vec<_> = releases.collect();
            releases.sort_unstable();
            self.urgency.releases = releases.into();
        }
        if self.priorities.iter().all(|own| *own <= Priority::Normal) {
            return;
        }
        let mut inherited = vec![Priority::Low; self.nodes.len()];
        for level in [Priority::Critical, Priority::High] {
            let urgent = self.tasks().filter(|task| self.priority(*task) == level);
            self.walk_back(urgent, |task| {
                let most = &mut inherited[task as usize];
                let first = *most < level;
                *most = level.max(*most);
                first
            });
        }
        self.urgency.inherited = inherited.into();
    }

    /// What a task inherits, at least `Low`.
    pub(crate) fn inherited(&self, task: u32) -> Priority {
        let inherited = self
            .found()
            .and_then(|all| all.inherited.get(task as usize));
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
        self.found().map_or(&[], |all| &all.standings)
    }

    /// The tasks that release a semaphore.
    pub(crate) fn releasers(&self, semaphore: u64) -> impl Iterator<Item = u32> {
        let releases = self.found().map_or(&[][..], |all| &all.releases);
        let begin = releases.partition_point(|(other, _)| *other < semaphore);
        let all = releases[begin..].iter();
        all.take_while(move |(other, _)| *other == semaphore)
            .map(|(_, task)| *task)
    }

    fn predecessors(&self, task: u32) -> &[u32] {
        let place = task as usize;
        let Some(all) = self.found() else {
            return &[];
        };
        match all.begins.get(place..=place + 1) {
            Some([begin, end]) => &all.predecessors[*begin as usize..*end as usize],
            _ => &[],
        }
    }

    /// What was found, if it is of the graph as it is.
    fn found(&self) -> Option<&Urgency> {
        let found = &self.urgency;
        (found.freeze == self.freezes && self.freezes > 0).then_some(found)
    }

    fn edges_by_target(&self) -> (Box<[u32]>, Box<[u32]>) {
        let tasks = self.nodes.len();
        let edges = || {
            self.tasks().flat_map(|from| {
                let strong = self.successors(from).iter().copied();
                strong
                    .chain(self.scheduled_by(from))
                    .map(move |to| (from, to))
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
}
