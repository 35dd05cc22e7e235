//! What is to be said of a task that does not wait in a queue, and what can be done with one that will.

use super::PriorityError;
use super::handle::Fate;
use super::shared::Queue;
use crate::flow::{Flow, Standing};
use crate::scheduler::ready::executor;
use crate::task::TaskId;

impl Queue {
    /// Why a task is not found; `fate`: or not the one of a handle. Not to be called under the lock.
    pub(super) fn why(&self, task: TaskId, fate: Option<&Fate>) -> PriorityError {
        if fate.is_some_and(Fate::is_removed) {
            return PriorityError::Removed { task };
        }
        let stands = self.standing(task);
        let elsewhere = |round: u32| fate.is_some_and(|fate| fate.round() != round);
        match stands {
            Standing::Ready(round) if elsewhere(round) => PriorityError::Done { task },
            Standing::Ready(_) => PriorityError::Running { task },
            // It has been ready, since there is a handle.
            _ if fate.is_some() => PriorityError::Done { task },
            Standing::Unknown => PriorityError::Foreign { task },
            Standing::NotReady => PriorityError::NotReady { task },
            Standing::Ended => PriorityError::Done { task },
            Standing::Removed => PriorityError::Removed { task },
        }
    }

    fn standing(&self, task: TaskId) -> Standing {
        let host = executor(self.executor());
        let found = host.and_then(|host| {
            let directory = host.directory();
            let flow = directory.find(task.flow())?;
            Some(flow.standing(directory, task))
        });
        found.unwrap_or(Standing::Unknown)
    }

    /// Raises a task that is not ready, and what it depends on. Gives the level that it had. `None`: it is not such a task.
    pub(super) fn raise_absent(&self, task: TaskId, level: u32) -> Option<u32> {
        let host = executor(self.executor())?;
        let flow = host.directory().find(task.flow())?;
        Flow::raise_task(&flow, &*host, task, level)
    }
}
