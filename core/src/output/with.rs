//! A task of any kind that gets inputs.

use core::fmt;

use super::inputs::{Inputs, Lend, with_inputs};
use crate::error::TaskError;
use crate::graph::node::{Context, Outcome};
use crate::stats::Failure;
use crate::task::TaskHandle;
use crate::taskflow::Taskflow;

/// Inputs on the way to a task. From [`Taskflow::with`].
///
/// Nothing is added to the flow before one of the methods is called.
#[must_use]
pub struct With<'flow, 'env, I> {
    pub(super) flow: &'flow Taskflow<'env>,
    pub(super) inputs: I,
}

impl<'flow, 'env, I: Inputs<'env>> With<'flow, 'env, I> {
    pub(super) fn new(flow: &'flow Taskflow<'env>, inputs: I) -> Self {
        Self { flow, inputs }
    }

    /// Adds a task that gets the inputs. It is skipped when one is missing. O(inputs).
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
    /// let mut sum = 0;
    /// {
    ///     let flow = Taskflow::new();
    ///     let (a, b) = (flow.produce(|| 40), flow.produce(|| 2));
    ///     flow.with((a, b)).emplace(|(a, b)| sum = a + b).name("sum");
    ///     Executor::<Manual>::new(1).run_and_wait(&flow)?;
    /// }
    /// assert_eq!(sum, 42);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn emplace<F>(self, mut f: F) -> TaskHandle<'flow>
    where
        F: for<'a> FnMut(<I::Ends as Lend<'a>>::Arg) + Send + 'env,
    {
        let (id, ends) = self.flow.connect(self.inputs);
        if let Some(mut ends) = ends {
            self.flow.add_step(id, |_, _| {
                move |_: &mut Context<'_>| match with_inputs(&mut ends, &mut f) {
                    None => Outcome::Skipped,
                    Some(()) => Outcome::Done,
                }
            });
        }
        TaskHandle::new(self.flow.owner(), id)
    }

    /// As [`emplace`](Self::emplace), with a task that may give up, as one of
    /// [`Taskflow::try_emplace`].
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
    /// let flow = Taskflow::new();
    /// let text = flow.produce(|| "forty-two");
    /// flow.with(text).try_emplace(|text| {
    ///     text.parse::<i32>()?;
    ///     Ok(())
    /// }).name("check");
    /// let error = Executor::<Manual>::new(1).run_and_wait(&flow).unwrap_err();
    /// assert_eq!(error.to_string(), "task 1 (\"check\") failed: invalid digit found in string");
    /// ```
    pub fn try_emplace<F>(self, mut f: F) -> TaskHandle<'flow>
    where
        F: for<'a> FnMut(<I::Ends as Lend<'a>>::Arg) -> Result<(), TaskError> + Send + 'env,
    {
        let (id, ends) = self.flow.connect(self.inputs);
        if let Some(mut ends) = ends {
            self.flow.add_step(id, |_, _| {
                move |context: &mut Context<'_>| match with_inputs(&mut ends, &mut f) {
                    None => Outcome::Skipped,
                    Some(Ok(())) => Outcome::Done,
                    Some(Err(error)) => context.fail(Failure::Failed(error)),
                }
            });
        }
        TaskHandle::new(self.flow.owner(), id)
    }
}

impl<I> fmt::Debug for With<'_, '_, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("With").finish_non_exhaustive()
    }
}
