//! The graph of one flow while it is edited: tasks, their closures, their edges.
//!
//! A graph is edited by the owner of its flow while nothing runs, and *frozen* ([`freeze`]) before it
//! runs: its records in one slice, its edges by source. Editing edges thaws it again.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem::needs_drop;
use core::ptr::NonNull;

use crate::error::TaskflowError;
use crate::output::slot::Head;
use crate::priority::Priority;
use crate::semaphore::Needs;

pub(crate) mod arena;
pub(crate) mod blocks;
mod branches;
pub(crate) mod chunks;
mod cycle;
mod described;
pub(crate) mod dot;
pub(crate) mod edges;
mod freeze;
mod identities;
pub(crate) mod node;
mod once;
mod outputs;
mod priorities;
mod semaphores;
mod tokens;
pub(crate) mod urgency;
pub(crate) mod work;

use arena::Arena;
use chunks::Chunks;
use described::Described;
use edges::{Edge, EdgeList, Edges};
use node::{Call, Flag, NO_COLD, Node};
use outputs::Loose;
use tokens::Tokens;

/// What few tasks have.
#[derive(Debug)]
struct Cold {
    name: Option<Box<str>>,
    generation: u32,
    /// What its closure is, if it may answer [`Pending`](node::Outcome::Pending).
    suspends: Option<Kind>,
    /// The names of branches, and the tasks that they lead to.
    branches: Vec<(Cow<'static, str>, u32)>,
    /// It has data inputs.
    inputs: bool,
    /// The slot of its output.
    output: Option<NonNull<Head>>,
    /// What it acquires and releases.
    needs: Option<Box<Needs>>,
}

/// What a task's closure is to the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Called each time the task runs.
    Plain,
    /// Called once.
    Once,
    /// Chooses successors.
    Condition,
    /// May answer [`Pending`](node::Outcome::Pending).
    Suspending,
    /// As that, and called again after a panic.
    Lasting,
}

/// Tasks and edges.
///
/// # Invariants
///
/// 1. The `data` of a record that has `Flag::DROP` holds a closure in `arena` that was not dropped.
/// 2. `call` of every record fits the closure at its `data`.
#[derive(Debug)]
pub(crate) struct Graph {
    flow: u64,
    nodes: Chunks<Node>,
    edges: Edges,
    arena: Arena,
    cold: Vec<Cold>,
    loose: Loose,
    /// Places of removed tasks, free for new ones.
    vacant: Vec<u32>,
    /// Places of removed tasks that edges may still name; free after the next freeze.
    removed: Vec<u32>,
    /// Weak edges of runtime tasks; sorted once the graph is frozen.
    scheduled: Vec<Edge>,
    /// What tasks are cancelled with.
    tokens: Tokens,
    /// Of the first tasks, as many as there were when one was last found to be urgent or not; the others are as usual.
    priorities: Vec<Priority>,
    /// How often a priority was changed, or what a task releases.
    said: u64,
    described: Described,
    /// Tasks that are special.
    special: usize,
    /// Tasks that acquire or release.
    contended: usize,
    /// Tasks made by `emplace_once`.
    once: usize,
    /// Records before this one have no closure left, since the graph is being dropped.
    dropped: usize,
    /// How often edges were brought into the form that runs.
    freezes: u64,
    /// The generation of tasks that have no cold record, and of all while none `was_removed`.
    generation: u32,
    was_removed: bool,
    defect: Option<TaskflowError>,
    /// There were more edges than can be counted; only `take_all` mends that.
    lost_edges: bool,
    duplicates: Vec<Edge>,
    verdict: Option<Result<(), TaskflowError>>,
}

impl Graph {
    pub(crate) fn new(flow: u64) -> Self {
        Self {
            flow,
            nodes: Chunks::default(),
            edges: Edges::default(),
            arena: Arena::default(),
            cold: Vec::new(),
            loose: Loose::default(),
            vacant: Vec::new(),
            removed: Vec::new(),
            scheduled: Vec::new(),
            tokens: Tokens::new(),
            priorities: Vec::new(),
            said: 0,
            described: Described::new(),
            special: 0,
            contended: 0,
            once: 0,
            dropped: 0,
            freezes: 0,
            generation: 0,
            was_removed: false,
            defect: None,
            lost_edges: false,
            duplicates: Vec::new(),
            verdict: None,
        }
    }

