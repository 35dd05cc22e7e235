//! What is said of tasks besides their names and priorities, of the few of which anything is.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;

use super::Graph;
use crate::metadata::TaskMetadata;
use crate::sync::Arc;

/// What is said of them; names and priorities are here as well.
#[derive(Debug, Default)]
pub(super) struct Described {
    tasks: BTreeMap<u32, Arc<TaskMetadata>>,
    /// How many of them have a deadline or a budget.
    watched: usize,
}

impl Described {
    pub(super) const fn new() -> Self {
        Self {
            tasks: BTreeMap::new(),
            watched: 0,
        }
    }

    pub(super) fn remove(&mut self, index: u32) {
        if let Some(said) = self.tasks.remove(&index) {
            self.watched -= usize::from(said.is_watched());
        }
    }

    /// Keeps the copy of a name or a priority up to date.
    pub(super) fn update(&mut self, index: u32, change: impl FnOnce(&mut TaskMetadata)) {
        if let Some(said) = self.tasks.get_mut(&index) {
            change(Arc::make_mut(said));
        }
    }
}

impl Graph {
    /// Says everything of a task anew. O(log n) in the tasks that are described.
    pub(crate) fn describe(&mut self, index: u32, said: TaskMetadata) {
        self.set_name(index, said.name());
        self.set_priority(index, said.priority());
        self.described.remove(index);
        self.described.watched += usize::from(said.is_watched());
        self.described.tasks.insert(index, Arc::new(said));
    }

    /// Says more of a task. O(log n) in the tasks that are described.
    pub(crate) fn say(&mut self, index: u32, change: impl FnOnce(&mut TaskMetadata)) {
        let mut said = self.metadata(index).into_owned();
        change(&mut said);
        self.described.remove(index);
        self.described.watched += usize::from(said.is_watched());
        self.described.tasks.insert(index, Arc::new(said));
    }

    /// What is said of a task.
    pub(crate) fn metadata(&self, index: u32) -> Cow<'_, TaskMetadata> {
        match self.said(index) {
            Some(said) => Cow::Borrowed(said),
            None => {
                let name = self.name(index).unwrap_or_default();
                let said = TaskMetadata::new().with_name(name);
                Cow::Owned(said.with_priority(self.priority(index)))
            }
        }
    }

    /// What is said of a task, if that is more than its name and its priority. O(log n).
    pub(crate) fn said(&self, index: u32) -> Option<&Arc<TaskMetadata>> {
        self.described.tasks.get(&index)
    }

    /// Whether any task has a deadline or a budget.
    pub(crate) fn is_watched(&self) -> bool {
        self.described.watched > 0
    }
}
