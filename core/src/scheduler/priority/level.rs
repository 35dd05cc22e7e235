//! The tasks of one level: those with a deadline, and behind them a queue of the others.
//!
//! Where no task has a deadline this is the queue, and one look at an empty map.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use crate::scheduler::{Deadline, Lift, Ready, Want};

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Level {
    undated: VecDeque<Waiting>,
    dated: BTreeMap<Key, Waiting>,
    /// What came with a deadline, the oldest first; some of it may be gone.
    ages: VecDeque<(u32, Key)>,
    last: u64,
}

/// The deadline, and a number for those that have the same.
type Key = (Deadline, u64);

/// A task that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    /// When it came to its level.
    pub(super) since: u32,
    pub(super) task: Ready,
}

impl Level {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.undated.is_empty() && self.dated.is_empty()
    }

    #[inline]
    pub(super) fn push(&mut self, waiting: Waiting) {
        match waiting.task.until() {
            Some(deadline) => {
                if self.ages.len() > 2 * self.dated.len() + 16 {
                    self.ages.retain(|(_, key)| self.dated.contains_key(key));
                }
                self.last += 1;
                let key = (deadline, self.last);
                self.ages.push_back((waiting.since, key));
                self.dated.insert(key, waiting);
            }
            None => self.push_undated(waiting),
        }
    }

    /// Behind all others.
    #[inline]
    pub(super) fn push_undated(&mut self, waiting: Waiting) {
        self.undated.push_back(waiting);
    }

    /// Before all others without a deadline, if it has none. It counts as old as the first of them.
    pub(super) fn push_first(&mut self, mut waiting: Waiting) {
        if waiting.task.until().is_some() {
            return self.push(waiting);
        }
        if let Some(first) = self.undated.front() {
            waiting.since = first.since;
        }
        self.undated.push_front(waiting);
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Ready> {
        let dated = (!self.dated.is_empty()).then(|| self.pop_dated());
        let waiting = dated.flatten().or_else(|| self.undated.pop_front())?;
        Some(waiting.task)
    }

    /// Gives all, if it has no deadlines, is wanted, and at most so much.
    pub(super) fn lend(&mut self, want: Want<'_>, most: usize, lent: &mut Vec<Ready>) -> bool {
        let all = self.dated.is_empty()
            && self.undated.len() <= most
            && self
                .undated
                .iter()
                .all(|waiting| want.accepts(&waiting.task));
        if all {
            lent.extend(self.undated.drain(..).map(|waiting| waiting.task));
        }
        all
    }

    fn pop_dated(&mut self) -> Option<Waiting> {
        let (_, waiting) = self.dated.pop_first()?;
        Some(waiting)
    }

    /// What comes first of what is wanted.
    pub(super) fn pop_wanted(&mut self, want: Want<'_>) -> Option<Ready> {
        let wanted = |waiting: &Waiting| want.accepts(&waiting.task);
        let dated = self.dated.iter().find(|(_, waiting)| wanted(waiting));
        let waiting = if let Some(key) = dated.map(|(key, _)| *key) {
            self.dated.remove(&key)
        } else {
            let place = self.undated.iter().position(wanted)?;
            self.undated.remove(place)
        };
        Some(waiting?.task)
    }

    /// Takes out what has become more or less urgent. O(all), and nothing is allocated if there is nothing such.
    pub(super) fn take_lifted(&mut self, lift: &Lift<'_>, lifted: &mut Vec<Ready>) {
        let changes = |waiting: &Waiting| lift.changes(&waiting.task);
        if self.undated.iter().any(changes) {
            for waiting in core::mem::take(&mut self.undated) {
                if changes(&waiting) {
                    lifted.push(waiting.task);
                } else {
                    self.undated.push_back(waiting);
                }
            }
        }
        let dated = self.dated.iter().filter(|(_, waiting)| changes(waiting));
        let keys: Vec<Key> = dated.map(|(key, _)| *key).collect();
        let taken = keys.iter().filter_map(|key| self.dated.remove(key));
        lifted.extend(taken.map(|waiting| waiting.task));
    }

    /// What came so long ago that it is `old`, each once.
    pub(super) fn pop_old(&mut self, old: impl Fn(u32) -> bool) -> Option<Ready> {
        while let Some((since, key)) = self.ages.front().copied()
            && old(since)
        {
            self.ages.pop_front();
            if let Some(waiting) = self.dated.remove(&key) {
                return Some(waiting.task);
            }
        }
        let first = self.undated.front()?;
        let waiting = old(first.since).then(|| self.undated.pop_front());
        Some(waiting.flatten()?.task)
    }
}
