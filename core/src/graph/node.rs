//! The hot record of a task: what starting it and finishing it touch.

use alloc::vec::Vec;
use core::ptr::NonNull;

use crate::condition::Choices;
use crate::protocol::join_counter::JoinCounter;
use crate::protocol::marks::Marks;
use crate::protocol::rendezvous::Rendezvous;
use crate::stats::{Failure, Suppressed};
use crate::suspension::{Caller, Suspension};
use crate::sync::Arc;

/// One task. 32 bytes on 64-bit hosts, so that a cache line holds two.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Node {
    /// Predecessors still to come, or the link of a backlog.
    pub(crate) counter: JoinCounter,
    /// Strong in-degree in the lower 22 bits, flags above.
    shape: Marks,
    /// Where this task's successors begin; the next record tells where they end. While edges are
    /// edited: how many there are.
    pub(crate) first: u32,
    /// Index of the cold record, or `NO_COLD`.
    pub(crate) cold: u32,
    /// The captures of the closure, in the flow's arena.
    pub(crate) data: NonNull<u8>,
    /// Runs the closure.
    pub(crate) call: Call,
}

/// Runs the closure at `data`.
///
/// # Safety
///
/// 1. `data` is the place that this function's closure was moved to, and it was not dropped since.
/// 2. Nobody else uses that closure meanwhile.
pub(crate) type Call = unsafe fn(data: NonNull<u8>, context: &mut Context<'_>) -> Outcome;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Outcome {
    /// The task is done.
    Done,
    /// The task gave up; the failure lies in the context.
    Failed,
    /// The task was begun and broken off: it, or its run, was cancelled.
    Cancelled,
    /// The closure was not called: something it needs is not there, or the run was stopped.
    Skipped,
    /// The task is done and chose successors, which lie in the context.
    Branched,
    /// The task is not done: it is to be called again when the suspension in the context is woken. Without one,
    /// it is a line of a pipeline: it goes on when it has met the line before, or at once.
    Pending,
    /// Of a block: the worker has to leave it before its last task. It is to be queued, and called again.
    Unfinished,
}

/// What a call learns, and what it leaves for the worker that made it.
pub(crate) struct Context<'c> {
    /// Who calls, for tasks that suspend, spawn, or ask.
    pub(crate) caller: &'c dyn Caller,
    /// The run is stopped: whatever was not begun is not to be.
    pub(crate) stopped: bool,
    /// Why the task failed: its own failure without a name, those of a nested graph with theirs.
    pub(crate) failures: Vec<Suppressed>,
    /// The branches that a condition chose.
    pub(crate) choices: Choices,
    pub(crate) suspension: Option<Arc<Suspension>>,
    /// Where a line meets the one before. The place lives as long as the task is unfinished.
    pub(crate) meets: Option<NonNull<Rendezvous>>,
}

impl<'c> Context<'c> {
    pub(crate) fn new(caller: &'c dyn Caller) -> Self {
        Self {
            caller,
            stopped: false,
            failures: Vec::new(),
            choices: Choices::default(),
            suspension: None,
            meets: None,
        }
    }

    /// The task fails.
    pub(crate) fn fail(&mut self, failure: Failure) -> Outcome {
        let task = None;
        self.failures.push(Suppressed { task, failure });
        Outcome::Failed
    }
}

/// No cold record.
pub(crate) const NO_COLD: u32 = u32::MAX;
/// Strong in-edges that a task can have.
pub(crate) const STRONG_MAX: u32 = (1 << 22) - 1;

/// A property of a task, one bit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag(u32);

