//! What becomes of a run when a task of it fails, or was cancelled.

use alloc::vec::Vec;

use super::Worker;
use crate::error::{RunError, TaskError};
use crate::flow::{COLLECT_ALL, Flow, KEEP_INDEPENDENT, SOME_CANCELLED};
use crate::graph::node::{Flag, Node, Outcome};
use crate::platform::Platform;
use crate::stats::{Failure, Suppressed};
use crate::suspension::release;

impl<P: Platform> Worker<'_, P> {
    /// Notes the failures of a task, and stops its run unless that is to go on. Gives how the task ended:
    /// cancelled, if it left since it was told to.
    #[cold]
    pub(super) fn fail_with(
        &self,
        flow: &Flow,
        index: u32,
        failures: &mut Vec<Suppressed>,
    ) -> Outcome {
        // SAFETY: the task is unfinished.
        let label = unsafe { flow.graph() }.label(index);
        // SAFETY: as above.
        let run = unsafe { flow.active() };
        let mut goes_on = flow.attention() & (KEEP_INDEPENDENT | COLLECT_ALL) != 0;
        if !failures.is_empty() {
            let mut stopped = flow.is_stopped_for(label.id);
            if !stopped && failures.iter().any(says_cancelled) {
                stopped = flow.obey_tokens(label.id)
                    || flow.is_stopped_for(label.id)
                    // SAFETY: as above.
                    || unsafe { flow.is_over(self.pool) };
            }
            let causes = failures
                .drain(..)
                .flat_map(|failed| causes(failed, stopped));
            let mut any = false;
            for Suppressed { task, failure } in causes {
                any = true;
                goes_on &= matches!(failure, Failure::Panicked(_) | Failure::Failed(_));
                let task = task.or_else(|| Some(label.clone()));
                run.fail(Suppressed { task, failure });
            }
            if !any {
                return Outcome::Cancelled;
            }
        }
        if !goes_on {
            release(flow.stop());
        }
        Outcome::Failed
    }

    /// Deals with how a task ended that did not do what it was there for. Gives how that counts.
    #[cold]
    pub(super) fn end_badly(
        &self,
        flow: &Flow,
        node: &Node,
        index: u32,
        mut outcome: Outcome,
        failures: &mut Vec<Suppressed>,
    ) -> Outcome {
        if outcome == Outcome::Failed {
            outcome = self.fail_with(flow, index, failures);
        }
        if outcome == Outcome::Cancelled && flow.attention() & SOME_CANCELLED != 0 {
            self.leave_out(flow, node, index);
        }
        outcome
    }

    /// Poisons a task if it was cancelled, and so what comes after it.
    #[cold]
    pub(super) fn leave_out(&self, flow: &Flow, node: &Node, index: u32) {
        // SAFETY: this worker has the task in hand.
        let task = unsafe { flow.graph() }.id(index);
        // SAFETY: as above.
        if unsafe { flow.active() }.leaves_out(task) {
            node.raise(Flag::POISONED);
        }
    }
}

/// Whether the task left since it was told to, or since a token was cancelled.
fn says_cancelled(failed: &Suppressed) -> bool {
    matches!(&failed.failure, Failure::Failed(error) if error.is_preempted())
}

/// What made a task fail. An error that it handed on from a nested run is that of the nested task. `stopped`:
/// the task was told to stop, and to say so is no failure.
fn causes(failed: Suppressed, stopped: bool) -> Vec<Suppressed> {
    let failure = match failed.failure {
        // (One with a name was told of a nested run already.)
        Failure::Failed(error) if failed.task.is_none() => match error.into_run_error() {
            Ok(inner) if stopped || !matches!(inner, RunError::Cancelled { .. }) => {
                return inner.into_failures();
            }
            // That somebody else's run was cancelled is this task's own failure.
            Ok(inner) => Failure::Failed(TaskError::from(inner)),
            Err(error) if stopped && error.is_preempted() => return Vec::new(),
            Err(error) => Failure::Failed(error),
        },
        failure => failure,
    };
    Vec::from([Suppressed { failure, ..failed }])
}
