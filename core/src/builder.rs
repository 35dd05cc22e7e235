//! The settings of an executor.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use crate::error::RunError;
use crate::executor::Executor;
use crate::platform::Platform;
use crate::pool::{ErrorHandler, Pool, PoolConfig};
use crate::protocol::idle::WORKERS_MAX;
use crate::scheduler::{Erased, Policy, Scheduler, WorkStealing, instead_of_queues};
use crate::seat::SeatConfig;
use crate::sync::Arc;
use crate::worker::Scheduled;

/// Rounds of search before a worker sleeps, unless told otherwise.
const SPIN: u32 = 4;

/// The settings of an executor; see [`Executor::builder`].
///
/// # Examples
///
/// ```
/// use taskflow_core::{Builder, Manual};
///
/// let executor = Builder::new(Manual::new()).workers(3).build()?;
/// assert_eq!(executor.num_workers(), 3);
/// # Ok::<(), taskflow_core::NoThread>(())
/// ```
pub struct Builder<P, S = WorkStealing> {
    platform: P,
    scheduler: S,
    workers: usize,
    spin: u32,
    seat: SeatConfig,
    on_unheard: Option<ErrorHandler>,
}

impl<P> Builder<P> {
    /// The settings of an executor on this host.
    #[must_use]
    pub fn new(platform: P) -> Self {
        Self {
            platform,
            scheduler: WorkStealing::new(),
            workers: 0,
            spin: SPIN,
            seat: SeatConfig::default(),
            on_unheard: None,
        }
    }
}

impl<P, S> Builder<P, S> {
    /// Another host.
    #[must_use]
    pub fn platform<Q>(self, platform: Q) -> Builder<Q, S> {
        Builder {
            platform,
            scheduler: self.scheduler,
            workers: self.workers,
            spin: self.spin,
            seat: self.seat,
            on_unheard: self.on_unheard,
        }
    }

    /// Another policy: what decides which ready task runs next. The default is [`WorkStealing`], which is
    /// the fastest; with any other, tasks are not run in [blocks](crate::Coarsening).
    #[must_use]
    pub fn scheduler<T: Scheduler>(self, scheduler: T) -> Builder<P, T> {
        Builder {
            platform: self.platform,
            scheduler,
            workers: self.workers,
            spin: self.spin,
            seat: self.seat,
            on_unheard: self.on_unheard,
        }
    }

    /// How many workers. 0, the default, means one per processor that this process may use; more than
    /// 32,768 means 32,768.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// What the host's threads are called, followed by `-worker-N`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.seat.name = Some(name.into());
        self
    }

    /// The stack of each of the host's threads, in bytes; the default is the host's.
    #[must_use]
    pub fn stack_size_bytes(mut self, bytes: usize) -> Self {
        self.seat.stack_size_bytes = Some(bytes);
        self
    }

    /// How many times a worker that finds nothing looks again before it sleeps. More cost processor
    /// time, fewer make tasks that come one by one wait for a wake-up. With one at least, a single task of another worker that is about
    /// to come to it is left to it, and while all that it sees are such, one worker looks on without a bound.
    #[must_use]
    pub fn spin(mut self, rounds: u32) -> Self {
        self.spin = rounds;
        self
    }

    /// Called, on a worker or where the handle is dropped, with the error of each run that failed while nobody held its handle.
    /// Cancelled runs are no failures. Without it such errors are dropped.
    #[must_use]
    pub fn panic_handler(mut self, handler: impl Fn(&RunError) + Send + Sync + 'static) -> Self {
        self.on_unheard = Some(Box::new(handler));
        self
    }
}

impl<P: Platform, S: Scheduler> Builder<P, S> {
    /// Starts the workers.
    ///
    /// # Errors
    ///
    /// The platform's, if it cannot start them all; those that were started end.
    pub fn build(self) -> Result<Executor<P, S>, P::Error> {
        let workers = match self.workers {
            0 => self.platform.parallelism().get(),
            workers => workers,
        };
        let workers = workers.min(WORKERS_MAX);
        let scheduler = Arc::new(self.scheduler);
        let policy = if scheduler.is_built_in() {
            instead_of_queues(workers).map(|policy| (policy, Scheduled::new()))
        } else {
            let policy: Box<dyn Policy> = Box::new(Erased::new(&scheduler, workers));
            Some((policy, Scheduled::new()))
        };
        let pool = Pool::new(
            self.platform,
            PoolConfig {
                workers,
                spin: self.spin,
                seat: self.seat,
                on_unheard: self.on_unheard,
                policy,
            },
        );
        pool.start()?;
        Ok(Executor::with_pool(pool, scheduler))
    }
}

impl<P: fmt::Debug, S> fmt::Debug for Builder<P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("platform", &self.platform)
            .field("workers", &self.workers)
            .field("spin", &self.spin)
            .field("seat", &self.seat)
            .finish_non_exhaustive()
    }
}
