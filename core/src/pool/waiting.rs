//! Waiting for runs, and what else handles and flows ask of a pool.

use alloc::vec::Vec;
use core::time::Duration;

use super::alarms::{AlarmId, Watch};
use super::patience::Patience;
use super::{Installed, Pool};
use crate::directory::Directory;
use crate::error::RunError;
use crate::fork::Fork;
use crate::group::Group;
use crate::host::Host;
use crate::job::{Head, Job, refuse};
use crate::observer::Observers;
use crate::panic::Panic;
use crate::platform::{Platform, WorkerId, with_local};
use crate::protocol::backlog::Chain;
use crate::protocol::idle::Idle;
use crate::run::{Alarm, Run};
use crate::seat::{SeatPool, SeatState, Tenure};
use crate::sync::Arc;
use crate::wait::{Deadlock, Goal, Seated, Target, Wait};
use crate::worker::Worker;

impl<P: Platform> Pool<P> {
    /// Puts a guest on the seat of a sleeping worker to help the target. `false`: nobody sleeps.
    fn lend(&self, target: Target<'_>, root: Option<u32>, deadline: Option<Duration>) -> bool {
        let Some((index, deque)) = self.claim_seat() else {
            return false;
        };
        let state = SeatState {
            tenure: Tenure::Lent,
            ..SeatState::asleep(WorkerId::new(index))
        };
        self.help_as(&Worker::new(self, &state, deque), root, target, deadline);
        true
    }

    /// Has a guest help the target, after a start of the root.
    pub(super) fn help_as(
        &self,
        guest: &Worker<'_, P>,
        root: Option<u32>,
        target: Target<'_>,
        deadline: Option<Duration>,
    ) {
        with_local(&self.platform, |local| {
            let help = || {
                if let Some(root) = root {
                    guest.start(root);
                }
                guest.help(target, deadline);
            };
            match local {
                Some(local) => local.enter(guest, help),
                None => help(),
            }
        });
    }

    /// Puts the calling thread on the seat of a sleeping worker until nothing is ready.
    fn help_any(&self) {
        if let Some((index, deque)) = self.claim_seat() {
            let mut state = SeatState {
                deque: Some(deque),
                tenure: Tenure::Lent,
                ..SeatState::asleep(WorkerId::new(index))
            };
            while state.deque.is_some() {
                self.turn(&mut state, u32::MAX);
            }
        }
    }

    /// As [`Host::wait`], called on the stack of `seated`.
    pub(crate) fn wait_from(
        &self,
        seated: Option<&dyn Seated>,
        target: Target<'_>,
        root: Option<u32>,
        timeout: Option<Duration>,
    ) -> bool {
        if target.is_done() {
            return true;
        }
        let own = seated.filter(|worker| worker.pool() == self.identity());
        if own.is_none() {
            // A task of another executor: what it runs here must not hold that executor up.
            leave_seat(seated);
        }
        let deadline = timeout.map(|timeout| self.platform.now().saturating_add(timeout));
        let help = |root: Option<u32>| match own.filter(|worker| worker.has_seat()) {
            Some(worker) => {
                if let Some(root) = root {
                    worker.start(root);
                }
                worker.help(target, deadline);
            }
            None => {
                if !self.lend(target, root, deadline)
                    && let Some(root) = root
                {
                    self.launch(root);
                }
            }
        };
        // Who comes from outside would take a seat for what it needs, whatever the policy has that is to go before. So it
        // leaves that to workers, unless the host has none who come while it parks.
        let mut parks_first = own.is_none() && self.policy.is_some();
        if parks_first {
            root.into_iter().for_each(|root| self.launch(root));
        } else if root.is_some() || timeout != Some(Duration::ZERO) {
            help(root);
        }
        if target.is_done() {
            return true;
        }
        let kept = !leave_seat(seated);
        let guest = self.guests.enter(kept);
        let mut patience = seated.map(|task| (task, Patience::from(self.platform.now())));
        loop {
            if !target.wake_at_end(guest.id()) {
                return true;
            }
            let left = deadline.map(|deadline| deadline.saturating_sub(self.platform.now()));
            if left == Some(Duration::ZERO) {
                target.forget_waiter(guest.id());
                return target.is_done();
            }
            // Once more: what was injected before this guest was listed as blocked woke nobody.
            if !core::mem::take(&mut parks_first) {
                help(None);
            }
            if target.is_done() {
                return true;
            }
            let mut time = left;
            if let Some((task, patience)) = &mut patience {
                if patience.is_over(self.platform.now())
                    && self.look_about(patience, *task, target, deadline)
                {
                    continue;
                }
                time = Some(patience.park(left));
            }
            Watch::new(self, guest.id()).park(time);
        }
    }

