//! The newest of one's own, the oldest of others'.

use alloc::collections::VecDeque;

use super::shards::{Shards, View};
use super::{Ready, Scheduler, Want};
use crate::platform::WorkerId;
use crate::sync::Mutex;

/// The default: each worker runs what it made ready last, and takes what others made ready first when it has nothing.
///
/// An executor with this policy uses the engine's own queues, which know no tokens and cost the least. Wrapped in a policy of your
/// own, it does the same with tokens, in a queue behind a lock for each worker.
///
/// # Examples
///
/// ```
/// use taskflow_core::{Builder, Executor, Manual, WorkStealing};
///
/// let executor: Executor<Manual> = Builder::new(Manual::new()).build()?;
/// let same: Executor<Manual, WorkStealing> = executor;
/// # Ok::<(), taskflow_core::NoThread>(())
/// ```
#[derive(Debug, Default)]
pub struct WorkStealing {
    queues: Shards<Queue>,
    /// What comes from outside.
    injector: Queue,
}

type Queue = Mutex<VecDeque<Ready>>;

impl WorkStealing {
    /// Empty queues.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Scheduler for WorkStealing {
    type Local = View<Queue>;

    fn local(&self, _: WorkerId) -> View<Queue> {
        self.queues.add()
    }

    fn push(&self, local: Option<&mut View<Queue>>, task: Ready) {
        let queue = local.map_or(&self.injector, |local| local.own());
        queue.lock().push_back(task);
    }

    fn pop(&self, local: &mut View<Queue>, want: Want<'_>) -> Option<Ready> {
        let newest = {
            let mut own = local.own().lock();
            let place = own.iter().rposition(|task| want.accepts(task));
            place.and_then(|place| own.remove(place))
        };
        if newest.is_some() {
            return newest;
        }
        local.complete(&self.queues);
        let others = local.own_first().skip(1);
        core::iter::once(&self.injector)
            .chain(others)
            .find_map(|queue| {
                let mut queue = queue.lock();
                let place = queue.iter().position(|task| want.accepts(task))?;
                queue.remove(place)
            })
    }

    fn is_built_in(&self) -> bool {
        true
    }
}
