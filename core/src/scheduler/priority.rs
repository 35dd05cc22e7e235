//! The most urgent task of all workers.
//!
//! Each worker has a queue for each level, behind a lock of its own; a word beside it says which of them hold anything. Whoever
//! pops reads the words of all, and takes from the first that has the highest level, its own before others'. So a task is as
//! easily found where another worker made it ready, and workers meet at a lock only where one takes what another made ready.
//!
//! **Ageing.** Time is counted in *epochs*: each worker begins one with each so many tasks that it popped. Whoever does goes
//! over all queues, and raises by a level what has waited there for [`WAITS`] epochs; above the most urgent is a level for what has waited
//! in all others, which knows no deadlines. So what waits goes up at last to where
//! nothing that came to its queue later is served before it. And the first task of an epoch is taken from each queue in turn, if that has one
//! of the highest level, so that none is left out whose worker sleeps or is busy.

use alloc::vec::Vec;
use core::num::NonZeroU32;

mod level;

use level::{Level, Waiting};

use super::shards::{Shards, View};
use super::{Lift, Ready, Scheduler, Want};
use crate::mutant::mutant;
use crate::platform::WorkerId;
use crate::priority::Priority;
use crate::sync::{AtomicU32, AtomicUsize, Mutex, Ordering};

/// Tasks that a worker pops in an epoch, unless told otherwise.
const AGEING: NonZeroU32 = NonZeroU32::new(256).unwrap();
/// Epochs after which a task is raised: it came at some time within the first.
const WAITS: u32 = 2;

/// Those of tasks, and one of what has waited in all of them.
const LEVELS: usize = Priority::ALL.len() + 1;

/// Runs the most urgent of the ready tasks; of those with the same [`Priority`] the one with the nearest
/// [deadline](crate::TaskHandle::deadline), and of those without the one that became ready first.
///
/// With one worker that is exact, for tasks from wherever. With several, a worker takes the most urgent that any has; of
/// equally urgent ones its own first, so among them the order is that of each worker. When a task is ready, no less urgent one begins after that but
/// those that workers have popped already, one for each. A task that runs is not interrupted.
///
/// A task is as urgent as the most urgent that waits for it, if that is more than `Normal`: one that comes after it in its graph, one
/// that waits for the graph that it is part of (a use of a module waits for those before), or one that waits for a unit of a semaphore that it
/// has to release. When nothing such waits any more, it falls back. What is found while tasks are queued costs a pass over the queues.
///
/// What waits is raised by a level after some hundreds of tasks: see [`ageing`](Self::ageing).
///
/// A graph none of whose tasks was given a priority, or a deadline, costs little more than without a policy while nothing else is ready: its tasks stay with
/// the workers that made them ready.
///
/// O(workers) for any other task, most of it reading, and O(log n) for one with a deadline where n are ready; O(ready tasks) for a wait inside a task.
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use taskflow_core::{Builder, Manual, Priority, PriorityScheduler, Taskflow};
///
/// let scheduler = PriorityScheduler::new();
/// let executor = Builder::new(Manual::new()).workers(1).scheduler(scheduler).build()?;
/// let order = Arc::new(Mutex::new(Vec::new()));
/// for priority in Priority::ALL {
///     let order = Arc::clone(&order);
///     executor.spawn_with_priority(priority, move || order.lock().unwrap().push(priority));
/// }
/// executor.platform().step_all();
/// let [low, normal, high, critical] = Priority::ALL;
/// assert_eq!(*order.lock().unwrap(), [critical, high, normal, low]);
/// # Ok::<(), taskflow_core::NoThread>(())
/// ```
#[derive(Debug)]
pub struct PriorityScheduler {
    shards: Shards<Shard>,
    /// Tasks that a worker pops in an epoch; `None`: no task is ever raised.
    ageing: Option<NonZeroU32>,
    inherits: bool,
    epoch: AtomicU32,
    /// The next shard for what comes from outside.
    turn: AtomicUsize,
}

/// What was made ready on one worker.
#[derive(Debug, Default)]
struct Shard {
    /// Which of the levels hold anything, a bit each. Changed under the lock.
    filled: AtomicU32,
    levels: Mutex<[Level; LEVELS]>,
}

/// A worker's part of a [`PriorityScheduler`].
#[derive(Debug)]
pub struct Part {
    view: View<Shard>,
    /// Tasks until the next epoch.
    left: u32,
    /// The shard that comes first.
    first: usize,
}

