//! Whether what waiting tasks wait for can still come.
//!
//! A run is *stuck* when each of its unfinished tasks waits for a semaphore, or for the end of a nested run
//! that is stuck itself. It goes on only when somebody else releases. What was submitted as a whole, with all
//! that is nested in it, is stuck when its outermost run is; before that there is always something in it that
//! may release. When that happens, its waiting tasks *hope* for every other submission that holds what they
//! wait for, or has a task that releases it. If that one is stuck too, they hope for what its tasks hope for
//! in turn. If all of that is stuck, nobody is left to release, and tasks that wait are skipped: those of one
//! that keeps itself waiting, if there is one, else those of the one that got stuck last.
//!
//! # Nothing stuck is overlooked
//!
//! The runs in question count their tasks when those are made ready (see `count_ended`), so what
//! [`Completion`](crate::protocol::completion::Completion) has left is never less than the unfinished tasks,
//! and those are never less than the blocked ones: if it equals the blocked ones, the run is stuck. It comes
//! to that by one more that is blocked, which is seen here, or by one that is counted. When the first task is
//! blocked the counter is marked, in the same word, and what it stands at is read by that exchange. A worker
//! that counts tasks after that sees the mark, and looks here; one that did before was seen.
//!
//! # Nothing hopeless is overlooked
//!
//! Hope goes when somebody gets stuck, which is when it is looked at, or when a run ends that might have
//! released: then all who wait for what it might have released are looked at. What it held has gone to the
//! first in line; if that waits for more of it, it is looked at as well.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::arbiter::{Arbiter, Stand};

impl Arbiter {
    /// One more task of a run is blocked.
    pub(super) fn block(&mut self, flow: u64) {
        if let Some(party) = self.parties.get_mut(&flow) {
            party.blocked += 1;
            self.look_at(flow);
        }
    }

    /// Sees whether a run is stuck.
    pub(super) fn look_at(&mut self, flow: u64) {
        let mut next = Some(flow);
        while let Some(flow) = next.take() {
            let Some(party) = self.parties.get_mut(&flow) else {
                return;
            };
            if party.stuck || party.blocked == 0 {
                return;
            }
            if party.flow.progress().completion.watch() != party.blocked {
                return;
            }
            party.stuck = true;
            let Some(outer) = party.outer.first().copied() else {
                self.suspects.insert(flow);
                return;
            };
            if let Some(party) = self.parties.get_mut(&outer) {
                party.blocked += 1;
            }
            next = Some(outer);
        }
    }

    /// A task of a run is not blocked any more.
    pub(super) fn unblock(&mut self, flow: u64) {
        let mut next = Some(flow);
        while let Some(flow) = next.take() {
            let Some(party) = self.parties.get_mut(&flow) else {
                return;
            };
            party.blocked -= 1;
            if party.blocked == 0 {
                party.flow.progress().completion.unwatch();
            }
            if core::mem::take(&mut party.stuck) {
                next = party.outer.first().copied();
            }
        }
    }

    /// Lets tasks be skipped that wait for what nobody can release.
    pub(super) fn judge(&mut self) {
        while let Some(top) = self.suspects.pop_first() {
            if self.is_stuck(top)
                && let Some(victim) = self.hopeless(top)
            {
                self.starve(victim);
            }
        }
    }

    fn is_stuck(&self, top: u64) -> bool {
        self.parties.get(&top).is_some_and(|party| party.stuck)
    }

    /// If nobody is left who could release what a stuck submission waits for: whose tasks to skip.
    fn hopeless(&self, top: u64) -> Option<u64> {
        let mut seen = BTreeSet::from([top]);
        let mut next = Vec::from([top]);
        let mut victim = None;
        while let Some(tree) = next.pop() {
            let mut alone = true;
            for flow in self.members(tree) {
                let waiting = self.parties.get(&flow).map(|party| &party.waiting);
                for (semaphore, _) in waiting.into_iter().flat_map(|waiting| waiting.values()) {
                    let units = semaphore.shared.units.lock();
                    for hope in units.hopes() {
                        let Some(party) = self.parties.get(&hope) else {
                            continue;
                        };
                        let other = party.top();
                        if other == tree {
                            continue;
                        }
                        alone &= !units.held.contains_key(&hope);
                        if !self.is_stuck(other) {
                            return None;
                        }
                        if seen.insert(other) {
                            next.push(other);
                        }
                    }
                }
            }
            if alone {
                victim.get_or_insert(tree);
            }
        }
        Some(victim.unwrap_or(top))
    }

    /// Skips the waiting tasks of a submission, the first in line first, until one of them gets what another
    /// gives back.
    fn starve(&mut self, top: u64) {
        let mut waiting = Vec::new();
        let mut given_back = BTreeSet::new();
        for flow in self.members(top) {
            let tasks = self.parties.get(&flow).map(|party| &party.tasks);
            for (index, stand) in tasks.into_iter().flatten() {
                let Stand::Waiting(task) = stand else {
                    continue;
                };
                let had = task.needs[..task.place].iter();
                given_back.extend(had.map(|need| need.semaphore.id()));
                let semaphore = task.needs[task.place].semaphore.id();
                waiting.push((task.ticket, semaphore, flow, *index));
            }
        }
        // Needs are in the order of the semaphores, so nobody holds a part of the last that is waited for.
        waiting.retain(|(_, semaphore, ..)| !given_back.contains(semaphore));
        waiting.sort_unstable();
        for (_, _, flow, index) in waiting {
            if self.dismiss(flow, index, Stand::Starved) {
                return;
            }
        }
    }

    fn members(&self, top: u64) -> Vec<u64> {
        let party = self.parties.get(&top);
        party
            .map(|party| party.members.iter().copied().collect())
            .unwrap_or_default()
    }
}
