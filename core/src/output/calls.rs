//! Tasks that make values and tasks that get them, as a flow adds them.

use super::inputs::{Consumer, Inputs, ZipInputs};
use super::slot::{Busy, Producer};
use super::{Output, OutputId, OutputSlot, Slot, With};
use crate::error::TaskError;
use crate::graph::Graph;
use crate::graph::Kind;
use crate::graph::node::{Context, Outcome};
use crate::graph::work;
use crate::stats::Failure;
use crate::task::TaskId;
use crate::taskflow::Taskflow;

impl<'env> Taskflow<'env> {
    /// Adds a task that makes a value each time it runs. O(1); allocates by chunks.
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
    /// let flow = Taskflow::new();
    /// let mut rounds = 0;
    /// let round = flow.produce(move || { rounds += 1; rounds });
    /// let executor = Executor::<Manual>::new(1);
    /// executor.run_and_wait(&flow)?;
    /// executor.run_and_wait(&flow)?;
    /// assert_eq!(round.take(), Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn produce<T, F>(&self, mut f: F) -> Output<'_, 'env, T>
    where
        T: Send + 'env,
        F: FnMut() -> T + Send + 'env,
    {
        self.add_producer((), move |(), _| Some(Ok(f())))
    }

    /// As [`produce`](Self::produce), with a task that may give up, as one of
    /// [`try_emplace`](Self::try_emplace).
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
    /// let flow = Taskflow::new();
    /// let number = flow.try_produce(|| Ok("42".parse::<i32>()?));
    /// Executor::<Manual>::new(1).run_and_wait(&flow)?;
    /// assert_eq!(number.take(), Some(42));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_produce<T, F>(&self, mut f: F) -> Output<'_, 'env, T>
    where
        T: Send + 'env,
        F: FnMut() -> Result<T, TaskError> + Send + 'env,
    {
        self.add_producer((), move |(), _| Some(f()))
    }

    /// Adds a task that gets one to eight values, one argument each, and makes another of them: of an
    /// [`Output`] a `T`, of a [`SharedOutput`](crate::SharedOutput) a `&T`. O(inputs).
    ///
    /// An output of another flow is refused, as an edge to its task is: with
    /// [`TaskflowError::Foreign`](crate::TaskflowError::Foreign), when the flow is to run.
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
    /// let flow = Taskflow::new();
    /// let factor = flow.produce(|| 7).share();
    /// let number = flow.produce(|| 6);
    /// let product = flow.zip((number, &factor), |number, factor| number * factor);
    /// Executor::<Manual>::new(1).run_and_wait(&flow)?;
    /// assert_eq!((product.take(), factor.take()), (Some(42), Some(7)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn zip<I, F, R>(&self, inputs: I, mut f: F) -> Output<'_, 'env, R>
    where
        I: ZipInputs<'env, F, R>,
        F: Send + 'env,
        R: Send + 'env,
    {
        self.add_producer(inputs, move |ends, _| I::apply(ends, &mut f).map(Ok))
    }

    /// As [`zip`](Self::zip), with a task that may give up.
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
    /// let (text, radix) = (flow.produce(|| "4z"), flow.produce(|| 10));
    /// flow.try_zip((text, radix), |text, radix| Ok(i32::from_str_radix(text, radix)?));
    /// let error = Executor::<Manual>::new(1).run_and_wait(&flow).unwrap_err();
    /// assert!(matches!(error, RunError::Failed { task: Some(task), .. } if task.id.index() == 2));
    /// ```
    pub fn try_zip<I, F, R>(&self, inputs: I, mut f: F) -> Output<'_, 'env, R>
    where
        I: ZipInputs<'env, F, Result<R, TaskError>>,
        F: Send + 'env,
        R: Send + 'env,
    {
        self.add_producer(inputs, move |ends, _| I::apply(ends, &mut f))
    }

