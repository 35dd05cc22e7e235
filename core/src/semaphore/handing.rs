//! Units from hand to hand: taken by tasks, released, given back, and handed to the first in line.

use alloc::vec::Vec;

use super::arbiter::{Arbiter, Heir, Stand, Task, Turn, Waiting};
use super::{Need, Needs, Semaphore};
use crate::error::SemaphoreLabel;
use crate::flow::Flow;
use crate::mutant::mutant;
use crate::sync::Arc;
use crate::task::TaskId;

impl Arbiter {
    pub(super) fn acquire(
        &mut self,
        flow: &Flow,
        index: u32,
        needs: &Arc<Vec<Need>>,
        stopped: bool,
        task: impl FnOnce() -> Task,
    ) -> Turn {
        let id = flow.id();
        let Some(party) = self.parties.get_mut(&id) else {
            debug_assert!(false, "the run has entered before its first task");
            return Turn::Run;
        };
        let begin = match party.tasks.remove(&index) {
            None if stopped => return Turn::Skip,
            None => 0,
            Some(Stand::Handed(next)) => next,
            Some(Stand::Stopped) => return Turn::Skip,
            Some(Stand::Starved) => return Turn::Starve,
            Some(stand) => {
                let waits = matches!(stand, Stand::Waiting(_));
                debug_assert!(!waits, "whoever waits is not queued");
                party.tasks.insert(index, stand);
                return if waits { Turn::Wait } else { Turn::Run };
            }
        };
        if stopped || flow.is_stopped() {
            self.give_back_all(id, &needs[..begin]);
            return Turn::Skip;
        }
        for (place, need) in needs.iter().enumerate().skip(begin) {
            let semaphore = &need.semaphore;
            let mut units = semaphore.shared.units.lock();
            let got = units.take(id, need.units);
            if got > 0 {
                party.held.insert(semaphore.id(), semaphore.clone());
            }
            if got == need.units {
                continue;
            }
            self.last_ticket += 1;
            let ticket = self.last_ticket;
            units.line.insert(ticket, (id, index));
            drop(units);
            let waiting = Waiting {
                ticket,
                needs: Arc::clone(needs),
                place,
                got,
                task: task(),
            };
            let heir = waiting.task.host.heir_of(waiting.task.reference);
            party.tasks.insert(index, Stand::Waiting(waiting));
            let waiting = party.waiting.entry(semaphore.id());
            waiting.or_insert_with(|| (semaphore.clone(), 0)).1 += 1;
            self.wait_inheriting(id, index, heir);
            self.block(id);
            return Turn::Wait;
        }
        party.tasks.insert(index, Stand::Running);
        Turn::Run
    }

    /// A task waits. `heir`: it is urgent.
    pub(super) fn wait_inheriting(&mut self, flow: u64, index: u32, heir: Option<Heir>) {
        if heir.is_some() {
            self.heir = heir;
            self.stale = true;
            self.urgent.push((flow, index));
        }
    }

    pub(super) fn end(
        &mut self,
        flow: u64,
        index: u32,
        needs: &Needs,
        skipped: bool,
    ) -> Vec<SemaphoreLabel> {
        let party = self.parties.get_mut(&flow);
        let stand = party.and_then(|party| party.tasks.remove(&index));
        let mut overflows = Vec::new();
        if skipped {
            if stand.is_some() {
                self.give_back_all(flow, &needs.acquire);
            }
            return overflows;
        }
        for Need { semaphore, units } in &needs.release {
            if !self.release(flow, semaphore, *units) {
                overflows.push(semaphore.as_label());
            }
        }
        overflows
    }

    /// Releases units: what this run holds, or a run that it is part of, or any other. `false`: there were
    /// more than anybody holds and than are missing.
    fn release(&mut self, flow: u64, semaphore: &Semaphore, mut units: usize) -> bool {
        let outer = self.parties.get(&flow).map(|party| party.outer.clone());
        let holders = core::iter::once(flow).chain(outer.unwrap_or_default());
        let mut state = semaphore.shared.units.lock();
        let mut free = 0;
        for holder in holders {
            free += state.let_go(holder, units - free);
        }
        while free < units
            && let Some(holder) = state.some_holder()
        {
            free += state.let_go(holder, units - free);
        }
        let missing = if state.held.is_empty() {
            // (What was just let go is neither there nor held.)
            semaphore.max() - state.count - free
        } else {
            0
        };
        drop(state);
        let more = missing.min(units - free);
        units -= free + more;
        self.give(semaphore, free + more);
        units == 0
    }

