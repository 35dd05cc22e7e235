//! What runs next: the policies of executors, and what they are made of.
//!
//! ```text
//!   becomes ready ──► Ready ──► push ──► the policy's ──► pop(Want) ──► Ready ──► a worker runs it
//!                       │                                                 │
//!                       └── dropped: the run ends with `Lost`             └── not wanted: to the injector
//! ```
//!
//! An executor with a policy takes no short cut: each task that becomes ready is a token that is pushed, and whoever has
//! nothing in hand pops one. The engine's own queues are then for what is no task (the root of a run) and for what was
//! popped already and is only on its way to a worker.

use alloc::vec::Vec;

use crate::platform::WorkerId;

mod batch;
mod dynamic;
mod fifo;
mod instead;
mod lift;
mod priority;
mod ready;
mod round_robin;
mod seam;
mod shards;
mod work_stealing;

pub(crate) use batch::Batch;
pub use dynamic::{
    DynamicPriorityScheduler, EscalationPolicy, PriorityError, PriorityHandle,
    SharedDynamicScheduler,
};
pub use fifo::FifoScheduler;
pub(crate) use instead::instead_of_queues;
pub use lift::Lift;
pub use priority::PriorityScheduler;
pub(crate) use ready::{Deadline, Tag, Tagged};
pub use ready::{FlowKey, Ready, Want};
pub use round_robin::RoundRobinScheduler;
pub(crate) use seam::{Entry, Erased, Policy};
pub use work_stealing::WorkStealing;

/// Decides which of the ready tasks of an executor run next; see [`Builder::scheduler`](crate::Builder::scheduler).
///
/// Each task that becomes ready is [pushed](Self::push) once, and whoever is to run one [pops](Self::pop) it. The root of a run,
/// which makes its first tasks ready, is no task and comes in between. Nested graphs, tasks that were suspended, and
/// spawned tasks go the same way; only a task that waits for a handle takes what that needs of spawned tasks without asking.
///
/// Both are called on workers and by threads that start something, from many at once, in the middle of the engine's work. So
/// they must not wait for anything of the same executor, which might hang it, and should be short. A panic of one is caught:
/// what it had in hand is lost.
///
/// # What a policy can do wrong
///
/// No policy breaks memory safety or has a task run twice:
///
/// - A [token](Ready) cannot be cloned or made, so it cannot be given back twice. One that is dropped ends its run with
///   [`RunError::Lost`](crate::RunError::Lost).
/// - One that is popped from another executor's policy is dropped, and so lost.
/// - One that was not [wanted](Want) is not run by the wait that did not want it, but left to workers, before all that is
///   pushed.
/// - One that is kept for ever, or forgotten, hangs its run; the workers sleep.
/// - A pop that gives `None` while there is something that is wanted may hang it too: a worker that gets nothing goes to sleep.
///   When the push of a task has returned, every pop that begins later must find it.
///
/// # Examples
///
/// The newest task first, with one lock for all workers:
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use taskflow_core::{Builder, Manual, Ready, Scheduler, Taskflow, Want, WorkerId};
///
/// #[derive(Default)]
/// struct NewestFirst(Mutex<Vec<Ready>>);
///
/// impl Scheduler for NewestFirst {
///     type Local = ();
///
///     fn local(&self, _: WorkerId) {}
///
///     fn push(&self, _: Option<&mut ()>, task: Ready) {
///         self.0.lock().unwrap().push(task);
///     }
///
///     fn pop(&self, _: &mut (), want: Want<'_>) -> Option<Ready> {
///         let mut ready = self.0.lock().unwrap();
///         let place = ready.iter().rposition(|task| want.accepts(task))?;
///         Some(ready.remove(place))
///     }
/// }
///
/// let executor = Builder::new(Manual::new()).workers(1).scheduler(NewestFirst::default()).build()?;
/// let order = Arc::new(Mutex::new(Vec::new()));
/// let flow = Taskflow::new();
/// for number in 0..3 {
///     let order = Arc::clone(&order);
///     flow.emplace(move || order.lock().unwrap().push(number));
/// }
/// executor.run(&flow).wait()?;
/// assert_eq!(*order.lock().unwrap(), [2, 1, 0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Scheduler: Send + Sync + 'static {
    /// What is one worker's. It is lent to one call at a time.
    type Local: Send;

    /// The part of a worker. Called once for each, from the first on, before anything is pushed.
    fn local(&self, worker: WorkerId) -> Self::Local;

    /// Takes a task that has become ready. `local` is that of the worker that made it ready; `None`: a thread that has no seat
    /// did, or the part of the worker is in use.
    fn push(&self, local: Option<&mut Self::Local>, task: Ready);

    /// Gives the task that the worker is to run next: one that is wanted. `None`: there is none.
    fn pop(&self, local: &mut Self::Local, want: Want<'_>) -> Option<Ready>;

    /// Whether tasks are to count as urgent as what waits for them: what comes after them in their graph, tasks that wait for the graph that
    /// they are part of, and those that wait for units of a semaphore that they are to release. Asked once, when the executor is built. If not,
    /// [`Ready::priority`] is what was said of the task itself.
    fn inherits(&self) -> bool {
        false
    }

    /// Whether it asks where tasks stand.
    #[doc(hidden)]
    fn tracks(&self) -> bool {
        self.inherits()
    }

    /// Tasks have become more or less urgent since others that wait for them came or went, if the policy [inherits](Self::inherits). Whatever
    /// tokens of theirs are here are to be given that by [`Lift::apply`], and queued anew where it says that they were changed. A push that begins
    /// after this has returned knows already. To be protected by the locks that guard what was pushed: a pass over the
    /// queues that misses a push must come before that.
    fn reorder(&self, lift: &Lift<'_>) {
        let _ = lift;
    }

    /// Whether tasks of one flow that are equally urgent may stay with the workers that made them ready, each of which runs them in the order in
    /// which they became ready, while nothing else is. Asked once.
    #[doc(hidden)]
    fn lends(&self) -> bool {
        false
    }

    /// Lends all that is here, in order: `true`. If that is more than so much, or not all of it is wanted and equally urgent, or if this is no policy
    /// that [lends](Self::lends), whatever was put into `lent` comes [back](Self::take_back), from the last on.
    #[doc(hidden)]
    fn lend(
        &self,
        local: &mut Self::Local,
        want: Want<'_>,
        most: usize,
        lent: &mut Vec<Ready>,
    ) -> bool {
        let _ = (local, want, most, lent);
        false
    }

    /// Takes a task that was lent and is to come before all others that are as urgent.
    #[doc(hidden)]
    fn take_back(&self, local: Option<&mut Self::Local>, task: Ready) {
        self.push(local, task);
    }

    /// Whether the engine's own queues do what this policy does.
    #[doc(hidden)]
    fn is_built_in(&self) -> bool {
        false
    }
}
