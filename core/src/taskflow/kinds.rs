//! Tasks that are more than a closure to be called: conditions, loops, subflows, modules.

use core::future::Future;

use super::Taskflow;
use crate::async_task::AsyncWork;
use crate::condition::{Branch, ConditionalHandle, IntoBranch, Loop};
use crate::error::{TaskError, TaskflowError};
use crate::graph::work::{self, Work};
use crate::graph::{Graph, Kind};
use crate::module::{Module, ModuleWork};
use crate::runtime::{Runtime, RuntimeWork};
use crate::subflow::{Subflow, SubflowWork};
use crate::task::{TaskHandle, Tasks};

impl<'env> Taskflow<'env> {
    /// Adds a task that chooses which successor runs: the one whose number, in the order in which its edges
    /// were made, the closure returns. A number that no edge has chooses none. The successor starts at once,
    /// whatever else it waits for, and may be one that ran before: that is a loop.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let mut passes = 0;
    /// {
    ///     let flow = Taskflow::new();
    ///     let start = flow.placeholder();
    ///     let body = flow.emplace(|| passes += 1);
    ///     let mut left = 10;
    ///     let again = flow.emplace_condition(move || {
    ///         left -= 1;
    ///         if left > 0 { 0 } else { 1 }
    ///     });
    ///     start.precede(body);
    ///     body.precede(again);
    ///     again.precede(body);
    ///     Executor::<Manual>::new(1).run_and_wait(&flow)?;
    /// }
    /// assert_eq!(passes, 10);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn emplace_condition<F, B>(&self, choose: F) -> ConditionalHandle<'_>
    where
        F: FnMut() -> B + Send + 'env,
        B: IntoBranch,
    {
        // SAFETY: `choose::<F, B>` calls an `F`.
        let task = unsafe { self.add(choose, work::choose::<F, B>, Kind::Condition) };
        ConditionalHandle::new(task)
    }

    /// As [`emplace_condition`](Self::emplace_condition), for any number of successors. One that is chosen
    /// twice starts once. Allocates when it chooses more than one.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn emplace_multi_condition<F, I>(&self, choose: F) -> ConditionalHandle<'_>
    where
        F: FnMut() -> I + Send + 'env,
        I: IntoIterator<Item: IntoBranch>,
    {
        // SAFETY: `choose_several::<F, I>` calls an `F`.
        let task = unsafe { self.add(choose, work::choose_several::<F, I>, Kind::Condition) };
        ConditionalHandle::new(task)
    }

    /// Makes a loop: asks `again` before each pass, and runs the tasks of `body`, one after another, as long
    /// as it says `true`.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let mut numbers = Vec::new();
    /// {
    ///     let flow = Taskflow::new();
    ///     let mut next = 0..3;
    ///     let mut count = 0;
    ///     let body = flow.emplace(move || { let _ = next.next(); });
    ///     let again = flow.repeat_while(move || { count += 1; count <= 3 }, body);
    ///     let after = flow.emplace(|| numbers.push(3));
    ///     again.done().precede(after);
    ///     let start = flow.placeholder();
    ///     start.precede(again.head());
    ///     Executor::<Manual>::new(1).run_and_wait(&flow)?;
    /// }
    /// assert_eq!(numbers, [3]);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn repeat_while<P>(&self, mut again: P, body: impl Tasks) -> Loop<'_>
    where
        P: FnMut() -> bool + Send + 'env,
    {
        let condition = self.emplace_condition(move || Branch::index(usize::from(!again())));
        let (mut first, mut last): (Option<_>, Option<_>) = (None, None);
        body.each(&mut |part| {
            first.get_or_insert(part.begin.id());
            if let Some(before) = last.replace(part.end.id()) {
                TaskHandle::new(self.owner(), before).precede(part.begin);
            }
        });
        let handle = |id| TaskHandle::new(self.owner(), id);
        let head = self.placeholder();
        let done = self.placeholder();
        head.precede(condition);
        if let (Some(first), Some(last)) = (first, last) {
            // The way back is a branch too: nobody waits for it before the first pass.
            let back = self.emplace_condition(|| 0usize);
            handle(last).precede(back);
            back.precede(condition);
            condition.branch("again", handle(first));
        } else {
            condition.branch("again", condition.task());
        }
        condition.branch("done", done);
        Loop { head, done }
    }

