//! Counting a round to its end, without a line that all workers write per task.
//!
//! Each worker keeps a private [`Tally`] of the tasks it finished in the round at hand, and *flushes*
//! it into the round's [`Completion`] when it runs dry, turns to another flow, or gives up its seat.
//! The flush that brings the counter to zero belongs to exactly one worker, which ends the round.
//!
//! No round is forgotten: a worker never sleeps, waits or leaves with a tally unflushed, so the sum
//! of all flushes reaches the number of tasks. No round ends early: only finished tasks are counted,
//! and the counter starts with all of them, so it is above zero while any task is unfinished.

use crate::mutant::mutant;
use crate::sync::{AtomicUsize, Ordering};

/// Beside the number: somebody waits for it to come to a value above zero. No host has room for so many tasks.
const WATCHED: usize = 1 << (usize::BITS - 1);

/// What a flush left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Left {
    /// Nothing: the caller ends the round.
    Nothing,
    /// Some tasks.
    Something,
    /// Some tasks, and somebody watches how many. The round may have ended by now.
    Watched,
}

/// The number of tasks of the round that are not counted yet.
#[derive(Debug)]
pub struct Completion(AtomicUsize);

impl Default for Completion {
    fn default() -> Self {
        Self(AtomicUsize::new(0))
    }
}

impl Completion {
    /// Begins a round of `tasks` tasks. Nobody else may use the counter meanwhile.
    pub fn begin(&self, tasks: usize) {
        // Ordering: Relaxed; the round's first task reaches other workers through a queue's Release.
        self.0.store(tasks, Ordering::Relaxed);
    }

    /// Counts `started` more tasks than the round began with, before anybody can see them. The caller has
    /// an unfinished task that it has not flushed, so the counter is above zero.
    pub fn raise(&self, started: usize) {
        // Ordering: Relaxed; whoever counts these tasks down got them from the caller through a queue's
        // Release, so that its flush comes after this in the counter's own order.
        self.0.fetch_add(started, Ordering::Relaxed);
    }

    /// Counts `finished` more tasks. [`Left::Nothing`]: those were the last, and the caller ends the round.
    pub fn flush(&self, finished: usize) -> Left {
        // Ordering: AcqRel, with the same operation of the other workers. Release hands over what
        // this worker's tasks wrote; Acquire lets the one that ends the round see what all wrote, so
        // that it may signal the waiter and begin the next round.
        let right = mutant!("completion_no_acquire", Ordering::Release, Ordering::AcqRel);
        let order = mutant!("completion_no_release", Ordering::Acquire, right);
        let before = self.0.fetch_sub(finished, order);
        if before == finished {
            Left::Nothing
        } else if before & WATCHED == 0 || mutant!("completion_tells_nobody") {
            Left::Something
        } else {
            Left::Watched
        }
    }

    /// Has later flushes tell that somebody watches, and gives what is left. The caller keeps the round from
    /// ending.
    #[must_use]
    pub fn watch(&self) -> usize {
        // Ordering: AcqRel, with the same of `flush`. Each of two exchanges of one word comes after the
        // other: a flush before this is seen in what is left, and one after it sees the mark, and with it
        // what the watcher did before.
        self.0.fetch_or(WATCHED, Ordering::AcqRel) & !WATCHED
    }

    /// Nobody watches any more.
    pub fn unwatch(&self) {
        // Ordering: Relaxed; the mark hands nothing over when it goes.
        self.0.fetch_and(!WATCHED, Ordering::Relaxed);
    }
}

/// What one worker has finished of one round and not flushed yet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Finished tasks: run or skipped.
    pub finished: usize,
    /// Those of them that were skipped.
    pub skipped: usize,
    /// Tasks that ended, where that differs from `finished`: where tasks that were made ready are taken
    /// off that.
    pub ended: usize,
}

impl Tally {
    /// Counts a task that ended and made `started` others ready, where nobody knows beforehand how many there will
    /// be. To be called before anybody can see those.
    ///
    /// What a worker has made ready more than it has finished is counted at once; so the counter is at least
    /// the number of unfinished tasks, and zero only when there is none.
    pub fn count_ended(&mut self, completion: &Completion, started: usize) {
        self.ended += 1;
        self.finished += 1;
        if started > self.finished {
            completion.raise(started - self.finished);
            if !mutant!("tally_counts_twice") {
                self.finished = 0;
            }
        } else {
            self.finished -= started;
        }
    }
}
