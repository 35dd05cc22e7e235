//! What the tasks of a model do: each has one cell, written before the task is made ready and again when it runs.
//!
//! The cells are the checker's: two accesses that no ordering puts in order, one of them a write, end
//! the model. So a task that runs has to see what was done before it was made ready, and a task that
//! is made ready again has to see that it ran.

use std::rc::Rc;

use loom::cell::Cell;

/// The cells of tasks 1 to n. Task 0 is never made ready: a slot that nobody wrote holds it.
#[derive(Clone, Debug)]
pub(crate) struct Bodies(Rc<[Cell<State>]>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Waiting,
    Ready,
    Ran,
}

impl Bodies {
    pub(crate) fn of(tasks: u32) -> Self {
        Self((0..=tasks).map(|_| Cell::new(State::Waiting)).collect())
    }

    /// Does what comes before a task is made ready.
    pub(crate) fn make_ready(&self, task: u32) {
        let before = self.cell(task).replace(State::Ready);
        assert!(before != State::Ready, "task {task} was made ready twice");
    }

    /// Runs a task.
    pub(crate) fn run(&self, task: u32) {
        let before = self.cell(task).replace(State::Ran);
        assert_eq!(before, State::Ready, "task {task} was taken");
    }

    /// Every task has run.
    pub(crate) fn assert_all_ran(&self) {
        for (task, cell) in self.0.iter().enumerate().skip(1) {
            assert_eq!(cell.get(), State::Ran, "task {task} in the end");
        }
    }

    fn cell(&self, task: u32) -> &Cell<State> {
        &self.0[task as usize]
    }
}
