//! What can be seen from outside between two steps.

use core::time::Duration;

use super::schedule::Schedule;

/// Called with each moment.
pub(crate) type Watch = Box<dyn FnMut(&Moment)>;

/// A simulation between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Moment {
    /// Steps so far: how many times a worker or the body went on.
    pub steps: u64,
    /// The clock.
    pub now: Duration,
    /// Workers that park and that nobody has unparked, of all executors together.
    pub idle: usize,
}

impl Moment {
    pub(crate) fn of(schedule: &Schedule) -> Self {
        Self {
            steps: schedule.trace.steps,
            now: schedule.now,
            idle: schedule.idle(),
        }
    }
}
