//! Programs on which other libraries hang, for whatever host: see `deadlock.rs`.

use std::sync::Arc;

use taskflow_core::Executor;

pub(crate) mod locks;
pub(crate) mod semaphores;
pub(crate) mod workers;

/// What makes an executor, whose number of workers is none of the program's business.
pub(crate) type Make<'m, P> = &'m dyn Fn() -> Arc<Executor<P>>;
