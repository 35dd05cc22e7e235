//! Helping a wait: running only what it needs, and giving the seat away when that is not ready.

use alloc::vec::Vec;
use core::time::Duration;

use super::finding::REFILL;
use super::running::Outbox;
use super::{Current, Worker};
use crate::flow::Flow;
use crate::group::Group;
use crate::job::Job;
use crate::mutant::mutant;
use crate::platform::{Platform, WorkerId, with_local};
use crate::pool::Queues;
use crate::protocol::backlog::{Chain, Part, TwoEnded};
use crate::protocol::deque::{DequeOwner, Stolen};
use crate::run::Run;
use crate::runtime::Preempted;
use crate::seat::Tenure;
use crate::sync::Arc;
use crate::wait::{Enclosing, Seated, Target};

/// References of one flow: the first, and how many.
pub(super) type Range = (u32, u32);

/// What a wait needs: the tasks of a flow, and of the graphs that those wait for in turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needed<'f> {
    flow: &'f Flow,
    range: Range,
    /// There are such graphs. Which reference is of one can only be told of a task in hand.
    nested: bool,
}

impl Needed<'_> {
    /// Whether what this flow's tasks spawn is needed.
    fn has_jobs_of(&self, flow: &Flow) -> bool {
        // (A reference may be left of a job that was cancelled, and whose flow has no run any more.)
        flow.id() == self.flow.id() || flow.top().is_some_and(|top| is_part_of(flow, top, self))
    }
}

