//! When a flow's tasks are run in blocks, and how long those are.
//!
//! ```text
//!            tasks are long                        faster by a twentieth, or not
//!   plain ──────────────────► settled (plain)  ┌───────────────────────────────► settled (blocks / plain)
//!     │                          │             │
//!     └─ tasks are tiny ──► blocks of n ───────┤                 twice as slow or fast for some rounds
//!                              ▲               │                      settled ──► plain
//!                              └── tasks are twice as short as they seemed: blocks of more
//! ```
//!
//! Plain rounds overstate tiny tasks, since what scheduling takes is in them; so blocks that were cut by them are
//! timed too, and cut again. What is decided is decided by the worker that ends a round, which has the flow alone.

use alloc::boxed::Box;
use core::time::Duration;

use super::view::Hot;
use super::{Flow, FlowOwner};
use crate::coarsening::Coarsening;
use crate::graph::Graph;
use crate::graph::blocks::Plan;

/// How long a block should take. A few times the wake-up of a thread, and less than anybody notices.
const BLOCK: Duration = Duration::from_micros(5);
/// Tasks that take longer are scheduled each by itself.
const TINY: Duration = Duration::from_nanos(400);
/// Graphs with fewer tasks are left alone.
const FEW: usize = 32;
/// Rounds that are timed in each state. Of the first, some find caches cold.
const ROUNDS: u8 = 3;
/// Times that blocks are cut anew at most.
const CUTS: u8 = 3;
/// The most tasks of a block: others wait that long before they get a turn, should tasks become longer.
const LONGEST: u32 = 8192;
/// Rounds in a row that are out of step before everything is measured anew.
const PATIENCE: u8 = 4;

/// What a flow knows of running in blocks.
#[derive(Debug)]
pub(super) struct Coarse {
    wish: Coarsening,
    /// The freeze, and the workers, that the rest is about.
    about: Option<(u64, usize)>,
    plan: Option<Plan>,
    stage: Stage,
    /// The quickest round without blocks.
    plain: Duration,
    /// The quickest round with blocks, and how long they were.
    best: Option<(Duration, u32)>,
    /// When the round at hand began.
    begun: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Without blocks.
    Plain { rounds: u8 },
    /// In blocks of `length`, quickest round so far.
    Trial {
        length: u32,
        rounds: u8,
        quickest: Duration,
        cuts: u8,
    },
    /// Decided. So many rounds took more than twice, or less than half, of `expected`.
    Settled { expected: Duration, odd: u8 },
}

impl Coarse {
    fn new(wish: Coarsening) -> Self {
        Self {
            wish,
            about: None,
            plan: None,
            stage: Stage::Plain { rounds: 0 },
            plain: Duration::MAX,
            best: None,
            begun: Duration::ZERO,
        }
    }

    /// Forgets what was measured, if it was about another graph or other workers.
    fn attend_to(&mut self, graph: &Graph, workers: usize) {
        let about = Some((graph.freezes(), workers));
        if self.about != about {
            *self = Self {
                about,
                begun: self.begun,
                ..Self::new(self.wish)
            };
        }
        if let Coarsening::Blocks(length) = self.wish
            && self.plan.is_none()
        {
            self.plan = Plan::new(graph, workers, length.get());
        }
    }

    /// A round took so long.
    fn note(&mut self, took: Duration, graph: &Graph, workers: usize) {
        match &mut self.stage {
            Stage::Plain { rounds } => {
                *rounds += 1;
                self.plain = took.min(self.plain);
                if *rounds < ROUNDS {
                    return;
                }
                let expected = self.plain;
                if graph.len() < FEW || each(expected, graph, workers) > TINY.as_nanos() * 1000 {
                    self.stage = Stage::Settled { expected, odd: 0 };
                } else {
                    self.cut(block_length(expected, graph, workers), 1, graph, workers);
                }
            }
            Stage::Trial {
                length,
                rounds,
                quickest,
                cuts,
            } => {
                *rounds += 1;
                *quickest = took.min(*quickest);
                if *rounds < ROUNDS {
                    return;
                }
                let (took, length, cuts) = (*quickest, *length, *cuts);
                if self.best.is_none_or(|(best, _)| took < best) {
                    self.best = Some((took, length));
                }
                let longer = block_length(took, graph, workers);
                if longer / 2 >= length && cuts < CUTS {
                    self.cut(longer, cuts + 1, graph, workers);
                } else {
                    self.settle(length, graph, workers);
                }
            }
            Stage::Settled { expected, odd } => {
                if took > *expected * 2 || took * 2 < *expected {
                    *odd += 1;
                } else {
                    *odd = 0;
                }
                if *odd == PATIENCE {
                    self.about = None;
                    self.attend_to(graph, workers);
                }
            }
        }
    }

    fn cut(&mut self, length: u32, cuts: u8, graph: &Graph, workers: usize) {
        self.plan = Plan::new(graph, workers, length);
        self.stage = Stage::Trial {
            length,
            rounds: 0,
            quickest: Duration::MAX,
            cuts,
        };
    }

