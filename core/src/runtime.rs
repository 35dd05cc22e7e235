//! Tasks that spawn others, and start others of their graph, while they run.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use crate::cancellation::Cancelled;
use crate::error::{RunError, TaskError};
use crate::flow::{Flow, NotScheduled};
use crate::future::wait_until_done;
use crate::graph::node::{Context, Outcome};
use crate::graph::work::Work;
use crate::group::{Group, GroupScope, Held, enter};
use crate::host::Host;
use crate::job::{Head, Job, child};
use crate::mutant::mutant;
use crate::panic::Panic;
use crate::platform::WorkerId;
use crate::priority::Priority;
use crate::run::Waiter;
use crate::stats::{Failure, Suppressed};
use crate::suspension::{Hold, Suspender};
use crate::sync::Arc;
use crate::task::TaskId;
use crate::wait::Target;

/// What a runtime task can do while it runs; see
/// [`Taskflow::emplace_runtime`](crate::Taskflow::emplace_runtime).
///
/// The task is done when all that it spawned is; it holds no worker while it waits for that.
///
/// # Invariants
///
/// 1. The group is that of the task's call, which is unfinished while somebody has this.
#[repr(transparent)]
pub struct Runtime<'env> {
    group: Arc<Group>,
    /// Invariant: closures that borrow from `'env` go in.
    _env: PhantomData<fn(&'env ()) -> &'env ()>,
}

/// The call of a runtime task that a group is of.
pub(crate) struct Call {
    /// Lives as long as the call is unfinished. (No count: what is left of a job in a queue has its group, and the executor has the queue.)
    host: NonNull<dyn Host>,
    flow: Arc<Flow>,
    task: TaskId,
}

// SAFETY: the executor is shared and sent.
unsafe impl Send for Call {}
// SAFETY: as for `Send`.
unsafe impl Sync for Call {}

impl Call {
    /// The flow of the task.
    pub(crate) fn flow(&self) -> &Arc<Flow> {
        &self.flow
    }
}

/// Why a task was not started by [`Runtime::schedule`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScheduleError {
    /// No edge was declared with [`TaskHandle::may_schedule`](crate::TaskHandle::may_schedule).
    NotDeclared {
        /// The task.
        task: TaskId,
    },
    /// The task is scheduled or running already; the run ends with
    /// [`RunError::TaskRace`](crate::RunError::TaskRace).
    Running {
        /// The task.
        task: TaskId,
    },
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDeclared { task } => write!(
                f,
                "task {task} is none that this task may schedule; declare it with `may_schedule`"
            ),
            Self::Running { task } => {
                write!(f, "task {task} is scheduled or running already")
            }
        }
    }
}

impl core::error::Error for ScheduleError {}

/// A task, or the run that it is part of, was cancelled, or another task of the run has failed. Returned by the task
/// it is no failure: the task counts as cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preempted {
    reason: Option<String>,
}

impl Preempted {
    pub(crate) fn new(reason: Option<String>) -> Self {
        Self { reason }
    }

    /// The reason that was given, if one was.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

impl fmt::Display for Preempted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Some(reason) => write!(f, "the task was stopped: {reason}"),
            None => write!(f, "the task was stopped"),
        }
    }
}

impl core::error::Error for Preempted {}

impl From<Cancelled> for Preempted {
    fn from(cancelled: Cancelled) -> Self {
        Self::new(cancelled.into_reason())
    }
}

impl<'env> Runtime<'env> {
    /// Spawns a task that is part of this one. A panic of it is this task's. If the run is stopped the
    /// closure is dropped instead.
    pub fn spawn(&self, closure: impl FnOnce() + Send + 'env) {
        self.spawn_with_priority(Priority::default(), closure);
    }

    /// As [`spawn`](Self::spawn), for a [`Scheduler`](crate::Scheduler) that looks at priorities. Over one that
    /// [inherits](crate::Scheduler::inherits) it is at least as urgent as this task, if that is more than `Normal`.
    pub fn spawn_with_priority(&self, priority: Priority, closure: impl FnOnce() + Send + 'env) {
        self.spawn_part(priority, move |_| closure());
    }

