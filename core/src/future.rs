//! The handle of a run.

use alloc::string::String;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use crate::error::RunError;
use crate::host::Host;
use crate::run::{Run, Waiter};
use crate::stats::RunStats;
use crate::suspension::release;
use crate::sync::Arc;
use crate::task::TaskId;
use crate::wait::Target;

/// A run that was started: wait for it, await it, cancel it, or drop it and let it go on.
///
/// It owns what it needs and may go to any thread. As a [`Future`] it needs no runtime: it is woken by
/// the worker that ends the run. Polled inside a task that the run waits for, such as one of the same flow, it
/// is ready with [`RunError::Deadlock`]; two runs each of which has an async task that awaits the other are
/// not found out, and stay pending until one is cancelled.
#[must_use = "dropping the handle lets the run go on; its error goes to the executor's panic handler"]
pub struct TaskflowFuture {
    run: Arc<Run>,
    /// `None` once the result was taken.
    host: Option<Arc<dyn Host>>,
    cancels: bool,
}

/// Cancels a run. May be cloned and sent; works while the handle itself is being waited on.
#[derive(Clone)]
pub struct RunCanceller {
    run: Arc<Run>,
}

impl TaskflowFuture {
    pub(crate) fn new(run: Arc<Run>, host: Option<Arc<dyn Host>>) -> Self {
        Self {
            run,
            host,
            cancels: false,
        }
    }

    /// Waits for the end. Outside of tasks the calling thread works too, on the seat of a worker that
    /// sleeps, but only for this run. Inside a task it does the same on its own seat, and gives that to
    /// a substitute when nothing of the run is ready.
    ///
    /// # Errors
    ///
    /// How the run ended, if not well. [`RunError::Deadlock`] if the caller is a task that the run
    /// waits for; the run goes on then.
    pub fn wait(self) -> Result<RunStats, RunError> {
        if let (Some(host), Some(flow)) = (&self.host, self.run.flow()) {
            let wait = host.begin_wait(flow.id(), Some(&self.run));
            drop(flow);
            let _wait = wait.map_err(|_| RunError::Deadlock)?;
            return self.finish(None);
        }
        self.finish(None)
    }

    /// Waits for the end, but no longer than `timeout` (longer only while a task that the calling thread
    /// took up is running). `None`: the run goes on, and so does the handle.
    ///
    /// # Errors
    ///
    /// How the run ended, if not well. The result is given once: a later call answers
    /// [`RunError::Taken`].
    pub fn wait_timeout(&mut self, timeout: Duration) -> Option<Result<RunStats, RunError>> {
        if let Some(host) = &self.host
            && !self.run.is_done()
            && !host.wait(Target::Run(&self.run), None, Some(timeout))
        {
            return None;
        }
        Some(self.take())
    }

    /// Asks the run to start no further task. Tasks that run already end as they like. The result will be
    /// [`RunError::Cancelled`], unless a task fails. `false`: the run has ended, or was
    /// cancelled already.
    pub fn cancel(&self) -> bool {
        cancel_run(&self.run, None)
    }

    /// Asks the run to start this task of its flow no more, in any of its rounds. If the task has begun to wait for
    /// something of its own, as a module, a subflow, a runtime task or a future does, that is stopped; a task
    /// that runs already ends as it likes, as if nobody had asked. What comes after a cancelled task, directly or over others, is skipped in that
    /// round, and the rest of the run goes on.
    ///
    /// If that left anything out, the result will be [`RunError::Cancelled`], unless a task fails. `false`: the
    /// task was cancelled already, is none of this flow, or the run was cancelled or has ended. The identity of
    /// a task that was removed stands for nothing.
    ///
    /// A run with cancelled tasks looks each task up among those before it starts it: O(log n) and two short
    /// locks.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let executor = Executor::<Manual>::new(1);
    /// let flow = Taskflow::new();
    /// let (fetch, cached) = (flow.emplace(|| unreachable!("cancelled")), flow.emplace(|| {}));
    /// fetch.precede(flow.emplace(|| unreachable!("its input is missing")));
    /// let run = executor.run(&flow);
    /// assert!(run.cancel_task(fetch.id()));
    /// let error = run.wait().unwrap_err();
    /// let stats = error.stats().expect("the run was started");
    /// assert_eq!((stats.tasks, stats.skipped), (1, 2));
    /// # let _ = cached;
    /// ```
    pub fn cancel_task(&self, task: TaskId) -> bool {
        cancel_task(&self.run, task, None)
    }

    /// What cancels this run, for another thread, or for the time while this handle is waited on.
    #[must_use]
    pub fn canceller(&self) -> RunCanceller {
        RunCanceller::new(&self.run)
    }

