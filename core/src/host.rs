//! An executor as flows and handles see it: whatever its platform, one type.

use alloc::vec::Vec;
use core::time::Duration;

use crate::directory::Directory;
use crate::error::RunError;
use crate::flow::{Causes, Flow};
use crate::fork::Fork;
use crate::job::{Head, Job};
use crate::observer::Observers;
use crate::panic::Panic;
use crate::platform::WorkerId;
use crate::pool::{AlarmId, Installed};
use crate::protocol::idle::Idle;
use crate::run::{Alarm, Run};
use crate::semaphore::arbiter::Heir;
use crate::sync::Arc;
use crate::wait::{Deadlock, Seated, Target, Wait};

/// What a run needs of the executor it was submitted to.
pub(crate) trait Host: Send + Sync {
    /// Where the executor's task references lead.
    fn directory(&self) -> &Arc<Directory>;

    /// How many workers the executor has.
    fn workers(&self) -> usize;

    /// Who hears what the executor does.
    fn observers(&self) -> &Observers;

    /// The host's clock.
    fn now(&self) -> Duration;

    /// Has the run cancelled at that time, until what is returned is dropped.
    fn arm(&self, at: Duration, run: &Arc<Run>) -> Alarm;

    /// The run has ended.
    fn disarm(&self, id: AlarmId);

    /// Cancels the runs whose time is up.
    fn ring(&self);

    /// Starts the root of a run that has just become active.
    fn launch(&self, root: u32);

    /// Queues a task that was suspended.
    fn resume(&self, task: u32);

    /// The policy has lost a task. Any thread, under any of its locks.
    fn lose(&self, task: u32);

    /// A task that the policy gives back was cancelled: workers find that out.
    fn discard(&self, task: u32);

    /// Whether a policy decides what runs next.
    fn decides(&self) -> bool;

    /// Counts a job that is ready, also in its group, and puts it into a queue: the caller's own, if it is a worker.
    fn spawn(&self, job: Arc<dyn Job>);

    /// The policy, if there is one.
    fn installed(&self) -> Option<&Installed>;

    /// Puts a ready job into a queue: the caller's own, if it is a worker.
    fn make_ready(&self, job: Arc<dyn Job>);

    /// The worker of this executor that makes the call, as far as the platform can tell.
    fn current_worker(&self) -> Option<WorkerId>;

    /// What identifies the executor.
    fn identity(&self) -> *const ();

    /// Calls user code and answers a panic of it.
    ///
    /// # Errors
    ///
    /// The panic.
    fn guard(&self, body: &mut dyn FnMut()) -> Result<(), Panic>;

    /// Calls user code that is part of a job, on whatever thread; nobody is told of a panic.
    fn stand_in(&self, job: &Head, body: &mut dyn FnMut());

    /// A run, or a job, was submitted.
    fn run_submitted(&self);

    /// A run, or a job, has ended and its waiter was told.
    fn run_ended(&self);

    /// Ends the park of a waiting thread.
    fn unpark(&self, guest: WorkerId);

    /// A run failed and nobody holds its handle.
    fn report(&self, error: &RunError);

