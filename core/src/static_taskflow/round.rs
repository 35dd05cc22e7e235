//! What the cores that run a static graph share, and how they run it.
//!
//! Two protocols of the engine do all of the work: a [join counter](crate::protocol::join_counter) for each task, and a
//! [backlog](crate::protocol::backlog) of ready tasks, linked through the counters. Whoever wants a task takes the whole list,
//! keeps the first task and puts the rest back; nobody unlinks a single one, so there is no tag to wrap around. Meanwhile others find
//! nothing: a moment that a run waits out, and a help does not.
//!
//! ```text
//!            claim                arm (first run of an edition), link sources, push
//!   at rest ────────► running ─────────────────────────────────────────────────────►┐
//!      ▲                                                                            │
//!      │ release                            take ──► call ──► arrive, push ──► count │  any core, in any number
//!      └──────────────── nothing is left ◄───────────────────────────────────────────┘
//! ```
//!
//! - *Claim.* The core that finds the graph at rest runs it; its Acquire pairs with the Release of the end before, so that
//!   runs are in an order. The next run may store counters and sums plainly.
//! - *Ready.* A push releases and a take acquires: a task comes after the start of its run and after whoever made it
//!   ready. The last of several predecessors has acquired what the others released in the counter.
//! - *Left.* A stretch of tasks, each made ready by the one before, is counted at its end. So what is left is above zero while
//!   any task is unfinished. Each count releases, the runner's look acquires; counts of others in between continue what was
//!   released.
//! - *Late helpers.* Between its count and its next take a helper holds nothing of a run. What it takes then is of the present run, be
//!   that a later one.
//! - *Panics.* The stretch is ended by its drop: the task is marked as the culprit, and counted and followed as if it had
//!   run. Tasks that are taken behind the mark are not called but go the same way, so each counter is armed again and the run
//!   ends. The runner's own panic goes on when it has.

use crate::mutant::mutant;
use crate::protocol::backlog::{Backlog, Chain, Links};
use crate::protocol::join_counter::JoinCounter;
use crate::sync::{AtomicBool, AtomicU32, Ordering, const_fn, relax};

use super::StaticRunError;
use super::records::{Edge, NONE, Record};

/// Instead of a task that panicked: nothing did.
const WELL: u32 = u32::MAX;

/// Instead of a task that panicked: the runner unwinds.
const STOPPED: u32 = u32::MAX - 1;

/// The state of a run.
pub(super) struct Round {
    ready: Backlog,
    /// Tasks that are not counted yet.
    left: AtomicU32,
    /// Why no more task is called.
    culprit: AtomicU32,
    is_running: AtomicBool,
    /// The edition for which the counters were armed.
    armed: AtomicU32,
}

impl Round {
    const_fn! {
        pub(super) fn new() -> Self {
            Self {
                ready: Backlog::new(),
                left: AtomicU32::new(0),
                culprit: AtomicU32::new(WELL),
                is_running: AtomicBool::new(false),
                armed: AtomicU32::new(0),
            }
        }
    }

    /// `false`: somebody else runs the graph.
    fn claim(&self) -> bool {
        // Ordering: Acquire, with the Release of `release`: this run comes after the last.
        let order = mutant!("static_claim_relaxed", Ordering::Relaxed, Ordering::Acquire);
        !self.is_running.swap(true, order)
    }

    fn release(&self) {
        // Ordering: Release, with the Acquire of `claim`.
        let order = mutant!(
            "static_release_relaxed",
            Ordering::Relaxed,
            Ordering::Release
        );
        self.is_running.store(false, order);
    }

    fn count(&self, done: u32) {
        // Ordering: Release, with the Acquire of `is_over`: what the tasks did. Counts of others continue it.
        let order = mutant!("static_count_relaxed", Ordering::Relaxed, Ordering::Release);
        self.left.fetch_sub(done, order);
    }

    fn is_over(&self) -> bool {
        // Ordering: Acquire, with the Release of each `count`.
        let order = mutant!("static_over_relaxed", Ordering::Relaxed, Ordering::Acquire);
        self.left.load(order) == 0
    }

    fn stop(&self, culprit: u32) {
        // Ordering: Relaxed; whoever marks counts afterwards, and whoever clears pushes afterwards. Others may see it late.
        self.culprit.store(culprit, Ordering::Relaxed);
    }

    fn culprit(&self) -> u32 {
        // Ordering: Relaxed; as above.
        self.culprit.load(Ordering::Relaxed)
    }
}

/// A graph in the hands of a core that runs it. (Of slices, so that there is one copy of this code, whatever the capacities.)
pub(super) struct Crew<'f> {
    pub(super) tasks: &'f [Record<'f>],
    pub(super) counters: &'f [JoinCounter],
    pub(super) edges: &'f [Edge],
    pub(super) round: &'f Round,
}