impl Flag {
    /// A failure came before it, so that it is to be skipped; set and taken back while a run goes on.
    pub(crate) const POISONED: Self = Self(1 << 22);
    /// It is scheduled or running; set and taken back while a run goes on, if `GUARDED`.
    pub(crate) const ACTIVE: Self = Self(1 << 23);
    /// A weak edge leads to it, directly or over others: it may be started more than once in a round.
    pub(crate) const GUARDED: Self = Self(1 << 24);
    /// Its edges are weak: it chooses which of them to take.
    pub(crate) const BRANCHES: Self = Self(1 << 25);
    /// It may suspend, or needs more than a call to be started: its cold record tells.
    pub(crate) const SPECIAL: Self = Self(1 << 26);
    /// The captures have a place in the arena.
    pub(crate) const PLACED: Self = Self(1 << 27);
    /// The captures have something to drop.
    pub(crate) const DROP: Self = Self(1 << 28);
    /// Made by `emplace_once`.
    pub(crate) const ONCE: Self = Self(1 << 29);
    /// Made by `emplace_once`, and a run was started with it.
    pub(crate) const SPENT: Self = Self(1 << 30);
    /// Removed; the place waits for a new task.
    pub(crate) const VACANT: Self = Self(1 << 31);

    /// Both.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Node {
    pub(crate) fn new(data: NonNull<u8>, call: Call) -> Self {
        Self {
            counter: JoinCounter::new(0),
            shape: Marks::default(),
            first: 0,
            cold: NO_COLD,
            data,
            call,
        }
    }

    /// A task without work.
    pub(crate) fn empty() -> Self {
        Self::new(NonNull::dangling(), nothing)
    }

    #[inline]
    fn shape(&self) -> u32 {
        self.shape.get()
    }

    #[inline]
    pub(crate) fn strong(&self) -> u32 {
        self.shape() & STRONG_MAX
    }

    pub(crate) fn set_strong(&mut self, strong: u32) {
        debug_assert!(strong <= STRONG_MAX);
        self.change(|shape| shape & !STRONG_MAX | strong);
    }

    /// Whether it has any of these properties.
    #[inline]
    pub(crate) fn has(&self, flag: Flag) -> bool {
        self.shape() & flag.0 != 0
    }

    pub(crate) fn set(&mut self, flag: Flag) {
        self.change(|shape| shape | flag.0);
    }

    pub(crate) fn unset(&mut self, flag: Flag) {
        self.change(|shape| shape & !flag.0);
    }

    fn change(&mut self, change: impl FnOnce(u32) -> u32) {
        let shape = change(self.shape());
        self.shape.set(shape);
    }

    /// Sets a property while a run goes on. `true`: it had it already.
    pub(crate) fn raise(&self, flag: Flag) -> bool {
        self.shape.raise(flag.0)
    }

    /// [`raise`](Self::raise) where one thread at a time runs all tasks.
    #[inline]
    pub(crate) fn raise_alone(&self, flag: Flag) -> bool {
        self.shape.raise_alone(flag.0)
    }

    /// [`lower`](Self::lower) where one thread at a time runs all tasks, of the one that it has in hand.
    #[inline]
    pub(crate) fn lower_alone(&self, flag: Flag) {
        self.shape.lower_alone(flag.0);
    }

    /// Takes a property back while a run goes on. `true`: it had it.
    pub(crate) fn lower(&self, flag: Flag) -> bool {
        self.shape.lower(flag.0)
    }
}

fn nothing(_: NonNull<u8>, _: &mut Context<'_>) -> Outcome {
    Outcome::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_hot_record_has_32_bytes() {
        assert_eq!(size_of::<Node>(), 32);
    }

    #[test]
    fn flags_leave_the_degree_alone() {
        let mut node = Node::empty();
        node.set_strong(STRONG_MAX);
        node.set(Flag::ONCE);
        assert_eq!(node.strong(), STRONG_MAX);
        node.set_strong(3);
        assert!(node.has(Flag::ONCE) && !node.has(Flag::DROP));
        assert!(!node.raise(Flag::ACTIVE) && node.raise(Flag::ACTIVE));
        assert!(node.lower(Flag::ACTIVE) && !node.has(Flag::ACTIVE));
        node.unset(Flag::ONCE);
        assert_eq!((node.strong(), node.has(Flag::ONCE)), (3, false));
    }
}