    /// Has the run cancelled when this handle is dropped before its end, so that a future that is given up
    /// (a timeout, a branch of a `select!` that lost) takes its run along. Waiting for the end is not
    /// dropping, nor is a [`wait`](Self::wait) that gives the result.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let executor = Executor::<Manual>::new(1);
    /// let flow = Taskflow::new();
    /// flow.emplace(|| unreachable!("cancelled before"));
    /// drop(executor.run(&flow).cancel_on_drop());
    /// executor.wait_for_all()?;
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn cancel_on_drop(mut self) -> Self {
        self.cancels = true;
        self
    }

    /// Whether the run has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.run.is_done()
    }

    /// What the run has done so far: while it goes on the rounds and the time, after its end all but
    /// the suppressed failures, which come with the result.
    #[must_use]
    pub fn stats(&self) -> RunStats {
        self.run.stats()
    }

    /// Waits whatever happens, and takes the result. `root` is to be started by the caller.
    pub(crate) fn finish(mut self, root: Option<u32>) -> Result<RunStats, RunError> {
        if let Some(host) = &self.host {
            wait_until_done(Target::Run(&self.run), host, root);
        }
        self.take()
    }

    fn take(&mut self) -> Result<RunStats, RunError> {
        self.host = None;
        self.run.take_outcome().unwrap_or(Err(RunError::Taken))
    }
}

/// Waits for the end even if the wait is broken off by a panic of the host: what borrows must end before
/// the caller goes on. (A second panic, while unwinding, aborts.) `root` is to be started by the caller.
pub(crate) fn wait_until_done(target: Target<'_>, host: &Arc<dyn Host>, root: Option<u32>) {
    until_done(target, root, &|root| {
        host.wait(target, root, None);
    });
}

/// As [`wait_until_done`], by a wait of the caller's.
pub(crate) fn until_done(target: Target<'_>, mut root: Option<u32>, wait: &dyn Fn(Option<u32>)) {
    struct UntilDone<'t>(Target<'t>, &'t dyn Fn(Option<u32>));
    impl Drop for UntilDone<'_> {
        fn drop(&mut self) {
            while !self.0.is_done() {
                (self.1)(None);
            }
        }
    }
    let until_done = UntilDone(target, wait);
    while !target.is_done() {
        wait(root.take());
    }
    drop(until_done);
}

impl Future for TaskflowFuture {
    type Output = Result<RunStats, RunError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let (Some(host), Some(flow)) = (&self.host, self.run.flow())
            && host.begin_wait(flow.id(), Some(&self.run)).is_err()
        {
            return Poll::Ready(Err(RunError::Deadlock));
        }
        if !self.run.is_done() && self.run.set_waiter(Waiter::Task(context.waker().clone())) {
            return Poll::Pending;
        }
        Poll::Ready(self.take())
    }
}

impl Drop for TaskflowFuture {
    fn drop(&mut self) {
        // Not taken, so the host is still here to be told of an error that nobody will hear.
        let Some(host) = self.host.take() else {
            return;
        };
        if self.cancels {
            cancel_run(&self.run, None);
        }
        if let Some(error) = self.run.detach() {
            host.report(&error);
        }
    }
}

impl fmt::Debug for TaskflowFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskflowFuture")
            .field("done", &self.is_done())
            .finish_non_exhaustive()
    }
}

impl RunCanceller {
    pub(crate) fn new(run: &Arc<Run>) -> Self {
        Self {
            run: Arc::clone(run),
        }
    }

    /// As [`TaskflowFuture::cancel`].
    pub fn cancel(&self) -> bool {
        cancel_run(&self.run, None)
    }

    /// As [`cancel`](Self::cancel), with a reason that the run's error will give.
    pub fn cancel_with(&self, reason: impl Into<String>) -> bool {
        cancel_run(&self.run, Some(reason.into()))
    }

    /// As [`TaskflowFuture::cancel_task`].
    pub fn cancel_task(&self, task: TaskId) -> bool {
        cancel_task(&self.run, task, None)
    }

    /// As [`cancel_task`](Self::cancel_task), with a reason that the run's error will give if this is the first
    /// task that was left out.
    pub fn cancel_task_with(&self, task: TaskId, reason: impl Into<String>) -> bool {
        cancel_task(&self.run, task, Some(reason.into()))
    }
}

impl fmt::Debug for RunCanceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RunCanceller")
    }
}

/// Cancels a run, if it is unfinished and was not cancelled before. Any thread.
pub(crate) fn cancel_run(run: &Arc<Run>, reason: Option<String>) -> bool {
    let cancelled = run.cancel(reason);
    if cancelled {
        stop_run(run);
    }
    cancelled
}

/// Has a run that was noted to be cancelled start no further task.
pub(crate) fn stop_run(run: &Arc<Run>) {
    if let Some(flow) = run.flow() {
        release(flow.stop_run(run));
    }
}

/// As [`cancel_run`], a task of it.
pub(crate) fn cancel_task(run: &Arc<Run>, task: TaskId, reason: Option<String>) -> bool {
    let flow = run.cancel_task(task, reason);
    if let Some(flow) = &flow {
        release(flow.stop_task(run, task));
    }
    flow.is_some()
}
