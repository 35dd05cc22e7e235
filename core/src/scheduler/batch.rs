//! Tokens for tasks of one flow that become ready in one moment.

use super::{Deadline, FlowKey, Lift, Ready, Tag, Tagged};
use crate::directory::Directory;
use crate::flow::{Causes, Flow, View};

/// See the module's documentation. They were in the caller's hands until they are pushed, and the flow is there until all are.
pub(crate) struct Batch<'b> {
    tag: &'b Tag,
    directory: &'b Directory,
    flow: &'b Flow,
    view: &'b View<'b>,
    /// Their places, in rising order.
    ready: &'b [u32],
    /// How many have a token.
    begun: usize,
}

impl<'b> Batch<'b> {
    pub(crate) fn new(
        tag: &'b Tag,
        directory: &'b Directory,
        flow: &'b Flow,
        view: &'b View<'b>,
        ready: &'b [u32],
    ) -> Self {
        Self {
            tag,
            directory,
            flow,
            view,
            ready,
            begun: 0,
        }
    }

    /// Whether each has a token.
    pub(crate) fn is_over(&self) -> bool {
        self.begun == self.ready.len()
    }

    /// The token of the next, with what it inherits and a note of where it stands, if the policy wants to know.
    #[inline]
    pub(crate) fn next_token(&mut self, inherits: bool, tracks: bool) -> Option<Ready> {
        let index = *self.ready.get(self.begun)?;
        self.begun += 1;
        // SAFETY: (1) the task has no token yet, so it is in the caller's hands.
        let mut tagged = unsafe { Tagged::of(self.flow, self.view, index) };
        if inherits {
            // SAFETY: (1) as above. (2) The policy asks for it.
            tagged.inherited = unsafe { self.flow.inherited(index, Causes::All) };
        }
        if tracks {
            // SAFETY: as above.
            unsafe { self.flow.note_ready(index) };
        }
        Some(Ready::new(self.tag, tagged))
    }

    /// All of them, as tasks that have become more or less urgent.
    pub(crate) fn as_lift(&self) -> Lift<'_> {
        Lift {
            tag: self.tag,
            directory: self.directory,
            range: (self.view.base, self.view.root()),
            tasks: Some(self.ready),
        }
    }
}

impl Tagged {
    /// Of a task of a graph; what it inherits is still to be found.
    ///
    /// # Safety
    ///
    /// 1. The task is in the caller's hands.
    #[inline]
    pub(crate) unsafe fn of(flow: &Flow, view: &View<'_>, index: u32) -> Self {
        let deadline = if flow.is_watched() {
            // SAFETY: (1).
            Deadline::at(unsafe { flow.deadline_of(index) })
        } else {
            None
        };
        Self {
            reference: view.base + index,
            flow: FlowKey::of(view.top),
            // SAFETY: (1) its run is active.
            priority: unsafe { flow.graph() }.priority(index),
            inherited: 0,
            deadline,
        }
    }
}