impl<P: Platform> Worker<'_, P> {
    /// Whether a task that this worker has in hand is needed.
    pub(super) fn is_needed(&self, task: u32, needed: &Needed<'_>) -> bool {
        if in_range(needed.range, task) {
            return true;
        }
        if !needed.nested {
            return false;
        }
        let (flow, view) = self.locate(task);
        if let Some(chunk) = flow.chunk() {
            // SAFETY: (1) this worker has the task in hand, or looks at a token of it that nobody takes meanwhile.
            let owner = unsafe { chunk.owner(task) };
            return owner.is_some_and(|flow| needed.has_jobs_of(flow));
        }
        is_part_of(flow, view.top, needed)
    }

    /// A ready task that is needed. What else this worker's own queue holds goes to the injector.
    fn find_in(&self, target: &Run, needed: &Needed<'_>) -> Option<u32> {
        let mut foreign = None;
        let mut found = None;
        while let Some(task) = self.deque().and_then(DequeOwner::take_newest) {
            if self.is_needed(task, needed) {
                found = Some(task);
                break;
            }
            self.collect(&mut foreign, task);
        }
        if let Some(chain) = foreign
            && !mutant!("foreign_dropped")
        {
            self.pool.inject(chain);
        }
        let found = found
            .or_else(|| self.take_from_row_in(needed.range))
            .or_else(|| self.pop_needed(needed));
        if found.is_some() {
            return found;
        }
        if let Some(root) = self.flush() {
            if self.is_needed(root, needed) {
                return Some(root);
            }
            self.keep(root);
        }
        if target.is_done() || !self.has_seat() {
            return None;
        }
        let found = self.sift(&self.queues.backlog, needed);
        if let Some((task, _)) = found {
            return Some(task);
        }
        if let Some(task) = self.sift_injector(needed) {
            return Some(task);
        }
        self.first_of_victims(|victim, from| self.steal_needed(victim, from, needed))
    }

    /// A task of a victim's that is needed: its oldest, or one of its backlog.
    fn steal_needed(&self, victim: &Queues, from: WorkerId, needed: &Needed<'_>) -> Option<u32> {
        let mut loot = 0;
        loop {
            let wanted = |task| needed.nested || in_range(needed.range, task);
            match victim.deque.steal_if(wanted, &mut loot) {
                Stolen::Some(_) if self.is_needed(loot, needed) => {
                    if let Some(task) = self.after_steal(loot, from, 1, needed) {
                        return Some(task);
                    }
                    break;
                }
                Stolen::Some(_) => {
                    self.pool.inject(Chain::of(loot));
                    break;
                }
                Stolen::Empty => break,
                Stolen::Contended => core::hint::spin_loop(),
            }
        }
        let (loot, tasks) = self.sift(&victim.backlog, needed)?;
        self.after_steal(loot, from, tasks, needed)
    }

    /// Leaves the task in hand to others unless it is needed.
    fn keep_needed(&self, met: &mut Option<u32>, needed: &Needed<'_>) {
        if let Some(task) = met.take_if(|task| !self.is_needed(*task, needed)) {
            self.pool.inject(Chain::of(task));
        }
    }

    /// Tells observers of a steal. Gives a task that is needed: the stolen one, unless an observer's doings
    /// brought it out of this worker's hands.
    fn after_steal(
        &self,
        loot: u32,
        from: WorkerId,
        tasks: usize,
        needed: &Needed<'_>,
    ) -> Option<u32> {
        if !self.pool.observers.any() {
            return Some(loot);
        }
        let task = self.tell_of_steal(loot, from, tasks)?;
        if self.is_needed(task, needed) {
            return Some(task);
        }
        self.pool.inject(Chain::of(task));
        None
    }

    /// Takes apart what did not fit into a queue: tasks that are needed come here, one of them to be run; the others go to
    /// the injector. Gives that one, and how many came.
    fn sift(&self, backlog: &TwoEnded, needed: &Needed<'_>) -> Option<(u32, usize)> {
        (0..2).find_map(|_| self.sift_part(backlog.take_newest()?, needed))
    }

    fn sift_part(&self, mut part: Part, needed: &Needed<'_>) -> Option<(u32, usize)> {
        let mut found = None;
        let mut foreign = None;
        let mut out = Outbox::default();
        let mut room = REFILL;
        while room > 0
            && let Some(task) = self.unlink(&mut part.tasks)
        {
            if !self.is_needed(task, needed) {
                self.collect(&mut foreign, task);
            } else if found.is_none() {
                found = Some(task);
            } else {
                self.push(&mut out, task);
                room -= 1;
            }
        }
        self.send(out);
        // (Not where it came from: that may be a spare seat's, which has ended meanwhile.)
        self.put_behind(part);
        // Whoever looked while the chain was in hand saw nothing.
        match foreign {
            Some(chain) => self.pool.inject(chain),
            None => self.pool.wake_helpers(),
        }
        Some((found?, 1 + REFILL - room))
    }

    /// Takes the injector apart: tasks that are needed come here. Gives the one that came first.
    pub(super) fn sift_injector(&self, needed: &Needed<'_>) -> Option<u32> {
        let mut taken = self.pool.injector.take()?;
        let (mut wanted, mut foreign) = (None, None);
        while let Some(task) = self.unlink(&mut taken) {
            let is_needed = self.is_needed(task, needed);
            self.collect(if is_needed { &mut wanted } else { &mut foreign }, task);
        }
        let links = &*self.pool.directory;
        let mut wanted = wanted.map(|wanted: Chain| wanted.taken(links).reversed(links));
        let first = wanted.as_mut().and_then(|wanted| self.unlink(wanted));
        wanted.map(|wanted| self.accept_in_order(wanted));
        // Whoever looked while the chain was in hand saw nothing.
        match foreign {
            Some(chain) => self.pool.inject(chain),
            None => self.pool.wake_helpers(),
        }
        first
    }

    /// Runs tasks of the run's flow until it is done, none is ready, or the time is up.
    fn help_run(&self, target: &Run, deadline: Option<Duration>) {
        let Some(flow) = target.flow() else {
            return;
        };
        let Some(range) = flow.range(&self.pool.directory) else {
            return;
        };
        self.hand_on_current();
        let outer = self.current.replace(Current::Engine);
        let outer_slice = self.slice.get();
        let outer_endless = self.endless.get();
        self.slice.set(self.pool.slice);
        self.guarded(|| {
            let mut met = None;
            while self.has_seat() && !target.is_done() {
                if self.pool.has_late() {
                    // As in `give_way`.
                    self.let_go(&mut met);
                    self.take_up_late();
                }
                let needed = Needed {
                    flow: &flow,
                    range,
                    nested: flow.has_nested(),
                };
                let Some(task) = met.take().or_else(|| self.find_in(target, &needed)) else {
                    break;
                };
                if target.is_done() {
                    // It may be of a later run of the flow, which nobody here waits for.
                    met = Some(task);
                    break;
                }
                if deadline.is_some() {
                    self.slice.set(1);
                }
                // SAFETY: as in `locate`.
                let queue: &Flow = unsafe { self.pool.directory.flow(task) };
                debug_assert!(
                    self.lent.get().is_none(),
                    "a wait keeps nothing of a policy's"
                );
                met = match queue.chunk() {
                    Some(chunk)
                        if deadline.is_none()
                            && self.has_seat()
                            && !self.has_tally_of_another(queue) =>
                    {
                        self.run_job(chunk, task, |chunk, next| {
                            // SAFETY: (1) this worker has the task in hand.
                            let owner = unsafe { chunk.owner(next) };
                            owner.is_some_and(|owner| owner.id() == flow.id())
                                && !target.is_done()
                                && !self.pool.has_late()
                        })
                    }
                    _ => self.run(task),
                };
                self.keep_needed(&mut met, &needed);
                if deadline.is_some_and(|deadline| self.pool.platform.now() >= deadline) {
                    break;
                }
                if self.slice.get() == 0 {
                    if !self.pool.injector.is_empty() && self.has_seat() {
                        self.let_go(&mut met);
                        met = self.sift_injector(&needed);
                    }
                    self.take_turns(&mut met);
                    self.keep_needed(&mut met, &needed);
                    if self.is_lent()
                        && (self.pool.policy.is_some() || !self.pool.injector.is_empty())
                    {
                        // Somebody else's work waits, perhaps for this very seat.
                        break;
                    }
                    self.slice.set(self.pool.slice);
                }
            }
            if let Some(task) = met {
                self.keep(task);
            }
            if self.has_seat() {
                if self.is_lent() {
                    self.spill();
                }
                self.flush_and_keep();
            }
        });
        self.current.set(outer);
        self.endless.set(outer_endless | self.endless.get());
        self.slice
            .set(if self.has_seat() { outer_slice } else { 0 });
    }

    fn collect(&self, chain: &mut Option<Chain>, task: u32) {
        Chain::grow(chain, task, &*self.pool.directory);
    }
}

