//! Who forks, and on which seat.

use super::Pool;
use crate::fork::{Fork, Strand, forking};
use crate::host::Host;
use crate::job::Job;
use crate::platform::{Local, Platform, WorkerId, with_local};
use crate::seat::{SeatState, Tenure};
use crate::sync::Arc;
use crate::wait::Target;
use crate::worker::Worker;

impl<P: Platform> Pool<P> {
    /// Calls `body` on a strand of its own: that of the calling task, if it is one of this pool, or else on the seat
    /// of a sleeping worker, if there is one.
    pub(crate) fn fork<R>(&self, body: impl FnOnce(Fork<'_>) -> R) -> R {
        with_local(&self.platform, |local| {
            let own = local.is_some_and(|local| {
                local.with(|seated| seated.is_some_and(|worker| worker.pool() == self.identity()))
            });
            if own {
                return self.fork_on(local, true, body);
            }
            let Some((index, deque)) = self.claim_seat() else {
                return self.fork_on(local, false, body);
            };
            let state = SeatState {
                tenure: Tenure::Lent,
                ..SeatState::asleep(WorkerId::new(index))
            };
            let worker = Worker::new(self, &state, deque);
            worker.be_called(|| match local {
                Some(local) => local.enter(&worker, || self.fork_on(Some(local), true, body)),
                None => self.fork_on(None, true, body),
            })
        })
    }

    /// As [`fork`](Self::fork), in a task.
    pub(super) fn fork_in_task(&self, body: &mut dyn FnMut(Fork<'_>)) {
        match forking(&self.platform, self.identity()) {
            Some(fork) => body(fork),
            None => with_local(&self.platform, |local| self.fork_on(local, true, body)),
        }
    }

    fn fork_on<R>(
        &self,
        local: Option<&Local>,
        seated: bool,
        body: impl FnOnce(Fork<'_>) -> R,
    ) -> R {
        Strand::new(seated).enter(self, |fork| match local {
            Some(local) => local.on_strand(fork, || body(fork)),
            None => body(fork),
        })
    }

    /// Waits until the job is done. No seat that any code below on this stack holds is kept meanwhile, if there are substitutes.
    pub(super) fn await_forked(&self, job: &Arc<dyn Job>) {
        with_local(&self.platform, |local| {
            if let Some(local) = local {
                local.any(|worker| {
                    if worker.pool() != self.identity() && worker.has_seat() {
                        worker.leave_seat();
                    }
                    false
                });
            }
        });
        while !Host::wait(self, Target::Job(job), None, None) {}
    }
}
