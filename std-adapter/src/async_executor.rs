//! An executor inside a Tokio runtime.

use std::future::Future;
use std::io;
use std::ops::Deref;

use taskflow_core::{Builder, RunError, RunStats, Taskflow, TaskflowFuture};
use tokio::runtime::Handle;

use crate::{Executor, StdPlatform};

/// An [`Executor`] whose workers have entered a Tokio runtime: timers, sockets and `tokio::spawn` work inside its
/// tasks, [async](Taskflow::emplace_async) ones and plain ones. It has all methods of an [`Executor`], and
/// others that suit async code: the runs they start are cancelled when their futures are dropped, by a
/// timeout or a `select!`, and they never block.
///
/// The runtime is somebody else's: it has to be driven, by threads of its own or by a `block_on`, and its
/// drivers have to be enabled, as for any Tokio code. The workers are threads of this executor; the runtime only
/// wakes their tasks. Unlike an [`Executor`], this one does not wait for its runs when it is dropped, since that
/// would hold up the runtime that they may need; its threads end with its last run.
///
/// Methods that wait ([`run_and_wait`](Executor::run_and_wait), [`TaskflowFuture::wait`]) block the calling
/// thread. On the only thread of a runtime whose timers the tasks need, they never return.
///
/// # Examples
///
/// ```
/// use taskflow_std::{AsyncExecutor, Taskflow};
///
/// let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// let stats = runtime.block_on(async {
///     let executor = AsyncExecutor::new(1);
///     let flow = Taskflow::new();
///     flow.try_emplace_async(|| async {
///         let part = tokio::spawn(async { 6 * 7 });
///         assert_eq!(part.await?, 42);
///         Ok(())
///     });
///     executor.run_async(&flow).await
/// })?;
/// assert_eq!(stats.tasks, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AsyncExecutor {
    executor: Executor,
}

impl AsyncExecutor {
    /// An executor with this many workers, inside the runtime that the caller is in; 0 means one per processor
    /// that this process may use.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, or if the threads cannot be started;
    /// [`with_handle`](Self::with_handle) has an error for that.
    #[must_use]
    pub fn new(workers: usize) -> Self {
        match Self::with_handle(Handle::current(), workers) {
            Ok(executor) => executor,
            Err(error) => panic!("the executor's workers cannot be started: {error}"),
        }
    }

    /// As [`new`](Self::new), inside the runtime of the handle. May be called anywhere.
    ///
    /// # Errors
    ///
    /// The threads cannot be started.
    pub fn with_handle(handle: Handle, workers: usize) -> io::Result<Self> {
        Self::build(Builder::new(StdPlatform::with_tokio(handle)).workers(workers))
    }

    /// An executor of these settings, whose host the caller has put
    /// [inside a runtime](StdPlatform::with_tokio).
    ///
    /// # Errors
    ///
    /// The threads cannot be started.
    pub fn build(settings: Builder<StdPlatform>) -> io::Result<Self> {
        let executor = settings.build()?.detach_on_drop();
        Ok(Self { executor })
    }

    /// Starts one round of the flow at once; cancelled when the future is dropped.
    pub fn run_async(&self, flow: &Taskflow<'static>) -> TaskflowFuture {
        self.run(flow).cancel_on_drop()
    }

    /// Starts `rounds` rounds of the flow, one after another; cancelled when the future is dropped.
    pub fn run_n_sequential_async(&self, flow: &Taskflow<'static>, rounds: u64) -> TaskflowFuture {
        self.run_n(flow, rounds).cancel_on_drop()
    }

    /// Starts rounds of the flow until `enough`, asked after each, is true; cancelled when the future is
    /// dropped.
    pub fn run_until_async<F>(&self, flow: &Taskflow<'static>, enough: F) -> TaskflowFuture
    where
        F: FnMut() -> bool + Send + 'static,
    {
        self.run_until(flow, enough).cancel_on_drop()
    }

    /// Starts `count` flows that `factory` makes, all at the same time and at once, and gives their results in that
    /// order; what has not ended is cancelled when the future is dropped.
    pub fn run_n_async<F>(
        &self,
        count: usize,
        factory: F,
    ) -> impl Future<Output = Vec<Result<RunStats, RunError>>> + Send + use<F>
    where
        F: FnMut(usize) -> Taskflow<'static>,
    {
        let runs = self.run_concurrent(count, factory).into_iter();
        let runs: Vec<_> = runs.map(TaskflowFuture::cancel_on_drop).collect();
        async {
            let mut results = Vec::with_capacity(runs.len());
            // One after the other, which takes as long as the longest.
            for run in runs {
                results.push(run.await);
            }
            results
        }
    }
}

impl Deref for AsyncExecutor {
    type Target = Executor;

    fn deref(&self) -> &Executor {
        &self.executor
    }
}
