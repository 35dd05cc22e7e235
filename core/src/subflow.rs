//! Tasks that build a graph each time they run.

use core::fmt;
use core::ops::Deref;

use crate::error::{RunError, TaskError};
use crate::future::until_done;
use crate::graph::node::{Context, Outcome};
use crate::graph::work::Work;
use crate::nested::{Nested, count_nested};
use crate::platform::WorkerId;
use crate::policy::FailurePolicy;
use crate::run::{Order, Parent, Rounds};
use crate::runnable::Runnable;
use crate::stats::{Failure, RunStats};
use crate::suspension::{Caller, Hold};
use crate::sync::Arc;
use crate::taskflow::Taskflow;
use crate::wait::Target;

/// The graph of a task that builds one each time it runs; see
/// [`Taskflow::emplace_subflow`](crate::Taskflow::emplace_subflow). It has the building methods of a
/// [`Taskflow`].
///
/// Its tasks start when the closure returns, or at [`join`](Self::join); the task is done when all of them
/// are, and holds no worker meanwhile. The error of one is the error of the task.
pub struct Subflow<'call, 'env> {
    flow: Taskflow<'env>,
    caller: &'call dyn Caller,
    policy: FailurePolicy,
    joined: bool,
}

impl<'env> Subflow<'_, 'env> {
    /// Runs the tasks now, and waits. The subflow is closed afterwards.
    ///
    /// # Errors
    ///
    /// How they ended, if not well. `?` hands it on as the error of the task.
    ///
    /// # Panics
    ///
    /// If called a second time.
    pub fn join(&mut self) -> Result<RunStats, RunError> {
        assert!(!self.joined, "the subflow was joined before");
        self.joined = true;
        let host = self.caller.host();
        let flow = self.caller.flow();
        let parent = Parent {
            flow: flow.keep(),
            suspension: None,
            floor: host.floor_in(self.caller.reference()),
        };
        let order = Order {
            policy: self.policy,
            parent: Some(parent),
            ..Order::rounds(Rounds::Times(1))
        };
        let submitted = self.flow.source().submit(&host, order);
        self.flow.owner().close();
        let (run, root) = submitted?;
        let place = flow.hold(self.caller.task(), Hold::Run(Arc::clone(&run)));
        host.raise_held(self.caller.reference(), &run);
        let target = Target::Run(&run);
        until_done(target, root, &|root| self.caller.wait(target, root));
        let result = run.take_outcome().unwrap_or(Err(RunError::Taken));
        flow.let_go(place);
        let stats = match &result {
            Ok(stats) => Some(stats),
            Err(error) => error.stats(),
        };
        if let Some(stats) = stats {
            count_nested(flow, stats);
        }
        result
    }

    /// Whether this task, or the run that it is part of, was cancelled, or the run has failed.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.caller.flow().is_stopped_for(self.caller.task())
    }

    /// The worker that runs this task.
    #[must_use]
    pub fn worker(&self) -> WorkerId {
        self.caller.worker()
    }
}

impl<'env> Deref for Subflow<'_, 'env> {
    type Target = Taskflow<'env>;

    fn deref(&self) -> &Taskflow<'env> {
        &self.flow
    }
}

impl fmt::Debug for Subflow<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subflow").field(&self.flow).finish()
    }
}

/// A task that builds a graph each time it runs.
pub(crate) struct SubflowWork<'env, F> {
    build: F,
    flow: Option<Taskflow<'env>>,
    nested: Nested,
}

impl<F> SubflowWork<'_, F> {
    pub(crate) fn new(build: F) -> Self {
        Self {
            build,
            flow: None,
            nested: Nested::default(),
        }
    }
}

impl<F> SubflowWork<'_, F> {
    /// Drops the graph, unless it runs. A panic of that comes after the failures that there are already.
    fn let_go(&mut self, context: &mut Context<'_>, outcome: Outcome) -> Outcome {
        if outcome == Outcome::Pending {
            return outcome;
        }
        let flow = &mut self.flow;
        match context.caller.host().guard(&mut || *flow = None) {
            Ok(()) => outcome,
            Err(panic) => context.fail(Failure::Panicked(panic)),
        }
    }
}

impl<'env, F> Work for SubflowWork<'env, F>
where
    F: FnMut(&mut Subflow<'_, 'env>) -> Option<Result<(), TaskError>>,
{
    fn step(&mut self, context: &mut Context<'_>) -> Outcome {
        if self.nested.is_begun() {
            let outcome = self.nested.go_on(context);
            return self.let_go(context, outcome);
        }
        if context.stopped {
            return Outcome::Skipped;
        }
        let mut subflow = Subflow {
            flow: Taskflow::new(),
            caller: context.caller,
            policy: context.caller.flow().policy(),
            joined: false,
        };
        match (self.build)(&mut subflow) {
            // An input is missing.
            None => return Outcome::Skipped,
            Some(Err(error)) => return context.fail(Failure::Failed(error)),
            Some(Ok(())) => {}
        }
        if subflow.joined || subflow.flow.is_empty() {
            return Outcome::Done;
        }
        let flow = &*self.flow.insert(subflow.flow);
        let outcome = self
            .nested
            .begin(context, |host, order| flow.source().submit(host, order));
        self.let_go(context, outcome)
    }
}
