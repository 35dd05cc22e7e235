//! What may cancel a run from outside: the tokens that it and its tasks are under, and its deadline.

use alloc::vec::Vec;
use core::time::Duration;

use super::Run;
use crate::cancellation::{Cancelled, Subscription};
use crate::host::Host;
use crate::pool::AlarmId;
use crate::sync::Arc;
use crate::task::TaskId;

/// Kept while the run is unfinished. To be dropped without the run's lock.
#[derive(Debug, Default)]
pub(crate) struct Ties {
    tokens: Vec<(Option<TaskId>, Subscription)>,
    alarm: Option<Alarm>,
}

/// A deadline that is armed until this is dropped.
#[derive(Debug)]
pub(crate) struct Alarm {
    host: Arc<dyn Host>,
    id: AlarmId,
}

impl Alarm {
    pub(crate) fn new(host: Arc<dyn Host>, id: AlarmId) -> Self {
        Self { host, id }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.host.disarm(self.id);
    }
}

impl Run {
    /// Keeps the place of this run, or of a task of it, on a token's list.
    pub(crate) fn tie(&self, task: Option<TaskId>, subscription: Subscription) {
        self.cell.lock().ties.tokens.push((task, subscription));
    }

    /// Keeps the run's deadline, and what stands for it among those of its executor.
    pub(crate) fn set_deadline(&self, at: Duration, alarm: Alarm) {
        let mut cell = self.cell.lock();
        cell.deadline = Some(at);
        cell.ties.alarm = Some(alarm);
    }

    /// The run is not going to begin: nothing cancels it any more.
    pub(crate) fn untie(&self) {
        let ties = core::mem::take(&mut self.cell.lock().ties);
        drop(ties);
    }

    /// Which tokens that the run, or a task of it, is under are cancelled, told or not.
    pub(crate) fn coming(&self) -> Vec<(Option<TaskId>, Cancelled)> {
        let cell = self.cell.lock();
        let tokens = cell.ties.tokens.iter();
        let coming =
            |(task, subscription): &(_, Subscription)| Some((*task, subscription.coming()?));
        tokens.filter_map(coming).collect()
    }
}
