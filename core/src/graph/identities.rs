//! Which task is which: places, and how often they were used.
//!
//! The generation of a place is in its cold record, or, where it has none, the graph's. Until a task is removed all are the graph's, and
//! nothing has to be looked up.

use alloc::boxed::Box;

use super::Graph;
use super::node::{Flag, Node};
use crate::error::TaskLabel;
use crate::task::TaskId;

impl Graph {
    #[inline]
    pub(crate) fn id(&self, index: u32) -> TaskId {
        if self.was_removed {
            self.later_id(index)
        } else {
            self.first_id(index)
        }
    }

    #[cold]
    fn later_id(&self, index: u32) -> TaskId {
        self.id_of(index, self.node(index))
    }

    /// The identity of the task with this record.
    fn id_of(&self, index: u32, node: &Node) -> TaskId {
        let cold = self.cold.get(node.cold as usize);
        let generation = cold.map_or(self.generation, |cold| cold.generation);
        TaskId::new(self.flow, index, generation)
    }

    /// The identity of the first task at this place.
    #[inline]
    fn first_id(&self, index: u32) -> TaskId {
        TaskId::new(self.flow, index, self.generation)
    }

    pub(crate) fn label(&self, index: u32) -> TaskLabel {
        TaskLabel {
            id: self.id(index),
            name: self.name(index).map(Box::from),
        }
    }

    /// The index of the task that has this identity, if it is one of this graph and not removed.
    #[inline]
    pub(crate) fn find(&self, id: TaskId) -> Option<u32> {
        let index = id.index();
        if !self.was_removed {
            let is_here = (index as usize) < self.nodes.len() && id == self.first_id(index);
            return is_here.then_some(index);
        }
        self.find_later(id)
    }

    #[cold]
    fn find_later(&self, id: TaskId) -> Option<u32> {
        let index = id.index();
        let node = self.nodes.get(index as usize)?;
        (!node.has(Flag::VACANT) && self.id_of(index, node) == id).then_some(index)
    }
}
