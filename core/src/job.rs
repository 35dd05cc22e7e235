//! A spawned task: a closure that runs once, what it gives, and who follows it.
//!
//! ```text
//!            the last predecessor has ended        claim (one exchange)
//!   waiting ────────────────────────────► queued ──────────────────────► claimed ──► done
//!      │                                                                    ▲
//!      └── cancel, or a predecessor ended badly ────────────────────────────┘
//! ```
//!
//! A job that is *queued* has a place in the executor's [nursery](crate::nursery), and the place's
//! reference is in a queue. Whoever wins the exchange runs the job: the worker that took the reference
//! out of the queue, or a thread that waits for the job. The reference is dead in the second case, and
//! whoever meets it gives the place back. So a wait finds what it needs without a search.
//!
//! A job owns its dependents until it has ended, and they own it until they are ready, so that a wait can
//! walk from a job to what it needs. Both lists are given up when the job ends: no circle is left.
//!
//! Whatever follows an end (dependents that fall with it, and theirs) is dealt with in a work list, so
//! that a chain of any length takes no stack.

use crate::host::Host;
use crate::priority::Priority;

mod dependencies;
mod ending;
mod error;
mod handle;
mod head;
mod walk;

pub use dependencies::Dependencies;
pub use error::{Cause, JoinError};
pub use handle::{Done, JoinHandle};

pub(crate) use ending::{End, conclude, quietly};
pub(crate) use handle::{cancel, follow, unheard};
pub(crate) use head::{BY_ADDRESS, Head};
pub(crate) use walk::Walk;

use crate::group::Group;
use crate::sync::{Arc, Mutex, erase};
use head::Arrival;

/// A job, whatever its closure.
pub(crate) trait Job: Send + Sync {
    fn head(&self) -> &Head;

    /// Calls the closure, which is gone afterwards, and keeps its value.
    fn call(&self);

    /// Drops the closure if it was not called.
    fn drop_closure(&self);

    /// Makes this the result.
    fn fail(&self, error: JoinError);

    /// Drops the result. Gives the error, if it was one.
    fn discard(&self) -> Option<JoinError>;
}

/// A job that gives a `T`.
pub(crate) trait JobOf<T>: Job {
    /// The result, once.
    fn take(&self) -> Option<Result<T, JoinError>>;
}

/// A job with its closure and its result. Neither lock is held while user code runs.
pub(crate) struct JobCell<T, F> {
    head: Head,
    closure: Mutex<Option<F>>,
    result: Mutex<Option<Result<T, JoinError>>>,
}

impl<T, F: FnOnce() -> T> JobCell<T, F> {
    pub(crate) fn new(head: Head, closure: F) -> Self {
        Self {
            head,
            closure: Mutex::new(Some(closure)),
            result: Mutex::new(None),
        }
    }
}

impl<T: Send, F: FnOnce() -> T + Send> Job for JobCell<T, F> {
    fn head(&self) -> &Head {
        &self.head
    }

    fn call(&self) {
        let closure = self.closure.lock().take();
        if let Some(closure) = closure {
            let value = closure();
            *self.result.lock() = Some(Ok(value));
        }
    }

    fn drop_closure(&self) {
        let closure = self.closure.lock().take();
        drop(closure);
    }

    fn fail(&self, error: JoinError) {
        let before = self.result.lock().replace(Err(error));
        drop(before);
    }

    fn discard(&self) -> Option<JoinError> {
        self.take()?.err()
    }
}

impl<T: Send, F: FnOnce() -> T + Send> JobOf<T> for JobCell<T, F> {
    fn take(&self) -> Option<Result<T, JoinError>> {
        self.result.lock().take()
    }
}

/// Whether both are the same job.
pub(crate) fn same(one: &Arc<dyn Job>, other: &Arc<dyn Job>) -> bool {
    one.head().id() == other.head().id()
}

/// Spawns a job that begins when these have ended.
pub(crate) fn spawn_after<T, F>(
    host: &Arc<dyn Host>,
    after: &impl Dependencies,
    any_outcome: bool,
    priority: Priority,
    closure: F,
) -> JoinHandle<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let head = Head::new(host, None).with_priority(priority);
    let typed: Arc<JobCell<T, F>> = Arc::new(JobCell::new(head, closure));
    let job = erase!(Arc::clone(&typed) => dyn Job);
    host.run_submitted();
    let mut predecessors = alloc::vec::Vec::new();
    after.each(&mut |done| predecessors.push(Arc::clone(done.job())));
    let arrival = job.head().follow(&job, &predecessors, any_outcome);
    if priority > Priority::Normal {
        host.raise_jobs(predecessors, priority.level());
    }
    settle(job, arrival);
    JoinHandle::new(erase!(typed => dyn JobOf<T>), host)
}

/// Spawns a job that is ready.
pub(crate) fn launch(host: &Arc<dyn Host>, job: Arc<dyn Job>) {
    job.head().begin_queued();
    host.make_ready(job);
}

/// Spawns a job that is ready, with a handle.
pub(crate) fn spawn<T, F>(host: &Arc<dyn Host>, priority: Priority, closure: F) -> JoinHandle<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let head = Head::new(host, None).with_priority(priority);
    let typed = Arc::new(JobCell::new(head, closure));
    host.run_submitted();
    launch(host, erase!(Arc::clone(&typed) => dyn Job));
    JoinHandle::new(erase!(typed => dyn JobOf<T>), host)
}

/// A child of a group, without a handle. It is not counted yet.
pub(crate) fn child<'c>(
    host: &Arc<dyn Host>,
    group: &Arc<Group>,
    priority: Priority,
    closure: impl FnOnce() + Send + 'c,
) -> Arc<dyn Job + 'c> {
    let head = Head::new(host, Some(Arc::clone(group))).with_priority(priority);
    head.detach();
    erase!(Arc::new(JobCell::new(head, closure)) => dyn Job + 'c)
}

/// Raises these jobs and those that they wait for to a level. `true`: there are such that were not as urgent. O(unfinished ones and edges to
/// them).
pub(crate) fn raise_all(mut jobs: alloc::vec::Vec<Arc<dyn Job>>, level: u32) -> bool {
    let mut raised = false;
    while let Some(job) = jobs.pop() {
        if job.head().raise(level) {
            raised = true;
            jobs.extend(job.head().predecessors());
        }
    }
    raised
}

/// Does what an arrival asks for.
fn settle(job: Arc<dyn Job>, arrival: Arrival) {
    match arrival {
        Arrival::Waits => {}
        Arrival::Ready(host) => host.make_ready(job),
        Arrival::Lost(end) => end_elsewhere(job, end),
    }
}

/// Ends a claimed job where no worker is at hand to go on with what follows.
fn end_elsewhere(job: Arc<dyn Job>, end: End) {
    if let Some(ready) = conclude(job, end, &mut queue) {
        queue(ready);
    }
}

/// Makes a ready job one of its executor's queue.
pub(crate) fn queue(job: Arc<dyn Job>) {
    if let Some(host) = job.head().host() {
        host.make_ready(job);
    }
}

/// Ends a ready job for which its executor has no reference left.
#[cold]
pub(crate) fn refuse(job: &Arc<dyn Job>) {
    let reason = "the executor has no reference left for another task; run fewer at a time";
    cancel(job, Some(reason.into()));
}
