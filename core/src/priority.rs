//! How urgent a task is.

/// How urgent a task is to schedulers that look at it, in four steps from the least to the most urgent.
///
/// [`WorkStealing`](crate::Executor) runs what is nearest, whatever its priority. A step is also a *level* of the schedulers with any
/// number of levels: see [`level`](Self::level).
///
/// # Examples
///
/// ```
/// use taskflow_core::{Priority, Taskflow};
///
/// let flow = Taskflow::new();
/// let alarm = flow.emplace(|| {}).priority(Priority::Critical);
/// assert_eq!(alarm.urgency(), Priority::Critical);
/// assert!(Priority::Critical > Priority::default());
/// # drop(flow);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// After all others.
    Low,
    /// What a task has of which nothing else is said.
    #[default]
    Normal,
    /// Before those.
    High,
    /// Before all others.
    Critical,
}

impl Priority {
    /// All of them, the least urgent first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Critical];

    /// The highest step that is not above a level.
    pub(crate) const fn of(level: u32) -> Self {
        match level {
            0..200 => Self::Low,
            200..300 => Self::Normal,
            300..400 => Self::High,
            400.. => Self::Critical,
        }
    }

    /// The level of this step where there is any number of them: 100, 200, 300, and 400 for
    /// [`Critical`](Self::Critical). A higher level is more urgent.
    #[must_use]
    pub const fn level(self) -> u32 {
        match self {
            Self::Low => 100,
            Self::Normal => 200,
            Self::High => 300,
            Self::Critical => 400,
        }
    }
}
