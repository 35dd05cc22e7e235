//! The run of a graph inside of a task, which is suspended meanwhile.

use alloc::vec::Vec;

use crate::error::RunError;
use crate::flow::Flow;
use crate::graph::node::{Context, Outcome};
use crate::host::Host;
use crate::run::{Late, Order, Parent, Rounds, Run};
use crate::stats::RunStats;
use crate::suspension::{Hold, Suspender};
use crate::sync::{Arc, Ordering};
use crate::wait::{Deadlock, Goal, Wait};

/// The run of a graph inside of a task.
#[derive(Default)]
pub(crate) struct Nested {
    suspender: Suspender,
    run: Option<Arc<Run>>,
    /// The task's wait for the runs before.
    wait: Option<Wait>,
}

impl Nested {
    pub(crate) fn is_begun(&self) -> bool {
        self.run.is_some()
    }

    /// Starts the graph, and suspends the task until it has ended.
    pub(crate) fn begin(
        &mut self,
        context: &mut Context<'_>,
        start: impl FnOnce(&Arc<dyn Host>, Order) -> Result<(Arc<Run>, Option<u32>), RunError>,
    ) -> Outcome {
        let host = context.caller.host();
        let flow = context.caller.flow();
        let parent = Parent {
            flow: flow.keep(),
            suspension: Some(self.suspender.begin(context)),
            floor: host.floor_in(context.caller.reference()),
        };
        let order = Order {
            policy: flow.policy(),
            parent: Some(parent),
            ..Order::rounds(Rounds::Times(1))
        };
        let started = start(&host, order).and_then(|(run, root)| match root {
            // Uses of a module take turns.
            None if !self.may_queue(flow, &run) => {
                host.run_ended();
                Err(RunError::Deadlock)
            }
            _ => Ok((run, root)),
        });
        match started {
            Ok((run, root)) => {
                self.run = Some(Arc::clone(&run));
                self.suspender.hold(context, Hold::Run(Arc::clone(&run)));
                host.raise_held(context.caller.reference(), &run);
                self.suspender.wait_on(context);
                if let Some(root) = root {
                    context.caller.start(root);
                }
                Outcome::Pending
            }
            Err(error) => {
                self.suspender.end(context);
                context.failures.extend(error.into_failures());
                Outcome::Failed
            }
        }
    }

    /// Enters the wait of a task of `flow` for the runs before. `false`: one of those waits for the task, so
    /// the run is not begun.
    fn may_queue(&mut self, flow: &Flow, run: &Arc<Run>) -> bool {
        let Some(target) = run.flow() else {
            return true;
        };
        let mut holders = Vec::new();
        flow.add_holders(&mut holders);
        match Wait::begin(holders, Goal::Flow(target.id()), Some(run)) {
            Ok(wait) => {
                self.wait = Some(wait);
                true
            }
            Err(Deadlock) => !target.withdraw(run),
        }
    }

    /// The task is called again.
    pub(crate) fn go_on(&mut self, context: &mut Context<'_>) -> Outcome {
        self.suspender.resume(context);
        let Some(run) = self.run.take_if(|run| run.is_done()) else {
            self.suspender.wait_on(context);
            return Outcome::Pending;
        };
        self.wait = None;
        self.suspender.end(context);
        let outcome = run.take_outcome().unwrap_or(Err(RunError::Taken));
        let flow = context.caller.flow();
        match outcome {
            Ok(stats) => {
                count_nested(flow, &stats);
                Outcome::Done
            }
            Err(error) => {
                if let Some(stats) = error.stats() {
                    count_nested(flow, stats);
                }
                if let RunError::Cancelled { reason, .. } = &error {
                    context.caller.break_off(reason.clone());
                }
                let failures = error.into_failures();
                if failures.is_empty() {
                    return Outcome::Cancelled;
                }
                context.failures.extend(failures);
                Outcome::Failed
            }
        }
    }
}

/// Counts what a nested run did to that of its task.
pub(crate) fn count_nested(flow: &Flow, stats: &RunStats) {
    let progress = flow.progress();
    let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    // Ordering: Relaxed; ordered by the flush that counts the task.
    progress
        .nested
        .fetch_add(count(stats.tasks), Ordering::Relaxed);
    // Ordering: Relaxed; as above.
    progress
        .nested_skipped
        .fetch_add(count(stats.skipped), Ordering::Relaxed);
    if let Some(late) = Late::of(stats) {
        flow.note_late(late);
    }
}
