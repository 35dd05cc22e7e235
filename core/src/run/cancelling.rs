//! Cancelling a run, or tasks of it.

use alloc::string::String;

use super::Run;
use crate::flow::Flow;
use crate::mutant::mutant;
use crate::sync::Arc;
use crate::task::TaskId;

impl Run {
    /// Why the run, or this task of it, was cancelled, if a reason was given.
    pub(crate) fn cancel_reason(&self, task: TaskId) -> Option<String> {
        let cell = self.cell.lock();
        let reason = cell.cancelled.as_ref();
        reason.or(cell.cancelled_tasks.get(&task))?.clone()
    }

    /// Whether this task was cancelled.
    pub(crate) fn is_cancelled(&self, task: TaskId) -> bool {
        self.cell.lock().cancelled_tasks.contains_key(&task)
    }

    /// A task is left out or broken off. `true`: since it was cancelled, which makes the run a cancelled one.
    pub(crate) fn leaves_out(&self, task: TaskId) -> bool {
        let mut cell = self.cell.lock();
        let reason = cell.cancelled_tasks.get(&task).cloned();
        let cancelled = reason.is_some();
        cell.left_out = cell.left_out.take().or(reason);
        cancelled
    }

    /// A task is broken off, which makes the run a cancelled one.
    pub(crate) fn leave_out(&self, reason: Option<String>) {
        self.cell.lock().left_out.get_or_insert(reason);
    }

    /// Notes that the run is to be cancelled. `false` if it was already, or has ended.
    pub(crate) fn cancel(&self, reason: Option<String>) -> bool {
        let mut cell = self.cell.lock();
        let ended = cell.flow.is_none() && !mutant!("cancel_after_the_end");
        let new = !ended && cell.cancelled.is_none();
        if new {
            cell.cancelled = Some(reason);
        }
        new
    }

    /// Notes that a task is not to be started any more. `None`: it was noted before, is none of the run's flow,
    /// or the run was cancelled or has ended.
    pub(crate) fn cancel_task(&self, task: TaskId, reason: Option<String>) -> Option<Arc<Flow>> {
        let mut cell = self.cell.lock();
        let flow = cell.flow.clone().filter(|flow| flow.id() == task.flow())?;
        if cell.cancelled.is_some() || cell.cancelled_tasks.contains_key(&task) {
            return None;
        }
        cell.cancelled_tasks.insert(task, reason);
        Some(flow)
    }
}
