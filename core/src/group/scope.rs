//! A group whose tasks borrow, held within a call.

use super::Group;
use crate::cancellation::CancellationToken;
use crate::error::{RunError, TaskError};
use crate::flow::Flow;
use crate::host::Host;
use crate::job::Job;
use crate::priority::Priority;
use crate::runtime::Preempted;
use crate::scope::{AllEnded, Scope};
use crate::suspension::Hold;
use crate::sync::Arc;
use crate::task::TaskId;
use core::cell::Cell;
use core::fmt;

/// Spawns tasks that may borrow, within a call that does not return before all of them have ended.
pub struct GroupScope<'scope, 'env: 'scope>(Scope<'scope, 'env>);

/// Lets the stop of a run, or of a task of it, reach a group that the task waits for, until it is dropped.
pub(crate) struct Held<'f> {
    flow: &'f Flow,
    place: Cell<Option<usize>>,
}

impl<'f> Held<'f> {
    pub(crate) fn new(flow: &'f Flow) -> Self {
        let place = Cell::default();
        Self { flow, place }
    }

    /// From now on. Called once.
    pub(crate) fn reach(&self, task: TaskId, group: Arc<Group>) {
        self.place
            .set(Some(self.flow.hold(task, Hold::Group(group))));
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.flow.let_go(place);
        }
    }
}

impl<'scope> GroupScope<'scope, '_> {
    /// Spawns a task. If the group is cancelled the closure is dropped instead.
    pub fn spawn(&'scope self, closure: impl FnOnce() + Send + 'scope) {
        self.0.spawn_child(Priority::default(), closure);
    }

    /// As [`spawn`](Self::spawn), for a [`Scheduler`](crate::Scheduler) that looks at priorities.
    pub fn spawn_with_priority(
        &'scope self,
        priority: Priority,
        closure: impl FnOnce() + Send + 'scope,
    ) {
        self.0.spawn_child(priority, closure);
    }

    /// As [`spawn`](Self::spawn), a task that can give up: its error is the group's, as a panic is. One that left by `?` since the
    /// group, or its token, was cancelled has not failed.
    pub fn try_spawn(
        &'scope self,
        closure: impl FnOnce() -> Result<(), TaskError> + Send + 'scope,
    ) {
        self.0.try_spawn_child(closure);
    }

    /// Has the group cancelled when the token is, as [`TaskGroup::token`](crate::TaskGroup::token).
    pub fn token(&self, token: &CancellationToken) {
        Group::follow(self.0.group(), token);
    }

    /// Lets no task begin that has not: their closures are dropped, and so are those that are spawned
    /// from now on. Tasks that run already end as they like. `false`: the group was cancelled already.
    pub fn cancel(&self) -> bool {
        self.0.group().cancel(None)
    }

    /// As [`spawn`](Self::spawn). Gives the job.
    pub(crate) fn spawn_child(
        &'scope self,
        closure: impl FnOnce() + Send + 'scope,
    ) -> Arc<dyn Job> {
        self.0.spawn_child(Priority::default(), closure)
    }

    pub(crate) fn group(&self) -> &Arc<Group> {
        self.0.group()
    }

    pub(crate) fn shared(&self) -> Arc<Group> {
        Arc::clone(self.0.group())
    }

    /// Whether the group was cancelled. A task that takes long may ask.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.group().is_cancelled()
    }

    /// As [`is_cancelled`](Self::is_cancelled), to be left by `?` in a task of [`try_spawn`](Self::try_spawn).
    ///
    /// # Errors
    ///
    /// The group was cancelled.
    pub fn check(&self) -> Result<(), Preempted> {
        self.0.group().check()
    }
}

/// Calls `body` with a group, and waits until all of its tasks have ended, also when `body` panics.
///
/// # Errors
///
/// [`RunError::Panicked`] or [`RunError::Failed`] with the first failure of a task, or [`RunError::Cancelled`]. The result of
/// `body` is dropped then.
pub(crate) fn enter<'env, R>(
    host: Arc<dyn Host>,
    body: impl for<'scope> FnOnce(&'scope GroupScope<'scope, 'env>) -> R,
) -> Result<R, RunError> {
    enter_within(host, None, body)
}

/// As [`enter`], for a call that a child of `outer` makes.
///
/// # Errors
///
/// As there.
pub(crate) fn enter_within<'env, R>(
    host: Arc<dyn Host>,
    outer: Option<Arc<Group>>,
    body: impl for<'scope> FnOnce(&'scope GroupScope<'scope, 'env>) -> R,
) -> Result<R, RunError> {
    let group = GroupScope(Scope::within(host, outer));
    let all_ended = AllEnded(&group.0);
    let result = body(&group);
    let outcome = all_ended.0.finish();
    drop(all_ended);
    outcome.map(|()| result)
}

impl fmt::Debug for GroupScope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GroupScope").field(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::*;
    use crate::sync::{AtomicUsize, Ordering};
    use crate::{Executor, Manual};

    #[test]
    fn the_tasks_of_a_group_scope_borrow_and_have_ended_when_it_returns() {
        let executor = Executor::<Manual>::new(2);
        let words = Vec::from(["one", "two", "three"].map(String::from));
        let letters = AtomicUsize::new(0);
        let count = |word: &str| {
            // Ordering: Relaxed; the end of the group orders it before the look below.
            letters.fetch_add(word.len(), Ordering::Relaxed);
        };
        let result = enter(executor.host(), |group| {
            for word in &words {
                group.spawn(move || {
                    count(word);
                    group.spawn(move || count(word));
                });
            }
            7
        });
        assert_eq!(result.ok(), Some(7));
        // Ordering: Relaxed; see above.
        assert_eq!(letters.load(Ordering::Relaxed), 22);
    }

    #[test]
    fn a_cancelled_group_scope_starts_no_task() {
        let executor = Executor::<Manual>::new(1);
        let result = enter(executor.host(), |group| {
            group.spawn(|| unreachable!("cancelled"));
            assert!(group.cancel() && group.is_cancelled() && !group.cancel());
            group.spawn(|| unreachable!("cancelled"));
        });
        assert!(matches!(result, Err(RunError::Cancelled { stats, .. }) if stats.skipped == 2));
    }
}
