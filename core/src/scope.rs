//! Runs and spawned tasks that borrow, held within a call.

use alloc::collections::VecDeque;
use core::fmt;
use core::marker::PhantomData;

use crate::error::RunError;
use crate::future::{RunCanceller, wait_until_done};
use crate::group::Group;
use crate::host::Host;
use crate::policy::RunOptions;
use crate::run::{Order, Run};
use crate::runnable::Runnable;
use crate::stats::RunStats;
use crate::sync::{Arc, Mutex};
use crate::wait::{Target, Wait};

mod spawn;

pub use spawn::ScopedHandle;

/// Starts flows and spawns tasks that may borrow; made by [`Executor::scope`](crate::Executor::scope), which does not
/// return before all of them have ended.
pub struct Scope<'scope, 'env: 'scope> {
    host: Arc<dyn Host>,
    runs: Mutex<VecDeque<Started>>,
    /// The spawned tasks.
    group: Arc<Group>,
    /// Invariant in both.
    _scope: PhantomData<&'scope mut &'scope ()>,
    _env: PhantomData<&'env mut &'env ()>,
}

/// A run of the scope, and the wait of the scope's own task for it.
struct Started {
    run: Arc<Run>,
    _wait: Option<Wait>,
}

/// A run that was started in a scope.
///
/// Forgetting it, or dropping it, changes nothing: the scope waits for the run all the same, and gives
/// the run's error if nobody else took it.
pub struct ScopedRun<'scope> {
    run: Arc<Run>,
    host: Arc<dyn Host>,
    _scope: PhantomData<&'scope ()>,
}

impl Scope<'_, '_> {
    /// A scope, which must be ended by [`AllEnded`] before what it borrows is gone.
    pub(crate) fn new(host: Arc<dyn Host>) -> Self {
        Self::within(host, None)
    }

    /// As [`new`](Self::new), of a call that a child of `outer` makes.
    pub(crate) fn within(host: Arc<dyn Host>, outer: Option<Arc<Group>>) -> Self {
        Scope {
            group: Group::within(host.holders(), outer),
            host,
            runs: Mutex::new(VecDeque::new()),
            _scope: PhantomData,
            _env: PhantomData,
        }
    }

    pub(crate) fn group(&self) -> &Arc<Group> {
        &self.group
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Starts one round of the flow, behind the unfinished runs of it.
    ///
    /// The run ends at once with [`RunError::Deadlock`] if the scope's own task is one that the flow
    /// waits for.
    pub fn run<'f>(&'scope self, flow: &'scope impl Runnable<'f>) -> ScopedRun<'scope> {
        self.run_n(flow, 1)
    }

    /// Starts `rounds` rounds of the flow, one after another.
    pub fn run_n<'f>(
        &'scope self,
        flow: &'scope impl Runnable<'f>,
        rounds: u64,
    ) -> ScopedRun<'scope> {
        self.run_with(flow, RunOptions::new().rounds(rounds))
    }

    /// Starts the flow as the options say, behind its unfinished runs.
    pub fn run_with<'f>(
        &'scope self,
        flow: &'scope impl Runnable<'f>,
        options: RunOptions,
    ) -> ScopedRun<'scope> {
        let started = match self.host.begin_wait(flow.source().id(), None) {
            _ if options.rounds == 0 => Err(Ok(RunStats::default())),
            Err(_) => Err(Err(RunError::Deadlock)),
            Ok(wait) => match flow.source().submit(&self.host, Order::of(options)) {
                Ok((run, root)) => Ok((run, root, wait)),
                Err(error) => Err(Err(error)),
            },
        };
        if let Ok((run, _, Some(wait))) = &started {
            wait.ends_with(run);
        }
        let (run, root, wait) = match started {
            Ok(started) => started,
            Err(outcome) => (Run::ended(outcome), None, None),
        };
        self.runs.lock().push_back(Started {
            run: Arc::clone(&run),
            _wait: wait,
        });
        if let Some(root) = root {
            self.host.launch(root);
        }
        ScopedRun {
            run,
            host: Arc::clone(&self.host),
            _scope: PhantomData,
        }
    }

    /// Waits for all tasks and runs, and gives the first error that nobody took.
    pub(crate) fn finish(&self) -> Result<(), RunError> {
        let mut result = Ok(());
        loop {
            // Runs may spawn tasks and tasks may start runs. If there are none of the first when none of the
            // second is left, nobody is there who could.
            wait_until_done(Target::Group(&self.group), &self.host, None);
            // A run leaves the list only when it has ended, so that an unwinding wait finds it there.
            let Some(run) = self.runs.lock().front().map(|first| Arc::clone(&first.run)) else {
                break;
            };
            wait_until_done(Target::Run(&run), &self.host, None);
            let ended = self.runs.lock().pop_front();
            drop(ended);
            match run.take_outcome() {
                None | Some(Ok(_)) => {}
                Some(Err(error)) if result.is_ok() => result = Err(error),
                Some(Err(error)) => self.host.report(&error),
            }
        }
        match self.group.take_outcome() {
            Err(error) if result.is_err() => self.host.report(&error),
            Err(error) => result = Err(error),
            Ok(()) => {}
        }
        result
    }
}

/// Ends the scope whatever happens to its body.
pub(crate) struct AllEnded<'s, 'scope, 'env>(pub(crate) &'s Scope<'scope, 'env>);

impl Drop for AllEnded<'_, '_, '_> {
    fn drop(&mut self) {
        if let Err(error) = self.0.finish() {
            self.0.host.report(&error);
        }
    }
}

/// See [`Executor::scope`](crate::Executor::scope).
pub(crate) fn enter<'env, R>(
    host: Arc<dyn Host>,
    body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
) -> Result<R, RunError> {
    let scope = Scope::new(host);
    let all_ended = AllEnded(&scope);
    let result = body(&scope);
    let outcome = all_ended.0.finish();
    drop(all_ended);
    outcome.map(|()| result)
}

impl ScopedRun<'_> {
    /// Waits for the end, as [`TaskflowFuture::wait`](crate::TaskflowFuture::wait).
    ///
    /// # Errors
    ///
    /// How the run ended, if not well.
    pub fn wait(self) -> Result<RunStats, RunError> {
        wait_until_done(Target::Run(&self.run), &self.host, None);
        self.run.take_outcome().unwrap_or(Err(RunError::Taken))
    }

    /// As [`TaskflowFuture::cancel`](crate::TaskflowFuture::cancel).
    pub fn cancel(&self) -> bool {
        self.canceller().cancel()
    }

    /// As [`TaskflowFuture::canceller`](crate::TaskflowFuture::canceller).
    #[must_use]
    pub fn canceller(&self) -> RunCanceller {
        RunCanceller::new(&self.run)
    }

    /// Whether the run has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.run.is_done()
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.runs.lock().len();
        f.debug_struct("Scope").field("runs", &runs).finish()
    }
}

impl fmt::Debug for ScopedRun<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedRun")
            .field("done", &self.is_done())
            .finish_non_exhaustive()
    }
}
