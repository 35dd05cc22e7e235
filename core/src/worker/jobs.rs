//! Running jobs, and helping those who wait for them.

use alloc::vec::Vec;
use core::ptr::NonNull;
use core::time::Duration;

use super::{Current, Worker};
use crate::flow::Flow;
use crate::group::Group;
use crate::job::{Claimed, End, Head, Job, Walk, conclude, refuse, same};
use crate::nursery::Chunk;
use crate::observer::{Ended, EventKind};
use crate::platform::Platform;
use crate::protocol::backlog::{Chain, Part};
use crate::protocol::deque::DequeOwner;
use crate::protocol::join_counter::JoinCounter;
use crate::sync::Arc;

/// A job on a worker's stack.
pub(super) struct Frame {
    /// Of a job that [`perform`](Worker::perform) has as long as the frame is on the list.
    head: NonNull<Head>,
    /// Whose code was running when it was begun: the engine's, or that of a wait.
    outer: Current,
    /// The one that was begun before.
    below: Option<NonNull<Self>>,
}

impl Frame {
    fn head(&self) -> &Head {
        // SAFETY: frames are looked at on the list.
        unsafe { self.head.as_ref() }
    }
}

impl<P: Platform> Worker<'_, P> {
    /// Runs the job of a reference, and one after another a job that it made ready or else that of the next reference in this
    /// worker's queue, as long as the slice lasts and such a one `goes_on`. Gives what it has in hand then.
    pub(super) fn run_job(
        &self,
        chunk: &Chunk,
        reference: u32,
        goes_on: impl Fn(&Chunk, u32) -> bool,
    ) -> Option<u32> {
        self.endless.set(true);
        let mut next = self.take_job(chunk, reference);
        loop {
            self.pool.ring();
            let made_ready = next.and_then(Claimed::of).and_then(|job| self.perform(job));
            let slice = self.slice.get().saturating_sub(1);
            self.slice.set(slice);
            if slice == 0 {
                return made_ready
                    .and_then(|job| self.place(job))
                    .and_then(|(task, _)| self.unless_entrusted(task));
            }
            next = made_ready;
            if next.is_none() {
                let reference = self.deque()?.take_newest()?;
                // SAFETY: as in `locate`.
                let flow: &Flow = unsafe { self.pool.directory.flow(reference) };
                match flow.chunk() {
                    Some(chunk)
                        if !self.has_tally_of_another(flow) && goes_on(chunk, reference) =>
                    {
                        next = self.take_job(chunk, reference);
                    }
                    _ => return Some(reference),
                }
            }
        }
    }

    /// The job of a reference in this worker's hands, which is free then.
    #[inline]
    pub(super) fn take_job(&self, chunk: &Chunk, reference: u32) -> Option<Arc<dyn Job>> {
        // SAFETY: (1) it is in this worker's hands.
        unsafe { self.pool.nursery.take(&self.places, chunk, reference) }
    }

    /// The jobs on this stack, the innermost first.
    fn frames(&self) -> impl Iterator<Item = &Frame> {
        let mut next = self.jobs.get();
        core::iter::from_fn(move || {
            // SAFETY: what is on the list is on this thread's stack, below the present call.
            let frame = unsafe { next?.as_ref() };
            next = frame.below;
            Some(frame)
        })
    }

    /// What the engine knows of the innermost of the jobs on this stack.
    pub(super) fn innermost(&self) -> Option<&Head> {
        self.frames().next().map(Frame::head)
    }

    /// Runs a claimed job. Gives one that it made ready; others are queued.
    fn perform(&self, mut job: Claimed) -> Option<Arc<dyn Job>> {
        /// Ends the frame, also if the host lets a panic through.
        struct Leave<'w, 'p, P: Platform>(&'w Worker<'p, P>, &'w Frame);
        impl<P: Platform> Drop for Leave<'_, '_, P> {
            fn drop(&mut self) {
                self.0.current.set(self.1.outer);
                self.0.jobs.set(self.1.below);
            }
        }
        let observed = self.pool.observers.any();
        if observed {
            self.tell_of_spawned(EventKind::Start);
        }
        let frame = Frame {
            head: NonNull::from(job.head()),
            outer: self.current.replace(Current::Job),
            below: self.jobs.get(),
        };
        self.jobs.set(Some(NonNull::from(&frame)));
        let leave = Leave(self, &frame);
        let called = self.pool.platform.guard(|| job.call());
        drop(leave);
        if observed {
            let outcome = match called {
                Err(_) => Ended::Failed,
                Ok(()) => Ended::Done,
            };
            self.tell_of_spawned(EventKind::End { outcome });
        }
        let end = match called {
            Ok(()) => match job.end_plainly() {
                Ok(job) => {
                    // SAFETY: it is that of the job.
                    self.has_ended(unsafe { frame.head.as_ref() });
                    drop(job);
                    return None;
                }
                Err(claimed) => {
                    job = claimed;
                    End::Well
                }
            },
            Err(panic) => End::Panicked(panic),
        };
        let next = conclude(job, end, &mut |ready| self.queue_job(ready))?;
        if self.has_seat() && next.head().is_of(self.pool.identity()) {
            return Some(next);
        }
        self.queue_job(next);
        None
    }

    /// Counts a job that ended with nobody to be told but its group.
    fn has_ended(&self, head: &Head) {
        Group::leave(head, self.pool, true);
        if self.has_seat() {
            self.credit.earn();
        } else {
            self.pool.life_ends();
        }
    }

    /// Gives a ready job a reference, which is to be queued, and what it is linked through.
    #[inline]
    fn place(&self, job: Arc<dyn Job>) -> Option<(u32, &JoinCounter)> {
        let (nursery, directory) = (&self.pool.nursery, &self.pool.directory);
        match nursery.place_on(&self.places, directory, job) {
            Ok(placed) => Some(placed),
            Err(job) => {
                refuse(&job);
                None
            }
        }
    }

    /// Puts a ready job into its queue: this worker's, if it is of the same executor.
    pub(super) fn queue_job(&self, job: Arc<dyn Job>) {
        if job.head().is_of(self.pool.identity()) {
            self.queue_own(job);
        } else {
            crate::job::queue(job);
        }
    }

    /// Puts a ready job of this executor into this worker's queue.
    #[inline]
    pub(super) fn queue_own(&self, job: Arc<dyn Job>) {
        let Some((reference, link)) = self.place(job) else {
            return;
        };
        if self.pool.policy.is_none()
            && let Some(deque) = self.deque()
        {
            match deque.push(reference) {
                Ok(()) => deque.publish(),
                Err(reference) => {
                    let backlog = &self.queues.backlog;
                    backlog.push_linked(Chain::of(reference), link);
                }
            }
            if !self.solo.get() {
                self.pool.notify();
            }
            return;
        }
        self.keep(reference);
    }

    /// Runs the job, and what it waits for, as far as that is ready.
    pub(super) fn help_job(&self, target: &Arc<dyn Job>, deadline: Option<Duration>) {
        let mut walk = Walk::from(target);
        let mut held: Option<Arc<dyn Job>> = None;
        self.help_with(
            || target.head().is_done(),
            deadline,
            || {
                self.pool.ring();
                let job = walk.claim_next(self.pool.identity());
                // What the job before has made ready is mostly what comes next.
                let taken = job.as_ref().zip(held.as_ref());
                let taken = taken.is_some_and(|(job, held)| same(job.job(), held));
                if let Some(other) = held.take()
                    && !taken
                {
                    self.queue_job(other);
                }
                held = self.perform(job?);
                Some(())
            },
        );
        if let Some(other) = held {
            self.queue_job(other);
        }
    }

    /// Runs what is ready of the group.
    pub(super) fn help_group(&self, group: &Group, deadline: Option<Duration>) {
        self.help_with(
            || group.is_done(),
            deadline,
            || {
                self.pool.ring();
                let slice_ends = self.slice.get() == 1;
                let job = group.claim_next(self.pool.identity(), slice_ends)?;
                if let Some(next) = self.perform(job) {
                    self.queue_job(next);
                }
                Some(())
            },
        );
    }

    /// Calls `run_one` until the wait is over, nothing is ready, or the time is up.
    fn help_with(
        &self,
        is_over: impl Fn() -> bool,
        deadline: Option<Duration>,
        mut run_one: impl FnMut() -> Option<()>,
    ) {
        let outer_slice = self.slice.replace(self.pool.slice);
        let outer_endless = self.endless.get();
        while self.has_seat() && !is_over() {
            self.take_up_late();
            if run_one().is_none() {
                break;
            }
            if deadline.is_some_and(|deadline| self.pool.platform.now() >= deadline) {
                break;
            }
            let slice = self.slice.get().saturating_sub(1);
            self.slice.set(slice);
            if slice == 0 && self.has_seat() {
                if self.is_lent() && !self.pool.injector.is_empty() {
                    // Somebody else's work waits, perhaps for this very seat.
                    break;
                }
                // (No more: what comes from outside meanwhile is not for this wait.)
                self.sweep_backlog();
                self.let_out_oldest();
                self.slice.set(self.pool.slice);
            }
        }
        if self.has_seat() {
            if self.is_lent() {
                self.spill();
            }
            self.flush_and_keep();
            self.sweep();
        }
        self.endless.set(outer_endless | self.endless.get());
        self.slice
            .set(if self.has_seat() { outer_slice } else { 0 });
    }

    /// What came first here may not be needed in this wait, and all others may go on for ever; but they come past the injector.
    fn let_out_oldest(&self) {
        if self.pool.policy.is_some() {
            return;
        }
        let of_deque = || self.deque()?.take_oldest();
        let of_backlog = || self.take_oldest_of_backlog();
        for take in [&of_deque as &dyn Fn() -> Option<u32>, &of_backlog] {
            while let Some(task) = take() {
                if self.frees_dead(task) {
                    continue;
                }
                if self.solo.get() || self.is_lent() {
                    // (Others would have no use of it, or it is for the seat's worker to come back to.)
                    let links = &*self.pool.directory;
                    self.put_behind(Part::oldest_first(Chain::of(task).taken(links)));
                    self.tell_of_put_back();
                } else {
                    self.pool.inject(Chain::of(task));
                }
                break;
            }
        }
    }

    /// Takes references of jobs that were claimed out of this worker's queue, as long as they come first.
    /// So a task that spawns and waits again and again leaves none behind.
    fn sweep(&self) {
        self.sweep_backlog();
        loop {
            let Some(task) = self.deque().and_then(DequeOwner::take_newest) else {
                let refilled =
                    self.refill() > 0 || (self.is_lent() && self.refill_from_injector() > 0);
                if refilled {
                    continue;
                }
                return;
            };
            if !self.frees_dead(task) {
                self.put_back(task);
                return self.tell_of_put_back();
            }
        }
    }

    /// As [`sweep`](Self::sweep), of what came when the queue was full. (That is seldom; each kind of wait would have a copy of it.)
    #[inline(never)]
    fn sweep_backlog(&self) {
        let Some(mut part) = self.queues.backlog.take_newest() else {
            return;
        };
        while let Some(task) = part.tasks.first()
            && self.is_dead(task)
        {
            self.unlink(&mut part.tasks);
            self.frees_dead(task);
        }
        self.put_behind(part);
        self.tell_of_put_back();
    }

    /// Whoever looked while a task was in hand saw nothing.
    fn tell_of_put_back(&self) {
        if !self.solo.get() {
            self.pool.notify();
        }
    }

    /// Frees a reference in this worker's hands, if its job was claimed without it.
    fn frees_dead(&self, task: u32) -> bool {
        let is_dead = self.is_dead(task);
        if is_dead {
            // SAFETY: as in `locate`.
            let flow: &Flow = unsafe { self.pool.directory.flow(task) };
            drop(flow.chunk().map(|chunk| self.take_job(chunk, task)));
        }
        is_dead
    }

    /// Whether a reference in this worker's hands is of a job that was claimed without it.
    fn is_dead(&self, task: u32) -> bool {
        // SAFETY: as in `locate`.
        let flow: &Flow = unsafe { self.pool.directory.flow(task) };
        // SAFETY: (1) the task is in this worker's hands.
        flow.chunk()
            .is_some_and(|chunk| unsafe { chunk.is_dead(task) })
    }

    /// Puts a task back that was taken out of the queue. Nobody is told.
    pub(super) fn put_back(&self, task: u32) {
        match self.deque().map(|deque| (deque, deque.push(task))) {
            Some((deque, Ok(()))) => deque.publish(),
            _ => self.pool.inject(Chain::of(task)),
        }
    }

    /// As [`Seated::add_holders`](crate::wait::Seated::add_holders).
    pub(super) fn add_held_up(&self, holders: &mut Vec<u64>) {
        let mut current = self.current.get();
        let mut frames = self.frames();
        while current == Current::Job
            && let Some(frame) = frames.next()
        {
            if holders.contains(&frame.head().id()) {
                // All that it holds up is there too.
                return;
            }
            frame.head().add_holders(holders);
            current = frame.outer;
        }
        if let Some(flow) = self.flow_of(current) {
            flow.add_holders(holders);
        }
    }

    /// As [`Seated::holds`](crate::wait::Seated::holds).
    pub(super) fn holds_up(&self, id: u64) -> bool {
        let mut current = self.current.get();
        let mut frames = self.frames();
        while current == Current::Job
            && let Some(frame) = frames.next()
        {
            if frame.head().holds(id) {
                return true;
            }
            current = frame.outer;
        }
        self.flow_of(current).is_some_and(|flow| flow.holds_up(id))
    }
}
