//! What the code on a worker's stack is part of.

use super::{Current, Worker};
use crate::job::Head;
use crate::platform::Platform;
use crate::sync::Arc;
use crate::wait::Enclosing;

impl<P: Platform> Worker<'_, P> {
    /// As [`Seated::enclosing`](crate::wait::Seated::enclosing).
    pub(super) fn encloses(&self) -> Enclosing {
        let current = self.current.get();
        match (self.flow_of(current), current) {
            (Some(flow), Current::Task(_, index)) => {
                // SAFETY: the task that makes the call is unfinished.
                let task = unsafe { flow.graph() }.id(self.task_of(flow, index));
                Enclosing::Task(flow.keep(), task)
            }
            (_, Current::Job) => {
                let group = self.innermost().and_then(Head::group);
                group.map_or(Enclosing::Nothing, |group| {
                    Enclosing::Group(Arc::clone(group))
                })
            }
            _ => Enclosing::Nothing,
        }
    }

    /// As [`Seated::is_stopped`](crate::wait::Seated::is_stopped).
    pub(super) fn is_enclosed_stopped(&self) -> bool {
        self.ask().is_err()
    }
}
