//! The graph as users build it.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::coarsening::Coarsening;
use crate::error::{Lint, TaskError, TaskflowError};
use crate::flow::FlowOwner;
use crate::graph::arena::Arena;
use crate::graph::node::Call;
use crate::graph::{Kind, dot, work};
use crate::module::Used;
use crate::task::{TaskHandle, TaskId, Tasks};

mod kinds;

/// A graph of tasks, to be built, run by an [`Executor`](crate::Executor) any number of times, and
/// edited between runs.
///
/// Tasks are closures; an edge says that one runs before another. Tasks may borrow whatever outlives
/// `'env`. The flow is `Send` but not `Sync`: the thread that has it edits it and starts it, so editing
/// takes no lock (share one as `Arc<Mutex<Taskflow>>`). Values that tasks borrow mutably can be read
/// again when the flow is dropped.
///
/// Memory: 32 bytes a task, 8 bytes and the captures for each closure that captures something, 4 bytes
/// an edge once it ran (8 while it is edited). The place of a removed task is used again. A task that makes
/// or gets values takes about 32 bytes more, 24 and the value for what it makes, and 8 for each that it gets
/// (16 for one that is lent).
///
/// # Examples
///
/// ```
/// use taskflow_core::{Executor, Manual, Taskflow};
///
/// let mut sum = 0;
/// {
///     let flow = Taskflow::new();
///     let number = flow.emplace(|| sum = 6 * 7).name("number");
///     let report = flow.emplace(|| {}).name("report");
///     number.precede(report);
///     let executor = Executor::<Manual>::new(1);
///     executor.run_and_wait(&flow)?;
/// }
/// assert_eq!(sum, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What a task borrows must outlive the flow:
///
/// ```compile_fail,E0597
/// use taskflow_core::Taskflow;
///
/// let flow = Taskflow::new();
/// let number = 7;
/// flow.emplace(|| assert_eq!(number, 7)); // `number` is dropped before `flow`
/// ```
///
/// and be `Send`:
///
/// ```compile_fail,E0277
/// let shared = std::rc::Rc::new(7);
/// taskflow_core::Taskflow::new().emplace(move || assert_eq!(*shared, 7));
/// ```
///
/// A flow is not shared between threads, and its handles stay where it is:
///
/// ```compile_fail,E0277
/// let flow = taskflow_core::Taskflow::new();
/// std::thread::scope(|s| { s.spawn(|| flow.emplace(|| {})); });
/// ```
///
/// ```compile_fail,E0277
/// let flow = taskflow_core::Taskflow::new();
/// let task = flow.emplace(|| {});
/// std::thread::scope(|s| { s.spawn(move || task.name("elsewhere")); });
/// ```
///
/// Lifetimes neither grow nor shrink: a flow that may borrow from one place does not pass for one that
/// may borrow from another.
///
/// ```compile_fail
/// fn shorter<'a>(flow: taskflow_core::Taskflow<'static>) -> taskflow_core::Taskflow<'a> { flow }
/// ```
pub struct Taskflow<'env> {
    owner: FlowOwner,
    /// The modules that tasks use, and maybe some that none uses any more.
    used: RefCell<Vec<Used<'env>>>,
    /// Invariant: closures that borrow from `'env` go in, and are called.
    _env: PhantomData<fn(&'env ()) -> &'env ()>,
}

impl<'env> Taskflow<'env> {
    /// An empty flow without a name. Allocates.
    #[must_use]
    pub fn new() -> Self {
        Self::with_name("")
    }

