//! In the order of arrival.

use alloc::collections::VecDeque;

use super::{Ready, Scheduler, Want};
use crate::platform::WorkerId;
use crate::sync::{AtomicUsize, Mutex, Ordering};

/// Runs tasks in the order in which they became ready, over all flows and workers; those that one task made ready in the
/// order of their creation.
///
/// One queue behind one lock, so it is for tasks that are long compared to 100 ns. A wait inside a task looks over what is
/// before the first task that it needs: O(ready tasks).
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use taskflow_core::{Builder, FifoScheduler, Manual, Taskflow};
///
/// let executor = Builder::new(Manual::new()).workers(1).scheduler(FifoScheduler::new()).build()?;
/// let order = Arc::new(Mutex::new(Vec::new()));
/// let flow = Taskflow::new();
/// let note = |name| {
///     let order = Arc::clone(&order);
///     flow.emplace(move || order.lock().unwrap().push(name))
/// };
/// note("a").precede(note("after a"));
/// note("b").precede(note("after b"));
/// executor.run(&flow).wait()?;
/// assert_eq!(*order.lock().unwrap(), ["a", "b", "after a", "after b"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct FifoScheduler {
    /// How many there are, for those who have nothing to do and look again and again. Changed under the lock.
    len: AtomicUsize,
    ready: Mutex<VecDeque<Ready>>,
}

impl FifoScheduler {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Scheduler for FifoScheduler {
    type Local = ();

    fn local(&self, _: WorkerId) {}

    fn push(&self, _: Option<&mut ()>, task: Ready) {
        let mut ready = self.ready.lock();
        ready.push_back(task);
        // Ordering: Relaxed; see `pop`.
        self.len.store(ready.len(), Ordering::Relaxed);
    }

    fn pop(&self, (): &mut (), want: Want<'_>) -> Option<Ready> {
        // Ordering: Relaxed; a hint, the lock decides. Whoever must not miss a task passes a SeqCst fence first.
        if self.len.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut ready = self.ready.lock();
        let place = if want.is_any() {
            0
        } else {
            ready.iter().position(|task| want.accepts(task))?
        };
        let task = ready.remove(place);
        // Ordering: Relaxed; as above.
        self.len.store(ready.len(), Ordering::Relaxed);
        task
    }
}
