//! Tasks as a user holds them: identities that travel, handles that edit.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::cancellation::CancellationToken;
use crate::error::TaskflowError;
use crate::flow::FlowOwner;
use crate::semaphore::Semaphores;

mod describing;

/// The identity of a task: stable for the life of its flow, and of no other task ever.
///
/// It borrows nothing and can be sent and stored; [`Taskflow::task`](crate::Taskflow::task) leads back
/// to a handle.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId {
    flow: u64,
    index: u32,
    generation: u32,
}

impl TaskId {
    pub(crate) fn new(flow: u64, index: u32, generation: u32) -> Self {
        Self {
            flow,
            index,
            generation,
        }
    }

    /// The identity of a task that could not be made.
    pub(crate) fn of_none(flow: u64) -> Self {
        Self::new(flow, u32::MAX, u32::MAX)
    }

    pub(crate) fn flow(self) -> u64 {
        self.flow
    }

    /// The place of the task in its flow: tasks are counted from zero in the order of their creation,
    /// and a removed task's place goes to a later one.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.index.fmt(f)
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "TaskId({}.{}.{})",
            self.flow, self.index, self.generation
        )
    }
}

/// A task of a flow, to be named and connected. `Copy`; stays on the thread that edits the flow.
///
/// A handle whose task was removed is *stale*, one of another flow *foreign*. Editing with such a
/// handle changes nothing, and the flow refuses to run, with an error that names the task (see
/// [`Taskflow::discard_refused`](crate::Taskflow::discard_refused)).
///
/// # Panics
///
/// Every method that edits panics while a run of the flow is unfinished, naming the flow.
///
/// # Examples
///
/// There are no handles of a flow that is gone:
///
/// ```compile_fail,E0505
/// let flow = taskflow_core::Taskflow::new();
/// let task = flow.emplace(|| {});
/// drop(flow);
/// task.name("whose?");
/// ```
///
/// An identity may outlive its flow, and means nothing to another one:
///
/// ```
/// let flow = taskflow_core::Taskflow::new();
/// let id = flow.emplace(|| {}).id();
/// drop(flow);
/// assert!(taskflow_core::Taskflow::new().task(id).is_none());
/// ```
#[derive(Clone, Copy)]
pub struct TaskHandle<'flow> {
    flow: &'flow FlowOwner,
    id: TaskId,
}

impl<'flow> TaskHandle<'flow> {
    pub(crate) fn new(flow: &'flow FlowOwner, id: TaskId) -> Self {
        Self { flow, id }
    }

    /// The identity, which can be sent and kept.
    #[must_use]
    pub fn id(self) -> TaskId {
        self.id
    }

