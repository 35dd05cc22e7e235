//! What is asked, and what the answers are.

use alloc::sync::Arc;

use serde::Serialize;

use crate::bound::Bound;
use crate::contest::{Contender, Contest, Row};
use crate::peer::Graph;
use crate::shape::Shape;
use crate::tally::{Tallies, Work, count, grind};

mod algorithms;
mod fork_join;
mod graph_build;
mod graph_rerun;
mod idle;
pub(crate) mod memory;
mod metg;
mod pipeline;
mod policies;
mod round_trip;
mod spawn;

/// One of the questions, each of which has a file beside this crate's `src`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// What does a task cost in a graph that ran before?
    GraphRerun,
    /// The same where a policy decides what runs next.
    Policies,
    /// What does a task cost in a graph that is built, run once and dropped?
    GraphBuild,
    /// What does a fork and its join cost?
    ForkJoin,
    /// What does a spawned task cost?
    Spawn,
    /// How short may tasks be before half of the time is lost?
    Metg,
    /// How long does a caller wait for one empty task?
    RoundTrip,
    /// What does a serial pipe cost a token?
    Pipeline,
    /// How long do loops, sums, scans, sorts and searches take?
    Algorithms,
    /// What does a pool use that has little or nothing to do?
    Idle,
    /// How many bytes does a task take?
    Memory,
}

/// How much is measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Effort {
    /// The square shapes have this many rows of as many tasks.
    pub side: u32,
    /// How often each contender has its turn.
    pub rounds: usize,
}

/// The answer to one question.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The question's name.
    pub question: &'static str,
    /// The question.
    pub title: &'static str,
    /// Of all figures.
    pub unit: &'static str,
    /// All figures.
    pub rows: Vec<Row>,
}

/// Who gets to see contests.
type Visit<'v> = &'v mut dyn FnMut(&mut Contest<'_>);

impl Question {
    /// All of them, in the order of the table: that of idleness first, since some pools do not end before the process does.
    pub const ALL: [Self; 11] = [
        Self::Idle,
        Self::GraphRerun,
        Self::Policies,
        Self::GraphBuild,
        Self::ForkJoin,
        Self::Spawn,
        Self::Metg,
        Self::RoundTrip,
        Self::Pipeline,
        Self::Algorithms,
        Self::Memory,
    ];

    /// What it is called on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GraphRerun => "graph_rerun",
            Self::Policies => "policies",
            Self::GraphBuild => "graph_build",
            Self::ForkJoin => "fork_join",
            Self::Spawn => "spawn",
            Self::Metg => "metg",
            Self::RoundTrip => "round_trip",
            Self::Pipeline => "pipeline",
            Self::Algorithms => "algorithms",
            Self::Idle => "idle",
            Self::Memory => "memory",
        }
    }

    fn title_and_unit(self) -> (&'static str, &'static str) {
        match self {
            Self::GraphRerun => ("Running a graph again", "ns a task"),
            Self::Policies => ("Running a graph again under a policy", "ns a task"),
            Self::GraphBuild => (
                "Building a graph, running it once, dropping it",
                "ns a task",
            ),
            Self::ForkJoin => ("Fibonacci numbers, a fork for each call", "ns a call"),
            Self::Spawn => ("Spawned tasks", "ns a task"),
            Self::Metg => (
                "Shortest tasks that leave half of the time for work",
                "ns a task",
            ),
            Self::RoundTrip => ("One empty task, from call to return", "ns"),
            Self::Pipeline => (
                "Tokens through four serial pipes, eight lines",
                "ns a call of a pipe",
            ),
            Self::Algorithms => ("Algorithms", "ns a number"),
            Self::Idle => ("Little or nothing to do", "as each case says"),
            Self::Memory => ("Memory that is held", "bytes"),
        }
    }

    /// Shows the contests of this question to `visit`, one after another; those that are about something else than a
    /// time have none.
    pub fn contests(self, effort: Effort, visit: Visit<'_>) {
        match self {
            Self::GraphRerun => graph_rerun::contests(effort, visit),
            Self::Policies => policies::contests(effort, visit),
            Self::GraphBuild => graph_build::contests(effort, visit),
            Self::ForkJoin => fork_join::contests(effort, visit),
            Self::Spawn => spawn::contests(effort, visit),
            Self::RoundTrip => round_trip::contests(visit),
            Self::Pipeline => pipeline::contests(effort, visit),
            Self::Algorithms => algorithms::contests(effort, visit),
            Self::Metg | Self::Idle | Self::Memory => {}
        }
    }

    /// Asks it.
    ///
    /// # Panics
    ///
    /// Where no thread can be started, and where a task did not run once in each run.
    #[must_use]
    pub fn ask(self, effort: Effort) -> Answer {
        let (title, unit) = self.title_and_unit();
        let rows = match self {
            Self::Metg => metg::rows(effort),
            Self::Idle => idle::rows(effort),
            Self::Memory => memory::rows(effort),
            _ => {
                let turns = if self == Self::RoundTrip {
                    round_trip::CALLS
                } else {
                    1
                };
                let mut rows = Vec::new();
                self.contests(effort, &mut |contest| {
                    rows.extend(contest.hold(turns * effort.rounds));
                });
                rows
            }
        };
        Answer {
            question: self.name(),
            title,
            unit,
            rows,
        }
    }
}

/// Chooses the edges of the random graph.
const SEED: u64 = 1;

/// A contest for each shape of a graph, between those whom `contenders` gives.
///
/// # Panics
///
/// If a task did not run once in each run.
fn each_graph(
    effort: Effort,
    visit: Visit<'_>,
    contenders: impl Fn(Graph<'_>) -> Vec<Contender<'_>>,
) {
    for shape in Shape::all(effort.side, SEED) {
        let tallies = Arc::new(Tallies::new(shape.tasks()));
        let graph = Graph {
            shape: &shape,
            tallies: &tallies,
            work: Work::Count,
        };
        let mut contest = Contest::new(shape.name(), shape.tasks().into(), contenders(graph));
        visit(&mut contest);
        drop(contest);
        let name = shape.name();
        assert!(
            tallies.all_ran(),
            "a task of {name} did not run once in each run"
        );
    }
}

/// A loop on one thread that runs tasks in the order in which they become ready.
fn first_in_first_out(graph: Graph<'_>) -> Contender<'_> {
    let work = match graph.work {
        Work::Count => count,
        Work::Grind => grind,
    };
    let mut bound = Bound::new(graph.shape, graph.tallies, work);
    Contender::new("by hand, first in first out", 0, move || {
        bound.run_fifo();
        graph.tallies.ran();
    })
}
