//! A spawned task: a closure that runs once, what it gives, and who follows it.
//!
//! ```text
//!            the last predecessor has ended        claim (one exchange)
//!   waiting ────────────────────────────► queued ──────────────────────► claimed ──► done
//!      │                                                                    ▲
//!      └── cancel, or a predecessor ended badly ────────────────────────────┘
//! ```
//!
//! All of that is in one word, with two flags: somebody is to be told of the end (`LINKED`), and nobody will ask for the value
//! (`DETACHED`). So a job that nobody waits for takes no lock: its making, its claim, its end and the drop of its handle are
//! one read-modify-write each, and it is one allocation, with its closure and its value.
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

use alloc::boxed::Box;
use core::mem;

use crate::host::Host;
use crate::priority::Priority;

mod claimed;
mod dependencies;
mod ending;
mod error;
mod handle;
mod head;
mod walk;

pub use dependencies::Dependencies;
pub use error::{Cause, JoinError};
pub use handle::{Done, JoinHandle};

pub(crate) use claimed::{Claimed, Owned};
pub(crate) use ending::{End, conclude, quietly};
pub(crate) use handle::{cancel, follow};
pub(crate) use head::{BY_ADDRESS, Head};
pub(crate) use walk::Walk;

use crate::group::Group;
use crate::sync::{Arc, UnsafeCell, erase};
use head::Arrival;

/// A job, whatever its closure.
///
/// Its closure, and its result until the end, are the claimer's ([`Claimed`]); the result is then the handle's ([`Owned`]).
pub(crate) trait Job: Send + Sync {
    fn head(&self) -> &Head;

    /// Calls the closure, which is gone afterwards, and keeps its value.
    ///
    /// # Safety
    ///
    /// 1. The caller has claimed the job, which has not ended.
    unsafe fn call(&self);

    /// Drops the closure if it was not called.
    ///
    /// # Safety
    ///
    /// 1. As for [`call`](Self::call).
    unsafe fn drop_closure(&self);

    /// Makes this the result.
    ///
    /// # Safety
    ///
    /// 1. As for [`call`](Self::call).
    unsafe fn fail(&self, error: JoinError);

    /// Drops the result. Gives the error, if it was one.
    ///
    /// # Safety
    ///
    /// 1. The caller has claimed the job, which has not ended; or it has, and the caller has the handle.
    unsafe fn discard(&self) -> Option<JoinError>;

    /// As [`Head::close_plainly`].
    fn close_plainly(&self) -> bool;

    /// The executor, for what is said of a result that is dropped. `None`: there is nothing to be said.
    ///
    /// # Safety
    ///
    /// 1. As for [`discard`](Job::discard).
    unsafe fn listener(&self) -> Option<Arc<dyn Host>>;
}

/// A job that gives a `T`.
pub(crate) trait JobOf<T>: Job {
    /// The result, once.
    ///
    /// # Safety
    ///
    /// 1. As for [`discard`](Job::discard).
    unsafe fn take(&self) -> Option<Result<T, JoinError>>;
}

/// A job with its closure, which is given its head, and its result. No borrow of a cell lives while user code runs.
pub(crate) struct JobCell<T, F> {
    head: Head,
    content: UnsafeCell<Content<T, F>>,
}

/// First the closure, then nothing while it runs, then the result until that is taken.
enum Content<T, F> {
    Closure(F),
    Nothing,
    Result {
        result: Result<T, Box<JoinError>>,
        /// The executor, where it has to hear of the drop of the result: of a panic, or of a value that is dropped by user code.
        listener: Option<Arc<dyn Host>>,
    },
}

// SAFETY: the cell is used by one thread at a time, as the traits say, and what is in it is `Send`.
unsafe impl<T: Send, F: Send> Sync for JobCell<T, F> {}

impl<T, F: FnOnce(&Head) -> T> JobCell<T, F> {
    pub(crate) fn new(head: Head, closure: F) -> Self {
        Self {
            head,
            content: UnsafeCell::new(Content::Closure(closure)),
        }
    }

    /// The closure, once.
    ///
    /// # Safety
    ///
    /// 1. The caller has claimed the job, which has not ended.
    #[inline]
    unsafe fn take_closure(&self) -> Option<F> {
        // SAFETY: (1) nobody else uses the cell.
        let content = unsafe { &mut *self.content.get() };
        if !matches!(content, Content::Closure(_)) {
            return None;
        }
        match mem::replace(content, Content::Nothing) {
            Content::Closure(closure) => Some(closure),
            Content::Nothing | Content::Result { .. } => None,
        }
    }

