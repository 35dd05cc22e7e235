//! Where tasks stand in the round at hand: not ready, begun, ended. Known where a policy inherits.
//!
//! Each task has a word, with the number of a round and what became of the task in it. Rounds are numbered per flow, so that none begins with
//! a pass over the tasks; a word of another round says that the task was not ready in this one.

use super::Flow;
use crate::directory::Directory;
use crate::graph::urgency::Urgency;
use crate::sync::{Arc, Ordering};
use crate::task::TaskId;

/// Bits of a word below the number of the round.
const BITS: u32 = 2;
const READY: u32 = 1;
const ENDED: u32 = 2;
const REMOVED: u32 = 3;

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is none of this graph.
    Unknown,
    /// It waits for others.
    NotReady,
    /// It is queued, or runs. The number of the round.
    Ready(u32),
    Ended,
    /// It was taken out of a queue not to be run.
    Removed,
}

impl Flow {
    /// A round begins that a policy decides in.
    pub(super) fn number_round(&self) {
        // Ordering: Relaxed; the root reaches other workers through a queue's Release.
        let round = self.round.load(Ordering::Relaxed).wrapping_add(1) << BITS >> BITS;
        // Ordering: Relaxed; as above.
        self.round.store(round, Ordering::Relaxed);
    }

    /// A task in the caller's hands is ready.
    ///
    /// # Safety
    ///
    /// As for [`urgency`](Self::urgency).
    #[inline]
    pub(crate) unsafe fn note_ready(&self, index: u32) {
        // SAFETY: the same.
        unsafe { self.note(index, READY) };
    }

    /// A task in the caller's hands has ended.
    ///
    /// # Safety
    ///
    /// As for [`urgency`](Self::urgency).
    #[inline]
    pub(crate) unsafe fn note_ended(&self, index: u32) {
        self.lower(index);
        // SAFETY: the same.
        if unsafe { self.word(index) } != self.word_now(REMOVED) {
            // SAFETY: the same.
            unsafe { self.note(index, ENDED) };
        }
    }

    /// A task in the caller's hands is not to be run.
    ///
    /// # Safety
    ///
    /// As for [`urgency`](Self::urgency).
    pub(crate) unsafe fn note_removed(&self, index: u32) {
        // SAFETY: the same.
        unsafe { self.note(index, REMOVED) };
    }

    /// Whether a task is ready, or was, in this round: what comes before it has ended.
    ///
    /// # Safety
    ///
    /// As for [`urgency`](Self::urgency).
    pub(super) unsafe fn has_been_ready(&self, index: u32) -> bool {
        // SAFETY: the same.
        let word = unsafe { self.word(index) };
        word >> BITS == self.word_now(0) >> BITS
    }

    /// The number of the round in which a task in the caller's hands became ready.
    ///
    /// # Safety
    ///
    /// As for [`urgency`](Self::urgency).
    pub(crate) unsafe fn round_of(&self, index: u32) -> u32 {
        // SAFETY: the same.
        let word = unsafe { self.word(index) };
        word >> BITS
    }

    /// Where a task stands, in the round at hand or the last one, of a flow that has run on the executor of this directory.
    pub(crate) fn standing(&self, directory: &Arc<Directory>, task: TaskId) -> Standing {
        let queue = self.queue.lock();
        let Some(run) = &queue.active else {
            return Standing::Ended;
        };
        if !Arc::ptr_eq(&run.directory(), directory) {
            return Standing::Unknown;
        }
        // SAFETY: a run is active, and does not end while the queue is locked.
        let Some(index) = unsafe { self.graph() }.find(task) else {
            return Standing::Unknown;
        };
        // SAFETY: as above.
        let word = unsafe { self.word(index) };
        if word >> BITS != self.word_now(0) >> BITS {
            return Standing::NotReady;
        }
        match word & ((1 << BITS) - 1) {
            ENDED => Standing::Ended,
            REMOVED => Standing::Removed,
            _ => Standing::Ready(word >> BITS),
        }
    }

    #[inline]
    fn word_now(&self, what: u32) -> u32 {
        // Ordering: Relaxed; written before anything of the round is started.
        self.round.load(Ordering::Relaxed) << BITS | what
    }

    /// # Safety
    ///
    /// As for [`urgency`](Self::urgency).
    #[inline]
    unsafe fn word(&self, index: u32) -> u32 {
        // SAFETY: the same.
        let words = unsafe { self.urgency() }.map_or(&[][..], Urgency::standings);
        // Ordering: Relaxed; whoever wants to be sure has the task.
        words
            .get(index as usize)
            .map_or(0, |word| word.load(Ordering::Relaxed))
    }

    /// # Safety
    ///
    /// As for [`urgency`](Self::urgency).
    #[inline]
    unsafe fn note(&self, index: u32, what: u32) {
        // SAFETY: the same.
        let words = unsafe { self.urgency() }.map_or(&[][..], Urgency::standings);
        if let Some(word) = words.get(index as usize) {
            // Ordering: Relaxed; as above.
            word.store(self.word_now(what), Ordering::Relaxed);
        }
    }
}