    /// Gives back what a task acquired.
    fn give_back_all(&mut self, flow: u64, needs: &[Need]) {
        for need in needs {
            self.give_back(flow, &need.semaphore, need.units);
        }
    }

    /// Gives back units, as far as the run still holds so many.
    pub(super) fn give_back(&mut self, flow: u64, semaphore: &Semaphore, units: usize) {
        let units = semaphore.shared.units.lock().let_go(flow, units);
        self.give(semaphore, units);
    }

    /// Units that nobody holds go to the first in line.
    fn give(&mut self, semaphore: &Semaphore, mut free: usize) {
        let mut units = semaphore.shared.units.lock();
        let mut handed = Vec::new();
        while free > 0 {
            let Some((&ticket, &(flow, index))) = units.line.first_key_value() else {
                units.count += free;
                debug_assert!(units.count <= semaphore.max(), "invariant 1 of `Units`");
                break;
            };
            let party = self.parties.get_mut(&flow);
            let party = party.expect("a run with a task that waits has not left");
            let Some(Stand::Waiting(waiting)) = party.tasks.get_mut(&index) else {
                unreachable!("whoever is in line waits");
            };
            let missing = waiting.needs[waiting.place].units - waiting.got;
            let some = missing.min(free);
            free -= some;
            waiting.got += some;
            units.hold(flow, some);
            party.held.insert(semaphore.id(), semaphore.clone());
            if some == missing {
                units.line.remove(&ticket);
                let next = Stand::Handed(waiting.place + 1);
                if let Some(Stand::Waiting(waiting)) = party.tasks.insert(index, next)
                    && !mutant!("unit_handed_in_silence")
                {
                    self.effects.resumed.push(waiting.task);
                }
                party.waits_no_more(semaphore.id());
                handed.push(flow);
            } else {
                // What it hoped for has come, and is not enough.
                self.suspects.insert(party.top());
            }
        }
        drop(units);
        self.stale = true;
        for flow in handed {
            self.unblock(flow);
        }
    }

    /// Takes a waiting task out of its line, and lets it be called to be skipped. `true`: another one got
    /// all that it waited for.
    pub(super) fn dismiss(&mut self, flow: u64, index: u32, stand: Stand) -> bool {
        let Some(party) = self.parties.get_mut(&flow) else {
            return false;
        };
        let waiting = match party.tasks.insert(index, stand) {
            Some(Stand::Waiting(waiting)) => waiting,
            // It does not wait any more.
            Some(other) => {
                party.tasks.insert(index, other);
                return false;
            }
            None => {
                party.tasks.remove(&index);
                return false;
            }
        };
        let semaphore = &waiting.needs[waiting.place].semaphore;
        party.waits_no_more(semaphore.id());
        let mut units = semaphore.shared.units.lock();
        units.line.remove(&waiting.ticket);
        drop(units);
        self.effects.resumed.push(waiting.task);
        let before = self.effects.resumed.len();
        self.unblock(flow);
        self.give_back(flow, semaphore, waiting.got);
        self.give_back_all(flow, &waiting.needs[..waiting.place]);
        self.effects.resumed.len() > before
    }

    /// Whether this task waits.
    pub(super) fn waits(&self, task: TaskId) -> bool {
        let party = self.parties.get(&task.flow());
        let stand = party.and_then(|party| party.tasks.get(&task.index()));
        matches!(stand, Some(Stand::Waiting(waiting)) if waiting.task.id == task)
    }

    /// The tasks of a flow that wait.
    pub(super) fn waiting_in(&self, flow: u64) -> Vec<u32> {
        let tasks = self.parties.get(&flow).map(|party| &party.tasks);
        let tasks = tasks.into_iter().flatten();
        tasks
            .filter(|(_, stand)| matches!(stand, Stand::Waiting(_)))
            .map(|(index, _)| *index)
            .collect()
    }
}
