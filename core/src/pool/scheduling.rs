//! What a pool with a policy does with ready tasks.
//!
//! Its policy has all that became ready and that nobody popped. The injector and the queues of seats have roots, and tasks
//! that were popped and could not be run at once; they are looked at first.
//!
//! **No wake-up is lost.** Whoever pushes passes the fence of [`notify`](Pool::notify) when the push has returned. Whoever goes
//! to sleep pops once more when it is announced, and leaves what it gets in the injector. So the argument of
//! [`idle`](crate::protocol::idle) holds, if a pop finds what was pushed before it began.

use alloc::boxed::Box;

use super::{Late, Pool};
use crate::flow::{Flow, View};
use crate::host::Host;
use crate::job::quietly;
use crate::mutant::mutant;
use crate::platform::Platform;
use crate::protocol::backlog::Chain;
use crate::protocol::lending::Lending;
use crate::scheduler::{Batch, Entry, Lift, Policy, Ready, Tag, Want};
use crate::sync::{AtomicUsize, Ordering};

/// The policy of a pool.
pub(crate) struct Installed {
    policy: Box<dyn Policy>,
    tracks: bool,
    lends: bool,
    lending: Lending,
    tag: Tag,
    /// How often tasks that may be queued have become more or less urgent.
    changes: AtomicUsize,
}

impl Installed {
    pub(super) fn new(policy: Box<dyn Policy>) -> Self {
        let tag = Tag::new();
        Self {
            tracks: policy.tracks(),
            lends: policy.lends(),
            lending: Lending::default(),
            policy,
            tag,
            changes: AtomicUsize::new(0),
        }
    }

    /// Whether it asks where tasks stand.
    pub(crate) fn tracks(&self) -> bool {
        self.tracks
    }

    /// Whether workers may keep tasks.
    pub(crate) fn lends(&self) -> bool {
        self.lends
    }

    /// Who keeps tasks.
    pub(crate) fn lending(&self) -> &Lending {
        &self.lending
    }

    pub(crate) fn tag(&self) -> &Tag {
        &self.tag
    }

    pub(crate) fn policy(&self) -> &dyn Policy {
        &*self.policy
    }

    /// Tells the policy that tasks have become more or less urgent, which is noted already.
    ///
    /// A task may be between its look at that and the policy's queue. So whoever queues one looks at `changes` before and after
    /// ([`Policy::entrust`]); if its push comes after the policy's pass over the queues, under the same lock, it sees the count, which comes before.
    pub(crate) fn reorder(&self, host: &dyn Host, range: (u32, u32), tasks: Option<&[u32]>) {
        // Ordering: Release, with the Acquire of `entrust`: who counts this sees what is noted. That a push after the policy's
        // pass sees the count is up to the locks of its queues, as above.
        self.changes.fetch_add(1, Ordering::Release);
        let lift = Lift {
            tag: &self.tag,
            directory: host.directory(),
            range,
            tasks,
        };
        quietly(host, &mut || self.policy.reorder(&lift));
    }
}

impl<P: Platform> Pool<P> {
    /// Makes a task, or a root, ready that no worker has in hand any more.
    pub(crate) fn offer(&self, task: u32) {
        if self.policy.is_some() && self.entrust(None, Entry::New(task)) {
            if !mutant!("policy_given_in_silence") {
                self.wake_helpers();
            }
        } else {
            self.inject(Chain::of(task));
        }
    }

    /// Gives a task to the policy; `worker` is the seat of the caller. `false`: it is a root, and still the caller's.
    ///
    /// The caller notifies.
    pub(crate) fn entrust(&self, worker: Option<usize>, entry: Entry) -> bool {
        let Some(installed) = &self.policy else {
            return false;
        };
        let Installed {
            policy,
            tag,
            changes,
            ..
        } = installed;
        // Unwind: the token is dropped.
        let pushed = self
            .platform
            .guard(|| policy.entrust(worker, tag, &self.directory, entry, changes));
        match pushed {
            Ok(entrusted) => entrusted,
            Err(panic) => {
                self.drop_panic(Some(panic));
                true
            }
        }
    }