    /// Names the task, for people: in errors, in [`dump`](crate::Taskflow::dump), in reports. Any text;
    /// names need not differ. Costs an allocation.
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "naming is done for its effect; the handle comes back for chaining"
    )]
    pub fn name<'n>(self, name: impl Into<Cow<'n, str>>) -> Self {
        let name = name.into();
        self.edit(|graph, index| graph.set_name(index, &name));
        self
    }

    /// The name, or the empty text.
    #[must_use]
    pub fn label(self) -> String {
        self.query(|graph, index| graph.name(index).map(String::from))
            .flatten()
            .unwrap_or_default()
    }

    /// Makes this task run before `after`: one handle, an array, a slice, a `Vec` or a tuple of them.
    /// O(1) per edge. An edge made twice counts once.
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "edges are made for their effect; the handle comes back for chaining"
    )]
    pub fn precede(self, after: impl Tasks) -> Self {
        after.each(&mut |after| self.link(self, after.begin));
        self
    }

    /// Makes this task run after `before`: one handle, an array, a slice, a `Vec` or a tuple of them.
    /// O(1) per edge. An edge made twice counts once.
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "edges are made for their effect; the handle comes back for chaining"
    )]
    pub fn succeed(self, before: impl Tasks) -> Self {
        before.each(&mut |before| self.link(before.end, self));
        self
    }

    /// How many tasks run after this one directly. O(V + E) after an edit, else O(1).
    #[must_use]
    pub fn num_successors(self) -> usize {
        self.settled(|graph, index| graph.successors(index).len())
            .unwrap_or(0)
    }

    /// How many tasks this one waits for directly. O(V + E) after an edit, else O(1).
    #[must_use]
    pub fn num_predecessors(self) -> usize {
        self.settled(|graph, index| graph.node(index).strong() as usize)
            .unwrap_or(0)
    }

    /// The tasks that run after this one directly, in the order their edges were made. O(V + E) after
    /// an edit, else O(successors).
    #[must_use]
    pub fn successors(self) -> Vec<TaskHandle<'flow>> {
        let ids = self.settled(|graph, index| {
            let successors = graph.successors(index).iter();
            successors.map(|next| graph.id(*next)).collect::<Vec<_>>()
        });
        let ids = ids.unwrap_or_default().into_iter();
        ids.map(|id| TaskHandle::new(self.flow, id)).collect()
    }

    /// Lets this runtime task start the others with [`Runtime::schedule`](crate::Runtime::schedule): weak
    /// edges, which nobody waits for.
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "edges are made for their effect; the handle comes back for chaining"
    )]
    pub fn may_schedule(self, tasks: impl Tasks) -> Self {
        tasks.each(&mut |to| self.connect(self, to.begin, crate::graph::Graph::let_schedule));
        self
    }

    /// Has this task acquire a unit of each semaphore before it runs: one, an array, a slice or a `Vec` of
    /// them. Until it has all of them it waits, without holding a worker, and keeps what it has; they are
    /// acquired in the order of their creation, whatever the order here. A task that is skipped acquires
    /// nothing.
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "semaphores are named for their effect; the handle comes back for chaining"
    )]
    pub fn acquire(self, semaphores: impl Semaphores) -> Self {
        self.edit(|graph, index| {
            semaphores.each(&mut |semaphore| graph.acquire(index, semaphore));
        });
        self
    }

    /// Has this task release a unit of each semaphore when it has ended, with all that it spawned, and also
    /// if it panicked. A task that is skipped releases nothing. More than there is: the run ends with
    /// [`RunError::SemaphoreOverflow`](crate::RunError::SemaphoreOverflow).
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "semaphores are named for their effect; the handle comes back for chaining"
    )]
    pub fn release(self, semaphores: impl Semaphores) -> Self {
        self.edit(|graph, index| {
            semaphores.each(&mut |semaphore| graph.release(index, semaphore));
        });
        self
    }

    /// Has this task cancelled when the token is, as [`TaskflowFuture::cancel_task`](crate::TaskflowFuture::cancel_task) does:
    /// in the runs that are unfinished then, in all of their rounds, and in those that are started while it is cancelled. A
    /// module, or a subflow, ends with all that is in it. The last token that is named counts.
    ///
    /// O(log n) per such task at the begin of a run; the others pay nothing.
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{CancellationToken, Executor, Manual, RunError, Taskflow};
    ///
    /// let (executor, ads) = (Executor::<Manual>::new(1), CancellationToken::new());
    /// let flow = Taskflow::new();
    /// flow.emplace(|| unreachable!("cancelled")).token(&ads);
    /// flow.emplace(|| {});
    /// ads.cancel_with("no advertisements today");
    /// let error = executor.run(&flow).wait().unwrap_err();
    /// assert!(matches!(error, RunError::Cancelled { stats, .. } if (stats.tasks, stats.skipped) == (1, 1)));
    /// ads.reset();
    /// drop(flow);
    /// ```
    #[expect(
        clippy::return_self_not_must_use,
        reason = "tokens are named for their effect; the handle comes back for chaining"
    )]
    pub fn token(self, token: &CancellationToken) -> Self {
        self.edit(|graph, index| graph.set_token(index, token));
        self
    }

    pub(crate) fn name_branch(self, name: Cow<'static, str>, to: TaskHandle<'_>) {
        self.edit(|graph, index| {
            if let Some(to) = graph.find(to.id) {
                graph.name_branch(index, name, to);
            }
        });
    }

    pub(crate) fn branch_named(self, name: &str) -> Option<TaskId> {
        let id = |graph: &crate::graph::Graph, index| {
            let to = graph.branch_named(index, name);
            to.map(|to| graph.id(to))
        };
        self.query(id).flatten()
    }

    fn link(self, from: TaskHandle<'_>, to: TaskHandle<'_>) {
        self.connect(from, to, crate::graph::Graph::link);
    }

    fn connect(
        self,
        from: TaskHandle<'_>,
        to: TaskHandle<'_>,
        connect: impl FnOnce(&mut crate::graph::Graph, u32, u32),
    ) {
        // (This task is one of the two.)
        self.flow
            .edit(|graph| match (graph.find(from.id), graph.find(to.id)) {
                (Some(from), Some(to)) => connect(graph, from, to),
                (found, _) => {
                    let missing = if found.is_some() { to.id } else { from.id };
                    self.refuse(graph, [from.id, to.id], missing);
                }
            });
    }

    /// Notes why two tasks cannot be connected, of which one is not there.
    #[cold]
    fn refuse(self, graph: &mut crate::graph::Graph, ends: [TaskId; 2], missing: TaskId) {
        let own = graph.find(self.id);
        let foreign = ends.into_iter().find(|id| id.flow() != self.id.flow());
        graph.refuse(match (own, foreign) {
            (None, _) => TaskflowError::Stale { task: self.id },
            (Some(index), Some(foreign)) => TaskflowError::Foreign {
                task: graph.label(index),
                foreign,
            },
            (Some(_), None) => TaskflowError::Stale { task: missing },
        });
    }

    /// Edits the graph at this task, or notes that the handle is stale.
    fn edit(self, change: impl FnOnce(&mut crate::graph::Graph, u32)) {
        self.flow.edit(|graph| match graph.find(self.id) {
            Some(index) => change(graph, index),
            None => graph.refuse(TaskflowError::Stale { task: self.id }),
        });
    }

    /// Looks at the graph at this task. `None` for a stale handle.
    fn query<R>(self, look: impl FnOnce(&crate::graph::Graph, u32) -> R) -> Option<R> {
        self.flow
            .query(|graph| graph.find(self.id).map(|index| look(graph, index)))
    }

    /// As `query`, with edges by source.
    fn settled<R>(self, look: impl FnOnce(&crate::graph::Graph, u32) -> R) -> Option<R> {
        self.flow.settle();
        self.query(look)
    }
}

