//! Typed data on edges: what a task makes, and how others get it.

use alloc::borrow::Cow;
use core::fmt;

use crate::error::TaskError;
use crate::task::TaskHandle;
use crate::taskflow::Taskflow;

mod calls;
mod id;
pub(crate) mod inputs;
mod kinds;
pub(crate) mod slot;
mod with;

pub use id::OutputId;
pub use inputs::{Inputs, ZipInputs};
use slot::Slot;
pub use with::With;

/// The value that a task makes each time it runs, for one other task or for the end of the run.
///
/// It is moved to the task that it is given to, so it is given away once (to lend it to several tasks,
/// [`share`](Self::share) it). A task whose input is missing, since its producer failed or was skipped, is
/// skipped too. What nobody took is dropped when the producer makes the next value, when the producer is
/// removed, and with the flow.
///
/// # Examples
///
/// ```
/// use taskflow_core::{Executor, Manual, Taskflow};
///
/// let text = String::from("forty two");
/// let flow = Taskflow::new();
/// let words = flow.produce(|| text.split(' ').collect::<Vec<_>>()).name("words");
/// let count = words.map(|words| words.len()).name("count");
/// assert_eq!(count.take(), None);
/// Executor::<Manual>::new(1).run_and_wait(&flow)?;
/// assert_eq!((count.take(), count.take()), (Some(2), None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It goes to one task:
///
/// ```compile_fail,E0382
/// let flow = taskflow_core::Taskflow::new();
/// let number = flow.produce(|| 6);
/// let double = number.map(|number| 2 * number);
/// let triple = number.map(|number| 3 * number);
/// ```
///
/// Closures outlive the flow, as those of all tasks do:
///
/// ```compile_fail,E0597
/// let flow = taskflow_core::Taskflow::new();
/// let number = flow.produce(|| 6);
/// let factor = 7;
/// number.map(|number| assert_eq!(factor * number, 42)); // `factor` is dropped before `flow`
/// ```
///
/// and values are sent from worker to worker:
///
/// ```compile_fail,E0277
/// taskflow_core::Taskflow::new().produce(|| std::rc::Rc::new(7));
/// ```
pub struct Output<'flow, 'env, T> {
    flow: &'flow Taskflow<'env>,
    id: OutputId<T>,
}

impl<'flow, 'env, T> Output<'flow, 'env, T> {
    /// Adds a task that gets the value, and makes another of it. O(1).
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
    /// let answer = flow.produce(|| 6).map(|number| number * 7).map(|number| number.to_string());
    /// Executor::<Manual>::new(1).run_and_wait(&flow)?;
    /// assert_eq!(answer.take().as_deref(), Some("42"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn map<U, F>(self, f: F) -> Output<'flow, 'env, U>
    where
        T: Send + 'env,
        U: Send + 'env,
        F: FnMut(T) -> U + Send + 'env,
    {
        self.flow.zip((self,), f)
    }

    /// As [`map`](Self::map), with a task that may give up.
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
    /// let number = flow.produce(|| "forty-two").try_map(|text| Ok(text.parse::<i32>()?)).name("parse");
    /// let error = Executor::<Manual>::new(1).run_and_wait(&flow).unwrap_err();
    /// assert_eq!(error.to_string(), "task 1 (\"parse\") failed: invalid digit found in string");
    /// assert_eq!(number.take(), None);
    /// ```
    pub fn try_map<U, F>(self, f: F) -> Output<'flow, 'env, U>
    where
        T: Send + 'env,
        U: Send + 'env,
        F: FnMut(T) -> Result<U, TaskError> + Send + 'env,
    {
        self.flow.try_zip((self,), f)
    }

    /// Lets several tasks have the value, each as `&T`.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let flow = Taskflow::new();
    /// let words = flow.produce(|| vec!["forty", "two"]).share();
    /// let count = words.map(|words| words.len());
    /// let letters = words.map(|words| words.iter().map(|word| word.len()).sum::<usize>());
    /// Executor::<Manual>::new(1).run_and_wait(&flow)?;
    /// assert_eq!((count.take(), letters.take()), (Some(2), Some(8)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// What is read by several tasks at once is `Sync`:
    ///
    /// ```compile_fail,E0277
    /// taskflow_core::Taskflow::new().produce(|| std::cell::Cell::new(7)).share();
    /// ```
    #[must_use]
    pub fn share(self) -> SharedOutput<'flow, 'env, T>
    where
        T: Sync,
    {
        SharedOutput {
            flow: self.flow,
            id: self.id,
        }
    }
}

