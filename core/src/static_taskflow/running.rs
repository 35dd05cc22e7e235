//! Running a static graph, alone or together.

use super::round::Crew;
use super::{StaticRunError, StaticTaskflow};
use crate::sync::relax;

impl<const N: usize, const E: usize> StaticTaskflow<'_, N, E> {
    /// Runs the graph once, with all who [`help`](Self::help), and returns when all tasks have run. It spins while
    /// others run the last ones; see [`run_idling`](Self::run_idling).
    ///
    /// The caller sees what the tasks did, and so do the tasks of the next run, on whatever core. Allocates nothing and takes no
    /// lock; the first run after [`freeze`](Self::freeze) makes a pass over the tasks before it starts any, later ones do not.
    ///
    /// # Errors
    ///
    /// - [`StaticRunError::NotFrozen`]: the graph was edited after the last [`freeze`](Self::freeze);
    /// - [`StaticRunError::Running`]: it runs already, be it that one of its own tasks calls this;
    /// - [`StaticRunError::Panicked`]: a task panicked on a thread that helped, which has the payload. No task began after that.
    ///
    /// # Panics
    ///
    /// With the panic of a task that ran on this thread. No task begins after that, those that have begun have ended
    /// when this unwinds, and the graph can be run again.
    pub fn run(&self) -> Result<(), StaticRunError> {
        self.run_idling(relax)
    }

    /// [`run`](Self::run), which calls `idle` again and again while it finds no task, and others run the last ones. Where several threads share a
    /// processor it should let those go on (yield, sleep until the next event): one that outranks them and spins would wait
    /// for ever.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run), and with those of `idle`, as if it were a task.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::StaticTaskflow;
    ///
    /// let mut flow = StaticTaskflow::<1, 0>::new();
    /// flow.emplace(&|| ()).expect("there is room for it");
    /// flow.freeze().expect("there is no cycle");
    /// let mut idled = 0;
    /// flow.run_idling(|| idled += 1)?;
    /// assert_eq!(idled, 0); // nobody helps, so there is always something to do
    /// # Ok::<(), taskflow_core::StaticRunError>(())
    /// ```
    pub fn run_idling(&self, idle: impl FnMut()) -> Result<(), StaticRunError> {
        if !self.is_frozen {
            return Err(StaticRunError::NotFrozen);
        }
        let panicked = self.crew().run(self.first_source, self.edition, idle)?;
        match panicked {
            None => Ok(()),
            Some(index) => Err(StaticRunError::Panicked {
                task: self.handle(index),
            }),
        }
    }

    /// Runs tasks of the present run until none is ready at the moment. Gives how many; none while nobody
    /// [`run`](Self::run)s the graph. It never waits, so an interrupt may call it, also one that comes while its core
    /// runs a task of the same graph; that it gives 0 does not say that the run is over.
    ///
    /// # Panics
    ///
    /// With the panic of a task, which ends the run with [`StaticRunError::Panicked`].
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::StaticTaskflow;
    ///
    /// let mut flow = StaticTaskflow::<1, 0>::new();
    /// flow.emplace(&|| ()).expect("there is room for it");
    /// flow.freeze().expect("there is no cycle");
    /// assert_eq!(flow.help(), 0); // it does not run
    /// ```
    pub fn help(&self) -> usize {
        self.crew().help()
    }

    fn crew(&self) -> Crew<'_> {
        Crew {
            tasks: &self.tasks[..self.len()],
            counters: &self.counters,
            edges: &self.edges,
            round: &self.round,
        }
    }
}
