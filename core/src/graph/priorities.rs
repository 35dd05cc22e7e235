//! How urgent tasks are: nothing at all while all are as usual, else a byte each.

use super::Graph;
use crate::priority::Priority;

impl Graph {
    /// O(1), and O(V) for the first one that is not as usual.
    pub(crate) fn set_priority(&mut self, index: u32, priority: Priority) {
        self.described
            .update(index, |said| said.set_priority(priority));
        self.said += 1;
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
    #[inline]
    pub(crate) fn priority(&self, index: u32) -> Priority {
        let priority = self.priorities.get(index as usize);
        priority.copied().unwrap_or_default()
    }

    /// Whether it matters when each single task runs, so that they are not to be run in blocks.
    pub(crate) fn keeps_apart(&self) -> bool {
        !self.priorities.is_empty() || self.is_watched()
    }
}
