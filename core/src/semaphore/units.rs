//! The units of one semaphore: how many are there, who holds the others, and who waits.

use alloc::collections::{BTreeMap, BTreeSet};

/// # Invariants
///
/// 1. What is there and what is held are at most `max` together.
/// 2. While somebody waits, nothing is there: it went to the first in line.
#[derive(Debug)]
pub(super) struct Units {
    pub(super) count: usize,
    /// What the active run of a flow holds; never zero.
    pub(super) held: BTreeMap<u64, usize>,
    /// The flows that have an unfinished run and a task that releases.
    pub(super) releasers: BTreeSet<u64>,
    /// Tasks that wait, by ticket: flow and index.
    pub(super) line: BTreeMap<u64, (u64, u32)>,
}

impl Units {
    pub(super) fn of(count: usize) -> Self {
        Self {
            count,
            held: BTreeMap::new(),
            releasers: BTreeSet::new(),
            line: BTreeMap::new(),
        }
    }

    /// Takes what is there, but not more than `wanted`. Nobody who waits is passed by: see invariant 2.
    pub(super) fn take(&mut self, flow: u64, wanted: usize) -> usize {
        let got = self.count.min(wanted);
        self.count -= got;
        self.hold(flow, got);
        got
    }

    /// Notes that a flow holds more.
    pub(super) fn hold(&mut self, flow: u64, units: usize) {
        if units > 0 {
            *self.held.entry(flow).or_default() += units;
        }
    }

    /// Takes units away from a flow, as far as it holds some. Gives how many.
    pub(super) fn let_go(&mut self, flow: u64, units: usize) -> usize {
        let Some(held) = self.held.get_mut(&flow) else {
            return 0;
        };
        let units = units.min(*held);
        *held -= units;
        if *held == 0 {
            self.held.remove(&flow);
        }
        units
    }

    /// A flow that holds some.
    pub(super) fn some_holder(&self) -> Option<u64> {
        self.held.keys().next().copied()
    }

    /// The flows that may make units come back.
    pub(super) fn hopes(&self) -> impl Iterator<Item = u64> {
        self.held.keys().chain(&self.releasers).copied()
    }
}
