//! What a program says of a task to those who schedule and observe it.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::priority::Priority;

/// What a program says of a task: to people, to schedulers, and to observers.
///
/// [`TaskHandle::describe`](crate::TaskHandle::describe) says all of it at once, and the handle has a method for each part;
/// [`Event::metadata`](crate::Event::metadata) is how an observer reads it. None of it changes what a task does.
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use taskflow_core::{Priority, TaskMetadata, Taskflow};
///
/// let flow = Taskflow::new();
/// let load = TaskMetadata::new()
///     .with_name("load")
///     .with_priority(Priority::High)
///     .with_deadline(Duration::from_millis(5))
///     .with_numa_node(1)
///     .with_tag("io");
/// let task = flow.emplace(|| {}).describe(load).tag("disk");
/// let said = task.metadata();
/// assert_eq!((said.name(), said.priority(), said.numa_node()), ("load", Priority::High, Some(1)));
/// assert!(said.has_tag("disk") && said.tags().eq(["io", "disk"]));
/// # drop(flow);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskMetadata {
    name: String,
    priority: Priority,
    deadline: Option<Duration>,
    budget: Option<Duration>,
    numa_node: Option<usize>,
    tags: Vec<Cow<'static, str>>,
}

impl TaskMetadata {
    /// Nothing is said: no name, [`Normal`](Priority::Normal), no time.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            name: String::new(),
            priority: Priority::Normal,
            deadline: None,
            budget: None,
            numa_node: None,
            tags: Vec::new(),
        }
    }

    /// As [`TaskHandle::name`](crate::TaskHandle::name).
    #[must_use]
    pub fn with_name<'n>(mut self, name: impl Into<Cow<'n, str>>) -> Self {
        self.set_name(&name.into());
        self
    }

    /// As [`TaskHandle::priority`](crate::TaskHandle::priority).
    #[must_use]
    pub const fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// As [`TaskHandle::deadline`](crate::TaskHandle::deadline).
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// As [`TaskHandle::budget`](crate::TaskHandle::budget).
    #[must_use]
    pub const fn with_budget(mut self, budget: Duration) -> Self {
        self.budget = Some(budget);
        self
    }

    /// As [`TaskHandle::numa_node`](crate::TaskHandle::numa_node).
    #[must_use]
    pub const fn with_numa_node(mut self, node: usize) -> Self {
        self.numa_node = Some(node);
        self
    }

    /// As [`TaskHandle::tag`](crate::TaskHandle::tag).
    #[must_use]
    pub fn with_tag(mut self, tag: impl Into<Cow<'static, str>>) -> Self {
        self.add_tag(tag.into());
        self
    }

    /// The name, or the empty text.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How urgent it is.
    #[must_use]
    pub const fn priority(&self) -> Priority {
        self.priority
    }

    /// How long after the begin of a round it is to have ended.
    #[must_use]
    pub const fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// How long a call of it may take.
    #[must_use]
    pub const fn budget(&self) -> Option<Duration> {
        self.budget
    }

    /// The node whose memory it uses most, by the host's numbers.
    #[must_use]
    pub const fn numa_node(&self) -> Option<usize> {
        self.numa_node
    }

    /// The tags, in the order in which they were given.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().map(AsRef::as_ref)
    }

    /// Whether it has this tag. O(tags).
    #[must_use]
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags().any(|other| other == tag)
    }

    pub(crate) fn set_name(&mut self, name: &str) {
        self.name.clear();
        self.name.push_str(name);
    }

    pub(crate) fn set_priority(&mut self, priority: Priority) {
        self.priority = priority;
    }

    pub(crate) fn set_deadline(&mut self, deadline: Duration) {
        self.deadline = Some(deadline);
    }

    pub(crate) fn set_budget(&mut self, budget: Duration) {
        self.budget = Some(budget);
    }

    pub(crate) fn set_numa_node(&mut self, node: usize) {
        self.numa_node = Some(node);
    }

    /// A tag given twice is there once.
    pub(crate) fn add_tag(&mut self, tag: Cow<'static, str>) {
        if !self.has_tag(&tag) {
            self.tags.push(tag);
        }
    }

    /// Whether its calls or its end are to be timed.
    pub(crate) const fn is_watched(&self) -> bool {
        self.deadline.is_some() || self.budget.is_some()
    }
}
