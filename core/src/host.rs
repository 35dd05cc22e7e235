//! An executor as flows and handles see it: whatever its platform, one type.

use alloc::sync::Arc;
use core::time::Duration;

use crate::directory::Directory;
use crate::error::RunError;
use crate::observer::Observers;
use crate::platform::WorkerId;
use crate::wait::{Deadlock, Target, Wait};

/// What a run needs of the executor it was submitted to.
pub(crate) trait Host: Send + Sync {
    /// Where the executor's task references lead.
    fn directory(&self) -> &Arc<Directory>;

    /// Who hears what the executor does.
    fn observers(&self) -> &Observers;

    /// The host's clock.
    fn now(&self) -> Duration;

    /// Starts the root of a run that has just become active.
    fn launch(&self, root: u32);

    /// Queues a task that was suspended.
    fn resume(&self, task: u32);

    /// A run was submitted.
    fn run_submitted(&self);

    /// A run has ended and its waiter was told.
    fn run_ended(&self);

    /// Ends the park of a waiting thread.
    fn unpark(&self, guest: WorkerId);

    /// A run failed and nobody holds its handle.
    fn report(&self, error: &RunError);

    /// Waits until the target is done or the time is up; `true` if it is done. The calling thread helps
    /// meanwhile. `root` is a root that the caller was given to start.
    fn wait(&self, target: Target<'_>, root: Option<u32>, timeout: Option<Duration>) -> bool;

    /// Enters the wait for `flow` of the task on the caller's stack, if it is one.
    ///
    /// # Errors
    ///
    /// The wait would never end.
    fn begin_wait(&self, flow: u64) -> Result<Option<Wait>, Deadlock>;
}

impl core::fmt::Debug for dyn Host {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Host")
    }
}