    fn spawn_part(&self, priority: Priority, closure: impl FnOnce(&Head) + Send + 'env) {
        let host = self.host();
        let job = child(host, &self.group, priority, closure);
        // SAFETY: only the lifetime changes. The engine uses the closure of a job before it counts the job
        // as ended, and never afterwards. The group is done before the runtime task is
        // (`RuntimeWork::step`, `EndChildren`), the task before its run, and a run ends before 'env does.
        let job = unsafe { core::mem::transmute::<Arc<dyn Job + 'env>, Arc<dyn Job>>(job) };
        host.spawn(job);
    }

    /// As [`spawn`](Self::spawn), a task that can give up: its error is this task's, as a panic is. One that left by `?` since the
    /// run was stopped has not failed.
    pub fn try_spawn(&self, closure: impl FnOnce() -> Result<(), TaskError> + Send + 'env) {
        self.spawn(Group::giving_up(&self.group, closure));
    }

    /// As [`spawn`](Self::spawn), with a closure that spawns in turn: what it spawns is part of this task
    /// too.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::sync::atomic::{AtomicU32, Ordering};
    /// use taskflow_core::{Executor, Manual, Runtime, Taskflow};
    ///
    /// fn fibonacci<'env>(rt: &Runtime<'env>, n: u32, sum: &'env AtomicU32) {
    ///     if n < 2 {
    ///         sum.fetch_add(n, Ordering::Relaxed);
    ///     } else {
    ///         rt.spawn_with(move |rt| fibonacci(rt, n - 1, sum));
    ///         rt.spawn_with(move |rt| fibonacci(rt, n - 2, sum));
    ///     }
    /// }
    ///
    /// let sum = AtomicU32::new(0);
    /// let flow = Taskflow::new();
    /// flow.emplace_runtime(|rt| fibonacci(rt, 10, &sum));
    /// Executor::<Manual>::new(1).run_and_wait(&flow)?;
    /// assert_eq!(sum.load(Ordering::Relaxed), 55);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn spawn_with(&self, closure: impl FnOnce(&Self) + Send + 'env) {
        self.spawn_part(Priority::default(), move |child| {
            // SAFETY: the group is this one, and the child is unfinished.
            closure(unsafe { Self::of(child.group_of_child()) });
        });
    }

    /// Calls `body` with a group whose tasks may borrow from the caller, and waits until all of them have
    /// ended, also when `body` panics. The wait runs the group's tasks and no others. (On a host that has no
    /// thread-local record it needs the seat of another worker that sleeps; see
    /// [`Manual`](crate::Manual).)
    ///
    /// # Errors
    ///
    /// [`RunError::Panicked`] or [`RunError::Failed`] with the first failure of a task, or [`RunError::Cancelled`]. The result of
    /// `body` is dropped then.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let flow = Taskflow::new();
    /// flow.try_emplace_runtime(|rt| {
    ///     let mut halves = [0, 0];
    ///     let [left, right] = &mut halves;
    ///     rt.group(|group| {
    ///         group.spawn(|| *left = 20);
    ///         group.spawn(|| *right = 22);
    ///     })?;
    ///     assert_eq!(halves.iter().sum::<i32>(), 42);
    ///     Ok(())
    /// });
    /// Executor::<Manual>::new(2).run_and_wait(&flow)?;
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn group<'outer, R>(
        &self,
        body: impl for<'scope> FnOnce(&'scope GroupScope<'scope, 'outer>) -> R,
    ) -> Result<R, RunError> {
        let Call { flow, task, .. } = self.call();
        let held = Held::new(flow);
        let result = enter(self.host().keep(), |group| {
            held.reach(*task, group.shared());
            group.group().raise(self.group.level());
            body(group)
        });
        drop(held);
        result
    }

    /// Starts a task of the same graph now, whatever it waits for: one that this task
    /// [may schedule](crate::TaskHandle::may_schedule).
    ///
    /// # Errors
    ///
    /// It may not, or the task is running; nothing was started.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let mut called = false;
    /// {
    ///     let flow = Taskflow::new();
    ///     let extra = flow.emplace(|| called = true);
    ///     let id = extra.id();
    ///     let chooser = flow.emplace_runtime(move |rt| rt.schedule(id).expect("it was declared"));
    ///     chooser.may_schedule(extra);
    ///     Executor::<Manual>::new(1).run_and_wait(&flow)?;
    /// }
    /// assert!(called);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn schedule(&self, task: TaskId) -> Result<(), ScheduleError> {
        let call = self.call();
        // SAFETY: the runtime task is unfinished (invariant 1).
        match unsafe { call.flow.schedule(call.task.index(), task) } {
            Ok(reference) => {
                self.host().resume(reference);
                Ok(())
            }
            Err(NotScheduled::Unknown) => Err(ScheduleError::NotDeclared { task }),
            Err(NotScheduled::Active) => Err(ScheduleError::Running { task }),
        }
    }

    /// Whether this task, or the run that it is part of, was cancelled, or the run has failed. A task that takes
    /// long asks.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        let Call { flow, .. } = self.call();
        self.group.is_cancelled()
            || flow.attention() != 0
                // SAFETY: the runtime task is unfinished (invariant 1).
                && (flow.is_stopped() || unsafe { flow.is_over(self.host()) })
    }

    /// As [`is_cancelled`](Self::is_cancelled), to be left by `?`.
    ///
    /// # Errors
    ///
    /// The run was stopped.
    pub fn check(&self) -> Result<(), Preempted> {
        if self.is_cancelled() {
            let Call { flow, task, .. } = self.call();
            return Err(Preempted::new(flow.stop_reason(*task)));
        }
        Ok(())
    }

    /// The worker that makes the call, as far as the platform can tell.
    #[must_use]
    pub fn worker(&self) -> Option<WorkerId> {
        self.host().current_worker()
    }

    pub(crate) fn host(&self) -> &(dyn Host + 'static) {
        // SAFETY: the call is unfinished (invariant 1), and so is the run that it is part of.
        unsafe { self.call().host.as_ref() }
    }

    fn call(&self) -> &Call {
        self.group.call().expect("the group is that of a call")
    }

    /// What the closures of a call are given.
    ///
    /// # Safety
    ///
    /// 1. The group is of the call of a runtime task whose closure may borrow from `'env`.
    /// 2. That is unfinished while the reference is used.
    unsafe fn of(group: &Arc<Group>) -> &Self {
        let runtime: *const Self = ptr::from_ref(group).cast();
        // SAFETY: the type has nothing but the group, and (1) and (2) are its invariant.
        unsafe { &*runtime }
    }
}

