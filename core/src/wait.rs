//! Waiting without holding anybody up, and without waiting for oneself.
//!
//! ```text
//!   wait ──► would close a circle? ── yes ──► Deadlock
//!       │ no
//!       ▼
//!   help: run ready tasks that the wait needs ──► done ──► return
//!       │ none ready
//!       ▼
//!   leave the seat (inside a task: to a substitute) ──► park ──► done ──► return
//!                                                        │ ▲
//!                                                        └─┘ woken early: help again; a task whose patience
//!                                                            is over: on a spare seat, if need be
//! ```
//!
//! A task that waits holds up its run, and a run holds up those queued behind it in its flow. A job that
//! waits holds up itself, its group, and whoever waits for that group whatever happens; on its own stack
//! also the jobs that run it as part of their wait. All of these are *holders*, known by their ids.
//! Before a task blocks, its wait is entered into a graph from its holders to what it waits for, and
//! refused if that already waits, over any number of steps, for one of them; a job's unfinished
//! predecessors count as what it waits for. In a host without spare threads that is all that is needed:
//! whoever waits runs what it waits for, unless that is under way on some stack; if all stacks wait, they
//! wait in a circle.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::time::Duration;

use crate::flow::Flow;
use crate::group::Group;
use crate::job::Job;
use crate::platform::WorkerId;
use crate::run::{Run, Waiter};
use crate::runtime::Preempted;
use crate::sync::{Arc, StaticMutex, fresh_id};
use crate::task::TaskId;

