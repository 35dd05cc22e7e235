//! A flow in the hands of its owner: editing and starting.

use alloc::boxed::Box;
use core::cell::Cell;

use super::{Flow, ORPHAN};
use crate::directory::{Directory, Registration};
use crate::error::TaskflowError;
use crate::graph::Graph;
use crate::host::Host;
use crate::mutant::mutant;
use crate::nursery::Chunk;
use crate::run::{Order, Run};
use crate::sync::{Arc, Ordering};

/// The flow in the hands of the one thread that edits and starts it.
///
/// It is `Send` but not `Sync`, and handles borrow it, so that editing takes no lock.
pub(crate) struct FlowOwner {
    flow: Arc<Flow>,
    /// The flow is a subflow that was joined.
    closed: Cell<bool>,
    _one_thread: OneThread,
}

/// Marks what one thread at a time may use.
struct OneThread(Cell<()>);

impl FlowOwner {
    pub(crate) fn new(name: Box<str>) -> Self {
        Self {
            flow: Flow::new(name),
            closed: Cell::new(false),
            _one_thread: OneThread(Cell::new(())),
        }
    }

    pub(crate) fn id(&self) -> u64 {
        self.flow.id
    }

    pub(crate) fn name(&self) -> &str {
        &self.flow.name
    }

    /// Changes the graph. `change` runs no user code.
    ///
    /// # Panics
    ///
    /// While a run is unfinished.
    pub(crate) fn edit<R>(&self, change: impl FnOnce(&mut Graph) -> R) -> R {
        assert!(
            !self.closed.get(),
            "the subflow was joined, which closed it; build it before"
        );
        assert!(
            self.is_idle(),
            "the flow {:?} was edited while a run of it is unfinished; wait for the run first",
            self.name()
        );
        // SAFETY: no run is unfinished, so no worker reads the graph; this is the owner thread, and
        // `change` runs no user code that could come here again.
        change(unsafe { &mut *self.flow.graph.get() })
    }

    /// Looks at the graph. `look` runs no user code.
    pub(crate) fn query<R>(&self, look: impl FnOnce(&Graph) -> R) -> R {
        // SAFETY: only the owner thread changes the graph, and it is here.
        look(unsafe { &*self.flow.graph.get() })
    }

    /// Brings the edges into the order by source, unless they are.
    pub(crate) fn settle(&self) {
        if self.query(|graph| graph.frozen().is_none()) {
            // A failure shows again in `validate`.
            let _ = self.edit(Graph::freeze);
        }
    }

    /// Freezes and checks the graph.
    pub(crate) fn validate(&self) -> Result<(), TaskflowError> {
        if self.is_idle() {
            self.edit(Graph::validate)
        } else {
            // An unfinished run found the graph valid, and nothing was edited since.
            Ok(())
        }
    }

    /// Starts a run, or queues it behind the unfinished ones. Gives the handle's part, and the root if
    /// it is to be started now.
    ///
    /// # Errors
    ///
    /// What is wrong with the graph; nothing was started.
    pub(crate) fn submit(
        &self,
        host: &Arc<dyn Host>,
        order: Order,
    ) -> Result<(Arc<Run>, Option<u32>), TaskflowError> {
        self.validate()?;
        let idle = self.is_idle();
        let once = self.query(Graph::once_task);
        if let Some(task) = once
            && (order.rounds.may_repeat() || !idle)
        {
            return Err(TaskflowError::Once { task });
        }
        if idle {
            self.edit(Graph::spend_once)?;
            // (A policy is to see tasks, and not blocks.)
            self.point_at_graph((!host.decides()).then(|| host.workers()));
        }
        Flow::submit(&self.flow, host, order)
    }

    pub(crate) fn flow(&self) -> &Arc<Flow> {
        &self.flow
    }

    /// Refuses all further edits.
    pub(crate) fn close(&self) {
        self.closed.set(true);
    }

    /// Freezes and checks the graph of a module.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn freeze_for_good(&self) -> Result<(), TaskflowError> {
        self.validate()?;
        if let Some(task) = self.query(Graph::once_task) {
            return Err(TaskflowError::Once { task });
        }
        if self.is_idle() {
            self.point_at_graph(None);
        }
        Ok(())
    }

    /// The owner is going: drops all closures, or leaves that to the end of the last run.
    pub(crate) fn abandon(&self) {
        // Ordering: AcqRel. Release hands the graph to whoever ends the last run; Acquire, with the
        // Release of `end_run`, takes it back if there is none.
        let right = mutant!("abandon_no_acquire", Ordering::Release, Ordering::AcqRel);
        let order = mutant!("abandon_no_release", Ordering::Acquire, right);
        // Ordering: see above.
        if self.flow.gate.fetch_or(ORPHAN, order) == 0 {
            // SAFETY: no run is unfinished, and this is the owner.
            drop(unsafe { self.flow.take_graph() });
        }
    }

    /// Whether no run is unfinished.
    pub(crate) fn is_idle(&self) -> bool {
        // Ordering: Acquire, with the Release of `end_run`: edits come after all that the runs did.
        let order = mutant!("gate_no_acquire", Ordering::Relaxed, Ordering::Acquire);
        self.flow.gate.load(order) == 0
    }
}

/// A flow of so many tasks without work, whose references in this directory stand for jobs.
///
/// # Errors
///
/// The directory has no references left.
pub(crate) fn nursery_flow(
    directory: &Arc<Directory>,
    tasks: u32,
    chunk: Chunk,
) -> Result<(Arc<Flow>, Registration), TaskflowError> {
    let owner = FlowOwner {
        flow: Flow::with_chunk("nursery".into(), Some(chunk)),
        closed: Cell::new(false),
        _one_thread: OneThread(Cell::new(())),
    };
    owner.edit(|graph| {
        for _ in 0..tasks {
            graph.add();
        }
    });
    owner.validate()?;
    owner.point_at_graph(None);
    let place = Directory::register(directory, &owner.flow, tasks as usize + 1)?;
    // SAFETY: nobody has a reference of the flow yet, and this is the owner thread.
    unsafe { (*owner.flow.hot.get()).base = place.base() };
    Ok((owner.flow, place))
}
