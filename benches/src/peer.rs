//! Those who are asked the same questions as we are.

use alloc::rc::Rc;
use alloc::sync::Arc;

use crate::contest::{Contender, OURS};
use crate::shape::Shape;
use crate::tally::{Tallies, Work};

mod chili;
mod counted;
mod forte;
mod native;
mod ours;
mod rayon;
mod recursion;
mod tokio;

pub use native::missing;
pub(crate) use ours::{in_blocks, under_policies};
pub(crate) use recursion::Recursion;

/// A graph, and what its tasks do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Graph<'a> {
    /// Who comes before whom.
    pub(crate) shape: &'a Shape,
    /// The tasks' numbers.
    pub(crate) tallies: &'a Arc<Tallies>,
    /// What each does with its number.
    pub(crate) work: Work,
}

/// How tasks come to be that no graph has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spawning {
    /// All by one task.
    Flat,
    /// Two by each.
    Tree,
}

impl Spawning {
    /// What it is called.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Flat => "one spawns all",
            Self::Tree => "each spawns two",
        }
    }
}

/// What is done with numbers in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// Each is changed.
    ForEach,
    /// They are added up.
    Reduce,
    /// Sums of all before each.
    Scan,
    /// They are put in order; a copy of them is, which is not timed.
    Sort,
    /// The last is looked for.
    Find,
}

impl Algorithm {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [
        Self::ForEach,
        Self::Reduce,
        Self::Scan,
        Self::Sort,
        Self::Find,
    ];

    /// What it is called.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ForEach => "for_each",
            Self::Reduce => "reduce",
            Self::Scan => "inclusive_scan",
            Self::Sort => "sort_unstable",
            Self::Find => "find_if",
        }
    }
}

/// A pool of workers that answers those questions that it has an answer for. `None`: it has none, or none that one would
/// write.
pub(crate) trait Peer {
    /// Runs the graph, again and again.
    fn rerun<'a>(&self, _graph: Graph<'a>) -> Option<Contender<'a>> {
        None
    }

    /// Builds the graph, runs it and drops it.
    fn life<'a>(&self, _graph: Graph<'a>) -> Option<Contender<'a>> {
        None
    }

    /// Spawns so many tasks and waits for them.
    fn spawn(&self, _how: Spawning, _tasks: u32) -> Option<Contender<'static>> {
        None
    }

    /// A recursion that forks.
    fn join(&self, _recursion: Recursion) -> Option<Contender<'static>> {
        None
    }

    /// One empty task, which the caller waits for.
    fn call(&self) -> Option<Contender<'static>> {
        None
    }

    /// So many tokens through four serial pipes with eight lines.
    fn stream(&self, _tokens: u64) -> Option<Contender<'static>> {
        None
    }

    /// So many tasks of [`crate::reckon`] with so many steps each, as from a game's loop.
    fn tick(&self, _tasks: u32, _steps: u32) -> Option<Contender<'static>> {
        None
    }

    /// So many numbers.
    fn algorithm(&self, _which: Algorithm, _len: usize) -> Option<Contender<'static>> {
        None
    }

    /// Bytes that its allocator holds more than before, for each of so many: a graph that has run once.
    fn graph_bytes(&self, _graph: Graph<'_>) -> Option<i64> {
        None
    }

    /// As [`graph_bytes`](Self::graph_bytes): tasks that were spawned, and could not run yet.
    fn spawned_bytes(&self, _tasks: u32) -> Option<i64> {
        None
    }
}

/// A kind of pool.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// Its pools are processes of their own.
    pub(crate) is_native: bool,
    /// Starts one with so many workers. `None`: this machine lacks what it needs, which [`missing`] tells.
    pub(crate) start: fn(usize) -> Option<Rc<dyn Peer>>,
}

impl Kind {
    const fn of_rust(name: &'static str, start: fn(usize) -> Option<Rc<dyn Peer>>) -> Self {
        Self {
            name,
            is_native: false,
            start,
        }
    }

    const fn native(name: &'static str, start: fn(usize) -> Option<Rc<dyn Peer>>) -> Self {
        Self {
            name,
            is_native: true,
            start,
        }
    }
}

/// All who are asked, and we first.
pub(crate) static KINDS: [Kind; 7] = [
    Kind::of_rust(OURS, |workers| Some(Rc::new(ours::Ours::new(workers)))),
    Kind::of_rust("rayon", |workers| Some(Rc::new(rayon::Rayon::new(workers)))),
    Kind::of_rust("tokio", |workers| Some(Rc::new(tokio::Tokio::new(workers)))),
    Kind::of_rust("chili", |workers| Some(Rc::new(chili::Chili::new(workers)))),
    Kind::of_rust("forte", |workers| Some(Rc::new(forte::Forte::new(workers)))),
    Kind::native("oneTBB", |workers| {
        Some(Rc::new(native::Native::new(&native::PROGRAMS[0], workers)?))
    }),
    Kind::native("libgomp", |workers| {
        Some(Rc::new(native::Native::new(&native::PROGRAMS[1], workers)?))
    }),
];

/// All answers to a question, by pools of one and of two workers.
///
/// # Panics
///
/// Where no thread can be started.
pub(crate) fn all<'a>(ask: impl Fn(&dyn Peer) -> Option<Contender<'a>>) -> Vec<Contender<'a>> {
    let kinds = [1, 2]
        .into_iter()
        .flat_map(|workers| KINDS.iter().map(move |kind| (kind, workers)));
    let pools = kinds.filter_map(|(kind, workers)| (kind.start)(workers));
    pools.filter_map(|peer| ask(&*peer)).collect()
}
