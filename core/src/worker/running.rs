//! Running tasks, and making ready what follows.

use core::ops::ControlFlow;
use core::ptr::NonNull;

use super::scheduled::is_scheduled_only;
use super::span::LONG_ROW;
use super::{Current, Worker};
use crate::flow::{Flow, OBSERVED, STOP, View};
use crate::graph::node::{Context, Outcome};
use crate::observer::EventKind;
use crate::platform::Platform;
use crate::pool::Late;
use crate::protocol::backlog::Chain;
use crate::protocol::deque::DequeOwner;
use crate::sync::Ordering;

/// Sources that a root makes ready at a time.
const SOURCES: usize = 128;

/// What one step makes ready.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outbox {
    any: bool,
    /// What did not fit into the queue.
    overflow: Option<Chain>,
}

impl<P: Platform> Worker<'_, P> {
    /// Runs a task and, one after another, a successor that it made ready or else the next task of the
    /// same flow in this worker's queue, as long as the slice lasts. Gives what it has in hand then.
    pub(super) fn run(&self, reference: u32) -> Option<u32> {
        if !self.has_seat() {
            // User code has waited since this was found.
            self.pass_on(reference);
            return None;
        }
        // (What is kept is of the flow that was run last.)
        self.give_back_lent();
        // SAFETY: as in `locate`.
        let flow: &Flow = unsafe { self.pool.directory.flow(reference) };
        if self.has_tally_of_another(flow) {
            // What was finished of another flow is not held back behind a task of this one. Its end may
            // run user code that waits for this task, so that is not kept in hand.
            self.keep_here(reference);
            let root = self.run_dry();
            if root.is_none() && self.pool.policy.is_none() {
                return None;
            }
            // Its next round is behind what was queued, or rounds of a flow could go on for ever before that. (And with a policy this
            // came before all that is queued.)
            let next = self.deque().and_then(DequeOwner::take_newest);
            if let Some(root) = root {
                self.keep(root);
            }
            return next;
        }
        if let Some(chunk) = flow.chunk() {
            // (What a wait does not need is not run on its stack.)
            return self.run_job(chunk, reference, |_, _| self.roams.get());
        }
        // SAFETY: as in `locate`.
        let view = unsafe { flow.view() };
        let root = view.root();
        let mut index = reference.wrapping_sub(view.base);
        if index == root {
            index = self.run_root(flow, &view)?;
        }
        if view.is_general() {
            return self.run_general(flow, &view, index);
        }
        if view.coarse {
            return self.run_blocks(flow, &view, index);
        }
        let attention = flow.attention();
        if let Some(scheduled) = &self.pool.scheduled
            && is_scheduled_only(attention)
        {
            (scheduled.run)(self, flow, view, index)
        } else if attention & !STOP != 0 {
            self.run_general(flow, &view, index)
        } else if self.solo.get() {
            self.run_alone(flow, view, index)
        } else {
            self.run_plain(flow, view, index)
        }
    }

    /// [`run`](Self::run) for the tasks of a flow that has plain ones only, in a function of its own, whose registers are
    /// those of this loop.
    #[inline(never)]
    pub(super) fn run_plain(&self, flow: &Flow, view: View<'_>, mut index: u32) -> Option<u32> {
        let mut context = Context::new(self);
        loop {
            let outcome = match flow.attention() {
                // SAFETY: (1) it comes from a reference or a row, and was not started before.
                0 => unsafe { self.call_plain(flow, &view, index, &mut context) },
                STOP => Outcome::Skipped,
                _ => return self.run_general(flow, &view, index),
            };
            index = match self.end_plain(flow, &view, index, outcome, &mut context) {
                ControlFlow::Continue(next) => next,
                ControlFlow::Break(in_hand) => return in_hand,
            };
        }
    }

    /// Calls the closure of a task.
    ///
    /// # Safety
    ///
    /// 1. The task is ready and in this worker's hands, and is not called twice.
    #[expect(clippy::inline_always, reason = "it is in the loops of all tasks")]
    #[inline(always)]
    pub(super) unsafe fn call_plain(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: u32,
        context: &mut Context<'_>,
    ) -> Outcome {
        // SAFETY: (1) the index is that of a task.
        let node = unsafe { view.record(index) };
        self.current.set(Current::Task(NonNull::from(flow), index));
        // SAFETY: (1) invariant 2 of the graph, which is frozen. (2) A task is started once a
        // round, by the worker that has its reference.
        // Unwind: `settle` finds the task in `current` and completes it.
        let outcome = unsafe { (node.call)(node.data, context) };
        self.current.set(Current::Engine);
        outcome
    }

    /// Ends a plain task. Gives what [`follow`](Self::follow) does.
    #[expect(clippy::inline_always, reason = "it is in the loop of plain tasks")]
    #[inline(always)]
    pub(super) fn end_plain(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: u32,
        mut outcome: Outcome,
        context: &mut Context<'_>,
    ) -> ControlFlow<Option<u32>, u32> {
        if outcome == Outcome::Failed {
            // (A stopped run skips what follows, however this one ended.)
            outcome = self.fail_with(flow, index, &mut context.failures);
            if outcome == Outcome::Cancelled && self.has_seat() {
                // What comes after it may be to be left out, and nothing else.
                let next = self.end(flow, view, index, outcome, context);
                return ControlFlow::Break(next.map(|next| self.in_hand(flow, view, next)));
            }
        }
        if !self.has_seat() {
            self.pool.finish_late(Late::of(view.base + index, outcome));
            return ControlFlow::Break(None);
        }
        if outcome == Outcome::Skipped {
            self.count_skipped(flow, index);
        }
        let next = self.complete_here(flow, view, index);
        match self.follow(flow, view, next, 1) {
            ControlFlow::Break(None) => self.go_round(flow, view),
            step => step,
        }
    }

    /// [`flush`](Self::flush), out of the code of the loops.
    #[inline(never)]
    fn run_dry(&self) -> Option<u32> {
        self.flush()
    }

    /// There is nothing more to do at once. If that ends a round, begins the next one, as long as the slice lasts. Gives
    /// what [`follow`](Self::follow) does.
    ///
    /// (Nothing is counted but of this flow. Unless there is another round, the flow may be gone after it.)
    #[inline(never)]
    pub(super) fn go_round(&self, flow: &Flow, view: &View<'_>) -> ControlFlow<Option<u32>, u32> {
        if self.slice.get() == 0 {
            return ControlFlow::Break(None);
        }
        let Some(root) = self.flush() else {
            return ControlFlow::Break(None);
        };
        if !self.has_seat() {
            // User code of the round's end has waited.
            self.pass_on(root);
            return ControlFlow::Break(None);
        }
        // SAFETY: (1) the round that has begun is in this worker's hands.
        if unsafe { flow.view() }.coarse {
            // Its records are those of blocks from here on.
            return ControlFlow::Break(Some(root));
        }
        self.run_root(flow, view)
            .map_or(ControlFlow::Break(None), ControlFlow::Continue)
    }

    /// Something has ended that counts as so many tasks of a slice, and made `next` ready. Gives the record to go on
    /// with, or else the task that is in hand.
    #[expect(clippy::inline_always, reason = "it is in the loops of all tasks")]
    #[inline(always)]
    pub(super) fn follow(
        &self,
        flow: &Flow,
        view: &View<'_>,
        next: Option<u32>,
        tasks: u32,
    ) -> ControlFlow<Option<u32>, u32> {
        let slice = self.slice.get().saturating_sub(tasks);
        self.slice.set(slice);
        if slice == 0 {
            return ControlFlow::Break(next.map(|next| self.in_hand(flow, view, next)));
        }
        if let Some(next) = next {
            return ControlFlow::Continue(next);
        }
        match self.deque().and_then(DequeOwner::take_newest) {
            Some(task) => {
                let near = task.wrapping_sub(view.base);
                if near < view.root() {
                    ControlFlow::Continue(near)
                } else {
                    ControlFlow::Break(Some(task))
                }
            }
            None => match self.next_in_row(flow, view) {
                Some(next) => ControlFlow::Continue(next),
                None => ControlFlow::Break(None),
            },
        }
    }

    /// Makes a batch of sources ready, and itself again if there are more. Gives one of them to be run.
    ///
    /// It is kept out of the loop that calls it, whose registers it would use up.
    #[inline(never)]
    fn run_root(&self, flow: &Flow, view: &View<'_>) -> Option<u32> {
        // (Also where there is no task: rounds of such a flow use up a slice too.)
        self.slice.set(self.slice.get().saturating_sub(1));
        let progress = flow.progress();
        let sources = view.sources();
        // Ordering: Relaxed; handed on with the root's reference.
        let begin = progress.cursor.load(Ordering::Relaxed);
        if begin == 0 {
            self.endless.set(true);
        }
        let attention = flow.attention();
        if attention == 0
            && let [source] = sources
            && !view.is_general()
        {
            self.count_finished(flow);
            return Some(*source);
        }
        let observed = attention & OBSERVED != 0;
        if observed && begin == 0 {
            self.tell_begin(flow);
        }
        // (Blocks tell of their tasks.)
        let observed = observed && !view.coarse;
        if begin == 0 && flow.is_stopped() {
            // Nothing of this round was started, so no counter is out of place.
            // SAFETY: the round is unfinished.
            unsafe { flow.graph() }.expire_outputs();
            self.count_all_skipped(flow, view);
            return None;
        }
        if let Some(scheduled) = self.scheduled(attention) {
            return (scheduled.begin)(self, flow, view, observed);
        }
        // (Later batches of a row that was begun in the other way stay with that.)
        if begin == 0
            && !view.is_general()
            && !observed
            && self.leave_in_row(flow, view, view.root(), sources.len())
        {
            self.count_finished(flow);
            return self.next_in_row(flow, view);
        }
        let end = sources.len().min(begin + SOURCES);
        let more = end < sources.len();
        if observed {
            for source in &sources[begin..end] {
                self.tell_of_task(flow, *source, EventKind::Ready);
            }
        }
        if more {
            // Ordering: Relaxed; published with the root's reference.
            progress.cursor.store(end, Ordering::Relaxed);
        }
        if view.is_general() {
            self.count_sources(flow, end - begin, !more);
        } else if !more {
            self.count_finished(flow);
        }
        let (first, others) = sources[begin..end].split_first()?;
        let mut out = Outbox::default();
        if more {
            // Before the others, where a thief finds it first.
            self.push(&mut out, view.base + view.root());
        }
        for source in others.iter().rev() {
            self.push(&mut out, view.base + source);
        }
        self.send(out);
        Some(*first)
    }

    /// A task has ended on a seat: counts it, and makes ready what waited for it alone. Gives one such task to be
    /// run next.
    pub(super) fn complete(&self, flow: &Flow, view: &View<'_>, index: u32) -> Option<u32> {
        self.complete_here(flow, view, index)
    }

    /// [`complete`](Self::complete), in the caller's own code.
    #[expect(clippy::inline_always, reason = "a call costs as much as the rest")]
    #[inline(always)]
    fn complete_here(&self, flow: &Flow, view: &View<'_>, index: u32) -> Option<u32> {
        let deque = self.deque()?;
        // SAFETY: (1) the task has ended in this worker's hands.
        let successors = unsafe { view.row_of(index) };
        if successors.len() >= LONG_ROW && self.leave_in_row(flow, view, index, successors.len()) {
            self.count_finished(flow);
            return None;
        }
        let solo = self.solo.get();
        let mut next = None;
        let mut out = Outbox::default();
        for successor in successors {
            // SAFETY: (1) it comes from a row.
            let node = unsafe { view.record(*successor) };
            let strong = node.strong();
            let ready = strong <= 1
                || if solo {
                    node.counter.arrive_alone(strong)
                } else {
                    node.counter.arrive(strong)
                };
            if !ready {
                continue;
            }
            // The one with the lowest index is next: the order of creation, and of memory.
            let later = match next {
                None => {
                    next = Some(*successor);
                    continue;
                }
                Some(before) if before < *successor => *successor,
                Some(before) => {
                    next = Some(*successor);
                    before
                }
            };
            out.any = true;
            if let Err(task) = deque.push(view.base + later) {
                self.overflow(&mut out, task);
            }
        }
        if out.any {
            self.send(out);
        }
        self.count_finished(flow);
        next
    }

    /// Puts a task into the queue, to be shown by `send`; into the injector where user code has given the seat away meanwhile.
    #[inline]
    pub(super) fn push(&self, out: &mut Outbox, task: u32) {
        out.any = true;
        let Some(deque) = self.deque() else {
            return self.pass_on(task);
        };
        if let Err(task) = deque.push(task) {
            self.overflow(out, task);
        }
    }

    /// Leaves a task to who has a seat.
    #[cold]
    #[inline(never)]
    pub(super) fn pass_on(&self, task: u32) {
        self.pool.inject(Chain::of(task));
    }

    #[cold]
    fn overflow(&self, out: &mut Outbox, task: u32) {
        Chain::grow(&mut out.overflow, task, &*self.pool.directory);
    }

    /// Shows others what was pushed.
    pub(super) fn send(&self, out: Outbox) {
        if !out.any {
            return;
        }
        if let Some(deque) = self.deque() {
            deque.publish();
        }
        if let Some(chain) = out.overflow {
            if self.has_seat() {
                self.queues.backlog.push(chain, &*self.pool.directory);
            } else {
                self.pool.inject(chain);
            }
        }
        if !self.solo.get() {
            self.pool.notify();
        }
    }

    /// Makes a task, or a root, ready.
    pub(super) fn keep(&self, task: u32) {
        if !self.has_seat() {
            return self.pool.offer(task);
        }
        if self.pool.policy.is_some() {
            if self.unless_entrusted(task).is_none() {
                return;
            }
            self.give_back_lent();
        }
        self.keep_here(task);
    }

    /// Queues a task on this seat.
    #[inline]
    pub(super) fn keep_here(&self, task: u32) {
        let mut out = Outbox::default();
        self.push(&mut out, task);
        self.send(out);
    }
}