    /// Gives tasks of a flow, by their places in rising order, to the policy. They are counted and not in the caller's hands any more, so the flow may
    /// be gone with the last.
    pub(crate) fn entrust_all(&self, worker: usize, flow: &Flow, view: &View<'_>, ready: &[u32]) {
        let Some(installed) = &self.policy else {
            return;
        };
        let mut batch = Batch::new(&installed.tag, &self.directory, flow, view, ready);
        // Ordering: Acquire; as in `Policy::entrust`.
        let before = installed.changes.load(Ordering::Acquire);
        while !batch.is_over() {
            // Unwind: the token that was being pushed is dropped. Others follow.
            let pushed = self
                .platform
                .guard(|| installed.policy.entrust_all(worker, &mut batch));
            if let Err(panic) = pushed {
                self.drop_panic(Some(panic));
            }
        }
        // Ordering: Relaxed; as in `Policy::entrust`.
        if installed.changes.load(Ordering::Relaxed) != before {
            let lift = batch.as_lift();
            let told = self.platform.guard(|| installed.policy.reorder(&lift));
            self.drop_panic(told.err());
        }
    }

    /// A task that the policy gives, for the holder of this worker's seat.
    pub(crate) fn pop(&self, worker: usize, want: Want<'_>) -> Option<u32> {
        let installed = self.policy.as_ref()?;
        loop {
            let popped = self.platform.guard(|| installed.policy.pop(worker, want));
            let ready = match popped {
                Ok(ready) => ready?,
                Err(panic) => {
                    self.drop_panic(Some(panic));
                    return None;
                }
            };
            if !ready.is_of(&installed.tag) {
                drop(ready);
                continue;
            }
            let wanted = want.accepts(&ready);
            let task = ready.redeem();
            if wanted {
                return Some(task);
            }
            self.inject(Chain::of(task));
        }
    }

    /// Whether the policy has anything: leaves one task of it in the injector.
    pub(super) fn draw(&self, worker: usize) -> bool {
        if mutant!("policy_no_second_look") {
            return false;
        }
        let task = self.pop(worker, Want::ANY);
        if let Some(task) = task {
            self.injector.push(Chain::of(task), &*self.directory);
            // Whoever began to keep tasks meanwhile saw it in neither.
            self.stir();
        }
        task.is_some()
    }

    /// Gives all that the policy has to `keep`, if it is tasks of this flow alone that it lends, at most so many.
    pub(crate) fn borrow_all(
        &self,
        worker: usize,
        view: &View<'_>,
        most: usize,
        keep: &mut dyn FnMut(u32),
    ) -> bool {
        let Some(Installed { policy, tag, .. }) = &self.policy else {
            return false;
        };
        let (base, root) = (view.base, view.root());
        let is_of_flow =
            |task: &Ready| task.is_of(tag) && task.reference().wrapping_sub(base) < root;
        let want = Want::only(&is_of_flow);
        // (A policy may be wrong. A token of another executor's is dropped.)
        let mut all_wanted = true;
        let mut redeem = |task: Ready| {
            all_wanted &= want.accepts(&task);
            if task.is_of(tag) {
                keep(task.redeem());
            }
        };
        let lent = self
            .platform
            .guard(|| policy.lend(worker, want, most, &mut redeem));
        let lent = lent.unwrap_or_else(|panic| {
            self.drop_panic(Some(panic));
            false
        });
        lent && all_wanted
    }

    /// Call after making anything visible: whoever keeps tasks sees that.
    #[inline]
    pub(crate) fn stir(&self) {
        if let Some(installed) = self.policy.as_ref().filter(|all| all.lends) {
            installed.lending.stir();
        }
    }

    /// How often the policy gave something.
    pub(super) fn pops(&self) -> usize {
        let installed = self.policy.as_ref();
        installed.map_or(0, |installed| installed.policy.pops())
    }

    /// The policy has lost a task. That is dealt with by a worker, who holds no locks.
    pub(super) fn task_lost(&self, task: u32) {
        self.finish_late(Late::lost(task));
    }

    /// Drops what may be a user's.
    fn drop_panic(&self, mut caught: Option<crate::panic::Panic>) {
        while let Some(panic) = caught {
            caught = self.platform.guard(|| drop(panic)).err();
        }
    }
}
