//! Tasks that can be started once.

use super::Graph;
use super::node::Flag;
use crate::error::{TaskLabel, TaskflowError};

impl Graph {
    /// Notes that a run is about to start tasks that can start once.
    pub(crate) fn spend_once(&mut self) -> Result<(), TaskflowError> {
        if self.once == 0 {
            return Ok(());
        }
        let spent = self
            .tasks()
            .find(|index| self.node(*index).has(Flag::SPENT));
        if let Some(index) = spent {
            let task = self.label(index);
            return Err(TaskflowError::Once { task });
        }
        for index in 0..self.place_count() {
            if self.node(index).has(Flag::ONCE) {
                self.node_mut(index).set(Flag::SPENT);
            }
        }
        Ok(())
    }

    /// A task that can start once, if there is one.
    pub(crate) fn once_task(&self) -> Option<TaskLabel> {
        if self.once == 0 {
            return None;
        }
        let once = self
            .tasks()
            .find(|index| self.node(*index).has(Flag::ONCE))?;
        Some(self.label(once))
    }
}
