//! What tasks acquire before they run, and release when they have ended.

use alloc::vec::Vec;

use super::Worker;
use crate::flow::{Flow, View};
use crate::graph::node::{Flag, Node, Outcome};
use crate::platform::Platform;
use crate::semaphore::arbiter::{self, Task, Turn};
use crate::stats::{Failure, Suppressed};

impl<P: Platform> Worker<'_, P> {
    /// Acquires what a [special](Flag::SPECIAL) task needs, unless it has it already. `stopped`: a fresh one
    /// is to be skipped.
    ///
    /// # Errors
    ///
    /// The task is not to run now. `Some`: it is skipped. `None`: it waits, and is not this worker's any
    /// more.
    pub(super) fn take_turn(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: u32,
        stopped: bool,
    ) -> Result<(), Option<Outcome>> {
        // SAFETY: this worker has the task in hand.
        let graph = unsafe { flow.graph() };
        let Some(needs) = graph.needs(index) else {
            return Ok(());
        };
        if needs.acquire.is_empty() {
            return Ok(());
        }
        // Should it wait, it may be somebody else's before this returns.
        self.hand_on(flow);
        let task = || Task {
            id: graph.id(index),
            host: self.pool.host(),
            reference: view.base + index,
        };
        match arbiter::acquire(flow, index, &needs.acquire, stopped, task) {
            Turn::Run => Ok(()),
            Turn::Wait => Err(None),
            Turn::Skip => Err(Some(Outcome::Skipped)),
            Turn::Starve => {
                // What comes after it may count on what it did not get.
                view.node(index).raise(Flag::POISONED);
                Err(Some(Outcome::Skipped))
            }
        }
    }

    /// A task has ended, with all it spawned: releases what it is to.
    pub(super) fn end_turn(&self, flow: &Flow, node: &Node, index: u32, outcome: Outcome) {
        if !node.has(Flag::SPECIAL) {
            return;
        }
        // SAFETY: this worker has the task in hand.
        let Some(needs) = unsafe { flow.graph() }.needs(index) else {
            return;
        };
        let overflows = arbiter::end(flow.id(), index, needs, outcome == Outcome::Skipped);
        if overflows.is_empty() {
            return;
        }
        let failure = |semaphore| Suppressed {
            task: None,
            failure: Failure::SemaphoreOverflow(semaphore),
        };
        let mut failures: Vec<_> = overflows.into_iter().map(failure).collect();
        let _ = self.fail_with(flow, index, &mut failures);
    }
}
