//! What runs graphs.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::builder::Builder;
use crate::error::RunError;
use crate::future::TaskflowFuture;
use crate::host::Host;
use crate::observer::{Observer, ObserverHandle, Observers};
use crate::platform::{Platform, WorkerId};
use crate::policy::RunOptions;
use crate::pool::Pool;
use crate::run::{Order, Rounds, Run};
use crate::runnable::Runnable;
use crate::runtime::Preempted;
use crate::scheduler::WorkStealing;
use crate::scope::Scope;
use crate::stats::RunStats;
use crate::sync::{Arc, erase};
use crate::taskflow::Taskflow;
use crate::wait::Seated;

mod algorithms;
mod spawning;

/// Runs graphs on a pool of workers that steal work from one another, or have what is next decided by another
/// [`Scheduler`](crate::Scheduler).
///
/// Runs of one flow follow one another in the order of submission; runs of different flows go on at the
/// same time. An idle executor does nothing at all. Dropping it waits for its runs and spawned tasks, so for ever if an
/// async task of one is never woken; dropped inside one of its own tasks, it lets go, and the pool ends with the last
/// of them.
///
/// # Examples
///
/// ```
/// use taskflow_core::{Executor, Manual, Taskflow};
///
/// let executor = Executor::<Manual>::new(2);
/// let flow = Taskflow::new();
/// flow.linearize([flow.emplace(|| {}), flow.emplace(|| {})]);
/// let stats = executor.run(&flow).wait()?;
/// assert_eq!(stats.tasks, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Executor<P: Platform, S = WorkStealing> {
    pool: Arc<Pool<P>>,
    scheduler: Arc<S>,
    detaches: bool,
}

impl<P: Platform + Default> Executor<P> {
    /// An executor with this many workers on the platform's default; 0 means one per processor that
    /// this process may use.
    ///
    /// # Panics
    ///
    /// If the platform cannot start the workers; [`Builder::build`] answers that with an error.
    #[must_use]
    pub fn new(workers: usize) -> Self {
        match Self::builder().workers(workers).build() {
            Ok(executor) => executor,
            Err(error) => panic!("the executor's workers cannot be started: {error}"),
        }
    }

    /// The settings of an executor to be built.
    #[must_use]
    pub fn builder() -> Builder<P> {
        Builder::new(P::default())
    }
}

impl<P: Platform, S> Executor<P, S> {
    pub(crate) fn with_pool(pool: Arc<Pool<P>>, scheduler: Arc<S>) -> Self {
        Self {
            pool,
            scheduler,
            detaches: false,
        }
    }

    /// Has this executor not wait for its runs when it is dropped: the pool ends with the last of them. For
    /// callers whose thread the runs may need, such as that of an async runtime.
    #[must_use]
    pub fn detach_on_drop(mut self) -> Self {
        self.detaches = true;
        self
    }

    /// Starts one round of the flow, behind the unfinished runs of it. Returns at once. Allocates nothing
    /// if the flow ran before, was not edited since, and the last run's handle is gone.
    ///
    /// A graph that is [refused](Taskflow::validate) gives a run that has ended with
    /// [`RunError::Invalid`].
    ///
    /// # Examples
    ///
    /// A flow that borrows may be gone before it ends, so only [`run_and_wait`](Self::run_and_wait) and
    /// [`scope`](Self::scope) take it:
    ///
    /// ```compile_fail,E0597
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let executor = Executor::<Manual>::new(1);
    /// let number = 7;
    /// let flow = Taskflow::new();
    /// flow.emplace(|| assert_eq!(number, 7));
    /// executor.run(&flow);
    /// ```
    pub fn run(&self, flow: &impl Runnable<'static>) -> TaskflowFuture {
        self.run_n(flow, 1)
    }

    /// Starts `rounds` rounds of the flow, one after another. No round is a run that has ended well.
    pub fn run_n(&self, flow: &impl Runnable<'static>, rounds: u64) -> TaskflowFuture {
        self.run_with(flow, RunOptions::new().rounds(rounds))
    }

    /// Starts the flow as the options say.
    pub fn run_with(&self, flow: &impl Runnable<'static>, options: RunOptions) -> TaskflowFuture {
        if options.rounds == 0 {
            return self.ended(Ok(RunStats::default()));
        }
        self.start(flow, Order::of(options))
    }

    /// Starts rounds of the flow until `enough`, asked after each round, is true: so there is at least
    /// one. A panic of `enough` ends the run like one of a task.
    pub fn run_until(
        &self,
        flow: &impl Runnable<'static>,
        enough: impl FnMut() -> bool + Send + 'static,
    ) -> TaskflowFuture {
        self.start(flow, Order::rounds(Rounds::Until(Box::new(enough))))
    }

