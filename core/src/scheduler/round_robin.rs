//! One task of each flow in turn.

use alloc::collections::{BTreeMap, VecDeque};

use super::{FlowKey, Ready, Scheduler, Want};
use crate::platform::WorkerId;
use crate::sync::{AtomicUsize, Mutex, Ordering};

/// Runs one task of each flow in turn, so that a flow of many tasks does not hold up one of few. Of one flow the task that
/// became ready first. All spawned tasks count as one flow, and what is nested as part of the outermost.
///
/// One set of queues behind one lock, so it is for tasks that are long compared to 200 ns. O(log flows) for a task; a wait
/// inside a task looks over what is before the first task that it needs.
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use taskflow_core::{Builder, Manual, RoundRobinScheduler, Taskflow};
///
/// let scheduler = RoundRobinScheduler::new();
/// let executor = Builder::new(Manual::new()).workers(1).scheduler(scheduler).build()?;
/// let order = Arc::new(Mutex::new(Vec::new()));
/// let flows = [("many", 3), ("few", 1)].map(|(name, tasks)| {
///     let flow = Taskflow::new();
///     for _ in 0..tasks {
///         let order = Arc::clone(&order);
///         flow.emplace(move || order.lock().unwrap().push(name));
///     }
///     flow
/// });
/// let runs = flows.each_ref().map(|flow| executor.run(flow));
/// executor.platform().step_all();
/// assert_eq!(*order.lock().unwrap(), ["many", "few", "many", "many"]);
/// # runs.map(|run| run.wait().unwrap());
/// # Ok::<(), taskflow_core::NoThread>(())
/// ```
#[derive(Debug, Default)]
pub struct RoundRobinScheduler {
    /// How many flows there are, for those who have nothing to do and look again and again. Changed under the lock.
    len: AtomicUsize,
    ring: Mutex<Ring>,
}

/// Flows that have ready tasks, the one whose turn it is first; and their tasks.
#[derive(Debug, Default)]
struct Ring {
    turns: VecDeque<FlowKey>,
    ready: BTreeMap<FlowKey, VecDeque<Ready>>,
}

impl RoundRobinScheduler {
    /// Empty queues.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Scheduler for RoundRobinScheduler {
    type Local = ();

    fn local(&self, _: WorkerId) {}

    fn push(&self, _: Option<&mut ()>, task: Ready) {
        let mut ring = self.ring.lock();
        let flow = task.flow();
        let tasks = ring.ready.entry(flow).or_default();
        tasks.push_back(task);
        if tasks.len() == 1 {
            ring.turns.push_back(flow);
            // Ordering: Relaxed; see `pop`.
            self.len.store(ring.turns.len(), Ordering::Relaxed);
        }
    }

    fn pop(&self, (): &mut (), want: Want<'_>) -> Option<Ready> {
        // Ordering: Relaxed; a hint, the lock decides. Whoever must not miss a task passes a SeqCst fence first.
        if self.len.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut ring = self.ring.lock();
        let Ring { turns, ready } = &mut *ring;
        let (turn, place) = turns.iter().enumerate().find_map(|(turn, flow)| {
            let place = ready
                .get(flow)?
                .iter()
                .position(|task| want.accepts(task))?;
            Some((turn, place))
        })?;
        let flow = turns.remove(turn)?;
        let tasks = ready.get_mut(&flow)?;
        let task = tasks.remove(place);
        if tasks.is_empty() {
            ready.remove(&flow);
        } else {
            turns.push_back(flow);
        }
        // Ordering: Relaxed; as above.
        self.len.store(turns.len(), Ordering::Relaxed);
        task
    }
}