    /// Adds a task that builds a graph each time it runs, with the methods of a flow. What it built starts
    /// when the closure returns, and the task is done when all of that is; it holds no worker meanwhile.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::sync::atomic::{AtomicU32, Ordering};
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let sum = AtomicU32::new(0);
    /// let flow = Taskflow::new();
    /// let parts = flow.emplace_subflow(|parts| {
    ///     for number in 1..=4 {
    ///         let sum = &sum;
    ///         parts.emplace(move || { sum.fetch_add(number, Ordering::Relaxed); });
    ///     }
    /// });
    /// parts.precede(flow.emplace(|| assert_eq!(sum.load(Ordering::Relaxed), 10)));
    /// let stats = Executor::<Manual>::new(1).run_and_wait(&flow)?;
    /// assert_eq!(stats.tasks, 6);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn emplace_subflow<F>(&self, mut build: F) -> TaskHandle<'_>
    where
        F: FnMut(&mut Subflow<'_, 'env>) + Send + 'env,
    {
        self.add_suspending(SubflowWork::<'env, _>::new(
            move |subflow: &mut Subflow<'_, 'env>| {
                build(subflow);
                Some(Ok(()))
            },
        ))
    }

    /// As [`emplace_subflow`](Self::emplace_subflow), with a closure that may give up: then what it built
    /// does not run, unless it was [joined](Subflow::join).
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn try_emplace_subflow<F>(&self, mut build: F) -> TaskHandle<'_>
    where
        F: FnMut(&mut Subflow<'_, 'env>) -> Result<(), TaskError> + Send + 'env,
    {
        self.add_suspending(SubflowWork::<'env, _>::new(
            move |subflow: &mut Subflow<'_, 'env>| Some(build(subflow)),
        ))
    }

    /// Adds a task that spawns others, or starts others of its graph, while it runs. It is done when all that
    /// it spawned is.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::sync::atomic::{AtomicU32, Ordering};
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let sum = AtomicU32::new(0);
    /// let flow = Taskflow::new();
    /// let parts = flow.emplace_runtime(|rt| {
    ///     for number in 1..=4 {
    ///         let sum = &sum;
    ///         rt.spawn(move || { sum.fetch_add(number, Ordering::Relaxed); });
    ///     }
    /// });
    /// parts.precede(flow.emplace(|| assert_eq!(sum.load(Ordering::Relaxed), 10)));
    /// Executor::<Manual>::new(1).run_and_wait(&flow)?;
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn emplace_runtime<F>(&self, mut body: F) -> TaskHandle<'_>
    where
        F: FnMut(&Runtime<'env>) + Send + 'env,
    {
        self.add_runtime(move |runtime| {
            body(runtime);
            Some(Ok(()))
        })
    }

    /// As [`emplace_runtime`](Self::emplace_runtime), with a closure that may give up: then what it spawned
    /// and has not begun is dropped.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn try_emplace_runtime<F>(&self, mut body: F) -> TaskHandle<'_>
    where
        F: FnMut(&Runtime<'env>) -> Result<(), TaskError> + Send + 'env,
    {
        self.add_runtime(move |runtime| Some(body(runtime)))
    }

    fn add_runtime<F>(&self, body: F) -> TaskHandle<'_>
    where
        F: FnMut(&Runtime<'env>) -> Option<Result<(), TaskError>> + Send + 'env,
    {
        self.add_suspending(RuntimeWork::<'env, F>::new(body))
    }

    /// Adds a task that is a future, made anew each time it runs. While it is pending it holds no worker; any
    /// waker, on any thread, resumes it. Needs no runtime, and works under one (timers and sockets of Tokio
    /// need its context: see `taskflow-std`). A stopped run drops the future.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::sync::atomic::{AtomicU32, Ordering};
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let sum = AtomicU32::new(0);
    /// let flow = Taskflow::new();
    /// flow.emplace_async(|| async {
    ///     let part = async { 6 * 7 }.await;
    ///     sum.fetch_add(part, Ordering::Relaxed);
    /// });
    /// Executor::<Manual>::new(1).run_and_wait(&flow)?;
    /// assert_eq!(sum.load(Ordering::Relaxed), 42);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn emplace_async<F, Fut>(&self, mut make: F) -> TaskHandle<'_>
    where
        F: FnMut() -> Fut + Send + 'env,
        Fut: Future<Output = ()> + Send + 'env,
    {
        self.try_emplace_async(move || {
            let future = make();
            async {
                future.await;
                Ok(())
            }
        })
    }

    /// As [`emplace_async`](Self::emplace_async), with a future that may give up.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn try_emplace_async<F, Fut>(&self, mut make: F) -> TaskHandle<'_>
    where
        F: FnMut() -> Fut + Send + 'env,
        Fut: Future<Output = Result<(), TaskError>> + Send + 'env,
    {
        self.add_suspending(AsyncWork::new(move || Some(make())))
    }

    /// Adds a task that is a use of the module: it runs the module's graph. Uses of one module take turns.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished.
    pub fn composed_of(&self, module: &Module<'env>) -> TaskHandle<'_> {
        let task = self.add_suspending(ModuleWork::new(module));
        self.note_used(module.used());
        if let Err(error) = module.validate() {
            let id = task.id();
            self.owner().edit(|graph: &mut Graph| {
                if let Some(index) = graph.find(id) {
                    let task = graph.label(index);
                    // What is wrong deep down is told without all that is around it.
                    let error = match error {
                        TaskflowError::Module { error, .. } => error,
                        other => other.into(),
                    };
                    graph.refuse(TaskflowError::Module { task, error });
                }
            });
        }
        task
    }

    /// As [`add_suspending`](Self::add_suspending), with work that is called again after a panic of it.
    pub(crate) fn add_lasting<W: Work + Send + 'env>(&self, work: W) -> TaskHandle<'_> {
        // SAFETY: `step::<W>` calls a `W`.
        unsafe { self.add(work, work::step::<W>, Kind::Lasting) }
    }

    pub(crate) fn add_suspending<W: Work + Send + 'env>(&self, work: W) -> TaskHandle<'_> {
        // SAFETY: `step::<W>` calls a `W`.
        unsafe { self.add(work, work::step::<W>, Kind::Suspending) }
    }
}
