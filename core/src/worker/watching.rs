//! Timing the calls of tasks that have a budget, and the ends of those that have a deadline.
//!
//! A call is timed by whoever makes it, so that every overrun is counted. Where observers are to hear of one while it lasts, it is
//! also put among the [alarms](crate::pool::alarms) of the pool: whoever takes it off there tells of it.

use core::time::Duration;

use super::Worker;
use crate::flow::{Flow, OBSERVED};
use crate::graph::node::{Context, Node, Outcome};
use crate::observer::EventKind;
use crate::platform::Platform;
use crate::pool::{AlarmId, Overrun};
use crate::run::Late;
use crate::sync::Arc;

/// A call that is being timed, until this is dropped, be it by a panic.
struct Timed<'w, 'p, P: Platform> {
    worker: &'w Worker<'p, P>,
    flow: &'w Flow,
    index: u32,
    budget: Duration,
    begun: Duration,
    alarm: Option<AlarmId>,
}

impl<'p, P: Platform> Worker<'p, P> {
    /// Calls a task of a flow whose tasks are watched.
    ///
    /// # Safety
    ///
    /// 1. As for [`Call`](crate::graph::node::Call), of the record's closure.
    #[cold]
    pub(super) unsafe fn call_timed(
        &self,
        flow: &Flow,
        index: u32,
        node: &Node,
        context: &mut Context<'_>,
    ) -> Outcome {
        let timed = self.time(flow, index);
        // SAFETY: (1).
        // Unwind: the time is told, as it is after the call.
        let outcome = unsafe { (node.call)(node.data, context) };
        drop(timed);
        outcome
    }

    /// A task is about to be called: times that, if it has a budget.
    fn time<'w>(&'w self, flow: &'w Flow, index: u32) -> Option<Timed<'w, 'p, P>> {
        // SAFETY: this worker has the task in hand.
        let graph = unsafe { flow.graph() };
        let said = graph.said(index)?;
        let budget = said.budget()?;
        let begun = self.pool.platform.now();
        let heard = flow.attention() & OBSERVED != 0;
        let at = begun.checked_add(budget).filter(|_| heard);
        let alarm = at.map(|at| {
            let call = Overrun {
                flow: flow.keep(),
                said: Arc::clone(said),
                // SAFETY: as above.
                run: unsafe { flow.run_number() },
                task: graph.id(index),
                worker: self.id,
                budget,
                begun,
            };
            self.pool.arm_call(at, call)
        });
        Some(Timed {
            worker: self,
            flow,
            index,
            budget,
            begun,
            alarm,
        })
    }

    /// A task has ended that was not skipped: was it too late?
    #[cold]
    pub(super) fn judge(&self, flow: &Flow, index: u32, attention: u32) {
        // SAFETY: this worker has the task in hand.
        let graph = unsafe { flow.graph() };
        let Some(deadline) = graph.said(index).and_then(|said| said.deadline()) else {
            return;
        };
        let now = self.pool.platform.now();
        // SAFETY: as above.
        let taken = now.saturating_sub(unsafe { flow.round_begun() });
        if taken <= deadline {
            return;
        }
        flow.note_late(Late::MISSED);
        if attention & OBSERVED != 0 {
            let late = taken - deadline;
            self.tell_of_task(flow, index, EventKind::DeadlineMissed { late });
        }
    }
}

impl<P: Platform> Drop for Timed<'_, '_, P> {
    fn drop(&mut self) {
        let pool = self.worker.pool;
        let told = self.alarm.is_some_and(|alarm| !pool.alarms.disarm(alarm));
        let running = pool.platform.now().saturating_sub(self.begun);
        if running < self.budget {
            return;
        }
        self.flow.note_late(Late::OVERRUN);
        if !told && self.flow.is_observed() {
            let budget = self.budget;
            let kind = EventKind::Overrun { budget, running };
            self.worker.tell_of_task(self.flow, self.index, kind);
        }
    }
}