impl<P: Platform> Seated for Worker<'_, P> {
    fn pool(&self) -> *const () {
        self.pool.identity()
    }

    fn worker(&self) -> WorkerId {
        self.id
    }

    fn add_holders(&self, holders: &mut Vec<u64>) {
        self.add_held_up(holders);
    }

    fn holds(&self, id: u64) -> bool {
        self.holds_up(id)
    }

    fn enclosing(&self) -> Enclosing {
        self.encloses()
    }

    fn is_stopped(&self) -> bool {
        self.is_enclosed_stopped()
    }

    fn spawn(&self, executor: *const (), job: &mut Option<Arc<dyn Job>>) {
        if executor == self.pool.identity()
            && Worker::has_seat(self)
            && let Some(job) = job.take()
        {
            if matches!(self.current.get(), Current::Task(..) | Current::Job) {
                self.pool.life_begins_on(&self.credit);
            } else {
                // A call from outside may take long, and is no life: it is not to keep credit.
                self.pool.life_begins();
            }
            if Group::enter(&job) {
                self.queue_own(job);
            }
        }
    }

    fn queue(&self, job: Arc<dyn Job>) {
        self.queue_job(job);
    }

    fn has_seat(&self) -> bool {
        Worker::has_seat(self)
    }

    fn start(&self, root: u32) {
        // Nobody is woken: this worker takes it at once.
        match self.deque().map(|deque| (deque, deque.push(root))) {
            Some((deque, Ok(()))) => deque.publish(),
            Some((_, Err(root))) => self.keep(root),
            None => self.pool.offer(root),
        }
    }

    fn help(&self, target: Target<'_>, deadline: Option<Duration>) {
        if let Some(deque) = self.deque() {
            // What waits may have come between a push and its publication: a drop among what fails.
            deque.publish();
        }
        self.give_back_lent();
        self.hand_on_current();
        let roams = self.roams.replace(false);
        // What is run here forks for itself.
        with_local(&self.pool.platform, |local| {
            let help = || match target {
                Target::Run(run) => self.help_run(run, deadline),
                Target::Job(job) => self.help_job(job, deadline),
                Target::Group(group) => self.help_group(group, deadline),
            };
            match local {
                Some(local) => local.apart(help),
                None => help(),
            }
        });
        self.roams.set(roams);
    }

    fn checkpoint(&self) -> Result<(), Preempted> {
        self.ask()
    }

    fn leave_seat(&self) -> bool {
        self.share();
        if !matches!(
            self.current.get(),
            Current::Task(..) | Current::Job | Current::Call
        ) {
            // A predicate, a waker, a handler or a drop: the engine, in whose middle it runs, needs the
            // seat as soon as it returns.
            return false;
        }
        self.hand_on_current();
        let outer = self.current.replace(Current::Engine);
        self.guarded(|| {
            self.spill();
            self.flush_and_keep();
        });
        self.current.set(outer);
        if self.tenure == Tenure::Own && self.pool.start_seat(self.id).is_err() {
            return false;
        }
        if let Some(deque) = self.stand_up() {
            match self.tenure {
                Tenure::Own => self.pool.hand_over(self.id.index(), deque),
                Tenure::Lent | Tenure::Spare => self.give_back(deque),
            }
        }
        true
    }
}

/// Whether the active run of `flow`, which is part of one of the flow `top`, is needed.
fn is_part_of(flow: &Flow, top: u64, needed: &Needed<'_>) -> bool {
    let id = needed.flow.id();
    if top == id || flow.id() == id {
        return true;
    }
    // What is waited for may be nested itself, or behind others' uses of a module.
    flow.is_ahead_of(id)
}

pub(super) fn in_range((first, count): Range, task: u32) -> bool {
    task.wrapping_sub(first) < count
}
