//! Tasks with inputs that are more than a closure to be called.

use core::future::Future;

use super::With;
use super::inputs::{Inputs, Lend, with_inputs};
use crate::async_task::AsyncWork;
use crate::condition::{ConditionalHandle, IntoBranch};
use crate::error::TaskError;
use crate::graph::Kind;
use crate::graph::node::{Context, Outcome};
use crate::runtime::{Runtime, RuntimeWork};
use crate::subflow::{Subflow, SubflowWork};
use crate::task::TaskHandle;

impl<'flow, 'env, I: Inputs<'env>> With<'flow, 'env, I> {
    /// Adds a condition that gets the inputs, as [`Taskflow::emplace_condition`](crate::Taskflow::emplace_condition). It
    /// chooses nothing when one is missing.
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let mut odd = false;
    /// {
    ///     let flow = Taskflow::new();
    ///     let number = flow.produce(|| 7);
    ///     let kind = flow.with(number).emplace_condition(|number| number % 2 == 1);
    ///     kind.precede([flow.emplace(|| {}), flow.emplace(|| odd = true)]);
    ///     Executor::<Manual>::new(1).run_and_wait(&flow)?;
    /// }
    /// assert!(odd);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn emplace_condition<F, B>(self, mut choose: F) -> ConditionalHandle<'flow>
    where
        F: for<'a> FnMut(<I::Ends as Lend<'a>>::Arg) -> B + Send + 'env,
        B: IntoBranch,
    {
        let (id, ends) = self.flow.connect(self.inputs);
        if let Some(mut ends) = ends {
            self.flow.add_work(id, Kind::Condition, |_, _| {
                move |context: &mut Context<'_>| match with_inputs(&mut ends, &mut choose) {
                    None => Outcome::Skipped,
                    Some(branch) => {
                        context.choices.push(branch.into_branch());
                        Outcome::Branched
                    }
                }
            });
        }
        ConditionalHandle::new(TaskHandle::new(self.flow.owner(), id))
    }

    /// Adds a condition that gets the inputs and chooses any number of successors, as
    /// [`Taskflow::emplace_multi_condition`](crate::Taskflow::emplace_multi_condition).
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    pub fn emplace_multi_condition<F, B>(self, mut choose: F) -> ConditionalHandle<'flow>
    where
        F: for<'a> FnMut(<I::Ends as Lend<'a>>::Arg) -> B + Send + 'env,
        B: IntoIterator<Item: IntoBranch>,
    {
        let (id, ends) = self.flow.connect(self.inputs);
        if let Some(mut ends) = ends {
            self.flow.add_work(id, Kind::Condition, |_, _| {
                move |context: &mut Context<'_>| match with_inputs(&mut ends, &mut choose) {
                    None => Outcome::Skipped,
                    Some(branches) => {
                        let branches = branches.into_iter().map(IntoBranch::into_branch);
                        context.choices.extend(branches);
                        Outcome::Branched
                    }
                }
            });
        }
        ConditionalHandle::new(TaskHandle::new(self.flow.owner(), id))
    }

    /// Adds a task that gets the inputs and builds a graph, as
    /// [`Taskflow::emplace_subflow`](crate::Taskflow::emplace_subflow).
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::sync::atomic::{AtomicU32, Ordering};
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let sum = AtomicU32::new(0);
    /// let flow = Taskflow::new();
    /// let parts = flow.produce(|| vec![1, 2, 3]);
    /// flow.with(parts).emplace_subflow(|subflow, parts| {
    ///     for part in parts {
    ///         let sum = &sum;
    ///         subflow.emplace(move || { sum.fetch_add(part, Ordering::Relaxed); });
    ///     }
    /// });
    /// Executor::<Manual>::new(1).run_and_wait(&flow)?;
    /// assert_eq!(sum.load(Ordering::Relaxed), 6);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn emplace_subflow<F>(self, mut build: F) -> TaskHandle<'flow>
    where
        F: for<'a> FnMut(&mut Subflow<'_, 'env>, <I::Ends as Lend<'a>>::Arg) + Send + 'env,
    {
        self.try_emplace_subflow(move |subflow, inputs| {
            build(subflow, inputs);
            Ok(())
        })
    }

    /// As [`emplace_subflow`](Self::emplace_subflow), with a closure that may give up.
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    pub fn try_emplace_subflow<F>(self, mut build: F) -> TaskHandle<'flow>
    where
        F: for<'a> FnMut(
                &mut Subflow<'_, 'env>,
                <I::Ends as Lend<'a>>::Arg,
            ) -> Result<(), TaskError>
            + Send
            + 'env,
    {
        let (id, ends) = self.flow.connect(self.inputs);
        if let Some(mut ends) = ends {
            self.flow.add_work(id, Kind::Suspending, |_, _| {
                SubflowWork::<'env, _>::new(move |subflow: &mut Subflow<'_, 'env>| {
                    with_inputs(&mut ends, |inputs| build(subflow, inputs))
                })
            });
        }
        TaskHandle::new(self.flow.owner(), id)
    }

    /// Adds a task that gets the inputs and spawns others, as
    /// [`Taskflow::emplace_runtime`](crate::Taskflow::emplace_runtime).
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    pub fn emplace_runtime<F>(self, mut body: F) -> TaskHandle<'flow>
    where
        F: for<'a> FnMut(&Runtime<'env>, <I::Ends as Lend<'a>>::Arg) + Send + 'env,
    {
        self.try_emplace_runtime(move |runtime, inputs| {
            body(runtime, inputs);
            Ok(())
        })
    }

    /// As [`emplace_runtime`](Self::emplace_runtime), with a closure that may give up.
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    pub fn try_emplace_runtime<F>(self, mut body: F) -> TaskHandle<'flow>
    where
        F: for<'a> FnMut(&Runtime<'env>, <I::Ends as Lend<'a>>::Arg) -> Result<(), TaskError>
            + Send
            + 'env,
    {
        let (id, ends) = self.flow.connect(self.inputs);
        if let Some(mut ends) = ends {
            self.flow.add_work(id, Kind::Suspending, |_, _| {
                RuntimeWork::<'env, _>::new(move |runtime: &Runtime<'env>| {
                    with_inputs(&mut ends, |inputs| body(runtime, inputs))
                })
            });
        }
        TaskHandle::new(self.flow.owner(), id)
    }

    /// Adds a task that makes a future of the inputs, as
    /// [`Taskflow::emplace_async`](crate::Taskflow::emplace_async). What is lent is there for the closure, not for
    /// the future.
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    pub fn emplace_async<F, Fut>(self, mut make: F) -> TaskHandle<'flow>
    where
        F: for<'a> FnMut(<I::Ends as Lend<'a>>::Arg) -> Fut + Send + 'env,
        Fut: Future<Output = ()> + Send + 'env,
    {
        self.try_emplace_async(move |inputs| {
            let future = make(inputs);
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
    /// While a run of the flow is unfinished.
    pub fn try_emplace_async<F, Fut>(self, mut make: F) -> TaskHandle<'flow>
    where
        F: for<'a> FnMut(<I::Ends as Lend<'a>>::Arg) -> Fut + Send + 'env,
        Fut: Future<Output = Result<(), TaskError>> + Send + 'env,
    {
        let (id, ends) = self.flow.connect(self.inputs);
        if let Some(mut ends) = ends {
            self.flow.add_work(id, Kind::Suspending, |_, _| {
                AsyncWork::new(move || with_inputs(&mut ends, &mut make))
            });
        }
        TaskHandle::new(self.flow.owner(), id)
    }
}
