//! Running tasks in blocks, and what is about a task of a block and not about the block.

use core::ops::ControlFlow;
use core::ptr::NonNull;

use super::{Current, Worker};
use crate::flow::{Flow, KEEP_INDEPENDENT, OBSERVED, SOME_CANCELLED, STOP, TIMED, View};
use crate::graph::blocks::block_of;
use crate::graph::node::{Context, Flag, Outcome};
use crate::observer::{Ended, EventKind};
use crate::panic::Panic;
use crate::platform::Platform;
use crate::pool::Late;
use crate::stats::Failure;

/// Tasks of a slice that a block counts as.
const TASKS: u32 = 16;

impl<P: Platform> Worker<'_, P> {
    /// As the loop of [`run`](Self::run), for blocks.
    pub(super) fn run_blocks(&self, flow: &Flow, view: &View<'_>, first: u32) -> Option<u32> {
        let mut index = first;
        let mut context = Context::new(self);
        loop {
            let node = view.node(index);
            self.current.set(Current::Task(NonNull::from(flow), index));
            // SAFETY: (1) invariant 1 of the plan, which stays until the round has ended. (2) A block is started once a
            // round, by the worker that has its reference.
            // Unwind: `settle` finds the block in `current` and queues it again.
            let outcome = unsafe { (node.call)(node.data, &mut context) };
            self.current.set(Current::Engine);
            if outcome == Outcome::Unfinished {
                self.hand_on(flow);
                self.keep(view.base + index);
                return None;
            }
            if !self.has_seat() {
                self.pool.finish_late(Late::of(view.base + index, outcome));
                return None;
            }
            let next = self.complete(flow, view, index);
            match self.follow(flow, view, next, TASKS) {
                ControlFlow::Continue(next) => index = next,
                ControlFlow::Break(in_hand) => return in_hand,
            }
        }
    }

    /// Calls a task of the block at hand, or skips it, where the run asks for attention.
    #[cold]
    pub(super) fn step_of_block(&self, flow: &Flow, task: u32, context: &mut Context<'_>) {
        // SAFETY: this worker has the task's block in hand.
        let node = unsafe { flow.graph() }.node(task);
        let observed = flow.attention() & OBSERVED != 0;
        if observed {
            self.tell_of_task(flow, task, EventKind::Ready);
            self.tell_of_task(flow, task, EventKind::Start);
        }
        let attention = flow.attention() & (STOP | SOME_CANCELLED | TIMED);
        let stopped = node.has(Flag::POISONED)
            || attention != 0 && self.is_stopped(flow, node, task, attention);
        let outcome = if stopped {
            Outcome::Skipped
        } else {
            // SAFETY: (1) invariant 2 of the graph, which is frozen. (2) A task is in one block, which this worker
            // has in hand, and called once a round.
            // Unwind: `settle` finds the block in `current`.
            unsafe { (node.call)(node.data, context) }
        };
        if observed {
            let outcome = Ended::of(outcome);
            self.tell_of_task(flow, task, EventKind::End { outcome });
        }
        self.end_step(flow, task, outcome, context);
    }

    /// A task of the block at hand has ended, so or so.
    #[cold]
    pub(super) fn end_step(
        &self,
        flow: &Flow,
        task: u32,
        mut outcome: Outcome,
        context: &mut Context<'_>,
    ) {
        // SAFETY: this worker has the task's block in hand.
        let graph = unsafe { flow.graph() };
        let node = graph.node(task);
        if matches!(outcome, Outcome::Failed | Outcome::Cancelled) {
            outcome = self.end_badly(flow, node, task, outcome, &mut context.failures);
        }
        let lenient = flow.attention() & KEEP_INDEPENDENT != 0;
        let poisoned = node.has(Flag::POISONED) && node.lower(Flag::POISONED);
        if poisoned || lenient && outcome == Outcome::Failed {
            // What comes after it, in this block or in later ones.
            for successor in graph.successors(task) {
                graph.node(*successor).raise(Flag::POISONED);
            }
        }
        if outcome == Outcome::Skipped {
            self.count_skipped(flow, task);
        }
    }

    /// The task whose code is running: that, or the one of the block that was called last.
    pub(super) fn task_of(&self, flow: &Flow, index: u32) -> u32 {
        // SAFETY: what is running is unfinished, so its run is active.
        let view = unsafe { flow.view() };
        if !view.coarse {
            return index;
        }
        // SAFETY: the block is unfinished, so its plan is there.
        unsafe { block_of(view.node(index)) }.last_called()
    }

    /// Deals with a panic of a task of a block: the block goes on behind it.
    #[cold]
    pub(super) fn settle_block(&self, flow: &Flow, view: &View<'_>, index: u32, panic: Panic) {
        // SAFETY: the block that was being called is unfinished, so its plan is there.
        let task = unsafe { block_of(view.node(index)) }.last_called();
        if flow.is_observed() {
            let outcome = Ended::Failed;
            self.tell_of_task(flow, task, EventKind::End { outcome });
        }
        let mut context = Context::new(self);
        let outcome = context.fail(Failure::Panicked(panic));
        self.end_step(flow, task, outcome, &mut context);
        self.hand_on(flow);
        self.keep(view.base + index);
    }
}