    /// Keeps what was quickest; `length` is that of the present blocks.
    fn settle(&mut self, length: u32, graph: &Graph, workers: usize) {
        let worth = self.plain - self.plain / 20;
        let (expected, plan) = match self.best {
            Some((best, of)) if best <= worth => (best, Some(of)),
            _ => (self.plain, None),
        };
        match plan {
            None => self.plan = None,
            Some(of) if of == length => {}
            Some(of) => self.plan = Plan::new(graph, workers, of),
        }
        self.stage = Stage::Settled { expected, odd: 0 };
    }
}

/// How long each task takes in picoseconds, if all workers are busy all the time.
fn each(round: Duration, graph: &Graph, workers: usize) -> u128 {
    round.as_nanos() * 1000 * workers as u128 / graph.len().max(1) as u128
}

/// How many tasks of such a round make a block.
fn block_length(round: Duration, graph: &Graph, workers: usize) -> u32 {
    let length = BLOCK.as_nanos() * 1000 / each(round, graph, workers).max(1);
    u32::try_from(length).unwrap_or(u32::MAX).clamp(1, LONGEST)
}

impl Flow {
    /// A run begins.
    ///
    /// # Safety
    ///
    /// 1. The caller alone begins or ends rounds of this flow now.
    pub(crate) unsafe fn time_from(&self, now: Duration) {
        // SAFETY: (1) the table of the flow's module.
        if let Some(coarse) = unsafe { &mut *self.coarse.get() } {
            coarse.begun = now;
        }
    }

    /// Whether rounds are to be [reconsidered](Self::reconsider) when they end.
    ///
    /// # Safety
    ///
    /// 1. As for [`time_from`](Self::time_from).
    pub(crate) unsafe fn is_coarsened(&self) -> bool {
        // SAFETY: (1).
        unsafe { &*self.coarse.get() }.is_some()
    }

    /// A round has ended: decides how the next one is to be run.
    ///
    /// # Safety
    ///
    /// 1. As for [`time_from`](Self::time_from), and all tasks of the round are counted.
    pub(crate) unsafe fn reconsider(&self, now: Duration, workers: usize) {
        // SAFETY: (1).
        let Some(coarse) = (unsafe { &mut *self.coarse.get() }) else {
            return;
        };
        let took = now.saturating_sub(core::mem::replace(&mut coarse.begun, now));
        // SAFETY: (1).
        let general = unsafe { self.view() }.is_general();
        // SAFETY: (1).
        let graph = unsafe { self.graph() };
        if general || graph.keeps_apart() {
            return;
        }
        coarse.attend_to(graph, workers);
        // (What is stopped, observed, or goes on after failures says nothing.)
        if coarse.wish == Coarsening::Adaptive && self.attention() == 0 {
            coarse.note(took, graph, workers);
        }
        // The owner may be looking at how many references there are, to queue another run.
        let _queue = self.queue.lock();
        // SAFETY: (1) and the lock.
        let hot = unsafe { &mut *self.hot.get() };
        hot.point_at(graph, coarse.plan.as_ref());
    }
}

impl Hot {
    /// Points at a frozen graph, or at the plan of it.
    pub(super) fn point_at(&mut self, graph: &Graph, plan: Option<&Plan>) {
        let frozen = graph.frozen().expect("it was frozen to be run");
        self.references = frozen.nodes.len();
        self.tasks = graph.len();
        self.coarse = plan.is_some();
        if let Some(plan) = plan {
            self.nodes = plan.nodes();
            self.successors = plan.successors();
            self.counted = plan.nodes().len() - 1;
        } else {
            self.nodes = frozen.nodes;
            self.successors = frozen.successors;
            self.counted = graph.len();
        }
    }
}

impl FlowOwner {
    /// Has tasks run in blocks, or not.
    ///
    /// # Panics
    ///
    /// While a run is unfinished.
    pub(crate) fn coarsen(&self, wish: Coarsening) {
        self.edit(|_| {
            // SAFETY: no run is unfinished, and this is the owner thread.
            let coarse = unsafe { &mut *self.flow().coarse.get() };
            *coarse = match wish {
                Coarsening::Off => None,
                _ => Some(Box::new(Coarse::new(wish))),
            };
        });
    }

    /// Lets workers find the graph, or a plan for so many of them. No run is unfinished.
    pub(super) fn point_at_graph(&self, workers: Option<usize>) {
        self.query(|graph| {
            let frozen = graph.frozen().expect("`validate` has frozen it");
            // SAFETY: no run is unfinished, and this is the owner thread.
            let coarse = unsafe { &mut *self.flow().coarse.get() };
            let plain = frozen.special || frozen.weak.is_some() || graph.keeps_apart();
            let plan = match (coarse, workers) {
                (Some(coarse), Some(workers)) if !plain => {
                    coarse.attend_to(graph, workers);
                    coarse.plan.as_ref()
                }
                _ => None,
            };
            // SAFETY: no run is unfinished, so no worker reads it, and this is the owner thread.
            let hot = unsafe { &mut *self.flow().hot.get() };
            hot.weak = frozen.weak.map_or(core::ptr::null(), core::ptr::from_ref);
            hot.special = frozen.special;
            hot.contended = graph.is_contended();
            hot.watched = graph.is_watched();
            hot.point_at(graph, plan);
        });
    }
}
