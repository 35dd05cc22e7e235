//! A flow that tasks can start.

use std::sync::{Arc, Mutex};

use taskflow_std::{Executor, Taskflow, TaskflowFuture};

/// A flow behind a lock, since a flow is `Send` and not `Sync`.
#[derive(Clone, Debug)]
pub(crate) struct SharedFlow(Arc<Mutex<Taskflow<'static>>>);

impl SharedFlow {
    pub(crate) fn of(flow: Taskflow<'static>) -> Self {
        Self(Arc::new(Mutex::new(flow)))
    }

    /// Starts a run. The lock is held for no longer than that.
    pub(crate) fn start(&self, executor: &Executor) -> TaskflowFuture {
        executor.run(&self.0.lock().expect("nothing panics with this lock"))
    }
}
