//! The seam: what a host must provide.

use core::cell::Cell;
use core::error::Error;
use core::fmt;
use core::num::NonZeroUsize;
use core::ptr::NonNull;
use core::time::Duration;

use crate::fork::{Fork, Strand};
use crate::panic::Panic;
use crate::runtime::Preempted;
use crate::seat::Seat;
use crate::wait::Seated;

/// What a host must provide. A wrong host can hang or slow an executor, never break memory safety.
///
/// Everything that touches threads, clocks or memory placement goes through here; `taskflow-std` has
/// one for threads, [`Manual`](crate::Manual) is the smallest. All methods may be called from any thread.
pub trait Platform: Send + Sync + 'static {
    /// Why a seat could not be started.
    type Error: Error + Send + Sync + 'static;

    /// How many workers to start when the executor was asked for 0.
    fn parallelism(&self) -> NonZeroUsize;

    /// Calls [`seat.run()`](Seat::run) on a new thread of execution, or keeps the seat and calls
    /// [`seat.step()`](Seat::step) again and again. Called once per worker when an executor is built, and
    /// later for a substitute when a task waits: a host that cannot serve a second seat of the same
    /// worker refuses that.
    ///
    /// # Errors
    ///
    /// The thread could not be had. The seat may be dropped.
    fn start(&self, seat: Seat) -> Result<(), Self::Error>;

    /// Suspends the caller until [`unpark`](Self::unpark) of `worker`, or until the time is up. Returns
    /// at once if `unpark` came before. May return early for no reason. Ids at and above the number of
    /// workers are *guests*: threads outside the pool that wait. Guest ids are used again.
    fn park(&self, worker: WorkerId, timeout: Option<Duration>);

    /// Ends the present park of `worker`, or else its next.
    fn unpark(&self, worker: WorkerId);

    /// The time since some fixed moment. Never goes back.
    fn now(&self) -> Duration;

    /// Calls `stretch`, which runs tasks until there are none or one panics, and answers a panic with
    /// its payload. A host without unwinding just calls it.
    ///
    /// # Errors
    ///
    /// The panic that left `stretch`.
    fn guard<R>(&self, stretch: impl FnOnce() -> R) -> Result<R, Panic> {
        Ok(stretch())
    }

    /// Throws a panic that [`guard`](Self::guard) has caught on the caller's stack: a join goes on with what its second closure
    /// panicked with, on whatever thread. A host that can give the payload to its unwinder does so.
    ///
    /// # Panics
    ///
    /// Always; by itself with the text of the panic alone.
    fn throw(&self, panic: Panic) -> ! {
        panic!("{panic}")
    }

    /// Calls `f` with the calling thread's own record, if the host has such a thing. Without it tasks
    /// are not known as such to the calls they make: a wait inside a task counts as one from outside.
    fn local(&self, f: &mut dyn FnMut(&Local)) {
        let _ = f;
    }

    /// How far apart two workers are: 0 if they share a cache, more the dearer it is to take work from
    /// one another. Asked once, when the executor is built.
    fn distance(&self, from: WorkerId, to: WorkerId) -> u8 {
        let _ = (from, to);
        0
    }
}

/// The number of a worker, from zero; or of a guest, from the number of workers on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkerId(u32);

