//! Tasks that stay with a worker where a policy decides, as long as it would decide nothing else.
//!
//! Asking a policy costs locks and much more than a small task takes. While nothing is ready but tasks of one plain flow, all equally
//! urgent, one that orders such tasks by their arrival [lends](crate::Scheduler::lends) them: they go to the queue of the
//! worker that made them ready, are taken from it in that order, and may be stolen as where there is no policy.
//!
//! Whatever else happens *stirs* ([`Lending`](crate::protocol::lending)): the worker sees it at the end of the task that it runs, and gives back what it keeps,
//! in order and to come before what was pushed since, before it goes on as usual. So what decides is the same, and so is the order.

use core::ops::ControlFlow;

use super::Worker;
use super::alone::arrives_alone;
use crate::flow::{Flow, SCHEDULED, View};
use crate::graph::node::{Context, Outcome};
use crate::platform::Platform;
use crate::pool::Installed;
use crate::scheduler::Entry;

/// How many tasks a policy is asked for one by one, when something came between or it did not lend what it has.
const RELUCTANCE: u32 = 256;

impl<P: Platform> Worker<'_, P> {
    /// Whether what the flow's tasks make ready may stay here. If not, nothing that the policy lent does.
    pub(super) fn may_keep(&self, flow: &Flow, view: &View<'_>) -> bool {
        let Some(installed) = self.pool.policy.as_ref().filter(|all| all.lends()) else {
            return false;
        };
        if self.lent.get().is_some() {
            return true;
        }
        if !self.has_seat() {
            return false;
        }
        // SAFETY: a task of the flow is not counted yet, so its run is active.
        let is_uniform = !unsafe { flow.graph() }.keeps_apart();
        if is_uniform && flow.attention() == SCHEDULED && self.may_ask_again(view) {
            self.lent.set(Some(installed.lending().begin()));
            if self.pool.injector.is_empty() && !self.pool.has_late() && self.borrow_all(view) {
                return true;
            }
            self.return_lent();
        } else if self.roams.get() && self.has_stolen(view) {
            self.return_lent();
        }
        false
    }

    /// Borrows what the policy has. `false`: there is something else, or too much.
    fn borrow_all(&self, view: &View<'_>) -> bool {
        let reluctance = self.reluctance.get();
        self.reluctance.set(reluctance.saturating_sub(1));
        let Some(deque) = self.deque() else {
            return false;
        };
        let most = if reluctance > 0 { 0 } else { deque.room_left() };
        let worker = self.id.index();
        let lent = self.pool.borrow_all(worker, view, most, &mut |task| {
            if let Err(task) = deque.push(task) {
                // (The policy is wrong.)
                self.pass_on(task);
            }
        });
        deque.publish();
        if !lent && most > 0 {
            self.reluctance.set(RELUCTANCE);
            // Whoever looked while it was in hand saw nothing.
            self.tell_sleepers();
        }
        lent
    }

    /// A task of the flow has ended well, and what it makes ready may stay here: goes on with what does, until anything else is to be looked
    /// at. Gives how a task ended then that is still to be ended, and is at `index`; or what is in hand, if none is.
    pub(super) fn run_lent(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: &mut u32,
        context: &mut Context<'_>,
    ) -> ControlFlow<Option<u32>, Outcome> {
        let going = if self.solo.get() {
            self.go_on_lent::<true>(flow, view, index, context)
        } else {
            self.go_on_lent::<false>(flow, view, index, context)
        };
        self.return_lent();
        going
    }

    /// [`run_lent`](Self::run_lent), but for giving back what is left. `SOLO`: there is no other seat.
    #[inline(never)]
    fn go_on_lent<const SOLO: bool>(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: &mut u32,
        context: &mut Context<'_>,
    ) -> ControlFlow<Option<u32>, Outcome> {
        let (Some(stirs), Some(installed)) = (self.lent.get(), &self.pool.policy) else {
            return ControlFlow::Continue(Outcome::Done);
        };
        let lending = installed.lending();
        let mut outcome = Outcome::Done;
        let mut current = *index;
        let (base, root) = (view.base, view.root());
        let mut room = 0;
        loop {
            // SAFETY: (1) the task has ended in this worker's hands.
            let row = unsafe { view.row_of(current) };
            // (Whatever waits gives back first, and has a worker that is not alone any more.)
            let is_undisturbed = outcome == Outcome::Done
                && flow.attention() == SCHEDULED
                && !lending.is_stirred(stirs)
                && !self.pool.has_alarms()
                && self.lent.get().is_some();
            let Some(deque) = self.deque().filter(|_| is_undisturbed) else {
                break;
            };
            if row.len() > room {
                room = deque.room_left();
                if row.len() > room {
                    break;
                }
            }
            let begin = deque.end();
            for successor in row {
                let ready = if SOLO {
                    // SAFETY: (1) it comes from a row, and there is no other seat.
                    unsafe { arrives_alone(view, *successor) }
                } else {
                    // SAFETY: (1) it comes from a row.
                    self.arrives(unsafe { view.record(*successor) })
                };
                if ready {
                    deque.put(base + *successor);
                    room -= 1;
                }
            }
            deque.sort_from(begin);
            deque.publish();
            self.count_finished(flow);
            let next = if SOLO {
                let next = self.next_in_row(flow, view);
                next.or_else(|| Some(deque.take_oldest_alone()?.wrapping_sub(base)))
            } else {
                deque.take_oldest().map(|task| task.wrapping_sub(base))
            };
            // (From here on nothing but the next task keeps the run from ending.)
            let in_hand = next.map(|next| base.wrapping_add(next));
            if !SOLO && next.is_some() && !deque.is_empty() {
                self.pool.notify();
                if self.lent.get().is_none() {
                    // The host has waited.
                    return ControlFlow::Break(in_hand);
                }
            }
            current = match next {
                Some(next) if next < root => next,
                _ => return ControlFlow::Break(in_hand),
            };
            // SAFETY: (1) it comes from a reference or a row, and was not started before.
            outcome = unsafe { self.call_plain(flow, view, current, context) };
        }
        *index = current;
        ControlFlow::Continue(outcome)
    }

    /// Leaves the sources of a round here. `false`: there is no room, and the policy takes them.
    pub(super) fn keep_sources(&self, flow: &Flow, view: &View<'_>) -> bool {
        let sources = view.sources();
        if self.leave_in_row(flow, view, view.root(), sources.len()) {
            return true;
        }
        let deque = self.deque();
        let Some(deque) = deque.filter(|deque| deque.room_left() >= sources.len()) else {
            self.give_back_lent();
            return false;
        };
        for source in sources {
            deque.put(view.base + *source);
        }
        deque.publish();
        if !self.solo.get() && sources.len() > 1 {
            self.pool.notify();
        }
        true
    }

    /// The first of the flow's tasks that are kept. If there is none, none is kept.
    pub(super) fn next_kept(&self, flow: &Flow, view: &View<'_>) -> Option<u32> {
        // (A host that was told of them may have waited, or a thief was faster.)
        let is_lent = self.lent.get().is_some();
        let in_row = is_lent.then(|| self.next_in_row(flow, view)).flatten();
        let next = in_row.or_else(|| {
            let deque = self.deque().filter(|_| is_lent && self.has_stolen(view))?;
            Some(deque.take_oldest()?.wrapping_sub(view.base))
        });
        match next {
            Some(next) if next < view.root() => return next.into(),
            // (Between the two looks a thief took the one that was seen.)
            Some(other) => self.pass_on(view.base.wrapping_add(other)),
            None => {}
        }
        self.give_back_lent();
        None
    }

    /// Gives back what the policy lent, if it lent anything.
    #[inline(never)]
    pub(super) fn give_back_lent(&self) {
        if self.lent.get().is_some()
            && let Some(scheduled) = &self.pool.scheduled
        {
            (scheduled.give_back)(self);
        }
    }

    /// Gives the policy back what was lent of this flow, which is not to be run as such, also if it was stolen.
    pub(super) fn return_stolen(&self, view: &View<'_>) {
        if self.lent.get().is_some() {
            return self.return_lent();
        }
        let lends = self.pool.policy.as_ref().is_some_and(Installed::lends);
        if lends && self.roams.get() && self.has_stolen(view) {
            self.return_lent();
        }
    }

    /// Gives the policy back what is kept here, or was stolen from who keeps it.
    pub(super) fn return_lent(&self) {
        let Some(installed) = &self.pool.policy else {
            return;
        };
        if self.lent.take().is_some() {
            installed.lending().end();
        }
        let mut kept = self.room.take();
        kept.extend(core::iter::from_fn(|| self.take_from_row()));
        loop {
            kept.extend(core::iter::from_fn(|| self.deque()?.take_oldest()));
            // (What a thief takes may be more than the queue holds.)
            if self.refill() == 0 {
                break;
            }
        }
        if !kept.is_empty() {
            // (It is not to be handed back and forth.)
            self.reluctance.set(RELUCTANCE);
            // Each comes before all that is there, so the last goes first. What the policy does not take are roots.
            let worker = Some(self.id.index());
            kept.reverse();
            kept.retain(|task| !self.pool.entrust(worker, Entry::Again(*task)));
            for root in kept.drain(..).rev() {
                self.keep_here(root);
            }
            self.tell_sleepers();
        }
        if kept.capacity() > 0 {
            self.room.set(kept);
        }
    }
}
