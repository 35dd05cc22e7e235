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
    pub(crate) deadline: Option<Duration>,
    /// The time by the clock of the executor's host.
    pub(crate) now: Duration,
}

impl Ready {
    /// When the task is to have ended, by the clock of its executor's host, if its [handle](crate::TaskHandle::deadline) said so. A
    /// look into a table of the process, under its lock, and O(log n) in the tasks of its flow of which anything is said.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        executor(self.executor)?
            .directory()
            .deadline(self.tagged.reference)
    }

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
        host.discard(self.redeem());
        Ok(())
    }

    /// All that can be looked up.
    pub(crate) fn about(&self) -> About {
        let Some(host) = executor(self.executor) else {
            return About::default();
        };
        let (directory, reference) = (host.directory(), self.tagged.reference);
        About {
            task: directory.task(reference),
            deadline: directory.deadline(reference),
            now: host.now(),
        }
    }
}