impl PriorityScheduler {
    /// With ageing as usual: a worker's epoch is 256 tasks.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shards: Shards::default(),
            ageing: Some(AGEING),
            inherits: true,
            epoch: AtomicU32::new(0),
            turn: AtomicUsize::new(0),
        }
    }

    /// How many tasks a worker runs in an epoch. A task that waited for two epochs, of whichever workers, is raised by a
    /// level, up to where it is served before all that come later. So the first `Low` task that waits is run after at
    /// most 8 times so many others, and those critical ones that were ready before. `None`: never raised.
    ///
    /// A pass over the queues of all workers for each epoch.
    #[must_use]
    pub fn ageing(mut self, tasks: Option<NonZeroU32>) -> Self {
        self.ageing = tasks;
        self
    }

    /// Each task has its own priority alone, whatever waits for it.
    #[must_use]
    pub fn without_inheritance(mut self) -> Self {
        self.inherits = false;
        self
    }

    /// Puts a task into the worker's own shard, or else into one whose turn it is.
    #[inline]
    fn queue(&self, local: Option<&mut Part>, task: Ready, push: impl Fn(&Shard, usize, Waiting)) {
        let level = task.priority() as usize;
        // Ordering: Relaxed; a clock, no data hangs on it.
        let since = self.epoch.load(Ordering::Relaxed);
        let waiting = Waiting { since, task };
        match local {
            Some(part) => push(part.view.own(), level, waiting),
            None => {
                // Ordering: Relaxed; any shard will do.
                let turn = self.turn.fetch_add(1, Ordering::Relaxed);
                if let Some(shard) = self.shards.any(turn) {
                    push(&shard, level, waiting);
                }
            }
        }
    }

    /// Counts a task that was popped. An epoch that begins raises what has waited.
    fn tick(&self, part: &mut Part) {
        let Some(ageing) = self.ageing else {
            return;
        };
        part.left -= 1;
        if part.left > 0 {
            part.first = part.view.own_place();
            return;
        }
        part.left = ageing.get();
        // Ordering: Relaxed; a clock, no data hangs on it.
        let epoch = self.epoch.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        part.first = part.view.turn(epoch);
        for shard in part.view.own_first() {
            shard.raise(epoch);
        }
    }
}

impl Default for PriorityScheduler {
    fn default() -> Self {
        Self::new()
    }
}

impl Shard {
    #[inline]
    fn push(&self, level: usize, waiting: Waiting) {
        self.change(level, |queue| queue.push(waiting));
    }

    fn push_first(&self, level: usize, waiting: Waiting) {
        self.change(level, |queue| queue.push_first(waiting));
    }

    /// Puts something into a level.
    #[inline]
    fn change(&self, level: usize, push: impl FnOnce(&mut Level)) {
        let mut levels = self.levels.lock();
        push(&mut levels[level]);
        // Ordering: Relaxed; changed under the lock.
        let filled = self.filled.load(Ordering::Relaxed);
        // Ordering: Relaxed; see `highest`.
        self.filled.store(filled | 1 << level, Ordering::Relaxed);
    }

    /// The highest level that holds anything. A hint: it may change at once.
    #[inline]
    fn highest(&self) -> Option<u32> {
        // Ordering: Relaxed; a hint, the lock decides. Whoever must not miss a task passes a SeqCst fence first.
        self.filled.load(Ordering::Relaxed).checked_ilog2()
    }

    /// The first task of this level, if nothing higher came meanwhile.
    #[inline]
    fn pop(&self, level: u32) -> Option<Ready> {
        let mut levels = self.levels.lock();
        let highest = self.highest();
        if highest != Some(level) {
            return None;
        }
        let task = levels[level as usize].pop();
        if levels[level as usize].is_empty() {
            self.note(&levels);
        }
        task
    }

    fn pop_wanted(&self, level: usize, want: Want<'_>) -> Option<Ready> {
        let mut levels = self.levels.lock();
        let task = levels[level].pop_wanted(want);
        self.note(&levels);
        task
    }