impl fmt::Debug for Runtime<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}

/// A runtime task.
pub(crate) struct RuntimeWork<'env, F> {
    body: F,
    suspender: Suspender,
    group: Option<Arc<Group>>,
    /// How the closure ended, kept until its children have.
    failure: Option<Failure>,
    _env: PhantomData<fn(&'env ()) -> &'env ()>,
}

impl<F> RuntimeWork<'_, F> {
    pub(crate) fn new(body: F) -> Self {
        Self {
            body,
            suspender: Suspender::default(),
            group: None,
            failure: None,
            _env: PhantomData,
        }
    }

    /// The children have ended, or there are none.
    fn end(&mut self, context: &mut Context<'_>, group: &Group) -> Outcome {
        self.suspender.end(context);
        let own = self.failure.take().map(|failure| Suppressed {
            task: None,
            failure,
        });
        context.failures.extend(own);
        let outcome = group.take_outcome();
        let unfailed = match &outcome {
            Ok(()) => Outcome::Done,
            Err(_) => Outcome::Cancelled,
        };
        if let Err(error) = outcome {
            let mut failures = error.into_failures();
            for failed in &mut failures {
                failed.task = None;
            }
            context.failures.extend(failures);
        }
        if context.failures.is_empty() {
            unfailed
        } else {
            Outcome::Failed
        }
    }
}

/// Ends what was spawned if the host lets a panic through, to catch it further out.
struct EndChildren<'w, 'c>(&'w mut Suspender, &'w Context<'c>, &'w Arc<Group>);

impl Drop for EndChildren<'_, '_> {
    fn drop(&mut self) {
        self.2.cancel(None);
        wait_until_done(Target::Group(self.2), &self.1.caller.host(), None);
        self.0.let_go(self.1);
    }
}

impl<'env, F> Work for RuntimeWork<'env, F>
where
    F: FnMut(&Runtime<'env>) -> Option<Result<(), TaskError>>,
{
    fn step(&mut self, context: &mut Context<'_>) -> Outcome {
        if let Some(group) = self.group.take() {
            self.suspender.resume(context);
            if group.is_done() {
                return self.end(context, &group);
            }
            self.group = Some(group);
            self.suspender.wait_on(context);
            return Outcome::Pending;
        }
        if context.stopped {
            return Outcome::Skipped;
        }
        let flow = context.caller.flow().keep();
        let mut holders = Vec::new();
        flow.add_holders(&mut holders);
        let host = context.caller.host();
        let call = Call {
            host: NonNull::from(&*host),
            flow,
            task: context.caller.task(),
        };
        let group = Group::of_call(holders, call);
        if !mutant!("runtime_not_reached") {
            let hold = Hold::Group(Arc::clone(&group));
            self.suspender.hold(context, hold);
        }
        // (Who raises the task from here on finds the group.)
        group.raise(host.floor_in(context.caller.reference()));
        // A panic does not leave here before what was spawned, which may borrow, has ended.
        let mut result = None;
        let body = &mut self.body;
        let let_through = EndChildren(&mut self.suspender, context, &group);
        // SAFETY: it is the group of this call, which ends below.
        let runtime = unsafe { Runtime::of(&group) };
        let called: Result<(), Panic> = host.guard(&mut || result = Some(body(runtime)));
        core::mem::forget(let_through);
        self.failure = match (called, result) {
            (Err(panic), _) => Some(Failure::Panicked(panic)),
            (Ok(()), Some(Some(Err(error)))) => Some(Failure::Failed(error)),
            (Ok(()), Some(Some(Ok(())))) => None,
            // An input is missing.
            (Ok(()), Some(None) | None) => {
                self.suspender.let_go(context);
                return Outcome::Skipped;
            }
        };
        if self.failure.is_some() {
            // What it began is not wanted any more.
            group.cancel(None);
        }
        let suspension = self.suspender.begin(context);
        if !group.set_waiter(Waiter::Parent(suspension)) {
            return self.end(context, &group);
        }
        self.suspender.wait_on(context);
        self.group = Some(group);
        Outcome::Pending
    }
}
