//! The hot record of a task: what starting it and finishing it touch.

use core::ptr::NonNull;

use crate::error::TaskError;
use crate::protocol::join_counter::JoinCounter;

/// One task. 32 bytes on 64-bit hosts, so that a cache line holds two.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Node {
    /// Predecessors still to come, or the link of a backlog.
    pub(crate) counter: JoinCounter,
    /// Strong in-degree in the lower 26 bits, flags above.
    shape: u32,
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
pub(crate) type Call = unsafe fn(data: NonNull<u8>, context: &mut Context) -> Outcome;

/// How a closure ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Outcome {
    /// The task is done.
    Done,
    /// The task gave up; the reason lies in the context.
    Failed,
    /// The closure was not run, since something that it needs is missing.
    Skipped,
}

/// What a closure may leave for the worker that called it.
#[derive(Debug, Default)]
pub(crate) struct Context {
    pub(crate) failure: Option<TaskError>,
}

impl Context {
    /// Leaves the reason why a task gave up.
    pub(crate) fn gave_up(&mut self, error: TaskError) -> Outcome {
        self.failure = Some(error);
        Outcome::Failed
    }
}

/// No cold record.
pub(crate) const NO_COLD: u32 = u32::MAX;
/// Strong in-edges that a task can have.
pub(crate) const STRONG_MAX: u32 = (1 << 26) - 1;

/// A property of a task, one bit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag(u32);

impl Flag {
    /// The captures have a place in the arena.
    pub(crate) const PLACED: Self = Self(1 << 26);
    /// There is a closure to call.
    pub(crate) const WORK: Self = Self(1 << 27);
    /// The captures have something to drop.
    pub(crate) const DROP: Self = Self(1 << 28);
    /// Made by `emplace_once`.
    pub(crate) const ONCE: Self = Self(1 << 29);
    /// Made by `emplace_once`, and a run was started with it.
    pub(crate) const SPENT: Self = Self(1 << 30);
    /// Removed; the place waits for a new task.
    pub(crate) const VACANT: Self = Self(1 << 31);
}

impl Node {
    pub(crate) fn new(data: NonNull<u8>, call: Call) -> Self {
        Self {
            counter: JoinCounter::new(0),
            shape: 0,
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
    pub(crate) fn strong(&self) -> u32 {
        self.shape & STRONG_MAX
    }

    pub(crate) fn set_strong(&mut self, strong: u32) {
        debug_assert!(strong <= STRONG_MAX);
        self.shape = self.shape & !STRONG_MAX | strong;
    }

    #[inline]
    pub(crate) fn has(&self, flag: Flag) -> bool {
        self.shape & flag.0 != 0
    }

    pub(crate) fn set(&mut self, flag: Flag) {
        self.shape |= flag.0;
    }

    pub(crate) fn unset(&mut self, flag: Flag) {
        self.shape &= !flag.0;
    }
}

fn nothing(_: NonNull<u8>, _: &mut Context) -> Outcome {
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
        node.unset(Flag::ONCE);
        assert_eq!((node.strong(), node.has(Flag::ONCE)), (3, false));
    }
}
