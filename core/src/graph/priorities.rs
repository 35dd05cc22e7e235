//! How urgent tasks are: nothing at all while all are as usual, else a byte each.

use super::Graph;
use crate::priority::Priority;

impl Graph {
    /// O(1), and O(V) for the first one that is not as usual.
    pub(crate) fn set_priority(&mut self, index: u32, priority: Priority) {
        let place = index as usize;
        if self.priorities.len() <= place {
            if priority == Priority::default() {
                return;
            }
            let places = self.nodes.len();
            self.priorities.resize(places, Priority::default());
        }
        self.priorities[place] = priority;
    }

    /// O(1).
    pub(crate) fn priority(&self, index: u32) -> Priority {
        let priority = self.priorities.get(index as usize);
        priority.copied().unwrap_or_default()
    }

    /// Whether the order of tasks is the scheduler's business, so that they are not to be run in blocks.
    pub(crate) fn has_priorities(&self) -> bool {
        !self.priorities.is_empty()
    }
}