impl WorkerId {
    pub(crate) fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The number.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A thread's own record, which tells the executor's calls which worker they are made on.
///
/// A host with thread-locals keeps one per thread: `thread_local! { static L: Local = const {
/// Local::new() } }`. It is neither `Send` nor `Sync`, so a record that a host hands out is of the
/// calling thread; what is in it only the core writes. A wrong record means "outside".
///
/// ```compile_fail,E0277
/// fn sent<T: Send>() {}
/// sent::<taskflow_core::Local>();
/// ```
///
/// ```compile_fail,E0277
/// fn shared<T: Sync>() {}
/// shared::<taskflow_core::Local>();
/// ```
pub struct Local {
    /// The innermost worker on this thread's stack. Not null only while
    /// [`enter`](Self::enter) is on that stack too.
    seated: Cell<Option<NonNull<Frame>>>,
    /// What the code on this thread's stack forks on, and of which executor that is. Not null only while
    /// [`on_strand`](Self::on_strand) is on that stack too.
    strand: Cell<Option<(*const (), NonNull<Strand>)>>,
}

/// A worker on a thread's stack.
struct Frame {
    worker: NonNull<dyn Seated>,
    /// The worker below it.
    outer: Option<NonNull<Frame>>,
}

impl Local {
    /// The record of a thread that is no worker.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            seated: Cell::new(None),
            strand: Cell::new(None),
        }
    }

    /// Calls `body` while this thread counts as `worker`.
    pub(crate) fn enter<R>(&self, worker: &dyn Seated, body: impl FnOnce() -> R) -> R {
        struct Leave<'l>(&'l Local, Option<NonNull<Frame>>);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.seated.set(self.1);
            }
        }
        let apart = ForksOn::of(self, None);
        let worker = NonNull::from(worker);
        // SAFETY: only the lifetime changes; `leave` takes the pointer back before `worker` ends.
        let worker: NonNull<dyn Seated> = unsafe {
            core::mem::transmute::<NonNull<dyn Seated + '_>, NonNull<dyn Seated>>(worker)
        };
        let outer = self.seated.get();
        let frame = Frame { worker, outer };
        let leave = Leave(self, self.seated.replace(Some(NonNull::from(&frame))));
        let result = body();
        drop(leave);
        drop(apart);
        result
    }

    /// Calls `body`, which forks on this.
    pub(crate) fn on_strand<R>(&self, fork: Fork<'_>, body: impl FnOnce() -> R) -> R {
        let strand = fork.strand();
        let on = ForksOn::of(self, Some((strand.identity(), NonNull::from(strand))));
        let result = body();
        drop(on);
        result
    }

    /// Calls `body`, which is no part of what this thread has forked.
    pub(crate) fn apart<R>(&self, body: impl FnOnce() -> R) -> R {
        let apart = ForksOn::of(self, None);
        let result = body();
        drop(apart);
        result
    }

    /// What the code on this thread's stack forks on, if that is of the executor with this identity. It is entered as
    /// long as that code is on the stack.
    #[inline]
    pub(crate) fn strand_of(&self, identity: *const ()) -> Option<NonNull<Strand>> {
        let (executor, strand) = self.strand.get()?;
        (executor == identity).then_some(strand)
    }

    /// Calls `look` with the innermost worker on this thread's stack.
    pub(crate) fn with<R>(&self, look: impl FnOnce(Option<&dyn Seated>) -> R) -> R {
        look(self.frame(self.seated.get()).map(|(worker, _)| worker))
    }

    /// Whether the task that the calling thread runs was told to stop; see
    /// [`Executor::checkpoint`](crate::Executor::checkpoint).
    ///
    /// # Errors
    ///
    /// It was.
    pub fn checkpoint(&self) -> Result<(), Preempted> {
        self.with(|worker| worker.map_or(Ok(()), Seated::checkpoint))
    }

    /// Whether any worker on this thread's stack is such.
    pub(crate) fn any(&self, such: impl Fn(&dyn Seated) -> bool) -> bool {
        let mut next = self.seated.get();
        while let Some((worker, outer)) = self.frame(next) {
            if such(worker) {
                return true;
            }
            next = outer;
        }
        false
    }

    /// What a frame of this thread holds.
    #[expect(
        clippy::unused_self,
        reason = "the frames live while this record is borrowed here"
    )]
    fn frame(
        &self,
        frame: Option<NonNull<Frame>>,
    ) -> Option<(&dyn Seated, Option<NonNull<Frame>>)> {
        // SAFETY: a frame is in the record, or below one that is, only while its `enter` is on this
        // thread's stack below the present call, which ends before it.
        let frame = unsafe { frame?.as_ref() };
        // SAFETY: as above; `enter` borrows the worker.
        Some((unsafe { frame.worker.as_ref() }, frame.outer))
    }
}

/// Takes back what a thread forks on.
struct ForksOn<'l> {
    local: &'l Local,
    before: Option<(*const (), NonNull<Strand>)>,
}

impl<'l> ForksOn<'l> {
    fn of(local: &'l Local, strand: Option<(*const (), NonNull<Strand>)>) -> Self {
        let before = local.strand.replace(strand);
        Self { local, before }
    }
}

impl Drop for ForksOn<'_> {
    fn drop(&mut self) {
        self.local.strand.set(self.before);
    }
}

impl Default for Local {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seated = self.seated.get().is_some();
        f.debug_struct("Local").field("seated", &seated).finish()
    }
}

/// Calls `body` once with the calling thread's record, if the host has one.
pub(crate) fn with_local<P: Platform, R>(
    platform: &P,
    body: impl FnOnce(Option<&Local>) -> R,
) -> R {
    let mut body = Some(body);
    let mut result = None;
    platform.local(&mut |local| {
        if let Some(body) = body.take() {
            result = Some(body(Some(local)));
        }
    });
    match body {
        Some(body) => body(None),
        None => result.expect("the body was called and did not unwind"),
    }
}
