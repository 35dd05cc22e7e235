//! What a policy may ask of a token beyond what that carries, and that its task is not to run.

use core::time::Duration;

use super::{Ready, executor};
use crate::future::cancel_task;
use crate::task::TaskId;

/// What a token leads to, looked up at once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct About {
    /// `None`: it is a spawned one.
    pub(crate) task: Option<TaskId>,
    /// The time by the clock of the executor's host.
    pub(crate) now: Duration,
}

impl Ready {
    /// What time it is, by the clock of the task's executor; zero if that is gone. A look into a table of the process, under its lock.
    #[must_use]
    pub fn now(&self) -> Duration {
        executor(self.executor).map_or(Duration::ZERO, |host| host.now())
    }

    /// Has the task left out of its run, with what comes after it, as
    /// [`TaskflowFuture::cancel_task`](crate::TaskflowFuture::cancel_task) does; one that was suspended is told to stop. Not to be called with locks
    /// that a push or a pop takes.
    ///
    /// # Errors
    ///
    /// Gives back the token of a spawned task, which its [`JoinHandle`](crate::JoinHandle) cancels.
    pub fn cancel(self) -> Result<(), Self> {
        let Some(host) = executor(self.executor) else {
            return Ok(());
        };
        let reference = self.tagged.reference;
        let directory = host.directory();
        let (Some(task), Some(run)) = (directory.task(reference), directory.run(reference)) else {
            return Err(self);
        };
        cancel_task(&run, task, None);
        host.note_removed(reference);
        host.discard(self.redeem());
        Ok(())
    }

    /// The number of the round in which the task became ready; 0 for a spawned one.
    pub(crate) fn round(&self) -> u32 {
        let host = executor(self.executor);
        host.map_or(0, |host| host.directory().round(self.tagged.reference))
    }

    /// All that can be looked up.
    pub(crate) fn about(&self) -> About {
        let Some(host) = executor(self.executor) else {
            return About::default();
        };
        About {
            task: host.directory().task(self.tagged.reference),
            now: host.now(),
        }
    }
}