    /// Gives inputs to a task of any kind, which is then added by a method of what is returned: its closure
    /// gets them as its last argument, in the shape in which they are given here.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Mutex;
    /// use taskflow_core::{Executor, Manual, Taskflow};
    ///
    /// let log = Mutex::new(Vec::new());
    /// let flow = Taskflow::new();
    /// let name = flow.produce(|| String::from("answer")).share();
    /// let value = flow.produce(|| 42);
    /// flow.with((&name, value)).emplace(|(name, value)| {
    ///     log.lock().unwrap().push(format!("{name}: {value}"));
    /// });
    /// flow.with(&name).emplace(|name| log.lock().unwrap().push(name.clone()));
    /// Executor::<Manual>::new(1).run_and_wait(&flow)?;
    /// let mut log = log.lock().unwrap();
    /// log.sort();
    /// assert_eq!(*log, ["answer", "answer: 42"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with<I: Inputs<'env>>(&self, inputs: I) -> With<'_, 'env, I> {
        With::new(self, inputs)
    }

    /// The value of this identity, to be taken after a run. `None`: it is of another flow, or its task was
    /// removed or got other work.
    ///
    /// # Examples
    ///
    /// A flow and its handles cannot lie in one struct; identities can:
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, OutputId, Taskflow};
    ///
    /// struct Job { flow: Taskflow<'static>, answer: OutputId<i32> }
    ///
    /// let flow = Taskflow::new();
    /// let answer = flow.produce(|| 42).id();
    /// let job = Job { flow, answer };
    /// Executor::<Manual>::new(1).run_and_wait(&job.flow)?;
    /// let answer = job.flow.output(job.answer).expect("it is of this flow");
    /// assert_eq!(answer.take(), Some(42));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn output<T>(&self, id: OutputId<T>) -> Option<OutputSlot<'_, 'env, T>> {
        let found = self
            .owner()
            .query(|graph| graph.output(id.task()).is_some());
        found.then_some(OutputSlot { flow: self, id })
    }

    pub(super) fn take_output<T>(&self, id: OutputId<T>) -> Option<T> {
        if !self.owner().is_idle() {
            return None;
        }
        let slot = self.owner().query(|graph| graph.output(id.task()))?;
        // SAFETY: the slot of a task that has one is in the arena, and is one of a `T` by the identity's
        // type.
        unsafe { slot.cast::<Slot<T>>().as_ref() }.take()
    }

    /// Adds a task and makes it follow the producers of its inputs. Gives what it keeps of them, which goes
    /// into its captures. `None`: some value will never come, so the task is one that is always skipped.
    pub(crate) fn connect<I: Inputs<'env>>(&self, inputs: I) -> (TaskId, Option<I::Ends>) {
        let added = self.owner().edit(|graph| {
            let index = graph.add()?;
            let ends = inputs.attach(&mut Consumer::new(graph, index));
            Some((graph.id(index), ends))
        });
        let (id, ends) = added.unwrap_or_else(|| (TaskId::of_none(self.owner().id()), None));
        if ends.is_none() {
            self.add_step(id, |_, _| |_: &mut Context<'_>| Outcome::Skipped);
        }
        (id, ends)
    }

    /// Gives a task without work a closure.
    pub(crate) fn add_step<S>(&self, id: TaskId, make: impl FnOnce(&mut Graph, u32) -> S)
    where
        S: FnMut(&mut Context<'_>) -> Outcome + Send + 'env,
    {
        self.add_work(id, Kind::Plain, make);
    }

    /// Gives a task without work what it does.
    pub(super) fn add_work<W>(
        &self,
        id: TaskId,
        kind: Kind,
        make: impl FnOnce(&mut Graph, u32) -> W,
    ) where
        W: work::Work + Send + 'env,
    {
        self.owner().edit(|graph| {
            if let Some(index) = graph.find(id) {
                let work = make(graph, index);
                // SAFETY: (1) `step::<W>` calls a `W`. (2) `W` outlives `'env`, and the flow's `drop`
                // clears the graph before `'env` ends.
                unsafe { graph.put_work(index, work, work::step::<W>, kind) };
            }
        });
    }

    /// Adds a task that gets inputs and makes a value by `make`, which says by `None` that an input is
    /// missing.
    pub(crate) fn add_producer<I, T, M>(&self, inputs: I, mut make: M) -> Output<'_, 'env, T>
    where
        I: Inputs<'env>,
        T: Send + 'env,
        M: FnMut(&mut I::Ends, &Context<'_>) -> Option<Result<T, TaskError>> + Send + 'env,
    {
        let (id, ends) = self.connect(inputs);
        if let Some(mut ends) = ends {
            self.add_step(id, |graph, index| {
                let output = Producer::new(graph.add_output(index));
                move |context: &mut Context<'_>| {
                    output.begin();
                    let value = match make(&mut ends, context) {
                        None => return Outcome::Skipped,
                        Some(Ok(value)) => value,
                        Some(Err(error)) => return context.fail(Failure::Failed(error)),
                    };
                    match output.write(value) {
                        Ok(()) => Outcome::Done,
                        Err(Busy) => context.fail(Failure::Failed(Busy.into())),
                    }
                }
            });
        }
        let id = OutputId::new(id);
        Output { flow: self, id }
    }
}