    /// Waits until the target is done or the time is up; `true` if it is done. The calling thread helps
    /// meanwhile. `root` is a root that the caller was given to start.
    fn wait(&self, target: Target<'_>, root: Option<u32>, timeout: Option<Duration>) -> bool;

    /// What the code that makes the call holds up while it waits; nothing if it is of no task.
    fn holders(&self) -> Vec<u64>;

    /// Waits until a job or a group is done. The calling thread helps meanwhile.
    ///
    /// # Errors
    ///
    /// The wait would never end.
    fn await_end(&self, target: Target<'_>) -> Result<(), Deadlock>;

    /// How many workers have nothing to do. A hint.
    fn hungry(&self) -> usize;

    /// Who sleeps and who searches.
    fn idle(&self) -> &Idle;

    /// Calls `body`, of the calling task, with what it can fork with.
    fn fork(&self, body: &mut dyn FnMut(Fork<'_>));

    /// Calls `body`, which forks on this.
    fn on_strand(&self, fork: Fork<'_>, body: &mut dyn FnMut());

    /// Waits until a job that was handed out by a join is done, whatever happens.
    fn await_fork(&self, job: &Arc<dyn Job>);

    /// Goes on with a panic that was caught elsewhere.
    fn throw(&self, panic: Panic) -> !;

    /// This host, to be kept.
    fn keep(&self) -> Arc<dyn Host>;

    /// Calls `look` with the innermost worker, of whatever executor, on the caller's stack.
    fn with_seated(&self, look: &mut dyn FnMut(Option<&dyn Seated>));

    /// Runs what the target needs, on the seat of the caller if it has one of this executor, until nothing of it is
    /// ready.
    fn help(&self, target: Target<'_>);

    /// Enters the wait for `flow` of the task on the caller's stack, if it is one.
    ///
    /// # Errors
    ///
    /// The wait would never end.
    fn begin_wait(&self, flow: u64, run: Option<&Arc<Run>>) -> Result<Option<Wait>, Deadlock>;
}

impl dyn Host + '_ {
    /// Finds what the frozen graph of a flow has to tell the policy; see [`Flow::find_urgency`].
    pub(crate) fn prepare(&self, flow: &Flow) {
        if let Some(installed) = self.installed() {
            installed.policy().prepare(flow);
        }
    }

    /// The level that what a task in the caller's hands waits for inherits; 0 if none.
    pub(crate) fn floor_in(&self, task: u32) -> u32 {
        self.floor_for(task, Causes::All)
    }

    /// [`floor_in`](Self::floor_in), as far as these causes go.
    pub(crate) fn floor_for(&self, task: u32, causes: Causes) -> u32 {
        let installed = self.installed();
        installed.map_or(0, |installed| {
            installed.policy().level(self.directory(), task, causes)
        })
    }

    /// What finds who is to be as urgent as this task, in the caller's hands, that comes to wait for a semaphore; if it is urgent.
    pub(crate) fn heir_of(&self, task: u32) -> Option<Heir> {
        let installed = self.installed()?;
        installed.policy().heir_of(self.directory(), task)
    }

    /// A task that is in somebody's hands is not to be run.
    pub(crate) fn note_removed(&self, task: u32) {
        if let Some(installed) = self.installed() {
            installed.policy().removed(self.directory(), task);
        }
    }

    /// A task in the caller's hands has begun a run, and holds it: it may have been raised in between.
    pub(crate) fn raise_held(&self, task: u32, run: &Run) {
        let level = self.floor_in(task);
        if level > 0 && level > run.floor() {
            run.raise_floor(level);
            if let Some(flow) = run.flow() {
                self.raise_floor(&flow, level);
            }
        }
    }

    /// A task of so high a level waits for the active run of a flow.
    pub(crate) fn raise_floor(&self, flow: &Arc<Flow>, level: u32) {
        if let Some(installed) = self.installed() {
            installed.policy().raise_floor(flow, level);
        }
    }

    /// A job of so high a level waits for these.
    pub(crate) fn raise_jobs(&self, jobs: Vec<Arc<dyn Job>>, level: u32) {
        if let Some(installed) = self.installed()
            && installed.policy().raise_jobs(jobs, level)
        {
            self.reorder_jobs();
        }
    }

    /// Spawned tasks have become more urgent.
    pub(crate) fn reorder_jobs(&self) {
        if let Some(installed) = self.installed() {
            installed.reorder(self, (0, u32::MAX), None);
        }
    }

    /// These tasks of a flow that has a run here, in rising order, or all, have become more or less urgent.
    pub(crate) fn reorder(&self, flow: &Flow, tasks: Option<&[u32]>) {
        if let Some(installed) = self.installed()
            && let Some(range) = flow.range(self.directory())
        {
            installed.reorder(self, range, tasks);
        }
    }
}

impl core::fmt::Debug for dyn Host {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Host")
    }
}
