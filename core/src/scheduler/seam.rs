//! A policy as the engine sees it, whatever its type.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Batch, Lift, Ready, Scheduler, Tag, Want};
use crate::directory::Directory;
use crate::flow::{Causes, Flow};
use crate::job::{Job, raise_all};
use crate::platform::WorkerId;
use crate::priority::Priority;
use crate::semaphore::arbiter::Heir;
use crate::semaphore::inheriting::inherit;
use crate::sync::{Arc, AtomicUsize, Mutex, Ordering, Padded};

/// See the module's documentation. Whoever calls guards against panics.
pub(crate) trait Policy: Send + Sync {
    /// Takes a task out of the caller's hands. `worker` is the seat of the caller, `changes` how often tasks that may be queued became more or
    /// less urgent. `false`: it is a root, and still the caller's.
    fn entrust(
        &self,
        worker: Option<usize>,
        tag: &Tag,
        directory: &Directory,
        entry: Entry,
        changes: &AtomicUsize,
    ) -> bool;

    /// Makes tokens for tasks of a flow that are not pushed yet, and pushes them. The caller has them reordered if any task has
    /// become more or less urgent meanwhile.
    fn entrust_all(&self, worker: usize, batch: &mut Batch<'_>);

    /// Whether it asks where tasks stand.
    fn tracks(&self) -> bool;

    /// Whether workers may keep tasks.
    fn lends(&self) -> bool;

    /// Gives all that it has to `keep`, if that is at most so much, and wanted, and equally urgent. Nothing: so it is.
    fn lend(&self, worker: usize, want: Want<'_>, most: usize, keep: &mut dyn FnMut(Ready))
    -> bool;

    /// A task in the caller's hands is not to be run.
    fn removed(&self, directory: &Directory, task: u32);

    /// See [`Flow::find_urgency`].
    fn prepare(&self, flow: &Flow);

    /// The level that what a task in the caller's hands waits for inherits; 0 if none.
    fn level(&self, directory: &Directory, task: u32, causes: Causes) -> u32;

    /// See [`Host::heir_of`](crate::host::Host).
    fn heir_of(&self, directory: &Directory, task: u32) -> Option<Heir>;

    /// See [`Flow::raise_floor`].
    fn raise_floor(&self, flow: &Arc<Flow>, level: u32);

    /// See [`raise_all`](crate::job::raise_all).
    fn raise_jobs(&self, jobs: Vec<Arc<dyn Job>>, level: u32) -> bool;

    /// Tasks have become more or less urgent.
    fn reorder(&self, lift: &Lift<'_>);

    /// A task for the holder of this worker's seat.
    fn pop(&self, worker: usize, want: Want<'_>) -> Option<Ready>;

    /// How often something was popped.
    fn pops(&self) -> usize;
}

/// A task that comes to a policy.
#[derive(Clone, Copy)]
pub(crate) enum Entry {
    /// It became ready.
    New(u32),
    /// It was ready before whatever is there.
    Again(u32),
}

/// A policy of known type, with the parts of its workers.
pub(crate) struct Erased<S: Scheduler> {
    scheduler: Arc<S>,
    inherits: bool,
    tracks: bool,
    parts: Box<[Padded<Part<S::Local>>]>,
}

/// One worker's.
struct Part<L> {
    /// Who has the seat, and a task of it that waits on a spare one, may both come.
    local: Mutex<L>,
    pops: AtomicUsize,
}

impl<S: Scheduler> Erased<S> {
    pub(crate) fn new(scheduler: &Arc<S>, workers: usize) -> Self {
        let part = |worker| {
            Padded(Part {
                local: Mutex::new(scheduler.local(WorkerId::new(worker))),
                pops: AtomicUsize::new(0),
            })
        };
        Self {
            scheduler: Arc::clone(scheduler),
            inherits: scheduler.inherits(),
            tracks: scheduler.tracks(),
            parts: (0..workers).map(part).collect(),
        }
    }
}

impl<S: Scheduler> Policy for Erased<S> {
    fn entrust(
        &self,
        worker: Option<usize>,
        tag: &Tag,
        directory: &Directory,
        entry: Entry,
        changes: &AtomicUsize,
    ) -> bool {
        let (Entry::New(task) | Entry::Again(task)) = entry;
        // Ordering: Acquire, with the Release of `Installed::reorder`: what was noted before a change that is counted here is seen.
        let before = changes.load(Ordering::Acquire);
        let Some(mut tagged) = directory.tagged(task) else {
            return false;
        };
        if self.inherits {
            tagged.inherited = directory.inherited(task, Causes::All);
        }
        if self.tracks {
            directory.note_ready(task);
        }
        let ready = Ready::new(tag, tagged);
        let mut local = worker.and_then(|worker| self.parts[worker].local.try_lock());
        match entry {
            Entry::New(_) => self.scheduler.push(local.as_deref_mut(), ready),
            Entry::Again(_) => self.scheduler.take_back(local.as_deref_mut(), ready),
        }
        drop(local);
        // Ordering: Relaxed; the locks of the policy's queues order it, see `Installed::reorder`.
        if self.inherits && changes.load(Ordering::Relaxed) != before {
            self.scheduler.reorder(&Lift {
                tag,
                directory,
                range: (task, 1),
                tasks: None,
            });
        }
        true
    }

    fn entrust_all(&self, worker: usize, batch: &mut Batch<'_>) {
        let mut local = self.parts[worker].local.try_lock();
        while let Some(ready) = batch.next_token(self.inherits, self.tracks) {
            self.scheduler.push(local.as_deref_mut(), ready);
        }
    }

    fn tracks(&self) -> bool {
        self.tracks
    }

    fn lends(&self) -> bool {
        self.scheduler.lends()
    }

    fn lend(
        &self,
        worker: usize,
        want: Want<'_>,
        most: usize,
        keep: &mut dyn FnMut(Ready),
    ) -> bool {
        let mut local = self.parts[worker].local.lock();
        let mut lent = Vec::new();
        let all = self.scheduler.lend(&mut local, want, most, &mut lent);
        if all {
            lent.into_iter().for_each(keep);
        } else {
            for task in lent.into_iter().rev() {
                self.scheduler.take_back(Some(&mut local), task);
            }
        }
        all
    }

    fn removed(&self, directory: &Directory, task: u32) {
        if self.tracks {
            directory.note_removed(task);
        }
    }

    fn prepare(&self, flow: &Flow) {
        if self.tracks {
            flow.find_urgency();
        }
    }

    fn level(&self, directory: &Directory, task: u32, causes: Causes) -> u32 {
        if !self.inherits {
            return 0;
        }
        let own = directory.tagged(task).map(|tagged| tagged.priority.level());
        let level = own.unwrap_or(0).max(directory.inherited(task, causes));
        if level > Priority::Normal.level() {
            level
        } else {
            0
        }
    }

    fn heir_of(&self, directory: &Directory, task: u32) -> Option<Heir> {
        (self.level(directory, task, Causes::All) > 0).then_some(inherit)
    }

    fn raise_floor(&self, flow: &Arc<Flow>, level: u32) {
        if self.inherits {
            Flow::raise_floor(flow, level);
        }
    }

    fn raise_jobs(&self, jobs: Vec<Arc<dyn Job>>, level: u32) -> bool {
        self.inherits && raise_all(jobs, level)
    }

    fn reorder(&self, lift: &Lift<'_>) {
        if self.inherits {
            self.scheduler.reorder(lift);
        }
    }

    fn pop(&self, worker: usize, want: Want<'_>) -> Option<Ready> {
        let part = &self.parts[worker];
        let mut local = part.local.lock();
        let task = self.scheduler.pop(&mut local, want)?;
        // Ordering: Relaxed; compared only. Changed under the lock.
        let pops = part.pops.load(Ordering::Relaxed);
        // Ordering: Relaxed; as above.
        part.pops.store(pops.wrapping_add(1), Ordering::Relaxed);
        Some(task)
    }

    fn pops(&self) -> usize {
        let pops = self.parts.iter().map(|part| {
            // Ordering: Relaxed; compared only.
            part.pops.load(Ordering::Relaxed)
        });
        pops.fold(0, usize::wrapping_add)
    }
}