impl fmt::Debug for TaskHandle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TaskHandle").field(&self.id).finish()
    }
}

impl PartialEq for TaskHandle<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for TaskHandle<'_> {}

mod sealed {
    pub trait Sealed {}
}
pub(crate) use sealed::Sealed;

/// A task, or what stands for several: what runs before it precedes `begin`, what runs after it follows `end`.
#[derive(Clone, Copy, Debug)]
#[doc(hidden)]
pub struct Part<'flow> {
    pub(crate) begin: TaskHandle<'flow>,
    pub(crate) end: TaskHandle<'flow>,
}

impl<'flow> Part<'flow> {
    pub(crate) fn of(task: TaskHandle<'flow>) -> Self {
        Self {
            begin: task,
            end: task,
        }
    }
}

/// One task or several: a [`TaskHandle`], a reference to one, an array, a slice, a `Vec`, or a tuple of
/// 2 to 12; also a [`Loop`](crate::Loop), which is entered at its head and left when it is done. No other
/// type can be.
pub trait Tasks: Sealed {
    /// Hands each task to `visit`, in order.
    #[doc(hidden)]
    fn each(&self, visit: &mut impl FnMut(Part<'_>));
}

impl Sealed for TaskHandle<'_> {}
impl Tasks for TaskHandle<'_> {
    fn each(&self, visit: &mut impl FnMut(Part<'_>)) {
        visit(Part::of(*self));
    }
}

impl<T: Tasks + ?Sized> Sealed for &T {}
impl<T: Tasks + ?Sized> Tasks for &T {
    fn each(&self, visit: &mut impl FnMut(Part<'_>)) {
        (**self).each(visit);
    }
}

impl<T: Tasks> Sealed for [T] {}
impl<T: Tasks> Tasks for [T] {
    fn each(&self, visit: &mut impl FnMut(Part<'_>)) {
        for tasks in self {
            tasks.each(visit);
        }
    }
}

impl<T: Tasks, const N: usize> Sealed for [T; N] {}
impl<T: Tasks, const N: usize> Tasks for [T; N] {
    fn each(&self, visit: &mut impl FnMut(Part<'_>)) {
        self.as_slice().each(visit);
    }
}

impl<T: Tasks> Sealed for Vec<T> {}
impl<T: Tasks> Tasks for Vec<T> {
    fn each(&self, visit: &mut impl FnMut(Part<'_>)) {
        self.as_slice().each(visit);
    }
}

macro_rules! tasks_of_tuples {
    ($($($name:ident)+;)+) => {$(
        impl<$($name: Tasks),+> Sealed for ($($name,)+) {}
        impl<$($name: Tasks),+> Tasks for ($($name,)+) {
            fn each(&self, visit: &mut impl FnMut(Part<'_>)) {
                #[expect(non_snake_case, reason = "one binding per type parameter")]
                let ($($name,)+) = self;
                $($name.each(visit);)+
            }
        }
    )+};
}

tasks_of_tuples! {
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
    A B C D E F G H I;
    A B C D E F G H I J;
    A B C D E F G H I J K;
    A B C D E F G H I J K L;
}