    /// An empty flow. The name is for people: errors and [`dump`](Self::dump) show it.
    #[must_use]
    pub fn with_name<'n>(name: impl Into<Cow<'n, str>>) -> Self {
        Self {
            owner: FlowOwner::new(name.into().into()),
            used: RefCell::default(),
            _env: PhantomData,
        }
    }

    /// The name given to [`with_name`](Self::with_name).
    #[must_use]
    pub fn name(&self) -> &str {
        self.owner.name()
    }

    /// Lets tasks of this flow be run in blocks, or not, which is how a flow begins. A block is run by one worker, one
    /// task after another, which takes 1 to 3 ns a task instead of 5 to 60. O(1); laying blocks out takes O(V + E)
    /// when it is done, at the end of a round, and then 4 bytes a task, 0 where edges lead forward in the order of
    /// creation and one worker runs them.
    ///
    /// It is a promise, too: **no task waits, by spinning, a lock or a channel, for a task of the flow that is not
    /// ordered before it**. In a block neither may start before the other has ended. That is why blocks are not used
    /// unasked. (Waiting for other runs is fine.)
    ///
    /// Flows with conditions, subflows, modules, runtime or async tasks, or semaphores are run without blocks. Cancelling,
    /// failing and observing are about tasks as ever; a task is told ready just before it starts.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use taskflow_core::{Coarsening, Executor, Manual, Taskflow};
    ///
    /// let mut squares = vec![0; 1000];
    /// let flow = Taskflow::new();
    /// for (number, square) in squares.iter_mut().enumerate() {
    ///     flow.emplace(move || *square = number * number);
    /// }
    /// flow.coarsen(Coarsening::Blocks(NonZeroU32::new(100).expect("a hundred")));
    /// assert_eq!(Executor::<Manual>::new(1).run_and_wait(&flow)?.tasks, 1000);
    /// drop(flow);
    /// assert_eq!(squares[999], 998_001);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn coarsen(&self, coarsening: Coarsening) {
        self.owner.coarsen(coarsening);
    }

    /// Adds a task that calls `work` each time it runs. O(1); allocates by chunks.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn emplace<F: FnMut() + Send + 'env>(&self, work: F) -> TaskHandle<'_> {
        // SAFETY: `call::<F>` calls an `F`.
        unsafe { self.add(work, work::call::<F>, Kind::Plain) }
    }

    /// Adds a task that can run once. Its flow runs one round; another is refused with
    /// [`TaskflowError::Once`].
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn emplace_once<F: FnOnce() + Send + 'env>(&self, work: F) -> TaskHandle<'_> {
        // SAFETY: `call_once::<F>` calls an `Option<F>`.
        unsafe { self.add(Some(work), work::call_once::<F>, Kind::Once) }
    }

    /// Adds a task that may give up: its `Err` stops the run, which ends with
    /// [`RunError::Failed`](crate::RunError::Failed).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, RunError, Taskflow};
    ///
    /// let flow = Taskflow::new();
    /// flow.try_emplace(|| {
    ///     "forty-two".parse::<i32>()?;
    ///     Ok(())
    /// }).name("parse");
    /// let executor = Executor::<Manual>::new(1);
    /// let error = executor.run_and_wait(&flow).unwrap_err();
    /// assert_eq!(error.to_string(), "task 0 (\"parse\") failed: invalid digit found in string");
    /// ```
    pub fn try_emplace<F>(&self, work: F) -> TaskHandle<'_>
    where
        F: FnMut() -> Result<(), TaskError> + Send + 'env,
    {
        // SAFETY: `call_fallible::<F>` calls an `F`.
        unsafe { self.add(work, work::call_fallible::<F>, Kind::Plain) }
    }

    /// Adds a task without work: a point where edges meet, or whose work comes later
    /// ([`work`](Self::work)).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn placeholder(&self) -> TaskHandle<'_> {
        let id = self
            .owner
            .edit(|graph| graph.add().map(|index| graph.id(index)));
        self.handle(id)
    }

    /// Gives a task other work than it had. Its name and edges stay; it makes no value and gets none any
    /// more, and what follows an output of it is skipped.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished; and with the panic of the old work's `drop`.
    pub fn work<F: FnMut() + Send + 'env>(&self, task: TaskHandle<'_>, work: F) {
        let id = task.id();
        let old = self.owner.edit(|graph| {
            let index = graph.find(id);
            if index.is_none() {
                graph.refuse(TaskflowError::Stale { task: id });
            }
            index.map(|index| graph.take_work(index))
        });
        if let Some(old) = old {
            self.drop_work(old);
            self.owner.edit(|graph| {
                if let Some(index) = graph.find(id) {
                    // SAFETY: (1) `call::<F>` calls an `F`. (2) `F` outlives `'env`, and `drop`
                    // clears the graph before `'env` ends.
                    unsafe { graph.put_work(index, work, work::call::<F>, Kind::Plain) };
                }
            });
        }
    }

    /// Makes the tasks run one after another, in the order given.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn linearize(&self, tasks: impl Tasks) {
        let mut before: Option<TaskId> = None;
        tasks.each(&mut |part| {
            if let Some(before) = before.replace(part.end.id()) {
                TaskHandle::new(&self.owner, before).precede(part.begin);
            }
        });
    }

    /// How many tasks there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.owner.query(crate::graph::Graph::len)
    }

    /// Whether there is no task.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The task of this identity, if it is one of this flow and was not removed.
    #[must_use]
    pub fn task(&self, id: TaskId) -> Option<TaskHandle<'_>> {
        let found = self.owner.query(|graph| graph.find(id).is_some());
        found.then(|| TaskHandle::new(&self.owner, id))
    }

    /// All tasks, in the order of their [indices](TaskId::index). O(tasks).
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskHandle<'_>> {
        let ids: Vec<_> = self
            .owner
            .query(|graph| graph.tasks().map(|index| graph.id(index)).collect());
        ids.into_iter()
            .map(|id| TaskHandle::new(&self.owner, id))
            .collect()
    }

    /// Removes a task, its edges, and its closure. Copies of the handle become stale. O(1), and O(V + E)
    /// once at the next run.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished; and with the panic of the closure's `drop`.
    pub fn remove(&self, task: TaskHandle<'_>) {
        let id = task.id();
        let old = self.owner.edit(|graph| match graph.find(id) {
            Some(index) => graph.remove(index),
            None => {
                graph.refuse(TaskflowError::Stale { task: id });
                None
            }
        });
        self.drop_work(old);
    }

    /// Removes the edge between two tasks, however often it was made. O(V + E). `false`: there is none.
    /// A task that gets a value along it may then come too early, and is skipped.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn remove_edge(&self, before: TaskHandle<'_>, after: TaskHandle<'_>) -> bool {
        self.owner.edit(
            |graph| match (graph.find(before.id()), graph.find(after.id())) {
                (Some(from), Some(to)) => graph.unlink(from, to),
                _ => false,
            },
        )
    }

    /// Removes all tasks. That no handle is left is checked by the compiler.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished; and with the panic of a closure's `drop`, after all others
    /// were dropped.
    ///
    /// # Examples
    ///
    /// ```compile_fail,E0502
    /// let mut flow = taskflow_core::Taskflow::new();
    /// let task = flow.emplace(|| {});
    /// flow.clear();
    /// task.name("gone");
    /// ```
    pub fn clear(&mut self) {
        let old = self.owner.edit(crate::graph::Graph::take_all);
        self.used.take();
        drop(old);
    }

    /// Checks the graph, as every run does before it starts anything. Gives what is odd but legal.
    /// O(V + E) after an edit, else O(1).
    ///
    /// # Errors
    ///
    /// What is wrong: a cycle, a task that depends on itself, a handle of another flow or of a removed
    /// task that was used, or too many tasks.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::Taskflow;
    ///
    /// let flow = Taskflow::new();
    /// let (hen, egg) = (flow.emplace(|| {}).name("hen"), flow.emplace(|| {}).name("egg"));
    /// hen.precede(egg).succeed(egg);
    /// assert_eq!(
    ///     flow.validate().unwrap_err().to_string(),
    ///     "tasks wait for one another in a cycle: \
    ///      task 0 (\"hen\") -> task 1 (\"egg\") -> task 0 (\"hen\"); remove one of these edges"
    /// );
    /// ```
    pub fn validate(&self) -> Result<Vec<Lint>, TaskflowError> {
        self.owner.validate()?;
        Ok(self.owner.query(crate::graph::Graph::lints))
    }

    /// Forgets that a foreign or stale handle was used, so that the flow can run again. Gives what was
    /// refused first.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn discard_refused(&self) -> Option<TaskflowError> {
        self.owner.edit(crate::graph::Graph::take_defect)
    }

    /// The graph in DOT, the language of Graphviz. Tasks are `t0`, `t1`, ... by index, labelled with
    /// their names. O(V + E).
    ///
    /// # Examples
    ///
    /// ```
    /// let flow = taskflow_core::Taskflow::with_name("diamond");
    /// let (a, b) = (flow.emplace(|| {}).name("say \"a\""), flow.emplace(|| {}));
    /// a.precede(b);
    /// assert_eq!(
    ///     flow.dump(),
    ///     "digraph \"diamond\" {\n    t0 [label=\"say \\\"a\\\"\"];\n    t1;\n    t0 -> t1;\n}\n"
    /// );
    /// ```
    #[must_use]
    pub fn dump(&self) -> String {
        self.owner.settle();
        self.owner.query(|graph| dot::text(graph, self.name()))
    }

    pub(crate) fn owner(&self) -> &FlowOwner {
        &self.owner
    }

    /// Gives the modules that tasks use; they are forgotten here.
    pub(crate) fn take_used(&self) -> Vec<Used<'env>> {
        self.used.take()
    }

    fn note_used(&self, module: Used<'env>) {
        let mut used = self.used.borrow_mut();
        if used.len() == used.capacity() {
            used.retain(Used::is_there);
            let room = used.len().max(4);
            used.reserve(room);
        }
        used.push(module);
    }

    /// # Safety
    ///
    /// 1. `call` runs a closure of type `F`.
    pub(crate) unsafe fn add<F: Send + 'env>(
        &self,
        work: F,
        call: Call,
        kind: Kind,
    ) -> TaskHandle<'_> {
        let id = self.owner.edit(|graph| {
            let index = graph.add()?;
            // SAFETY: (1) by this function's. (2) `F` outlives `'env`, and `drop` clears the graph
            // before `'env` ends.
            unsafe { graph.put_work(index, work, call, kind) };
            Some(graph.id(index))
        });
        self.handle(id)
    }

    fn handle(&self, id: Option<TaskId>) -> TaskHandle<'_> {
        let id = id.unwrap_or_else(|| TaskId::of_none(self.owner.id()));
        TaskHandle::new(&self.owner, id)
    }

    /// Drops a closure that was taken out of the graph, outside of any edit.
    fn drop_work(&self, closure: Option<NonNull<u8>>) {
        let Some(closure) = closure else {
            return;
        };
        // SAFETY: the graph gave it away as a closure that needs to be dropped.
        unsafe { Arena::drop_at(closure) };
        // SAFETY: the graph gave it away, and it is dropped now.
        self.owner.edit(|graph| unsafe { graph.reuse(closure) });
    }
}

impl Default for Taskflow<'_> {
    fn default() -> Self {
        Self::new()
    }
}

/// Closures are dropped here, in place, unless a run of a `'static` flow is unfinished: then with its
/// end. (That this is written out makes the compiler see that `'env` is used when a flow is dropped.)
impl Drop for Taskflow<'_> {
    fn drop(&mut self) {
        self.owner.abandon();
    }
}

impl fmt::Debug for Taskflow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Taskflow")
            .field("name", &self.name())
            .field("tasks", &self.len())
            .finish()
    }
}
