//! The data edges of a graph: which task has an output, which has inputs, and the places of both.

use alloc::vec::Vec;
use core::ptr::NonNull;

use super::arena::Arena;
use super::node::NO_COLD;
use super::{Cold, Graph};
use crate::output::slot::{Head, Held, Slot};
use crate::task::TaskId;

/// Slots whose producer is gone, until nobody holds them.
#[derive(Debug, Default)]
pub(crate) struct Loose {
    slots: Vec<NonNull<Head>>,
    /// They are looked through when there are more.
    enough: usize,
}

impl Graph {
    /// Gives a task an output. What is returned goes into its captures.
    pub(crate) fn add_output<T>(&mut self, index: u32) -> Held<T> {
        let place = self.arena.put(Slot::<T>::new());
        let slot = place.expect("a slot is larger than nothing").cast();
        // (A slot begins with its head.)
        self.cold_mut(index).output = Some(slot.cast());
        // SAFETY: (1) it was just placed. (2) by this function's.
        unsafe { Held::new(slot) }
    }

    /// The slot of a task's output, if it has one and is one of this graph.
    pub(crate) fn output(&self, id: TaskId) -> Option<NonNull<Head>> {
        self.cold(self.find(id)?)?.output
    }

    /// Notes that a task has data inputs.
    pub(crate) fn mark_inputs(&mut self, index: u32) {
        self.cold_mut(index).inputs = true;
    }

    /// Whether a task is started only with what others made: no branch may lead to it.
    pub(crate) fn has_inputs(&self, index: u32) -> bool {
        self.cold(index).is_some_and(|cold| cold.inputs)
    }

    /// A task is not started in this round: what its output holds is of an earlier one.
    pub(crate) fn expire_output(&self, index: u32) {
        if let Some(slot) = self.cold(index).and_then(|cold| cold.output) {
            // SAFETY: the slot of a task that has one is in the arena.
            unsafe { slot.as_ref() }.expire();
        }
    }

    /// What all outputs hold is of an earlier round. O(outputs and names); runs no user code.
    pub(crate) fn expire_outputs(&self) {
        for slot in self.cold.iter().filter_map(|cold| cold.output) {
            // SAFETY: as in `expire_output`.
            unsafe { slot.as_ref() }.expire();
        }
    }

    /// A task is about to lose its closure, and with it its inputs and its output.
    pub(super) fn loosen(&mut self, index: u32) {
        let place = self.node(index).cold as usize;
        if let Some(cold) = self.cold.get_mut(place) {
            if core::mem::take(&mut cold.inputs) {
                // Branches may lead to it now.
                self.verdict = None;
            }
            self.loose.slots.extend(cold.output.take());
        }
    }

    /// Gives the place of a closure that was taken out and dropped, and those of slots that nobody holds,
    /// to the next ones of their size.
    ///
    /// # Safety
    ///
    /// 1. `closure` came from [`take_work`](Self::take_work) of this graph, and was dropped.
    pub(crate) unsafe fn reuse(&mut self, closure: NonNull<u8>) {
        // SAFETY: (1).
        unsafe { self.arena.reuse(closure) };
        if self.loose.slots.len() > self.loose.enough {
            sweep(&mut self.loose, &mut self.arena);
        }
    }

    fn cold(&self, index: u32) -> Option<&Cold> {
        let place = self.node(index).cold;
        (place != NO_COLD).then(|| &self.cold[place as usize])
    }
}

/// Looks through all loose slots. As often as their number has doubled, so that a removal is O(1).
fn sweep(loose: &mut Loose, arena: &mut Arena) {
    loose.slots.retain(|slot| {
        // SAFETY: a slot's place is not used again before it leaves this list.
        let held = unsafe { slot.as_ref() }.is_held();
        if !held {
            // SAFETY: it was placed by this arena; no record leads to it, and its task is gone. Its value
            // was dropped with its producer.
            unsafe { arena.reuse(slot.cast()) };
        }
        held
    });
    loose.enough = 2 * loose.slots.len();
}