    /// How many tasks there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len() - self.vacant.len() - self.removed.len()
    }

    /// Adds a task without work. `None`: there are too many, which is noted.
    pub(crate) fn add(&mut self) -> Option<u32> {
        self.verdict = None;
        if self.vacant.is_empty() && self.removed.len() > self.nodes.len() / 2 {
            self.purge();
        }
        if let Some(index) = self.vacant.pop() {
            // It has no edges, but is a source again.
            self.listed();
            self.node_mut(index).unset(Flag::VACANT);
            return Some(index);
        }
        let index = u32::try_from(self.nodes.len()).ok().filter(|n| *n < LAST);
        match index {
            Some(_) => self.nodes.push(Node::empty()),
            None => self.refuse(TaskflowError::TooLarge),
        }
        index
    }

    /// Gives a task without work a closure.
    ///
    /// # Safety
    ///
    /// 1. `call` runs a closure of type `F` at the place that it is given.
    /// 2. The closure lives until [`take_all`](Self::take_all) or [`take_work`](Self::take_work).
    pub(crate) unsafe fn put_work<F>(&mut self, index: u32, closure: F, call: Call, kind: Kind) {
        let place = self.arena.put(closure);
        let node = self.node_mut(index);
        node.call = call;
        if let Some(place) = place {
            node.data = place;
            node.set(Flag::PLACED);
        }
        if needs_drop::<F>() {
            node.set(Flag::DROP);
        }
        match kind {
            Kind::Plain => {}
            Kind::Once => {
                node.set(Flag::ONCE);
                self.once += 1;
            }
            Kind::Condition => {
                node.set(Flag::BRANCHES);
                self.listed();
            }
            Kind::Suspending | Kind::Lasting => {
                self.make_special(index);
                self.cold_mut(index).suspends = Some(kind);
            }
        }
    }

    /// Takes a task's closure out, and with it its data edges; the caller drops it and gives the place back
    /// ([`reuse`](Self::reuse)). `None` if nothing is to be dropped.
    pub(crate) fn take_work(&mut self, index: u32) -> Option<NonNull<u8>> {
        self.loosen(index);
        let node = self.node_mut(index);
        let (place, placed) = (node.data, node.has(Flag::PLACED));
        let (once, to_drop) = (node.has(Flag::ONCE), node.has(Flag::DROP));
        let (branches, cold) = (node.has(Flag::BRANCHES), node.cold as usize);
        let empty = Node::empty();
        node.data = empty.data;
        node.call = empty.call;
        for flag in [
            Flag::PLACED,
            Flag::DROP,
            Flag::BRANCHES,
            Flag::ONCE,
            Flag::SPENT,
        ] {
            node.unset(flag);
        }
        self.once -= usize::from(once);
        if branches {
            self.listed();
        }
        if let Some(cold) = self.cold.get_mut(cold) {
            cold.suspends = None;
        }
        if placed && !to_drop {
            // SAFETY: the closure was placed by this arena, and its record has let go of it.
            unsafe { self.arena.reuse(place) };
        }
        to_drop.then_some(place)
    }

    /// Adds an edge.
    pub(crate) fn link(&mut self, from: u32, to: u32) {
        self.listed().push(Edge { from, to });
    }

    /// Adds a weak edge of a runtime task.
    pub(crate) fn let_schedule(&mut self, from: u32, to: u32) {
        self.listed();
        self.scheduled.push(Edge { from, to });
    }

    /// The tasks that this runtime task may start.
    pub(crate) fn scheduled_by(&self, task: u32) -> impl Iterator<Item = u32> {
        let begin = self.scheduled.partition_point(|edge| edge.from < task);
        let of_task = self.scheduled[begin..].iter();
        of_task
            .take_while(move |edge| edge.from == task)
            .map(|edge| edge.to)
    }

    /// Has a task looked at more closely when it is started.
    pub(crate) fn make_special(&mut self, index: u32) {
        if !self.node(index).has(Flag::SPECIAL) {
            self.node_mut(index).set(Flag::SPECIAL);
            self.special += 1;
        }
    }

    /// What the closure of this task is, if it may suspend it.
    pub(crate) fn suspends(&self, index: u32) -> Option<Kind> {
        self.cold.get(self.node(index).cold as usize)?.suspends
    }

    /// Removes an edge, however often it was made. O(V + E). `false`: there was none.
    pub(crate) fn unlink(&mut self, from: u32, to: u32) -> bool {
        let mut found = false;
        self.listed().retain(|edge| {
            let hit = edge == Edge { from, to };
            found |= hit;
            !hit
        });
        found
    }

    /// Removes a task and its edges; its handles become stale. See [`take_work`](Self::take_work).
    pub(crate) fn remove(&mut self, index: u32) -> Option<NonNull<u8>> {
        self.listed();
        let closure = self.take_work(index);
        if self.node(index).has(Flag::SPECIAL) {
            self.node_mut(index).unset(Flag::SPECIAL);
            self.special -= 1;
        }
        drop(self.take_needs(index));
        self.tokens.remove(&index);
        self.described.remove(index);
        self.set_priority(index, Priority::default());
        self.was_removed = true;
        let cold = self.cold_mut(index);
        cold.name = None;
        cold.generation += 1;
        cold.branches.clear();
        self.node_mut(index).set(Flag::VACANT);
        self.removed.push(index);
        closure
    }

    /// Drops the edges of removed tasks, so that their places can be used again. O(V + E).
    fn purge(&mut self) {
        let mut removed = core::mem::take(&mut self.removed);
        let nodes = &self.nodes;
        let vacant = |index: u32| {
            let node = nodes.get(index as usize);
            node.is_some_and(|node| node.has(Flag::VACANT))
        };
        if let Edges::Listed(list) = &mut self.edges {
            list.retain(|edge| !vacant(edge.from) && !vacant(edge.to));
            self.scheduled
                .retain(|edge| !vacant(edge.from) && !vacant(edge.to));
            for cold in &mut self.cold {
                cold.branches.retain(|(_, to)| !vacant(*to));
            }
            self.vacant.append(&mut removed);
        }
        self.removed = removed;
    }

    /// Forgets all tasks. Their closures are dropped with what is returned; a panic of one goes on to
    /// the caller after all others were dropped.
    pub(crate) fn take_all(&mut self) -> Self {
        let newest = self.cold.iter().map(|cold| cold.generation).max();
        let mut fresh = Self::new(self.flow);
        fresh.generation = self.generation.max(newest.unwrap_or(0)) + 1;
        fresh.freezes = self.freezes;
        fresh.said = self.said + 1;
        core::mem::replace(self, fresh)
    }

    pub(crate) fn set_name(&mut self, index: u32, name: &str) {
        self.cold_mut(index).name = Some(name.into());
        self.described.update(index, |said| said.set_name(name));
        if let Some(Err(_)) = self.verdict {
            // It may name the task.
            self.verdict = None;
        }
    }

    pub(crate) fn name(&self, index: u32) -> Option<&str> {
        let cold = self.node(index).cold as usize;
        self.cold.get(cold)?.name.as_deref()
    }

    /// The tasks, in the order of their places.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = u32> {
        let nodes = (0u32..).zip(self.nodes.iter());
        nodes.filter_map(|(index, node)| (!node.has(Flag::VACANT)).then_some(index))
    }

    pub(crate) fn node(&self, index: u32) -> &Node {
        self.nodes
            .get(index as usize)
            .expect("indices come from this graph")
    }

    /// Remembers what was wrong with a call; the first such thing is what a run is refused with.
    pub(crate) fn refuse(&mut self, error: TaskflowError) {
        self.verdict = None;
        self.defect.get_or_insert(error);
    }

    /// Forgets what was refused so far.
    pub(crate) fn take_defect(&mut self) -> Option<TaskflowError> {
        self.verdict = None;
        self.defect.take()
    }

    fn place_count(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(LAST)
    }

    #[inline]
    fn node_mut(&mut self, index: u32) -> &mut Node {
        self.nodes
            .get_mut(index as usize)
            .expect("indices come from this graph")
    }

    fn cold_mut(&mut self, index: u32) -> &mut Cold {
        let mut place = self.node(index).cold;
        if place == NO_COLD {
            place = u32::try_from(self.cold.len()).unwrap_or(NO_COLD);
            self.cold.push(Cold {
                name: None,
                generation: self.generation,
                suspends: None,
                branches: Vec::new(),
                inputs: false,
                output: None,
                needs: None,
            });
            self.node_mut(index).cold = place;
        }
        &mut self.cold[place as usize]
    }

    /// The edges, open to changes: rebuilt from the frozen ones if need be, O(V + E).
    #[inline]
    fn listed(&mut self) -> &mut EdgeList {
        if self.verdict.is_some() {
            self.verdict = None;
        }
        if let Edges::Frozen { .. } = self.edges {
            self.thaw();
        }
        match &mut self.edges {
            Edges::Listed(list) => list,
            Edges::Frozen { .. } => unreachable!("thawed above"),
        }
    }

    #[cold]
    fn thaw(&mut self) {
        let mut list = EdgeList::default();
        for from in 0..self.place_count() {
            for to in self.successors(from) {
                list.push(Edge { from, to: *to });
            }
        }
        self.edges = Edges::Listed(list);
    }
}

/// The largest index that no task has: references to it and beyond mean something else.
const LAST: u32 = u32::MAX - 1;

impl Graph {
    /// Drops all closures that were not dropped yet. After a panic of one, another call goes on with
    /// the next.
    pub(crate) fn drop_closures(&mut self) {
        while self.dropped < self.nodes.len() {
            let index = self.dropped;
            self.dropped += 1;
            if let Some(node) = self.nodes.get(index)
                && node.has(Flag::DROP)
            {
                // SAFETY: invariant 1; `dropped` keeps it from being dropped again.
                // Unwind: the next call goes on behind this one.
                unsafe { Arena::drop_at(node.data) };
            }
        }
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        /// Goes on past a panic; a second one, while unwinding, aborts, as in all of Rust.
        struct Rest<'g>(&'g mut Graph);
        impl Drop for Rest<'_> {
            fn drop(&mut self) {
                self.0.drop_closures();
            }
        }
        Rest(self).0.drop_closures();
    }
}
