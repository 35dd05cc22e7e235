//! Whoever holds what an urgent task waits for is as urgent.
//!
//! Units are a run's, so what is raised is what may make it release them: the tasks of the run that release the semaphore, those of them
//! left out that are to acquire it first, and all that comes before them; all of the run where no task is to release. If one
//! of these waits for another semaphore it is an urgent waiter there, and so on. What is raised is found anew when an urgent task comes to
//! wait or has waited, and when units of what it waits for change hands. So it falls back with the operation that ends the reason.
//!
//! Levels are those of tasks at that moment: what they were given, what comes after them in their graphs, floors, and what is
//! raised here. Which tasks are raised is noted under the lock, and policies are told when it is open again; they look at
//! what is noted then, so it does not matter in which order they are told.
//!
//! All of this is reached by a function that a host has whose policy inherits, so that programs without such a policy do not contain it.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::arbiter::{Arbiter, Stand, Task, Waiting};
use super::{Need, Semaphore};
use crate::flow::{Cause, Causes, Flow};
use crate::mutant::mutant;
use crate::sync::Arc;

/// What the arbiter knows of urgent tasks.
#[derive(Default)]
pub(super) struct Heritage {
    /// The semaphores that urgent tasks wait for.
    waiting: BTreeMap<u64, Urgent>,
    /// By semaphore and flow.
    raised: BTreeMap<(u64, u64), Raised>,
}

impl Heritage {
    pub(super) const NONE: Self = Self {
        waiting: BTreeMap::new(),
        raised: BTreeMap::new(),
    };

    /// The level that semaphores raise a task to; 0 if none does. O(what is raised).
    fn raise_of(&self, flow: u64, task: u32) -> u32 {
        let raised = self.raised.iter().filter(|((_, of), _)| *of == flow);
        let levels = raised.filter(|(_, raised)| raised.contains(task));
        levels.map(|(_, raised)| raised.level).max().unwrap_or(0)
    }
}

struct Urgent {
    semaphore: Semaphore,
    /// The levels of the tasks, by flow and index.
    levels: BTreeMap<(u64, u32), u32>,
}

/// Tasks of a flow that are raised; `None`: all.
#[derive(Clone)]
struct Raised {
    flow: Arc<Flow>,
    level: u32,
    tasks: Option<Vec<u32>>,
}

impl Raised {
    fn contains(&self, task: u32) -> bool {
        let tasks = self.tasks.as_ref();
        tasks.is_none_or(|tasks| tasks.binary_search(&task).is_ok())
    }
}

/// Tells the policy that tasks are raised to a level, or (0) no more, and raises the graphs that they are suspended for.
fn tell(flow: &Flow, level: u32, tasks: Option<&[u32]>) {
    if let Some(host) = flow.active_host() {
        host.reorder(flow, tasks);
        if level > 0 {
            for nested in flow.waited_for(tasks, level, &*host) {
                host.raise_floor(&nested, level);
            }
        }
    }
}

impl Arbiter {
    /// A task waits, of this level: notes it if it is urgent (not 0). `true`: that raises what it waits for.
    fn wait_urgently(&mut self, flow: u64, index: u32, semaphore: &Semaphore, level: u32) -> bool {
        if level == 0 {
            return false;
        }
        let urgent = self.heritage.waiting.entry(semaphore.id());
        let urgent = urgent.or_insert_with(|| Urgent {
            semaphore: semaphore.clone(),
            levels: BTreeMap::new(),
        });
        let before = urgent.levels.insert((flow, index), level);
        before.is_none_or(|before| before < level)
    }

    /// The tasks of a flow that wait may have become more urgent.
    pub(super) fn look_at_levels(&mut self, flow: u64) {
        for index in self.waiting_in(flow) {
            self.wait_inheriting(flow, index, Some(inherit));
        }
    }

    /// A task that waits may have become more urgent. `Some`: it has, and waits for this.
    fn look_at_level(&mut self, flow: u64, index: u32) -> Option<u64> {
        let party = self.parties.get(&flow)?;
        let Some(Stand::Waiting(waiting)) = party.tasks.get(&index) else {
            return None;
        };
        let level = waiting.level().max(self.heritage.raise_of(flow, index));
        let semaphore = waiting.needs[waiting.place].semaphore.clone();
        let urgent = self.wait_urgently(flow, index, &semaphore, level);
        urgent.then(|| semaphore.id())
    }