impl Links for Crew<'_> {
    fn counter(&self, task: u32) -> &JoinCounter {
        &self.counters[task as usize]
    }
}

impl Crew<'_> {
    /// Runs the graph. Gives the task that panicked elsewhere.
    pub(super) fn run(
        &self,
        first_source: u16,
        edition: u32,
        mut idle: impl FnMut(),
    ) -> Result<Option<u16>, StaticRunError> {
        if !self.round.claim() {
            return Err(StaticRunError::Running);
        }
        self.begin(first_source, edition);
        let end = End(self);
        loop {
            let ran = self.help();
            if self.round.is_over() {
                break;
            }
            if ran == 0 {
                idle();
            }
        }
        let culprit = self.round.culprit();
        drop(end);
        Ok((culprit != WELL).then_some(culprit as u16))
    }

    pub(super) fn help(&self) -> usize {
        let mut ran = 0;
        while let Some(task) = self.take() {
            ran += self.follow(task);
        }
        ran
    }

    /// Makes the sources ready.
    fn begin(&self, first_source: u16, edition: u32) {
        // Ordering: Relaxed; runs are in an order by the claim.
        if self.round.armed.load(Ordering::Relaxed) != edition {
            for (counter, task) in self.counters.iter().zip(self.tasks) {
                counter.rearm(u32::from(task.strong));
            }
            // Ordering: Relaxed; as above.
            self.round.armed.store(edition, Ordering::Relaxed);
        }
        self.round.stop(WELL);
        // Ordering: Relaxed; as above, and the push below orders it for the others.
        self.round
            .left
            .store(self.tasks.len() as u32, Ordering::Relaxed);
        let mut sources = None;
        let mut source = first_source;
        while source != NONE {
            Chain::grow(&mut sources, u32::from(source), self);
            source = self.tasks[usize::from(source)].next;
        }
        self.push(sources);
    }

    fn push(&self, chain: Option<Chain>) {
        if let Some(chain) = chain {
            self.round.ready.push(chain, self);
        }
    }

    /// A ready task, for the caller alone.
    fn take(&self) -> Option<u32> {
        let mut taken = self.round.ready.take()?;
        let task = taken.pop(self)?;
        self.counter(task)
            .rearm(u32::from(self.tasks[task as usize].strong));
        taken.put_back(&self.round.ready, self);
        Some(task)
    }

    /// Runs a task, one that it makes ready, one that that makes ready, and so on. Gives how many.
    fn follow(&self, first: u32) -> usize {
        let mut stretch = Stretch {
            crew: self,
            task: first,
            done: 0,
            is_inside: false,
        };
        loop {
            if mutant!("static_counts_first") {
                self.round.count(1);
                stretch.done = stretch.done.wrapping_sub(1);
            }
            if self.round.culprit() == WELL {
                stretch.is_inside = true;
                (self.tasks[stretch.task as usize].work)();
                stretch.is_inside = false;
            }
            match stretch.next() {
                Some(next) => stretch.task = next,
                None => return stretch.done as usize,
            }
        }
    }

    /// Makes ready what a finished task was the last to keep waiting. Gives one of those, the others may be had by anybody.
    fn complete(&self, task: u32) -> Option<u32> {
        let mut one = None;
        let mut others = None;
        let mut edge = self.tasks[task as usize].first_edge;
        while edge != NONE {
            let Edge { to, next } = self.edges[usize::from(edge)];
            let strong = u32::from(self.tasks[usize::from(to)].strong);
            let to = u32::from(to);
            if strong == 1 || self.counter(to).arrive(strong) {
                match one {
                    None => one = Some(to),
                    Some(_) => Chain::grow(&mut others, to, self),
                }
            }
            edge = next;
        }
        self.push(others);
        one
    }
}

/// Tasks that one core runs one after the other, counted when this is dropped.
struct Stretch<'f> {
    crew: &'f Crew<'f>,
    task: u32,
    done: u32,
    /// Whether the task is being called.
    is_inside: bool,
}

impl Stretch<'_> {
    /// Ends the task. Gives one that comes after it.
    fn next(&mut self) -> Option<u32> {
        self.done = self.done.wrapping_add(1);
        self.crew.complete(self.task)
    }
}

impl Drop for Stretch<'_> {
    fn drop(&mut self) {
        if self.is_inside {
            self.crew.round.stop(self.task);
            let next = self.next();
            self.crew.push(next.map(Chain::of));
        }
        self.crew.round.count(self.done);
    }
}

/// Ends a run, before its runner unwinds too.
struct End<'f>(&'f Crew<'f>);

impl Drop for End<'_> {
    fn drop(&mut self) {
        if !self.0.round.is_over() {
            self.0.round.stop(STOPPED);
            while !self.0.round.is_over() {
                self.0.help();
                relax();
            }
        }
        self.0.round.release();
    }
}
