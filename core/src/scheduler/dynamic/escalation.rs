//! Raising what has waited for long.

use alloc::vec::Vec;
use core::time::Duration;

use super::SharedDynamicScheduler;

/// Raises tasks that have waited for long in a [`SharedDynamicScheduler`], so that none starves behind more urgent ones that keep coming.
///
/// It does so when it is told to: [`tick`](Self::tick) is to be called now and then, by whatever the program has that does something now and
/// then.
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use taskflow_core::{Builder, EscalationPolicy, Manual, Priority, SharedDynamicScheduler, Taskflow};
///
/// let scheduler = SharedDynamicScheduler::new();
/// let executor = Builder::new(Manual::new()).workers(1).scheduler(scheduler.clone()).build()?;
/// // After 10 ms as if it were `High`, after 50 ms as far as a task may rise.
/// let policy = EscalationPolicy::new(Priority::Critical.level())
///     .raise(Duration::from_millis(10), 100)
///     .raise(Duration::from_millis(50), 1000);
/// let flow = Taskflow::new();
/// let waits = flow.emplace(|| {}).id();
/// let run = executor.run(&flow);
/// executor.platform().step(0);
/// executor.platform().advance(Duration::from_millis(20));
/// assert_eq!((policy.tick(&scheduler), scheduler.level(waits)?), (1, 300));
/// assert_eq!(policy.tick(&scheduler), 0);
/// executor.platform().advance(Duration::from_millis(30));
/// assert_eq!((policy.tick(&scheduler), scheduler.level(waits)?), (1, 400));
/// run.wait()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct EscalationPolicy {
    steps: Vec<Step>,
    cap: u32,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    after: Duration,
    by: u32,
}

impl EscalationPolicy {
    /// Raises nothing yet, and nothing above the level `cap`: what is there by itself is left alone.
    #[must_use]
    pub const fn new(cap: u32) -> Self {
        let steps = Vec::new();
        Self { steps, cap }
    }

    /// Raises a task by so many levels when it has waited for so long, once. Any number of such steps.
    #[must_use]
    pub fn raise(mut self, after: Duration, by: u32) -> Self {
        let place = self.steps.partition_point(|step| step.after <= after);
        self.steps.insert(place, Step { after, by });
        self
    }

    /// Raises what has waited past its next step, by the clock of the executor's host from when it became ready. Gives how many tasks were raised. O(log n) for
    /// each that has waited past the first step, under the scheduler's lock.
    pub fn tick(&self, scheduler: &SharedDynamicScheduler) -> usize {
        let Some(first) = self.steps.first() else {
            return 0;
        };
        scheduler.raise_old(first.after, |age, level, taken| {
            let due = self.steps.partition_point(|step| step.after <= age);
            let due = due.max(taken);
            let steps = self.steps[taken.min(due)..due].iter();
            let raised = steps.fold(level, |level, step| level.saturating_add(step.by));
            (raised.min(self.cap).max(level), due)
        })
    }
}
