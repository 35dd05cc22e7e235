//! From an order to a run that is queued, under what may cancel it.

use core::time::Duration;

use super::{Flow, TIMED};
use crate::cancellation::{CancellationToken, Subscriber};
use crate::error::TaskflowError;
use crate::future::{cancel_run, cancel_task};
use crate::host::Host;
use crate::run::{Order, Run};
use crate::sync::Arc;
use crate::task::TaskId;

impl Flow {
    /// Starts a run of a graph that was frozen and checked, or queues it behind the unfinished ones. Gives
    /// the handle's part, and the root if it is to be started now.
    ///
    /// # Errors
    ///
    /// The executor has no references left for the flow; nothing was started.
    pub(crate) fn submit(
        this: &Arc<Self>,
        host: &Arc<dyn Host>,
        mut order: Order,
    ) -> Result<(Arc<Run>, Option<u32>), TaskflowError> {
        host.prepare(this);
        let (token, deadline) = (order.token.take(), order.deadline);
        let run = Self::fresh_run(this, host, order);
        // Before anything of it can start.
        if let Some(token) = token {
            put_under(&run, None, &token);
        }
        // SAFETY: nobody edits: the owner of the flow calls this, or nobody has a handle, where it is a module's.
        for (task, token) in unsafe { this.graph() }.tokens() {
            put_under(&run, Some(task), token);
        }
        if let Some(deadline) = deadline {
            set_deadline(&run, host, deadline);
        }
        let root = Self::enqueue(this, Arc::clone(&run)).inspect_err(|_| run.untie())?;
        if root.is_some() {
            this.enter_contention();
        }
        Ok((run, root))
    }

    /// A run's state: the last one's, if its handle is gone, or a new one.
    fn fresh_run(this: &Arc<Self>, host: &Arc<dyn Host>, order: Order) -> Arc<Run> {
        let Some(spare) = this.queue.lock().spare.take() else {
            return Run::new(host, this, order);
        };
        Run::again(spare, host, this, order).unwrap_or_else(|(spare, order)| {
            this.queue.lock().spare.get_or_insert(spare);
            Run::new(host, this, order)
        })
    }

    /// A task of this flow says that a token was cancelled: if one is that the active run, the task, or what they are part of is
    /// under, and has not told them yet, they are cancelled now. `true`: the run, what it is part of, or this task is cancelled
    /// by one, though it may not have been stopped yet.
    #[cold]
    pub(crate) fn obey_tokens(&self, task: TaskId) -> bool {
        let (mut hit, own) = (false, task);
        let mut flow = Some(self.keep());
        while let Some(here) = flow {
            let run = here.queue.lock().active.clone();
            for (task, verdict) in run.iter().flat_map(|run| run.coming()) {
                if let Some(run) = &run {
                    hit |= task.is_none_or(|task| task == own);
                    apply(run, task, verdict.into_reason());
                }
            }
            flow = run.and_then(|run| run.parent_flow());
        }
        hit
    }

    /// Looks at the clock, if the active run has a deadline. `true`: that has passed, so the run, or the one that it is part of, will
    /// have ended as a cancelled one, and nothing of it is to begin.
    ///
    /// # Safety
    ///
    /// 1. As for [`view`](Self::view).
    #[cold]
    pub(crate) unsafe fn is_over(&self, host: &dyn Host) -> bool {
        if self.attention() & TIMED == 0 {
            return false;
        }
        // SAFETY: (1) `hot` is written only while no run is active.
        let deadline = unsafe { *self.hot.get() }.deadline;
        let over = deadline.is_some_and(|deadline| deadline <= host.now());
        if over {
            host.ring();
        }
        over
    }
}

/// Has a run, or a task of it, cancelled with a token: at once if that is cancelled.
fn put_under(run: &Arc<Run>, task: Option<TaskId>, token: &CancellationToken) {
    let subscriber = match task {
        None => Subscriber::Run(Arc::clone(run)),
        Some(task) => Subscriber::Task(Arc::clone(run), task),
    };
    match token.subscribe(subscriber) {
        Ok(subscription) => run.tie(task, subscription),
        Err(verdict) => apply(run, task, verdict.into_reason()),
    }
}

fn apply(run: &Arc<Run>, task: Option<TaskId>, reason: Option<alloc::string::String>) {
    match task {
        None => cancel_run(run, reason),
        Some(task) => cancel_task(run, task, reason),
    };
}

/// Has a run cancelled so long from now, unless that is beyond all times.
fn set_deadline(run: &Arc<Run>, host: &Arc<dyn Host>, deadline: Duration) {
    if let Some(at) = host.now().checked_add(deadline) {
        run.set_deadline(at, host.arm(at, run));
    }
}
