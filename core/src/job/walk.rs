//! From a job to what must run before it.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::{Claimed, Job};
use crate::sync::Arc;

/// A walk over a job and its unfinished predecessors that claims those that are ready, deepest first.
/// O(jobs + dependencies), whatever is claimed on the way.
pub(crate) struct Walk {
    stack: Vec<Step>,
    seen: BTreeSet<u64>,
}

struct Step {
    job: Arc<dyn Job>,
    /// Its predecessors were looked at.
    opened: bool,
}

impl Walk {
    pub(crate) fn from(job: &Arc<dyn Job>) -> Self {
        let job = Arc::clone(job);
        Self {
            stack: Vec::from([Step { job, opened: false }]),
            seen: BTreeSet::new(),
        }
    }

    /// Claims the next job of the executor with this identity. `None`: what is left runs elsewhere.
    pub(crate) fn claim_next(&mut self, host: *const ()) -> Option<Claimed> {
        while let Some(step) = self.stack.last_mut() {
            let head = step.job.head();
            if head.is_queued()
                && head.is_of(host)
                && let Some(claimed) = Claimed::of(Arc::clone(&step.job))
            {
                self.stack.pop();
                return Some(claimed);
            }
            if step.opened || !head.is_waiting() {
                self.stack.pop();
                continue;
            }
            step.opened = true;
            let before = head.predecessors();
            for job in before {
                if !job.head().is_done() && self.seen.insert(job.head().id()) {
                    self.stack.push(Step { job, opened: false });
                }
            }
        }
        None
    }
}