    /// Finds anew what is raised.
    fn inherit(&mut self) {
        let before = core::mem::take(&mut self.heritage.raised);
        // Those that still wait, and are urgent by themselves or since others come after them.
        for (_, mut urgent) in core::mem::take(&mut self.heritage.waiting) {
            for (flow, index) in core::mem::take(&mut urgent.levels).into_keys() {
                self.look_at_level(flow, index);
            }
        }
        for (flow, index) in core::mem::take(&mut self.urgent) {
            self.look_at_level(flow, index);
        }
        let mut next: Vec<u64> = self.heritage.waiting.keys().copied().collect();
        while let Some(semaphore) = next.pop() {
            self.raise_holders(semaphore, &mut next);
        }
        if self.heritage.waiting.is_empty() {
            self.heir = None;
        }
        self.tell_of_changes(before);
    }

    /// Raises whoever may make units of a semaphore come back, and adds what those wait for.
    fn raise_holders(&mut self, semaphore: u64, next: &mut Vec<u64>) {
        let Some(urgent) = self.heritage.waiting.get(&semaphore) else {
            return;
        };
        let level = urgent.levels.values().copied().max().unwrap_or(0);
        let units = urgent.semaphore.shared.units.lock();
        let hopes: Vec<(u64, bool)> = units
            .hopes()
            .map(|flow| (flow, units.held.contains_key(&flow)))
            .collect();
        drop(units);
        for (id, holds) in hopes {
            let place = (semaphore, id);
            let before = self.heritage.raised.get(&place);
            if before.is_some_and(|before| before.level >= level) || mutant!("holder_not_raised") {
                continue;
            }
            let Some(party) = self.parties.get(&id) else {
                continue;
            };
            let has = |index: u32, acquire: &[Need]| {
                holds_some(party.tasks.get(&index), acquire, semaphore)
            };
            let Some(tasks) = party.flow.before_release(semaphore, has) else {
                continue;
            };
            let tasks = match (tasks.is_empty(), holds) {
                (false, _) => Some(tasks),
                (true, true) => None,
                (true, false) => continue,
            };
            let raised = Raised {
                flow: Arc::clone(&party.flow),
                level,
                tasks,
            };
            self.heritage.raised.insert(place, raised);
            for index in self.waiting_in(id) {
                next.extend(self.look_at_level(id, index));
            }
        }
    }

    /// Notes what is raised where policies look, and has them told of what was not, or is not and was. (They may look at any time: nothing
    /// that stays raised may be seen lowered in between, or a policy that looks for another reason lowers it, and is not told.)
    fn tell_of_changes(&mut self, before: BTreeMap<(u64, u64), Raised>) {
        let told = &mut self.effects.told;
        for (place, raised) in &self.heritage.raised {
            let cause = Cause::Semaphore(place.0);
            let Raised { flow, level, tasks } = raised;
            flow.set_raise(cause, *level, tasks.clone());
            let same = before.get(place).is_some_and(|before| {
                (before.level, &before.tasks) == (raised.level, &raised.tasks)
            });
            if !same {
                let Raised { flow, level, tasks } = raised.clone();
                told.push(Box::new(move || tell(&flow, level, tasks.as_deref())));
            }
        }
        for (place, Raised { flow, tasks, .. }) in before {
            let after = self.heritage.raised.get(&place);
            if after.is_none() {
                flow.set_raise(Cause::Semaphore(place.0), 0, None);
            }
            if after.is_none_or(|after| after.tasks != tasks) {
                told.push(Box::new(move || tell(&flow, 0, tasks.as_deref())));
            }
        }
    }
}

/// Finds anew what is raised: the [heir](super::arbiter::Heir) of hosts whose policies inherit.
pub(crate) fn inherit(arbiter: &mut Arbiter) {
    arbiter.inherit();
}

impl Waiting {
    /// How urgent the task is but for semaphores, if its executor's policy inherits; else 0.
    fn level(&self) -> u32 {
        let Task {
            host, reference, ..
        } = &self.task;
        // (It waits, so it is unfinished.)
        host.floor_for(*reference, Causes::Lasting)
    }
}

/// Whether a task that acquires such has units of a semaphore, if it is to acquire some.
fn holds_some(stand: Option<&Stand>, acquire: &[Need], semaphore: u64) -> bool {
    let Ok(place) = acquire.binary_search_by_key(&semaphore, |need| need.semaphore.id()) else {
        return true;
    };
    match stand {
        None | Some(Stand::Stopped | Stand::Starved) => false,
        Some(Stand::Running) => true,
        Some(Stand::Handed(next)) => place < *next,
        Some(Stand::Waiting(waiting)) => {
            place < waiting.place || place == waiting.place && waiting.got > 0
        }
    }
}
