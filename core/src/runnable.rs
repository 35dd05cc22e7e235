//! What an executor runs.

use core::ops::Deref;

use crate::error::{RunError, TaskflowError};
use crate::flow::{Flow, FlowOwner};
use crate::host::Host;
use crate::module::Module;
use crate::pipeline::Pipeline;
use crate::run::{Order, Run};
use crate::sync::Arc;
use crate::taskflow::Taskflow;

/// What an executor runs: a [`Taskflow`]; a [`Module`] or a [`Pipeline`], which may be shared between threads; or what
/// leads to one (a reference, a lock's guard). No other type can be.
///
/// # Examples
///
/// ```
/// use taskflow_core::{Executor, Manual, Module, Taskflow};
///
/// let flow = Taskflow::new();
/// flow.emplace(|| {});
/// let module = Module::new(flow);
/// let executor = Executor::<Manual>::new(1);
/// assert_eq!(executor.run(&module).wait()?.tasks, 1);
/// # Ok::<(), taskflow_core::RunError>(())
/// ```
pub trait Runnable<'env>: sealed::Sealed {
    #[doc(hidden)]
    fn source(&self) -> Source<'_>;
}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for Taskflow<'_> {}
impl<'env> Runnable<'env> for Taskflow<'env> {
    fn source(&self) -> Source<'_> {
        Source(Kind::Edited(self.owner()))
    }
}

impl sealed::Sealed for Module<'_> {}
impl<'env> Runnable<'env> for Module<'env> {
    fn source(&self) -> Source<'_> {
        let (flow, verdict) = self.frozen();
        Source(Kind::Frozen(flow, verdict))
    }
}

impl sealed::Sealed for Pipeline<'_> {}
impl<'env> Runnable<'env> for Pipeline<'env> {
    fn source(&self) -> Source<'_> {
        self.module().source()
    }
}

impl<P: Deref<Target: sealed::Sealed> + ?Sized> sealed::Sealed for P {}
impl<'env, P: Deref<Target: Runnable<'env>> + ?Sized> Runnable<'env> for P {
    fn source(&self) -> Source<'_> {
        (**self).source()
    }
}

/// Where a run comes from.
#[doc(hidden)]
pub struct Source<'f>(Kind<'f>);

enum Kind<'f> {
    /// A flow in the hands of its owner.
    Edited(&'f FlowOwner),
    /// A module's flow, and what is wrong with it.
    Frozen(&'f Arc<Flow>, &'f Result<(), TaskflowError>),
}

impl core::fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Source").field(&self.id()).finish()
    }
}

impl Source<'_> {
    /// The flow's identity.
    pub(crate) fn id(&self) -> u64 {
        match self.0 {
            Kind::Edited(owner) => owner.id(),
            Kind::Frozen(flow, _) => flow.id(),
        }
    }

    /// Hands the flow to its queue of runs, and counts it in its executor. Gives the root if it is to be
    /// started now.
    ///
    /// # Errors
    ///
    /// What is wrong with the graph; nothing was started.
    pub(crate) fn submit(
        &self,
        host: &Arc<dyn Host>,
        order: Order,
    ) -> Result<(Arc<Run>, Option<u32>), RunError> {
        host.run_submitted();
        let submitted = match self.0 {
            Kind::Edited(owner) => owner.submit(host, order),
            Kind::Frozen(flow, verdict) => verdict
                .clone()
                .and_then(|()| Flow::submit(flow, host, order)),
        };
        submitted.map_err(|error| {
            host.run_ended();
            RunError::Invalid(error)
        })
    }
}