    /// Gives all that is here, if it is of this level alone, has no deadlines, is wanted, and with what was lent before at most so much.
    fn lend(&self, filled: u32, want: Want<'_>, most: usize, lent: &mut Vec<Ready>) -> bool {
        let mut levels = self.levels.lock();
        // Ordering: Relaxed; changed under the lock.
        let here = self.filled.load(Ordering::Relaxed);
        if here == 0 {
            return true;
        }
        let queue = &mut levels[filled.ilog2() as usize];
        let all = here == filled && queue.lend(want, most - lent.len(), lent);
        self.note(&levels);
        all
    }

    /// Moves what has become more or less urgent.
    fn reorder(&self, lift: &Lift<'_>, epoch: u32) {
        let mut levels = self.levels.lock();
        let mut lifted = Vec::new();
        // (What has waited in all levels stays above them.)
        for level in &mut levels[..Priority::ALL.len()] {
            level.take_lifted(lift, &mut lifted);
        }
        for mut task in lifted {
            lift.apply(&mut task);
            let since = epoch;
            levels[task.priority() as usize].push(Waiting { since, task });
        }
        self.note(&levels);
    }

    /// Raises by a level what has waited long enough in this one.
    fn raise(&self, epoch: u32) {
        if mutant!("priority_never_raised") {
            return;
        }
        let mut levels = self.levels.lock();
        for level in (1..LEVELS).rev() {
            let [lower, upper] = &mut levels[level - 1..=level] else {
                unreachable!("two levels");
            };
            let old = |since: u32| epoch.wrapping_sub(since) >= WAITS;
            while let Some(task) = lower.pop_old(old) {
                let waiting = Waiting { since: epoch, task };
                if level == LEVELS - 1 {
                    upper.push_undated(waiting);
                } else {
                    upper.push(waiting);
                }
            }
        }
        self.note(&levels);
    }

    /// Says which levels hold anything. Under the lock.
    fn note(&self, levels: &[Level; LEVELS]) {
        let filled = levels.iter().enumerate().fold(0, |filled, (level, queue)| {
            filled | u32::from(!queue.is_empty()) << level
        });
        // Ordering: Relaxed; see `highest`. Changed under the lock.
        self.filled.store(filled, Ordering::Relaxed);
    }
}

impl Scheduler for PriorityScheduler {
    type Local = Part;

    fn local(&self, _: WorkerId) -> Part {
        let view = self.shards.add();
        Part {
            first: view.own_place(),
            view,
            left: self.ageing.map_or(0, NonZeroU32::get),
        }
    }

    fn push(&self, local: Option<&mut Part>, task: Ready) {
        self.queue(local, task, Shard::push);
    }

    fn inherits(&self) -> bool {
        self.inherits
    }

    fn lends(&self) -> bool {
        true
    }

    fn lend(&self, part: &mut Part, want: Want<'_>, most: usize, lent: &mut Vec<Ready>) -> bool {
        part.view.complete(&self.shards);
        let mut shards = part.view.own_first();
        // Ordering: Relaxed; see `highest`.
        let filled = |shard: &Shard| shard.filled.load(Ordering::Relaxed);
        let all = part
            .view
            .own_first()
            .fold(0, |all, shard| all | filled(shard));
        all == 0 || all.is_power_of_two() && shards.all(|shard| shard.lend(all, want, most, lent))
    }

    fn take_back(&self, local: Option<&mut Part>, task: Ready) {
        self.queue(local, task, Shard::push_first);
    }

    fn reorder(&self, lift: &Lift<'_>) {
        // Ordering: Relaxed; a clock, no data hangs on it.
        let epoch = self.epoch.load(Ordering::Relaxed);
        for shard in self.shards.all() {
            shard.reorder(lift, epoch);
        }
    }

    fn pop(&self, part: &mut Part, want: Want<'_>) -> Option<Ready> {
        part.view.complete(&self.shards);
        let task = if want.is_any() {
            loop {
                let mut best: Option<(u32, &Shard)> = None;
                for shard in part.view.starting_at(part.first) {
                    if let Some(level) = shard.highest()
                        && best.is_none_or(|(highest, _)| {
                            level > highest && !mutant!("priority_own_first")
                        })
                    {
                        best = Some((level, shard));
                    }
                }
                let (level, shard) = best?;
                if let Some(task) = shard.pop(level) {
                    break task;
                }
            }
        } else {
            (0..LEVELS).rev().find_map(|level| {
                let mut shards = part.view.own_first();
                shards.find_map(|shard| shard.pop_wanted(level, want))
            })?
        };
        self.tick(part);
        Some(task)
    }
}
