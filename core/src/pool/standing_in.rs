//! User code that belongs to a job, on a thread that does not run it.

use alloc::vec::Vec;
use core::time::Duration;

use super::Pool;
use crate::job::{Head, Job, quietly};
use crate::platform::{Platform, WorkerId, with_local};
use crate::runtime::Preempted;
use crate::sync::Arc;
use crate::wait::{Enclosing, Seated, Target};

/// The thread that drops the closure of a job that was not run: what that code waits for holds the job
/// up, whether or not the thread is a worker's.
struct StandIn<'s> {
    job: &'s Head,
    /// The worker that the thread is besides.
    worker: Option<&'s dyn Seated>,
}

impl<P: Platform> Pool<P> {
    /// As [`Host::stand_in`](crate::host::Host::stand_in).
    pub(super) fn drop_in_name_of(&self, job: &Head, body: &mut dyn FnMut()) {
        with_local(&self.platform, |local| match local {
            Some(local) => local.with(|worker| {
                let stand_in = StandIn { job, worker };
                local.enter(&stand_in, || quietly(self, body));
            }),
            None => quietly(self, body),
        });
    }
}

impl Seated for StandIn<'_> {
    fn pool(&self) -> *const () {
        self.worker.map_or(core::ptr::null(), Seated::pool)
    }

    fn is_in(&self, executor: *const ()) -> bool {
        self.job.is_of(executor) || self.pool() == executor
    }

    fn worker(&self) -> WorkerId {
        self.worker
            .map_or(WorkerId::new(usize::MAX), Seated::worker)
    }

    fn add_holders(&self, holders: &mut Vec<u64>) {
        if let Some(worker) = self.worker {
            worker.add_holders(holders);
        }
        self.job.add_holders(holders);
    }

    fn holds(&self, id: u64) -> bool {
        self.job.holds(id) || self.worker.is_some_and(|worker| worker.holds(id))
    }

    fn enclosing(&self) -> Enclosing {
        self.worker.map_or(Enclosing::Nothing, Seated::enclosing)
    }

    fn is_stopped(&self) -> bool {
        self.worker.is_some_and(Seated::is_stopped)
    }

    fn spawn(&self, executor: *const (), job: &mut Option<Arc<dyn Job>>) {
        if let Some(worker) = self.worker {
            worker.spawn(executor, job);
        }
    }

    fn queue(&self, job: Arc<dyn Job>) {
        match self.worker {
            Some(worker) => worker.queue(job),
            None => crate::job::queue(job),
        }
    }

    fn has_seat(&self) -> bool {
        self.worker.is_some_and(Seated::has_seat)
    }

    fn start(&self, root: u32) {
        if let Some(worker) = self.worker {
            worker.start(root);
        }
    }

    fn help(&self, target: Target<'_>, deadline: Option<Duration>) {
        if let Some(worker) = self.worker {
            worker.help(target, deadline);
        }
    }

    fn checkpoint(&self) -> Result<(), Preempted> {
        self.worker.map_or(Ok(()), Seated::checkpoint)
    }

    /// The engine, in whose middle this is, needs the seat as soon as the code returns.
    fn leave_seat(&self) -> bool {
        false
    }
}