/// What is waited for.
#[derive(Clone, Copy)]
pub(crate) enum Target<'t> {
    Run(&'t Arc<Run>),
    Job(&'t Arc<dyn Job>),
    Group(&'t Arc<Group>),
}

impl Target<'_> {
    pub(crate) fn is_done(self) -> bool {
        match self {
            Self::Run(run) => run.is_done(),
            Self::Job(job) => job.head().is_done(),
            Self::Group(group) => group.is_done(),
        }
    }

    /// Has `guest` left alone at the end.
    pub(crate) fn forget_waiter(self, guest: WorkerId) {
        match self {
            Self::Run(run) => {
                run.set_waiter(Waiter::Nobody);
            }
            Self::Job(job) => job.head().forget_waiter(guest),
            Self::Group(group) => group.forget_waiter(guest),
        }
    }

    /// Has `guest` unparked at the end. `false`: it has come already.
    pub(crate) fn wake_at_end(self, guest: WorkerId) -> bool {
        match self {
            Self::Run(run) => run.set_waiter(Waiter::Thread(guest)),
            Self::Job(job) => job.head().wake_at_end(guest),
            Self::Group(group) => group.wake_at_end(guest),
        }
    }

    /// What a job or a group is known by.
    pub(crate) fn id(self) -> Option<u64> {
        match self {
            Self::Run(_) => None,
            Self::Job(job) => Some(job.head().id()),
            Self::Group(group) => Some(group.id()),
        }
    }

    /// The same as a node of the graph of waits. `None`: it has ended.
    pub(crate) fn goal(self) -> Option<Goal> {
        match self {
            Self::Run(run) => Some(Goal::Flow(run.flow()?.id())),
            Self::Job(job) => Some(Goal::Job(Arc::clone(job))),
            Self::Group(group) => Some(Goal::Group(Arc::clone(group))),
        }
    }
}

/// A node of the graph of waits.
pub(crate) enum Goal {
    Flow(u64),
    Job(Arc<dyn Job>),
    Group(Arc<Group>),
}

/// A wait that would never end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadlock;

/// What stops a call when it is stopped itself.
pub(crate) enum Enclosing {
    Nothing,
    Task(Arc<Flow>, TaskId),
    Group(Arc<Group>),
}

/// A worker as the calls that a task makes on its stack see it, whatever its executor.
pub(crate) trait Seated {
    /// Which executor it is of.
    fn pool(&self) -> *const ();

    /// Whether the code that makes the call is of this executor.
    fn is_in(&self, executor: *const ()) -> bool {
        self.pool() == executor
    }

    /// Its number there.
    fn worker(&self) -> WorkerId;

    /// Adds the ids of what the code that makes the call holds up while it waits; none if it is of no
    /// task.
    fn add_holders(&self, holders: &mut Vec<u64>);

    /// Whether `id` is one of these.
    fn holds(&self, id: u64) -> bool;

    /// What the code that makes the call is part of.
    fn enclosing(&self) -> Enclosing;

    /// Whether that is to go on no more.
    fn is_stopped(&self) -> bool;

    /// Counts a job that is ready, also in its group, takes it, and puts it into this worker's queue, if that is of this executor and
    /// has a seat.
    fn spawn(&self, executor: *const (), job: &mut Option<Arc<dyn Job>>);

    /// Puts a ready job into this worker's queue.
    fn queue(&self, job: Arc<dyn Job>);

    /// Whether it holds a seat: it may have given it to a substitute.
    fn has_seat(&self) -> bool;

    /// Makes a root ready on this seat.
    fn start(&self, root: u32);

    /// Runs what the target needs until it is done, nothing of that is ready, or the host's clock stands at
    /// the deadline.
    fn help(&self, target: Target<'_>, deadline: Option<Duration>);

    /// Whether the code that makes the call was told to stop, and why.
    fn checkpoint(&self) -> Result<(), Preempted>;

    /// Gives the seat to a substitute. `false`: there is none to be had, the seat is kept.
    fn leave_seat(&self) -> bool;
}

/// Who waits for what, in the whole process.
static WAITS: StaticMutex<Vec<Entry>> = StaticMutex::new(Vec::new());

struct Entry {
    id: u64,
    from: Vec<u64>,
    to: Goal,
    /// The run that is waited for, once that is known: when it is done, the wait is over.
    run: Option<Arc<Run>>,
}

impl Entry {
    fn is_over(&self) -> bool {
        match (&self.run, &self.to) {
            (Some(run), _) => run.is_done(),
            (None, Goal::Flow(_)) => false,
            (None, Goal::Job(job)) => job.head().is_done(),
            (None, Goal::Group(group)) => group.is_done(),
        }
    }
}

/// A wait of a task for something. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Wait {
    id: u64,
}

impl Wait {
    /// Enters a wait that holds up all of `from`; for which run of a flow, if that is known.
    ///
    /// # Errors
    ///
    /// `to` waits for one of them already, or is it.
    pub(crate) fn begin(
        from: Vec<u64>,
        to: Goal,
        run: Option<&Arc<Run>>,
    ) -> Result<Self, Deadlock> {
        let id = fresh_id();
        let mut reach = Reach::default();
        let mut waits = WAITS.lock();
        if run.is_none_or(|run| !run.is_done()) {
            // (What has ended waits for nothing, whatever its flow does next.)
            reach.add(&to);
        }
        let mut next = 0;
        while let Some(&reached) = reach.order.get(next) {
            if from.contains(&reached) {
                drop(waits);
                return Err(Deadlock);
            }
            for wait in waits.iter().filter(|wait| wait.from.contains(&reached)) {
                if !wait.is_over() {
                    reach.add(&wait.to);
                }
            }
            next += 1;
        }
        let run = run.cloned();
        waits.push(Entry { id, from, to, run });
        drop(waits);
        Ok(Self { id })
    }

    /// Tells which run is waited for.
    pub(crate) fn ends_with(&self, run: &Arc<Run>) {
        let mut waits = WAITS.lock();
        let entry = waits.iter_mut().find(|wait| wait.id == self.id);
        if let Some(entry) = entry {
            entry.run = Some(Arc::clone(run));
        }
    }
}

/// What a wait depends on.
#[derive(Default)]
struct Reach {
    seen: BTreeSet<u64>,
    order: Vec<u64>,
    /// Jobs that were met: the last handle of one may be here, and is not dropped under a lock.
    jobs: Vec<Arc<dyn Job>>,
}

impl Reach {
    fn add(&mut self, goal: &Goal) {
        match goal {
            Goal::Flow(flow) => self.add_id(*flow),
            Goal::Group(group) => self.add_id(group.id()),
            Goal::Job(job) => self.add_job(job),
        }
    }

    fn add_id(&mut self, id: u64) {
        if self.seen.insert(id) {
            self.order.push(id);
        }
    }

    /// Adds a job and all that it waits for as its predecessors.
    fn add_job(&mut self, job: &Arc<dyn Job>) {
        let mut next = self.jobs.len();
        self.jobs.push(Arc::clone(job));
        while let Some(job) = self.jobs.get(next).map(Arc::clone) {
            if self.seen.insert(job.head().id()) {
                self.order.push(job.head().id());
                self.jobs.extend(job.head().predecessors());
            }
            next += 1;
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut waits = WAITS.lock();
        let place = waits.iter().position(|wait| wait.id == self.id);
        let entry = place.map(|place| waits.swap_remove(place));
        drop(waits);
        // The run's last handle may be in it.
        drop(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_closes_a_circle_is_refused() {
        // Ids that no flow has.
        let [a, b, c] = [u64::MAX, u64::MAX - 1, u64::MAX - 2];
        assert!(Wait::begin(Vec::from([a]), Goal::Flow(a), None).is_err());
        let wait = |from, to| Wait::begin(Vec::from([from]), Goal::Flow(to), None);
        let first = wait(a, b);
        let second = wait(b, c);
        assert!(first.is_ok() && second.is_ok());
        assert!(wait(c, a).is_err());
        drop(second);
        assert!(wait(c, a).is_ok());
    }
}
