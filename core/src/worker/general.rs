//! The loop for tasks that need more than to be called: conditions, what weak edges lead to, tasks that
//! suspend, and runs that go on after a failure.

use alloc::vec::Vec;
use core::ptr::NonNull;

use super::running::Outbox;
use super::{Current, Worker};
use crate::condition::{Branch, Choice, UnknownBranch};
use crate::error::TaskError;
use crate::flow::{COLLECT_ALL, Flow, KEEP_INDEPENDENT, STOP, View};
use crate::graph::node::{Context, Flag, Node, Outcome};
use crate::platform::Platform;
use crate::pool::Late;
use crate::stats::{Failure, Suppressed};
use crate::suspension::release;

impl<P: Platform> Worker<'_, P> {
    /// As the loop of [`run`](Self::run).
    pub(super) fn run_general(&self, flow: &Flow, view: &View<'_>, first: u32) -> Option<u32> {
        let root = view.root();
        let mut index = first;
        let mut context = Context::new(self);
        loop {
            let outcome = self.call(flow, view, index, &mut context)?;
            if !self.has_seat() {
                if outcome == Outcome::Failed {
                    self.fail_with(flow, index, &mut context.failures);
                }
                let choices = core::mem::take(&mut context.choices);
                self.pool.finish_late(Late {
                    task: view.base + index,
                    outcome,
                    choices,
                });
                return None;
            }
            let next = self.end(flow, view, index, outcome, &mut context);
            let slice = self.slice.get().saturating_sub(1);
            self.slice.set(slice);
            if slice == 0 {
                return next.map(|next| self.in_hand(flow, view, next));
            }
            index = match next {
                Some(next) => next,
                None => match self.deque()?.take_newest() {
                    Some(task) => {
                        let near = task.wrapping_sub(view.base);
                        if near >= root {
                            return Some(task);
                        }
                        near
                    }
                    None => self.next_in_row(flow, view)?,
                },
            };
        }
    }

    /// The reference of a task that the caller is going to put somewhere else.
    pub(super) fn in_hand(&self, flow: &Flow, view: &View<'_>, index: u32) -> u32 {
        self.hand_on(flow);
        view.base + index
    }

    /// Calls a task, or skips it. `None`: it is suspended, or waits for a semaphore, and not this worker's any more.
    fn call(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: u32,
        context: &mut Context<'_>,
    ) -> Option<Outcome> {
        let node = view.node(index);
        loop {
            context.stopped = flow.attention() & STOP != 0 || node.has(Flag::POISONED);
            if node.has(Flag::SPECIAL)
                && let Err(skipped) = self.take_turn(flow, view, index, context.stopped)
            {
                return skipped;
            }
            if context.stopped && !self.is_called_when_stopped(flow, node, index) {
                return Some(Outcome::Skipped);
            }
            self.current.set(Current::Task(NonNull::from(flow), index));
            // SAFETY: (1) invariant 2 of the graph, which is frozen. (2) A task is started by the worker that
            // has its reference; what weak edges lead to has one reference at a time, since it is `ACTIVE`.
            // Unwind: `settle` finds the task in `current` and completes it.
            let outcome = unsafe { (node.call)(node.data, context) };
            self.current.set(Current::Engine);
            if outcome != Outcome::Pending {
                return Some(outcome);
            }
            let Some(suspension) = context.suspension.take() else {
                debug_assert!(false, "a task is pending without a suspension");
                return Some(Outcome::Done);
            };
            self.hand_on(flow);
            if suspension.suspend() {
                return None;
            }
        }
    }

    fn is_called_when_stopped(&self, flow: &Flow, node: &Node, index: u32) -> bool {
        // SAFETY: this worker has the task in hand.
        node.has(Flag::SPECIAL) && unsafe { flow.graph() }.suspends(index)
    }

    /// A task has ended on a seat, so or so: counts it, and makes ready what it leads to. Gives one task to be
    /// run next.
    pub(super) fn end(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: u32,
        outcome: Outcome,
        context: &mut Context<'_>,
    ) -> Option<u32> {
        match outcome {
            Outcome::Done | Outcome::Branched | Outcome::Pending => {}
            Outcome::Skipped => self.count_skipped(flow),
            Outcome::Failed => self.fail_with(flow, index, &mut context.failures),
        }
        self.end_turn(flow, view.node(index), index, outcome);
        if !view.is_general() && flow.attention() & KEEP_INDEPENDENT == 0 {
            return self.complete(flow, view, index);
        }
        let mut ready = Ready::default();
        self.arrivals(flow, view, index, outcome, context, &mut ready);
        if view.is_general() {
            self.count_ended(flow, ready.count());
            self.push_all(view, &mut ready);
        } else {
            self.push_all(view, &mut ready);
            self.count_finished(flow);
        }
        ready.next
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
        let node = view.node(index);
        let lenient = flow.attention() & KEEP_INDEPENDENT != 0;
        // What comes after a failed or poisoned task is poisoned.
        let poisoned = node.has(Flag::POISONED) && node.lower(Flag::POISONED);
        let poisons = poisoned || lenient && outcome == Outcome::Failed;
        if node.has(Flag::GUARDED) {
            // Before its successors can start it again.
            node.lower(Flag::ACTIVE);
        }
        let row = view.successors(index);
        if node.has(Flag::BRANCHES) {
            let choices = core::mem::take(&mut context.choices);
            if outcome == Outcome::Branched {
                let chosen = |choice| self.chosen(flow, index, row, choice);
                let mut targets: Vec<u32> = choices.iter().filter_map(chosen).collect();
                // The same task is not started twice by one decision, however it is named.
                targets.sort_unstable();
                targets.dedup();
                for target in targets {
                    self.start_chosen(flow, view, target, ready);
                }
            }
            return;
        }
        for successor in row {
            let after = view.node(*successor);
            if poisons {
                after.raise(Flag::POISONED);
            }
            let strong = after.strong();
            let arrived = strong <= 1
                || if self.solo {
                    after.counter.arrive_alone(strong)
                } else {
                    after.counter.arrive(strong)
                };
            if arrived && self.is_free(flow, after, *successor) {
                ready.add(*successor);
            }
        }
    }

    /// Starts the task that a branch leads to, whatever it still waits for.
    fn start_chosen(&self, flow: &Flow, view: &View<'_>, target: u32, ready: &mut Ready) {
        let node = view.node(target);
        if self.is_free(flow, node, target) {
            node.counter.rearm(node.strong());
            ready.add(target);
        }
    }

    /// Claims a task to be started. `false`: it is scheduled or running already, which ends the run.
    fn is_free(&self, flow: &Flow, node: &Node, index: u32) -> bool {
        if !node.has(Flag::GUARDED) || !node.raise(Flag::ACTIVE) {
            return true;
        }
        self.fail(flow, index, Failure::TaskRace);
        false
    }

    /// The successor that a choice means.
    fn chosen(&self, flow: &Flow, index: u32, row: &[u32], choice: &Branch) -> Option<u32> {
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
                    self.fail(flow, index, Failure::Failed(TaskError::from(unknown)));
                }
                target
            }
        };
        target.filter(|target| row.contains(target))
    }

    /// Puts all that is ready, but the one that is next, into the queue.
    fn push_all(&self, view: &View<'_>, ready: &mut Ready) {
        let mut out = Outbox::default();
        for task in ready.others.drain(..) {
            self.push(&mut out, view.base + task);
        }
        self.send(out);
    }

    /// Notes the failures of a task, and stops its run unless that is to go on.
    #[cold]
    pub(super) fn fail_with(&self, flow: &Flow, index: u32, failures: &mut Vec<Suppressed>) {
        // SAFETY: the task is unfinished.
        let label = unsafe { flow.graph() }.label(index);
        // SAFETY: as above.
        let run = unsafe { flow.active() };
        let mut goes_on = flow.attention() & (KEEP_INDEPENDENT | COLLECT_ALL) != 0;
        // An error that a task handed on from a nested run is that of the nested task.
        let failures = failures.drain(..).flat_map(|failed| match failed.failure {
            Failure::Failed(error) => match error.into_run_error() {
                Ok(inner) => inner.into_failures(),
                Err(error) => Vec::from([Suppressed {
                    task: failed.task,
                    failure: Failure::Failed(error),
                }]),
            },
            _ => Vec::from([failed]),
        });
        for failed in failures {
            goes_on &= matches!(failed.failure, Failure::Panicked(_) | Failure::Failed(_));
            let task = failed.task.unwrap_or_else(|| label.clone());
            run.fail(Suppressed {
                task: Some(task),
                failure: failed.failure,
            });
        }
        if !goes_on {
            release(flow.stop());
        }
    }
}

/// What became ready at one moment.
#[derive(Debug, Default)]
struct Ready {
    /// The one with the lowest index: the order of creation, and of memory.
    next: Option<u32>,
    others: Vec<u32>,
}

impl Ready {
    fn add(&mut self, task: u32) {
        match self.next {
            None => self.next = Some(task),
            Some(before) if before < task => self.others.push(task),
            Some(before) => {
                self.next = Some(task);
                self.others.push(before);
            }
        }
    }

    fn count(&self) -> usize {
        usize::from(self.next.is_some()) + self.others.len()
    }
}
