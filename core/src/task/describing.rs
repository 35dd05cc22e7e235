//! What is said of a task to schedulers and observers.

use super::TaskHandle;
use crate::graph::Graph;
use crate::priority::Priority;

impl TaskHandle<'_> {
    /// Says how urgent the task is to schedulers that look at it. The tasks of a flow in which one is not
    /// [`Normal`](Priority::Normal) are never run in [blocks](crate::Coarsening). O(1); a byte for each task of the flow, if any
    /// has another priority than `Normal`.
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "it is said for its effect; the handle comes back for chaining"
    )]
    pub fn priority(self, priority: Priority) -> Self {
        self.edit(|graph, index| graph.set_priority(index, priority));
        self
    }

    /// How urgent the task is; `Normal` for a stale handle.
    #[must_use]
    pub fn urgency(self) -> Priority {
        self.query(Graph::priority).unwrap_or_default()
    }
}
