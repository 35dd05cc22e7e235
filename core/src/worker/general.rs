//! The loop for tasks that need more than to be called: conditions, what weak edges lead to, tasks that
//! suspend, runs that go on after a failure, and those that are observed.

use alloc::vec::Vec;
use core::ops::ControlFlow;
use core::ptr::NonNull;

use super::running::Outbox;
use super::succession::sole_successor;
use super::{Current, Worker};
use crate::condition::{Branch, Choice, UnknownBranch};
use crate::error::TaskError;
use crate::flow::{
    Flow, KEEP_INDEPENDENT, OBSERVED, SCHEDULED, SOME_CANCELLED, STOP, TIMED, View, WATCHED,
};
use crate::graph::node::{Context, Flag, Node, Outcome};
use crate::mutant::mutant;
use crate::observer::{Ended, EventKind};
use crate::platform::Platform;
use crate::pool::Late;
use crate::stats::Failure;
use crate::suspension::Suspension;

/// What of a run's attention sends the end of its tasks the long way.
pub(super) const NOT_PLAIN: u32 =
    KEEP_INDEPENDENT | OBSERVED | SOME_CANCELLED | SCHEDULED | WATCHED;

impl<P: Platform> Worker<'_, P> {
    /// As the loop of [`run`](Self::run).
    pub(super) fn run_general(&self, flow: &Flow, view: &View<'_>, first: u32) -> Option<u32> {
        if let Some(scheduled) = &self.pool.scheduled {
            (scheduled.give_back_stolen)(self, view);
        }
        self.endless.set(true);
        let mut index = first;
        let mut context = Context::new(self);
        loop {
            let Some((outcome, observed)) = self.call(flow, view, index, &mut context) else {
                // A call that suspended is work too: others get their turn after so many.
                self.slice.set(self.slice.get().saturating_sub(1));
                return None;
            };
            if observed {
                let outcome = Ended::of(outcome);
                self.tell_of_task(flow, index, EventKind::End { outcome });
            }
            if !self.has_seat() {
                self.finish_without_seat(flow, view, index, outcome, &mut context);
                return None;
            }
            let next = match sole_successor(flow, view, index, outcome, &mut context.choices) {
                Some(sole) => self.start_sole(flow, view, index, sole),
                None => self.end(flow, view, index, outcome, &mut context),
            };
            match self.follow(flow, view, next, 1) {
                ControlFlow::Continue(next) => index = next,
                ControlFlow::Break(in_hand) => return in_hand,
            }
        }
    }

    /// A task has ended in which the seat was given away: what follows is left to who has one.
    #[cold]
    pub(super) fn finish_without_seat(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: u32,
        outcome: Outcome,
        context: &mut Context<'_>,
    ) {
        let outcome = match outcome {
            Outcome::Failed => self.fail_with(flow, index, &mut context.failures),
            outcome => outcome,
        };
        let choices = core::mem::take(&mut context.choices);
        self.pool.finish_late(Late {
            task: view.base + index,
            outcome: Some(outcome),
            choices,
        });
    }

    /// The reference of a task that the caller is going to put somewhere else.
    pub(super) fn in_hand(&self, flow: &Flow, view: &View<'_>, index: u32) -> u32 {
        self.hand_on(flow);
        view.base + index
    }

    /// Calls a task, or skips it, and gives how it ended and whether its start was told. `None`: it is
    /// suspended, waits for a semaphore, or is queued to be called again, and not this worker's any more.
    fn call(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: u32,
        context: &mut Context<'_>,
    ) -> Option<(Outcome, bool)> {
        // SAFETY: (1) this worker has the task in hand.
        let node = unsafe { view.record(index) };
        let attention = flow.attention() & (STOP | SOME_CANCELLED | OBSERVED | TIMED | WATCHED);
        context.stopped = node.has(Flag::POISONED)
            || attention != 0 && self.is_stopped(flow, node, index, attention);
        if node.has(Flag::SPECIAL)
            && let Err(skipped) = self.take_turn(flow, view, index, context.stopped)
        {
            return skipped.map(|outcome| (outcome, self.tell_start(flow, index)));
        }
        let observed = attention & OBSERVED != 0;
        if observed {
            self.tell_start(flow, index);
            // An observer may have cancelled the run.
            context.stopped |= flow.is_stopped();
        }
        if context.stopped && !self.is_called_when_stopped(flow, node, index) {
            return Some((Outcome::Skipped, observed));
        }
        self.current.set(Current::Task(NonNull::from(flow), index));
        let outcome = if attention & WATCHED == 0 {
            // SAFETY: (1) invariant 2 of the graph, which is frozen. (2) A task is started by the worker that
            // has its reference; what weak edges lead to has one reference at a time, since it is `ACTIVE`.
            // Unwind: `settle` finds the task in `current` and completes it.
            unsafe { (node.call)(node.data, context) }
        } else {
            // SAFETY: as above.
            unsafe { self.call_timed(flow, index, node, context) }
        };
        self.current.set(Current::Engine);
        if outcome != Outcome::Pending {
            return Some((outcome, observed));
        }
        self.leave(flow, view, index, context);
        None
    }

    /// Suspends a task, which is not this worker's any more.
    pub(super) fn suspend(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: u32,
        suspension: &Suspension,
    ) {
        self.tell_suspended(flow, index);
        self.hand_on(flow);
        let task = view.base + index;
        if !suspension.suspend() {
            // Behind all that is ready: it may have woken itself to let others go first.
            self.pool.offer(task);
        }
    }

    /// Tells observers, if there are any, that a task is suspended.
    pub(super) fn tell_suspended(&self, flow: &Flow, index: u32) {
        if flow.attention() & OBSERVED != 0 {
            let outcome = Ended::Suspended;
            self.tell_of_task(flow, index, EventKind::End { outcome });
        }
    }

    /// Tells observers, if there are any, that a task is going to be called or skipped.
    pub(super) fn tell_start(&self, flow: &Flow, index: u32) -> bool {
        let observed = flow.attention() & OBSERVED != 0;
        if observed {
            self.tell_of_task(flow, index, EventKind::Start);
        }
        observed
    }

    /// Whether a task of a run with such bits is not to be begun.
    #[cold]
    pub(super) fn is_stopped(
        &self,
        flow: &Flow,
        node: &Node,
        index: u32,
        mut attention: u32,
    ) -> bool {
        // SAFETY: this worker has the task in hand.
        if attention & (TIMED | STOP) == TIMED && unsafe { flow.is_over(self.pool) } {
            attention |= STOP;
        }
        if attention & SOME_CANCELLED != 0 {
            self.leave_out(flow, node, index);
        }
        attention & STOP != 0 || node.has(Flag::POISONED)
    }

    fn is_called_when_stopped(&self, flow: &Flow, node: &Node, index: u32) -> bool {
        // SAFETY: this worker has the task in hand.
        node.has(Flag::SPECIAL) && unsafe { flow.graph() }.suspends(index).is_some()
    }

    /// A task has ended on a seat, so or so: counts it, and makes ready what it leads to. Gives one task to be
    /// run next.
    pub(super) fn end(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: u32,
        mut outcome: Outcome,
        context: &mut Context<'_>,
    ) -> Option<u32> {
        if matches!(outcome, Outcome::Failed | Outcome::Cancelled) {
            let node = view.node(index);
            outcome = self.end_badly(flow, node, index, outcome, &mut context.failures);
        }
        let skipped = outcome == Outcome::Skipped;
        self.end_turn(flow, view.node(index), index, outcome);
        let attention = flow.attention();
        let plain = attention & NOT_PLAIN == 0;
        if !plain && attention & WATCHED != 0 && !skipped {
            self.judge(flow, index, attention);
        }
        if view.coarse || plain && !view.is_general() {
            if skipped {
                self.count_skipped(flow, index);
            }
            return self.complete(flow, view, index);
        }
        let mut ready = Ready {
            holds: attention & (OBSERVED | SCHEDULED) != 0,
            ..Ready::default()
        };
        self.arrivals(flow, view, index, outcome, context, &mut ready);
        if attention & (OBSERVED | SCHEDULED) != 0 {
            if attention & OBSERVED != 0 {
                // While the task that ended is not counted, so that its run cannot end, and nothing is in the
                // queue that is not counted either.
                for task in ready.next.iter().chain(&ready.held) {
                    self.tell_of_task(flow, *task, EventKind::Ready);
                }
            }
            if let Some(scheduled) = self.scheduled(attention) {
                (scheduled.end)(self, flow, view, index, skipped, ready);
                return None;
            }
        }
        if skipped {
            self.count_skipped(flow, index);
        }
        let Ready {
            next,
            others,
            held,
            mut out,
            failures,
            ..
        } = ready;
        let general = view.is_general();
        if general && next.is_some() {
            self.count_ended(flow, 1 + others);
        }
        for task in held {
            self.push(&mut out, view.base + task);
        }
        self.fail_all(flow, view, failures);
        self.send(out);
        if !general {
            self.count_finished(flow);
        } else if next.is_none() {
            debug_assert!(others == 0, "the first that is ready is the next");
            self.count_ended(flow, 0);
        }
        next
    }

    /// Tells what went wrong while tasks were made ready. One of those is in hand still, or else the task that ended is not counted
    /// yet: what is stopped drops user code, which may wait, and what was counted would be told meanwhile.
    #[inline]
    pub(super) fn fail_all(&self, flow: &Flow, view: &View<'_>, failures: Vec<(u32, Failure)>) {
        for (index, failure) in failures {
            let raced = matches!(failure, Failure::TaskRace);
            // (What is left of a stopped run is started by nobody, and so by no two.)
            if !raced || !flow.is_stopped() {
                self.fail(flow, index, failure);
            }
            if raced {
                // Its start may have been a poisoned one that nobody is going to end.
                view.node(index).lower(Flag::POISONED);
            }
        }
    }

    /// Collects what a task that ended makes ready.
    fn arrivals(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: u32,
        outcome: Outcome,
        context: &mut Context<'_>,
        ready: &mut Ready,
    ) {
        // SAFETY: (1) this worker has the task in hand.
        let node = unsafe { view.record(index) };
        let lenient = flow.attention() & KEEP_INDEPENDENT != 0;
        // What comes after a failed or poisoned task is poisoned.
        let poisoned = node.has(Flag::POISONED) && node.lower(Flag::POISONED);
        let poisons = poisoned || lenient && outcome == Outcome::Failed;
        if node.has(Flag::GUARDED) {
            // Before its successors can start it again.
            node.lower(Flag::ACTIVE);
        }
        // SAFETY: (1) this worker has the task in hand.
        let row = unsafe { view.row_of(index) };
        if node.has(Flag::BRANCHES) {
            let choices = core::mem::take(&mut context.choices);
            if outcome == Outcome::Branched {
                if let Some(choice) = choices.single() {
                    if let Some(target) = self.chosen(flow, index, row, choice, ready) {
                        self.start_chosen(view, target, ready);
                    }
                    return;
                }
                let chosen = |choice| self.chosen(flow, index, row, choice, ready);
                let mut targets: Vec<u32> = choices.iter().filter_map(chosen).collect();
                // The same task is not started twice by one decision, however it is named.
                targets.sort_unstable();
                targets.dedup();
                for target in targets {
                    self.start_chosen(view, target, ready);
                }
            }
            return;
        }
        for successor in row {
            // SAFETY: (1) it comes from a row.
            let after = unsafe { view.record(*successor) };
            if poisons {
                after.raise(Flag::POISONED);
            }
            if self.arrives(after) && self.is_free(after, *successor, ready) {
                self.add_ready(view, ready, *successor);
            }
        }
    }

    /// [Claims](Self::claims) a task, or notes that it could not.
    fn is_free(&self, node: &Node, index: u32, ready: &mut Ready) -> bool {
        let free = self.claims(node);
        if !free && !mutant!("race_untold") {
            ready.failures.push((index, Failure::TaskRace));
        }
        free
    }

    /// Starts the task that a branch leads to, whatever it still waits for.
    fn start_chosen(&self, view: &View<'_>, target: u32, ready: &mut Ready) {
        // SAFETY: (1) it comes from the row of the task that chose it.
        let node = unsafe { view.record(target) };
        if self.is_free(node, target, ready) {
            node.counter.rearm(node.strong());
            self.add_ready(view, ready, target);
        }
    }

    /// The successor that a choice means.
    fn chosen(
        &self,
        flow: &Flow,
        index: u32,
        row: &[u32],
        choice: &Branch,
        ready: &mut Ready,
    ) -> Option<u32> {
        // SAFETY: this worker has the task in hand.
        let graph = unsafe { flow.graph() };
        let target = match &choice.0 {
            Choice::Nothing => return None,
            Choice::Index(place) => return row.get(*place).copied(),
            Choice::To(task) => graph.find(*task),
            Choice::Named(name) => {
                let target = graph.branch_named(index, name);
                if target.is_none() {
                    let unknown = UnknownBranch(name.clone());
                    let failure = Failure::Failed(TaskError::from(unknown));
                    ready.failures.push((index, failure));
                }
                target
            }
        };
        target.filter(|target| row.contains(target))
    }

    /// Puts a task that became ready into the queue, but keeps one that is next.
    fn add_ready(&self, view: &View<'_>, ready: &mut Ready, task: u32) {
        let later = match ready.next {
            None => {
                ready.next = Some(task);
                return;
            }
            Some(before) if before < task => task,
            Some(before) => {
                ready.next = Some(task);
                before
            }
        };
        ready.others += 1;
        if ready.holds {
            self.hold(&mut ready.held, later);
        } else {
            self.push(&mut ready.out, view.base + later);
        }
    }
}

/// What became ready at one moment.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    /// The one with the lowest index: the order of creation, and of memory.
    pub(super) next: Option<u32>,
    /// How many there are besides.
    others: usize,
    /// They are in the queue, where nobody sees them before they are counted.
    out: Outbox,
    /// They are held back from the queue instead, since observers are told of them first.
    holds: bool,
    pub(super) held: Vec<u32>,
    /// What went wrong meanwhile. Telling it may make others' tasks ready, so it is told after the count.
    pub(super) failures: Vec<(u32, Failure)>,
}