    /// As [`Host::await_end`], called on the stack of `seated`.
    fn await_from(&self, seated: Option<&dyn Seated>, target: Target<'_>) -> Result<(), Deadlock> {
        if target.is_done() {
            return Ok(());
        }
        let own = seated.filter(|worker| worker.pool() == self.identity() && worker.has_seat());
        if let Some(worker) = own {
            // What runs on this stack holds up all that the caller does: it need not be entered yet.
            if target.id().is_some_and(|id| worker.holds(id)) {
                return Err(Deadlock);
            }
            worker.help(target, None);
            if target.is_done() {
                return Ok(());
            }
        }
        let _wait = match (seated, target.goal()) {
            (Some(seated), Some(goal)) => enter_wait(seated, goal, None)?,
            _ => None,
        };
        while !self.wait_from(seated, target, None, None) {}
        Ok(())
    }

    /// Queues a job that is ready, where the caller has no seat.
    fn queue_outside(&self, job: Arc<dyn Job>) {
        match self.nursery.place(&self.directory, job) {
            Ok(reference) => self.offer(reference),
            Err(job) => refuse(&job),
        }
    }

    /// Waits until no run is left.
    ///
    /// # Errors
    ///
    /// The caller is a task of this pool.
    pub(crate) fn wait_for_all(&self) -> Result<(), Deadlock> {
        let refused = with_local(&self.platform, |local| {
            let Some(local) = local else {
                return false;
            };
            if local.any(|worker| worker.is_in(self.identity())) {
                return true;
            }
            local.with(leave_seat);
            false
        });
        if refused {
            return Err(Deadlock);
        }
        let guest = self.guests.enter(false);
        loop {
            if !self.living.wake_at_end(guest.id()) {
                return Ok(());
            }
            self.help_any();
            Watch::new(self, guest.id()).park(None);
        }
    }
}

/// Enters the wait of the code that runs on `seated`, if it is a task's.
fn enter_wait(
    seated: &dyn Seated,
    goal: Goal,
    run: Option<&Arc<Run>>,
) -> Result<Option<Wait>, Deadlock> {
    let mut holders = Vec::new();
    seated.add_holders(&mut holders);
    if holders.is_empty() {
        return Ok(None);
    }
    Wait::begin(holders, goal, run).map(Some)
}

/// Gives up the seat of a task that is going to wait, if it has one. `false`: it is kept.
fn leave_seat(seated: Option<&dyn Seated>) -> bool {
    seated.is_none_or(|worker| !worker.has_seat() || worker.leave_seat())
}

impl<P: Platform> Host for Pool<P> {
    fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    fn workers(&self) -> usize {
        Self::workers(self)
    }

    fn observers(&self) -> &Observers {
        &self.observers
    }

    fn now(&self) -> Duration {
        self.platform.now()
    }

    fn arm(&self, at: Duration, run: &Arc<Run>) -> Alarm {
        Alarm::new(self.host(), self.arm_for(at, run))
    }

    fn disarm(&self, id: AlarmId) {
        self.alarms.disarm(id);
    }

    fn ring(&self) {
        self.ring_all();
    }

    fn launch(&self, root: u32) {
        self.offer(root);
    }

    fn resume(&self, task: u32) {
        self.offer(task);
    }

    fn lose(&self, task: u32) {
        self.task_lost(task);
    }

    fn discard(&self, task: u32) {
        self.inject(Chain::of(task));
    }

    fn decides(&self) -> bool {
        self.policy.is_some()
    }

