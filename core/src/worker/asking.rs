//! What a task that takes long asks.

use super::{Current, Worker};
use crate::platform::Platform;
use crate::runtime::Preempted;

impl<P: Platform> Worker<'_, P> {
    /// Whether the task on this stack was told to stop: by its run, which may be over its time, by the task itself being
    /// cancelled, or, of a spawned one, by its group or its token.
    pub(super) fn ask(&self) -> Result<(), Preempted> {
        match self.current.get() {
            Current::Engine | Current::Call | Current::Round(_) => Ok(()),
            Current::Task(flow, index) => {
                // SAFETY: the task is unfinished, so its run is active.
                let flow = unsafe { flow.as_ref() };
                if flow.attention() == 0 {
                    return Ok(());
                }
                // SAFETY: as above.
                let task = unsafe { flow.graph() }.id(self.task_of(flow, index));
                // SAFETY: as above.
                if flow.is_stopped_for(task) || unsafe { flow.is_over(self.pool) } {
                    return Err(Preempted::new(flow.stop_reason(task)));
                }
                Ok(())
            }
            Current::Job => {
                self.pool.ring();
                let Some(head) = self.innermost() else {
                    return Ok(());
                };
                match head.verdict() {
                    Some(verdict) => Err(verdict.into()),
                    None => head.group().map_or(Ok(()), |group| group.check()),
                }
            }
        }
    }
}
