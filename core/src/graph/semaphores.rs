//! What tasks acquire and release.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::Graph;
use crate::error::Lint;
use crate::semaphore::{Needs, Semaphore, add};
use crate::sync::Arc;

impl Graph {
    /// Has a task acquire a unit before it runs.
    pub(crate) fn acquire(&mut self, index: u32, semaphore: &Semaphore) {
        add(Arc::make_mut(&mut self.needs_mut(index).acquire), semaphore);
    }

    /// Has a task release a unit when it has ended.
    pub(crate) fn release(&mut self, index: u32, semaphore: &Semaphore) {
        add(&mut self.needs_mut(index).release, semaphore);
    }

    fn needs_mut(&mut self, index: u32) -> &mut Needs {
        self.said += 1;
        self.make_special(index);
        if self.needs(index).is_none() {
            self.contended += 1;
        }
        self.cold_mut(index).needs.get_or_insert_default()
    }

    /// What a task acquires and releases.
    pub(crate) fn needs(&self, index: u32) -> Option<&Needs> {
        let cold = self.cold.get(self.node(index).cold as usize)?;
        cold.needs.as_deref()
    }

    /// Takes away what a task acquires and releases.
    pub(super) fn take_needs(&mut self, index: u32) -> Option<Box<Needs>> {
        let needs = self.cold_mut(index).needs.take();
        self.contended -= usize::from(needs.is_some());
        needs
    }

    /// Whether any task acquires or releases.
    pub(crate) fn is_contended(&self) -> bool {
        self.contended > 0
    }

    /// The semaphores that tasks release.
    pub(crate) fn released(&self) -> Vec<Semaphore> {
        let needs = self.cold.iter().filter_map(|cold| cold.needs.as_ref());
        let released = needs.flat_map(|needs| &needs.release);
        let released: BTreeMap<u64, &Semaphore> = released
            .map(|need| (need.semaphore.id(), &need.semaphore))
            .collect();
        released.into_values().cloned().collect()
    }

    /// Semaphores that, once all tasks have run, have not enough left for each of them to run again.
    pub(super) fn semaphore_lints(&self) -> Vec<Lint> {
        if !self.is_contended() {
            return Vec::new();
        }
        struct Use<'g> {
            semaphore: &'g Semaphore,
            acquired: usize,
            most: usize,
            released: usize,
        }
        let mut uses: BTreeMap<u64, Use<'_>> = BTreeMap::new();
        let mut of = |semaphore, acquired: usize, released: usize| {
            let entry = uses.entry(Semaphore::id(semaphore)).or_insert(Use {
                semaphore,
                acquired: 0,
                most: 0,
                released: 0,
            });
            entry.acquired = entry.acquired.saturating_add(acquired);
            entry.most = entry.most.max(acquired);
            entry.released = entry.released.saturating_add(released);
        };
        for needs in self.cold.iter().filter_map(|cold| cold.needs.as_ref()) {
            for need in needs.acquire.iter() {
                of(&need.semaphore, need.units, 0);
            }
            for need in &needs.release {
                of(&need.semaphore, 0, need.units);
            }
        }
        let scarce = uses.into_values().filter(|used| {
            let ever = used.semaphore.max().saturating_add(used.released);
            ever < used.acquired.saturating_add(used.most)
        });
        scarce
            .map(|used| Lint::SemaphoreNotReleased {
                semaphore: used.semaphore.as_label(),
            })
            .collect()
    }
}
