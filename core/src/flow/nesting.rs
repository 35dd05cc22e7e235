//! What ties a flow to the tasks that it is part of, and to what its own tasks wait for.

use alloc::vec::Vec;

use super::Flow;
use crate::graph::node::Flag;
use crate::mutant::mutant;
use crate::stats::{Failure, Suppressed};
use crate::suspension::{Hold, release};
use crate::sync::Arc;
use crate::task::TaskId;

/// Why a task was not started.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NotScheduled {
    /// There is no weak edge to it.
    Unknown,
    /// It is scheduled or running.
    Active,
}

impl Flow {
    /// Lets stopping the active run, or the task, reach what the task waits for. What is stopped reaches it now.
    pub(crate) fn hold(&self, task: TaskId, hold: Hold) -> usize {
        let place = self.holds.lock().add(task, hold.clone());
        if self.is_stopped_for(task) && !mutant!("hold_no_second_look") {
            release(Vec::from([hold]));
        }
        place
    }

    /// A task has what it waited for.
    pub(crate) fn let_go(&self, place: usize) {
        let hold = self.holds.lock().remove(place);
        drop(hold);
    }

    /// Whether suspended tasks wait for anything.
    pub(crate) fn has_nested(&self) -> bool {
        !self.holds.lock().is_empty()
    }

    /// The flow of the task that the active run is part of.
    pub(crate) fn parent(&self) -> Option<Arc<Self>> {
        let run = self.queue.lock().active.clone()?;
        run.parent_flow()
    }

    /// The outermost flow that the active run is part of, if there is such a run.
    pub(crate) fn top(&self) -> Option<u64> {
        let queue = self.queue.lock();
        queue.active.as_ref()?;
        // SAFETY: a run is active, and does not end while the queue is locked, so nobody writes it.
        Some(unsafe { (*self.hot.get()).top })
    }

    /// Adds the ids of what a task of this flow holds up while it waits: the flow, and those of the tasks
    /// that the active run is part of.
    pub(crate) fn add_holders(&self, holders: &mut Vec<u64>) {
        holders.push(self.id);
        let mut outer = self.parent();
        while let Some(flow) = outer {
            holders.push(flow.id);
            outer = flow.parent();
        }
    }

    /// Whether `id` is one of these.
    pub(crate) fn holds_up(&self, id: u64) -> bool {
        let mut outer = (self.id != id).then(|| self.parent()).flatten();
        let mut found = self.id == id;
        while let Some(flow) = outer {
            found |= flow.id == id;
            outer = if found { None } else { flow.parent() };
        }
        found
    }

    /// Whether a task of the flow `id` waits, over any number of nested graphs, for the end of the active run:
    /// since that is part of it, or since a use of the same module has its turn afterwards.
    pub(crate) fn is_ahead_of(&self, id: u64) -> bool {
        let mut reached = self.users();
        let mut next = 0;
        while let Some(flow) = reached.get(next).map(Arc::clone) {
            if flow.id == id {
                return true;
            }
            for user in flow.users() {
                if reached.iter().all(|seen| seen.id != user.id) {
                    reached.push(user);
                }
            }
            next += 1;
        }
        false
    }

    /// The flows of the tasks that unfinished runs are part of.
    fn users(&self) -> Vec<Arc<Self>> {
        let queue = self.queue.lock();
        let runs = queue.active.iter().chain(&queue.waiting);
        runs.filter_map(|run| run.parent_flow()).collect()
    }

    /// Claims a task that the runtime task `from` may schedule, and counts it. Gives its reference, which
    /// is to be queued.
    ///
    /// # Errors
    ///
    /// Why not.
    ///
    /// # Safety
    ///
    /// 1. The task `from` is unfinished.
    pub(crate) unsafe fn schedule(&self, from: u32, to: TaskId) -> Result<u32, NotScheduled> {
        // SAFETY: (1).
        let graph = unsafe { self.graph() };
        // SAFETY: (1).
        let view = unsafe { self.view() };
        let target = graph
            .find(to)
            .filter(|target| graph.scheduled_by(from).any(|task| task == *target))
            .ok_or(NotScheduled::Unknown)?;
        let node = view.node(target);
        if node.raise(Flag::ACTIVE) {
            let (task, failure) = (Some(graph.label(target)), Failure::TaskRace);
            // SAFETY: (1).
            unsafe { self.active() }.fail(Suppressed { task, failure });
            release(self.stop());
            return Err(NotScheduled::Active);
        }
        node.counter.rearm(node.strong());
        self.progress.completion.raise(1);
        Ok(view.base + target)
    }
}