    fn spawn(&self, job: Arc<dyn Job>) {
        let mut job = Some(job);
        self.platform.local(&mut |local| {
            local.with(|worker| {
                if let Some(worker) = worker {
                    worker.spawn(self.identity(), &mut job);
                }
            });
        });
        if let Some(job) = job {
            self.life_begins();
            if Group::enter(&job) {
                self.queue_outside(job);
            }
        }
    }

    fn installed(&self) -> Option<&Installed> {
        self.policy.as_ref()
    }

    fn make_ready(&self, job: Arc<dyn Job>) {
        let left = self.on_stack(|worker| {
            let own = worker.filter(|worker| worker.pool() == self.identity());
            match own.filter(|worker| worker.has_seat()) {
                Some(worker) => {
                    worker.queue(job);
                    None
                }
                None => Some(job),
            }
        });
        if let Some(job) = left {
            self.queue_outside(job);
        }
    }

    fn current_worker(&self) -> Option<WorkerId> {
        self.on_stack(|worker| {
            let own = worker.filter(|worker| worker.pool() == self.identity());
            own.map(Seated::worker)
        })
    }

    fn identity(&self) -> *const () {
        Pool::identity(self)
    }

    fn guard(&self, body: &mut dyn FnMut()) -> Result<(), Panic> {
        self.platform.guard(body)
    }

    fn stand_in(&self, job: &Head, body: &mut dyn FnMut()) {
        self.drop_in_name_of(job, body);
    }

    fn run_submitted(&self) {
        self.life_begins();
    }

    fn run_ended(&self) {
        self.life_ends();
    }

    fn unpark(&self, guest: WorkerId) {
        self.platform.unpark(guest);
    }

    fn report(&self, error: &RunError) {
        let cancelled = matches!(error, RunError::Cancelled { .. });
        if let Some(handler) = &self.on_unheard
            && !cancelled
        {
            handler(error);
        }
    }

    fn wait(&self, target: Target<'_>, root: Option<u32>, timeout: Option<Duration>) -> bool {
        with_local(&self.platform, |local| match local {
            Some(local) => local.with(|seated| self.wait_from(seated, target, root, timeout)),
            None => self.wait_from(None, target, root, timeout),
        })
    }

    fn begin_wait(&self, flow: u64, run: Option<&Arc<Run>>) -> Result<Option<Wait>, Deadlock> {
        self.on_stack(|seated| match seated {
            Some(seated) => enter_wait(seated, Goal::Flow(flow), run),
            None => Ok(None),
        })
    }

    fn holders(&self) -> Vec<u64> {
        let mut holders = Vec::new();
        self.on_stack(|seated| {
            if let Some(seated) = seated {
                seated.add_holders(&mut holders);
            }
        });
        holders
    }

    fn hungry(&self) -> usize {
        self.idle.hungry()
    }

    fn idle(&self) -> &Idle {
        &self.idle
    }

    fn fork(&self, body: &mut dyn FnMut(Fork<'_>)) {
        self.fork_in_task(body);
    }

    fn on_strand(&self, fork: Fork<'_>, body: &mut dyn FnMut()) {
        with_local(&self.platform, |local| match local {
            Some(local) => local.on_strand(fork, body),
            None => body(),
        });
    }

    fn await_fork(&self, job: &Arc<dyn Job>) {
        self.await_forked(job);
    }

    fn throw(&self, panic: Panic) -> ! {
        self.platform.throw(panic)
    }

    fn keep(&self) -> Arc<dyn Host> {
        self.host()
    }

    fn with_seated(&self, look: &mut dyn FnMut(Option<&dyn Seated>)) {
        self.on_stack(look);
    }

    fn help(&self, target: Target<'_>) {
        self.on_stack(|seated| {
            let own = seated.filter(|worker| worker.pool() == self.identity());
            if let Some(worker) = own.filter(|worker| worker.has_seat()) {
                worker.help(target, None);
            }
        });
    }

    fn await_end(&self, target: Target<'_>) -> Result<(), Deadlock> {
        self.on_stack(|seated| self.await_from(seated, target))
    }
}