    /// Keeps a result.
    ///
    /// # Safety
    ///
    /// 1. The caller has claimed the job, which has not ended.
    unsafe fn keep(&self, result: Result<T, Box<JoinError>>) {
        let heard = result.is_err() || mem::needs_drop::<T>();
        // SAFETY: (1).
        let listener = heard.then(|| unsafe { self.head.keep_host() });
        let content = Content::Result { result, listener };
        // SAFETY: (1) nobody else uses the cell, in which there is no closure any more, and no result yet.
        unsafe { self.content.get().write(content) };
    }
}

impl<T: Send, F: FnOnce(&Head) -> T + Send> Job for JobCell<T, F> {
    fn head(&self) -> &Head {
        &self.head
    }

    unsafe fn call(&self) {
        // SAFETY: (1).
        if let Some(closure) = unsafe { self.take_closure() } {
            let value = closure(&self.head);
            // SAFETY: (1).
            unsafe { self.keep(Ok(value)) };
        }
    }

    unsafe fn drop_closure(&self) {
        // SAFETY: (1).
        drop(unsafe { self.take_closure() });
    }

    unsafe fn fail(&self, error: JoinError) {
        // SAFETY: (1).
        unsafe { self.keep(Err(Box::new(error))) };
    }

    unsafe fn discard(&self) -> Option<JoinError> {
        // SAFETY: (1).
        unsafe { self.take() }?.err()
    }

    fn close_plainly(&self) -> bool {
        self.head.close_plainly(mem::needs_drop::<T>())
    }

    unsafe fn listener(&self) -> Option<Arc<dyn Host>> {
        // SAFETY: (1) nobody else uses the cell.
        match unsafe { &mut *self.content.get() } {
            Content::Result { listener, .. } => listener.take(),
            Content::Closure(_) | Content::Nothing => None,
        }
    }
}

impl<T: Send, F: FnOnce(&Head) -> T + Send> JobOf<T> for JobCell<T, F> {
    unsafe fn take(&self) -> Option<Result<T, JoinError>> {
        // SAFETY: (1) nobody else uses the cell.
        let content = unsafe { &mut *self.content.get() };
        if !matches!(content, Content::Result { .. }) {
            return None;
        }
        match mem::replace(content, Content::Nothing) {
            Content::Result { result, .. } => Some(result.map_err(|error| *error)),
            Content::Closure(_) | Content::Nothing => None,
        }
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
    let head = Head::waiting(&**host, priority);
    let typed = Arc::new(JobCell::new(head, move |_: &Head| closure()));
    let job = erase!(Arc::clone(&typed) => dyn Job);
    host.run_submitted();
    let mut predecessors = alloc::vec::Vec::new();
    after.each(&mut |done| predecessors.push(Arc::clone(done.job())));
    let arrival = job.head().follow(&job, &predecessors, any_outcome);
    if priority > Priority::Normal {
        host.raise_jobs(predecessors, priority.level());
    }
    settle(job, arrival);
    let typed = erase!(typed => dyn JobOf<T>);
    // SAFETY: (1) the job was made here.
    JoinHandle::new(unsafe { Owned::of(typed) })
}

/// Spawns a job that is ready, with a handle.
pub(crate) fn spawn<T, F>(
    host: &(dyn Host + 'static),
    priority: Priority,
    closure: F,
) -> JoinHandle<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let typed = Arc::new(JobCell::new(
        Head::ready(host, priority),
        move |_: &Head| closure(),
    ));
    host.spawn(erase!(Arc::clone(&typed) => dyn Job));
    let typed = erase!(typed => dyn JobOf<T>);
    // SAFETY: (1) the job was made here.
    JoinHandle::new(unsafe { Owned::of(typed) })
}

/// A child of a group, without a handle. It is to be [spawned](Host::spawn).
pub(crate) fn child<'c>(
    host: &(dyn Host + 'static),
    group: &Arc<Group>,
    priority: Priority,
    closure: impl FnOnce(&Head) + Send + 'c,
) -> Arc<dyn Job + 'c> {
    let head = Head::of_child(host, Some(Arc::clone(group)), priority).detached();
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
        Arrival::Lost(end) => end_elsewhere(Claimed::by_arrival(job), end),
    }
}

/// Ends a claimed job where no worker is at hand to go on with what follows.
fn end_elsewhere(job: Claimed, end: End) {
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