    /// Starts one round of each of the flows.
    pub fn run_many<'f>(
        &self,
        flows: impl IntoIterator<Item = &'f Taskflow<'static>>,
    ) -> Vec<TaskflowFuture> {
        flows.into_iter().map(|flow| self.run(flow)).collect()
    }

    /// Starts one round of each of the flows, and waits for all: the results, in the same order.
    pub fn run_many_and_wait<'f, 'env: 'f>(
        &self,
        flows: impl IntoIterator<Item = &'f Taskflow<'env>>,
    ) -> Vec<Result<RunStats, RunError>> {
        let flows: Vec<_> = flows.into_iter().collect();
        let results: Result<Vec<_>, _> = self.scope(|scope| {
            let runs: Vec<_> = flows.into_iter().map(|flow| scope.run(flow)).collect();
            runs.into_iter().map(crate::ScopedRun::wait).collect()
        });
        // All results were taken, so none is left to be the scope's.
        results.unwrap_or_else(|error| Vec::from([Err(error)]))
    }

    /// Starts `count` flows that `factory` makes, at the same time, on this executor's workers. Each is
    /// dropped when it has run.
    pub fn run_concurrent(
        &self,
        count: usize,
        mut factory: impl FnMut(usize) -> Taskflow<'static>,
    ) -> Vec<TaskflowFuture> {
        (0..count).map(|index| self.run(&factory(index))).collect()
    }

    /// Runs one round of the flow, which may borrow, and waits. The calling thread works too, on the
    /// seat of a worker that sleeps: a small graph is run by the caller alone and wakes nobody.
    ///
    /// # Errors
    ///
    /// How the run ended, if not well. [`RunError::Deadlock`] if the caller is a task that the flow
    /// waits for; nothing was started then.
    pub fn run_and_wait<'env>(&self, flow: &impl Runnable<'env>) -> Result<RunStats, RunError> {
        self.run_and_wait_with(flow, RunOptions::new())
    }

    /// As [`run_and_wait`](Self::run_and_wait), as the options say.
    ///
    /// # Errors
    ///
    /// How the run ended, if not well; [`RunError::Deadlock`] as there.
    pub fn run_and_wait_with<'env>(
        &self,
        flow: &impl Runnable<'env>,
        options: RunOptions,
    ) -> Result<RunStats, RunError> {
        if options.rounds == 0 {
            return Ok(RunStats::default());
        }
        let host = self.host();
        let wait = host
            .begin_wait(flow.source().id(), None)
            .map_err(|_| RunError::Deadlock)?;
        let (run, root) = flow.source().submit(&host, Order::of(options))?;
        if let Some(wait) = &wait {
            wait.ends_with(&run);
        }
        let future = TaskflowFuture::new(run, Some(host));
        future.finish(root)
    }

    /// Calls `body` with a [`Scope`], in which flows and tasks that borrow can be started, and waits until
    /// all of them have ended, also when `body` panics.
    ///
    /// # Errors
    ///
    /// The first error of a run whose [`ScopedRun`](crate::ScopedRun) was not waited for, or the first
    /// panic of a task whose [`ScopedHandle`](crate::ScopedHandle) was not. The result of `body` is dropped
    /// then.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let (mut left, mut right) = (0, 0);
    /// let executor = Executor::<Manual>::new(1);
    /// {
    ///     let (one, two) = (Taskflow::new(), Taskflow::new());
    ///     one.emplace(|| left = 1);
    ///     two.emplace(|| right = 2);
    ///     executor.scope(|scope| {
    ///         scope.run(&one);
    ///         scope.run(&two);
    ///     })?;
    /// }
    /// assert_eq!((left, right), (1, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A flow in a scope outlives the scope:
    ///
    /// ```compile_fail,E0597
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let executor = Executor::<Manual>::new(1);
    /// executor.scope(|scope| {
    ///     let flow = Taskflow::new();
    ///     scope.run(&flow);
    /// }).unwrap();
    /// ```
    pub fn scope<'env, R>(
        &self,
        body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    ) -> Result<R, RunError> {
        crate::scope::enter(self.host(), body)
    }

    /// Waits until every run and spawned task of this executor has ended, whoever started it. The calling thread works
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// [`RunError::Deadlock`] inside a task of this executor, which would wait for itself (where the
    /// platform knows its workers).
    pub fn wait_for_all(&self) -> Result<(), RunError> {
        self.pool.wait_for_all().map_err(|_| RunError::Deadlock)
    }

    /// Attaches an observer, which hears from now on what this executor does, runs that go on included: see
    /// [`EventKind`](crate::EventKind) for what and in which order. It is detached when the handle is dropped.
    ///
    /// Tasks pay nothing for observers while none is attached. While one is, each task costs its three calls, a look at the
    /// clock for each, and the short cuts of plain graphs are not taken. Attaching walks over the flows that ran here
    /// and live; it holds no task up.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::sync::atomic::{AtomicU32, Ordering};
    /// use std::sync::Arc;
    /// use taskflow_core::{Event, EventKind, Executor, Manual, Taskflow};
    ///
    /// let executor = Executor::<Manual>::new(2);
    /// let started = Arc::new(AtomicU32::new(0));
    /// let count = Arc::clone(&started);
    /// let observer = executor.observe(move |event: &Event<'_>| {
    ///     if event.kind == EventKind::Start {
    ///         count.fetch_add(1, Ordering::Relaxed);
    ///     }
    /// });
    /// let flow = Taskflow::new();
    /// flow.linearize([flow.emplace(|| {}), flow.emplace(|| {})]);
    /// executor.run(&flow).wait()?;
    /// observer.detach();
    /// executor.run(&flow).wait()?;
    /// assert_eq!(started.load(Ordering::Relaxed), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn observe(&self, observer: impl Observer) -> ObserverHandle {
        Observers::attach(&self.pool.observers, observer)
    }

    /// How many tasks run at once at most; only a task that gave its seat away to wait may go on beside the substitute
    /// that took it: when its wait is over, or with what it waits for, where that is ready and all workers have been
    /// stuck for a while.
    #[must_use]
    pub fn num_workers(&self) -> usize {
        self.pool.slots.len()
    }

    /// The worker that runs the calling task; `None` outside of this executor's tasks, or where the
    /// platform has no thread-local record.
    #[must_use]
    pub fn current_worker(&self) -> Option<WorkerId> {
        self.pool.current_worker()
    }

    /// Whether the task that makes the call was told to stop: cancelled, by itself, with its run or its group, by a token, or since a
    /// deadline has passed. To be left by `?`, from whatever depth, by a task that takes long; it is no failure then.
    /// A few nanoseconds, and a look at the clock where its run has a deadline. The worker goes on with the task; there
    /// is no policy that would want it for something else first.
    ///
    /// # Errors
    ///
    /// It was. Never outside of tasks of any executor, nor where the host has no thread-local record.
    pub fn checkpoint(&self) -> Result<(), Preempted> {
        self.pool
            .on_stack(|worker| worker.map_or(Ok(()), Seated::checkpoint))
    }

    /// The nearest deadline of a run, or end of the budget of an observed call, by the host's clock. A host that steps the workers has to step again, at the latest, by then.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        self.pool.alarms.nearest()
    }

    /// What decides which ready task runs next.
    #[must_use]
    pub fn scheduler(&self) -> &S {
        &self.scheduler
    }

    /// The host.
    #[must_use]
    pub fn platform(&self) -> &P {
        &self.pool.platform
    }

    pub(crate) fn pool(&self) -> &Pool<P> {
        &self.pool
    }

    pub(crate) fn host(&self) -> Arc<dyn Host> {
        erase!(Arc::clone(&self.pool) => dyn Host)
    }

    pub(crate) fn host_ref(&self) -> &(dyn Host + 'static) {
        &*self.pool
    }

    fn ended(&self, outcome: Result<RunStats, RunError>) -> TaskflowFuture {
        TaskflowFuture::new(Run::ended(outcome), Some(self.host()))
    }

    fn start(&self, flow: &impl Runnable<'static>, order: Order) -> TaskflowFuture {
        match flow.source().submit(&self.host(), order) {
            Ok((run, root)) => {
                if let Some(root) = root {
                    self.pool.launch(root);
                }
                TaskflowFuture::new(run, Some(self.host()))
            }
            Err(error) => self.ended(Err(error)),
        }
    }
}

impl<P: Platform, S> Drop for Executor<P, S> {
    fn drop(&mut self) {
        // Unwind: a host whose `park` panics ends the wait early; the workers end all the same.
        let _closing = Closing(&self.pool);
        if !self.detaches {
            // An error says that this is a task of the executor.
            let _ = self.pool.wait_for_all();
        }
    }
}

/// Closes a pool after its last run.
struct Closing<'p, P: Platform>(&'p Pool<P>);

impl<P: Platform> Drop for Closing<'_, P> {
    fn drop(&mut self) {
        self.0.close_at_end();
    }
}

impl<P: Platform, S> fmt::Debug for Executor<P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor")
            .field("workers", &self.num_workers())
            .finish_non_exhaustive()
    }
}
