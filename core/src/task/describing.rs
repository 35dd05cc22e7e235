//! What is said of a task to schedulers and observers.

use alloc::borrow::Cow;
use core::time::Duration;

use super::TaskHandle;
use crate::graph::Graph;
use crate::metadata::TaskMetadata;
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

    /// Says all of it anew: what was said before is forgotten, the name included. Allocates.
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "it is said for its effect; the handle comes back for chaining"
    )]
    pub fn describe(self, metadata: TaskMetadata) -> Self {
        self.edit(|graph, index| graph.describe(index, metadata));
        self
    }

    /// All that is said of the task; nothing for a stale handle. Allocates.
    #[must_use]
    pub fn metadata(self) -> TaskMetadata {
        self.query(|graph, index| graph.metadata(index).into_owned())
            .unwrap_or_default()
    }

    /// Wants the task to have ended so long after the begin of its round, by the clock of the executor's host. One that ends later is
    /// an event, [`DeadlineMissed`](crate::EventKind::DeadlineMissed), and counted in
    /// [`RunStats::missed_deadlines`](crate::RunStats::missed_deadlines); it is not cancelled
    /// ([`RunOptions::deadline`](crate::RunOptions::deadline) cancels a run). A task that is skipped misses nothing.
    ///
    /// The tasks of a flow in which one has a deadline are never run in [blocks](crate::Coarsening), and cost a look-up each, and those with
    /// a deadline a look at the clock; flows without pay nothing. Allocates.
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::time::Duration;
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let executor = Executor::<Manual>::new(1);
    /// let flow = Taskflow::new();
    /// flow.emplace(|| {}).deadline(Duration::from_millis(20));
    /// let run = executor.run(&flow);
    /// executor.platform().advance(Duration::from_millis(30));
    /// assert_eq!(run.wait().unwrap().missed_deadlines, 1);
    /// ```
    #[expect(
        clippy::return_self_not_must_use,
        reason = "it is said for its effect; the handle comes back for chaining"
    )]
    pub fn deadline(self, deadline: Duration) -> Self {
        self.say(|said| said.set_deadline(deadline));
        self
    }

    /// Wants no call of the task to take so long or longer, by the clock of the executor's host. One that does is
    /// counted in [`RunStats::overruns`](crate::RunStats::overruns), and an event, [`Overrun`](crate::EventKind::Overrun): while the
    /// task still runs, if some thread of the executor sleeps or waits then and the run was observed when the call began, else when the
    /// call ends. What is ready in its worker's queue goes on with the others meanwhile.
    ///
    /// A task that suspends is timed call by call; while it is suspended it holds nobody up. What it costs: as
    /// [`deadline`](Self::deadline), and two looks at the clock a call.
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "it is said for its effect; the handle comes back for chaining"
    )]
    pub fn budget(self, budget: Duration) -> Self {
        self.say(|said| said.set_budget(budget));
        self
    }

    /// Names the node whose memory the task uses most, by the host's numbers: a hint, for schedulers and observers. The
    /// schedulers of this crate do not look at it. Allocates.
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "it is said for its effect; the handle comes back for chaining"
    )]
    pub fn numa_node(self, node: usize) -> Self {
        self.say(|said| said.set_numa_node(node));
        self
    }

    /// Gives the task a tag, for observers to tell tasks apart by. Any number of them; one given twice counts once. Allocates.
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "it is said for its effect; the handle comes back for chaining"
    )]
    pub fn tag(self, tag: impl Into<Cow<'static, str>>) -> Self {
        let tag = tag.into();
        self.say(|said| said.add_tag(tag));
        self
    }

    fn say(self, change: impl FnOnce(&mut TaskMetadata)) {
        self.edit(|graph, index| graph.say(index, change));
    }
}
