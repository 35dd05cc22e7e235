//! Graphs that are a task of other graphs.

use alloc::vec::Vec;
use core::fmt;

use crate::error::TaskflowError;
use crate::flow::Flow;
use crate::graph::node::{Context, Outcome};
use crate::graph::work::Work;
use crate::nested::Nested;
use crate::runnable::Runnable;
use crate::sync::{Arc, Mutex, Weak};
use crate::taskflow::Taskflow;

/// A graph that is a task of others: made from a flow by value, so that nobody edits it any more.
///
/// It may be used by several flows, and several times in one; its uses take turns, first come first served.
/// A use that is part of another use of the same module, over a subflow, fails with
/// [`RunError::Deadlock`](crate::RunError::Deadlock).
/// Cloning it gives another handle of the same graph.
///
/// # Examples
///
/// ```
/// use core::sync::atomic::{AtomicU32, Ordering};
/// use taskflow_core::{Executor, Manual, Module, Taskflow};
///
/// let count = AtomicU32::new(0);
/// let steps = Taskflow::new();
/// steps.linearize([
///     steps.emplace(|| { count.fetch_add(1, Ordering::Relaxed); }),
///     steps.emplace(|| { count.fetch_add(10, Ordering::Relaxed); }),
/// ]);
/// let module = Module::new(steps);
/// let flow = Taskflow::new();
/// let (first, second) = (flow.composed_of(&module), flow.composed_of(&module));
/// first.precede(second);
/// Executor::<Manual>::new(1).run_and_wait(&flow)?;
/// assert_eq!(count.load(Ordering::Relaxed), 22);
/// # Ok::<(), taskflow_core::RunError>(())
/// ```
#[derive(Clone)]
pub struct Module<'env> {
    shared: Arc<Frozen<'env>>,
}

/// The flow of a module.
struct Frozen<'env> {
    flow: Arc<Flow>,
    verdict: Result<(), TaskflowError>,
    /// Drops the closures with the module. Nobody edits it any more, so it is behind a lock that is taken
    /// for that alone.
    owner: Mutex<Option<Taskflow<'env>>>,
    /// The modules that its tasks use.
    used: Vec<Module<'env>>,
}

/// A module that a flow uses, as the flow remembers it.
pub(crate) struct Used<'env>(Weak<Frozen<'env>>);

impl<'env> Used<'env> {
    /// Whether a task uses it still.
    pub(crate) fn is_there(&self) -> bool {
        self.0.strong_count() > 0
    }

    fn module(self) -> Option<Module<'env>> {
        let shared = self.0.upgrade()?;
        Some(Module { shared })
    }
}

impl Drop for Frozen<'_> {
    /// Drops modules in modules one after another, however deep: what a module uses is kept here until
    /// its own tasks are gone.
    fn drop(&mut self) {
        let mut used = core::mem::take(&mut self.used);
        let owner = self.owner.lock().take();
        drop(owner);
        while let Some(module) = used.pop() {
            if let Some(mut last) = Arc::into_inner(module.shared) {
                used.append(&mut last.used);
                drop(last);
            }
        }
    }
}

impl<'env> Module<'env> {
    /// Freezes the flow. What is wrong with it is told by [`validate`](Self::validate), and when a flow
    /// that uses it is validated or run. Runs of the flow that are unfinished come first.
    #[must_use]
    pub fn new(flow: Taskflow<'env>) -> Self {
        Self {
            shared: Arc::new(Frozen {
                verdict: flow.owner().freeze_for_good(),
                flow: Arc::clone(flow.owner().flow()),
                used: flow
                    .take_used()
                    .into_iter()
                    .filter_map(Used::module)
                    .collect(),
                owner: Mutex::new(Some(flow)),
            }),
        }
    }

    /// Checks the graph.
    ///
    /// # Errors
    ///
    /// What is wrong with it. Besides what is wrong with a flow: a task that can run once, since a module
    /// may run any number of times.
    pub fn validate(&self) -> Result<(), TaskflowError> {
        self.shared.verdict.clone()
    }

    /// The flow, and what is wrong with it.
    pub(crate) fn frozen(&self) -> (&Arc<Flow>, &Result<(), TaskflowError>) {
        (&self.shared.flow, &self.shared.verdict)
    }

    /// This module, without keeping it.
    pub(crate) fn used(&self) -> Used<'env> {
        Used(Arc::downgrade(&self.shared))
    }

    /// The name of the flow.
    #[must_use]
    pub fn name(&self) -> &str {
        self.shared.flow.name()
    }
}

impl fmt::Debug for Module<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

/// A task that is a use of a module.
pub(crate) struct ModuleWork<'env> {
    module: Module<'env>,
    nested: Nested,
}

impl<'env> ModuleWork<'env> {
    pub(crate) fn new(module: &Module<'env>) -> Self {
        Self {
            module: module.clone(),
            nested: Nested::default(),
        }
    }
}

impl Work for ModuleWork<'_> {
    fn step(&mut self, context: &mut Context<'_>) -> Outcome {
        if self.nested.is_begun() {
            return self.nested.go_on(context);
        }
        if context.stopped {
            return Outcome::Skipped;
        }
        let source = self.module.source();
        self.nested
            .begin(context, |host, order| source.submit(host, order))
    }
}