/// The value that a task makes each time it runs, for any number of other tasks, which read it.
///
/// A producer that runs again drops the last value; if other tasks then still read that, it fails. (In a
/// graph without cycles it runs again in the next round.) See [`Output`] for the rest.
///
/// What is lent does not stay with the borrower:
///
/// ```compile_fail,E0521
/// let kept = std::sync::Mutex::new(Vec::new());
/// let flow = taskflow_core::Taskflow::new();
/// let number = flow.produce(|| 42).share();
/// number.map(|number| kept.lock().unwrap().push(number));
/// ```
pub struct SharedOutput<'flow, 'env, T> {
    flow: &'flow Taskflow<'env>,
    id: OutputId<T>,
}

impl<'flow, 'env, T> SharedOutput<'flow, 'env, T> {
    /// Adds a task that reads the value, and makes another of it. O(1).
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    ///
    /// # Examples
    ///
    /// See [`Output::share`].
    pub fn map<U, F>(&self, f: F) -> Output<'flow, 'env, U>
    where
        T: Send + Sync + 'env,
        U: Send + 'env,
        F: FnMut(&T) -> U + Send + 'env,
    {
        self.flow.zip((self,), f)
    }

    /// As [`map`](Self::map), with a task that may give up.
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
    /// let text = flow.produce(|| "42").share();
    /// let number = text.try_map(|text| Ok(text.parse::<i32>()?));
    /// Executor::<Manual>::new(1).run_and_wait(&flow)?;
    /// assert_eq!((text.take(), number.take()), (Some("42"), Some(42)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_map<U, F>(&self, f: F) -> Output<'flow, 'env, U>
    where
        T: Send + Sync + 'env,
        U: Send + 'env,
        F: FnMut(&T) -> Result<U, TaskError> + Send + 'env,
    {
        self.flow.try_zip((self,), f)
    }
}

/// The place of an output's value, for who takes it after the run. From [`Taskflow::output`].
///
/// It cannot be made an input, since the output it is of may have been given to a task.
pub struct OutputSlot<'flow, 'env, T> {
    flow: &'flow Taskflow<'env>,
    id: OutputId<T>,
}

macro_rules! handle {
    ($name:ident) => {
        impl<'flow, 'env, T> $name<'flow, 'env, T> {
            /// The value, after the run. `None`: before the first run, while one is unfinished, when the
            /// task was skipped or failed in the last round, and when the value was given away or taken.
            #[must_use]
            pub fn take(&self) -> Option<T> {
                self.flow.take_output(self.id)
            }

            /// The task that makes the value, for edges.
            #[must_use]
            pub fn task(&self) -> TaskHandle<'flow> {
                TaskHandle::new(self.flow.owner(), self.id.task())
            }

            /// The identity, which can be sent and kept.
            #[must_use]
            pub fn id(&self) -> OutputId<T> {
                self.id
            }

            /// Names the task that makes the value, as [`TaskHandle::name`] does.
            ///
            /// # Panics
            ///
            /// While a run of the flow is unfinished.
            #[expect(
                clippy::return_self_not_must_use,
                reason = "naming is done for its effect; the handle comes back for chaining"
            )]
            pub fn name<'n>(self, name: impl Into<Cow<'n, str>>) -> Self {
                self.task().name(name);
                self
            }
        }

        impl<T> fmt::Debug for $name<'_, '_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name))
                    .field(&self.id.task())
                    .finish()
            }
        }
    };
}

handle!(Output);
handle!(SharedOutput);
handle!(OutputSlot);

impl<T> Clone for SharedOutput<'_, '_, T> {
    fn clone(&self) -> Self {
        Self {
            flow: self.flow,
            id: self.id,
        }
    }
}
