//! A flow as both its owner and the workers see it: the graph, and the runs that wait for it.
//!
//! ```text
//!              submit                    activate               last task counted
//!   (owner) ────────────► queued (Run) ───────────► active (Run) ────────────────► ended
//!                            │  the flow had none      │  ▲                          │
//!                            └─ active: at once        └──┘ next round               └─ activate the next
//! ```
//!
//! | field | owner thread | workers |
//! |---|---|---|
//! | `graph` | edits while no run is unfinished, reads always | read while their run is active |
//! | `hot` | writes while no run is unfinished | read while their run is active; the one that ends a round writes before it begins the next, under the lock of `queue` |
//! | `coarse` | as `graph`, but reads | the one that ends a round |
//! | `urgency` | writes when it is none of the graph: no run that reads it is unfinished | read while their run is active, if its policy asks; by others with the lock of `queue` |
//! | `attention` | sets a bit (cancel) | read at each start, set a bit (failure) |
//! | `queue` | under its lock | under its lock |
//!
//! `gate` counts the unfinished runs; the owner edits only when it reads zero there, with Acquire.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::directory::{Directory, Registration};
use crate::error::TaskflowError;
use crate::graph::Graph;
use crate::graph::node::Flag;
use crate::graph::urgency::Urgency;
use crate::host::Host;
use crate::mutant::mutant;
use crate::nursery::Chunk;
use crate::policy::FailurePolicy;
use crate::protocol::completion::Completion;
use crate::run::{Closed, Counts, Run, Tasks};
use crate::suspension::Holds;
use crate::sync::{
    Arc, AtomicU32, AtomicUsize, Mutex, Ordering, Padded, UnsafeCell, Weak, fresh_id,
};

/// The run is to start no further task: it was cancelled, or a task of it failed.
pub(crate) const STOP: u32 = 1;
/// After a failure only what depends on it is skipped.
pub(crate) const KEEP_INDEPENDENT: u32 = 2;
/// After a failure nothing is skipped.
pub(crate) const COLLECT_ALL: u32 = 4;
/// The run's executor has observers.
pub(crate) const OBSERVED: u32 = 8;
/// Some tasks of the run were cancelled, and the others go on.
pub(crate) const SOME_CANCELLED: u32 = 16;
/// The run, or one that it is part of, has a deadline.
pub(crate) const TIMED: u32 = 32;
/// The run's executor has a policy, which decides what runs next.
pub(crate) const SCHEDULED: u32 = 64;
/// Some task of the flow has a budget or a deadline.
pub(crate) const WATCHED: u32 = 128;

mod attending;
mod coarsening;
mod contention;
mod nesting;
mod owner;
mod rounds;
mod stopping;
mod submitting;
mod urgency;
mod view;
mod watching;

use coarsening::Coarse;
pub(crate) use nesting::NotScheduled;
pub(crate) use owner::{FlowOwner, nursery_flow};
pub(crate) use rounds::Standing;
use urgency::Raise;
pub(crate) use urgency::{Cause, Causes, FLOOR};
use view::Hot;
pub(crate) use view::View;

/// What `gate` counts one unfinished run as.
const RUN: usize = 2;
/// The bit of `gate` that says that the owner has dropped the flow.
const ORPHAN: usize = 1;

/// See the module's documentation.
pub(crate) struct Flow {
    this: Weak<Self>,
    id: u64,
    name: Box<str>,
    /// What a task's start must know of its run: the bits above, or nothing.
    attention: Padded<AtomicU32>,
    hot: UnsafeCell<Hot>,
    coarse: UnsafeCell<Option<Box<Coarse>>>,
    progress: Padded<Progress>,
    gate: AtomicUsize,
    queue: Mutex<Queue>,
    /// What suspended tasks of the active run wait for.
    holds: Mutex<Holds>,
    /// Which tasks of the active run are raised.
    raises: Mutex<Vec<Raise>>,
    /// What a policy asks of the graph. Written under both locks, `finding` and that of `queue`.
    urgency: UnsafeCell<Option<Box<Urgency>>>,
    finding: Mutex<()>,
    /// The number of the round at hand, where a policy decides.
    round: AtomicU32,
    graph: UnsafeCell<Graph>,
    /// What the references of a nursery's flow stand for. Such a flow is frozen for good.
    chunk: Option<Chunk>,
}

/// Where the active run stands.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Tasks of this round that are not counted yet, the root included.
    pub(crate) completion: Completion,
    /// Tasks that were skipped, over all rounds.
    pub(crate) skipped: AtomicUsize,
    /// Tasks that ended, over all rounds, where weak edges make that differ from the number of tasks.
    pub(crate) ended: AtomicUsize,
    /// Tasks of nested graphs that were run.
    pub(crate) nested: AtomicUsize,
    /// Tasks of nested graphs that were skipped.
    pub(crate) nested_skipped: AtomicUsize,
    /// Sources of this round that the root has made ready. Only the root's holder touches it.
    pub(crate) cursor: AtomicUsize,
}

#[derive(Debug, Default)]
struct Queue {
    active: Option<Arc<Run>>,
    waiting: VecDeque<Arc<Run>>,
    /// The last run that ended, to be used again once its handle is gone.
    spare: Option<Arc<Run>>,
    /// The ranges of references, one for each executor that has an unfinished run.
    places: Vec<Registration>,
}

// SAFETY: the table above says who may touch the two cells when; the closures behind the graph's
// pointers are `Send`, and called by one worker at a time.
unsafe impl Send for Flow {}
// SAFETY: as for `Send`.
unsafe impl Sync for Flow {}

impl Flow {
    pub(crate) fn new(name: Box<str>) -> Arc<Self> {
        Self::with_chunk(name, None)
    }

    fn with_chunk(name: Box<str>, chunk: Option<Chunk>) -> Arc<Self> {
        let id = fresh_id();
        Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            id,
            name,
            attention: Padded(AtomicU32::new(0)),
            hot: UnsafeCell::new(Hot::new(id)),
            coarse: UnsafeCell::new(None),
            progress: Padded::default(),
            gate: AtomicUsize::new(0),
            queue: Mutex::new(Queue::default()),
            holds: Mutex::new(Holds::default()),
            raises: Mutex::new(Vec::new()),
            urgency: UnsafeCell::new(None),
            finding: Mutex::new(()),
            round: AtomicU32::new(0),
            graph: UnsafeCell::new(Graph::new(id)),
            chunk,
        })
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// This flow, to be kept.
    pub(crate) fn keep(&self) -> Arc<Self> {
        self.this.upgrade().expect("whoever has the flow keeps it")
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What the active run does when a task fails.
    pub(crate) fn policy(&self) -> FailurePolicy {
        FailurePolicy::of_attention(self.attention())
    }

    /// The slots of a nursery's flow.
    pub(crate) fn chunk(&self) -> Option<&Chunk> {
        self.chunk.as_ref()
    }

    #[inline]
    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The graph, for names.
    ///
    /// # Safety
    ///
    /// 1. As for [`view`](Self::view).
    pub(crate) unsafe fn graph(&self) -> &Graph {
        // SAFETY: (1) the owner edits only while no run is unfinished.
        unsafe { &*self.graph.get() }
    }

    /// Whether tasks of the active run are to be skipped.
    #[inline]
    pub(crate) fn is_stopped(&self) -> bool {
        // Ordering: Relaxed; a request, no data hangs on it.
        self.attention.load(Ordering::Relaxed) & STOP != 0
    }

    /// What a task's start must know of its run.
    #[inline]
    pub(crate) fn attention(&self) -> u32 {
        // Ordering: Relaxed; requests, no data hangs on them.
        self.attention.load(Ordering::Relaxed)
    }

    /// The references that tasks of the active run have in `directory`: the first, and how many.
    pub(crate) fn range(&self, directory: &Arc<Directory>) -> Option<(u32, u32)> {
        let queue = self.queue.lock();
        let run = queue.active.as_ref()?;
        if !Arc::ptr_eq(&run.directory(), directory) {
            return None;
        }
        // SAFETY: nobody writes it while the queue is locked, since a run is active.
        let Hot {
            references, base, ..
        } = unsafe { *self.hot.get() };
        // Graphs with more tasks than 32 bits count were refused.
        let references = u32::try_from(references).ok()?;
        Some((base, references))
    }

    /// The active run.
    ///
    /// # Safety
    ///
    /// 1. As for [`view`](Self::view).
    pub(crate) unsafe fn active(&self) -> &Run {
        let run = self.queue.lock().active.as_ref().map(Arc::as_ptr);
        let run = run.expect("the caller has a task of an active run");
        // SAFETY: (1) the queue keeps the active run until it ends.
        unsafe { &*run }
    }

    /// Makes the counters ready for a round of the active run.
    ///
    /// # Safety
    ///
    /// 1. The caller alone begins or ends rounds of this flow now.
    pub(crate) unsafe fn begin_round(&self) -> u32 {
        // SAFETY: (1).
        let view = unsafe { self.view() };
        if let Some(weak) = view.weak {
            // What is not started in this round is not there in it.
            // SAFETY: (1).
            unsafe { self.graph() }.expire_outputs();
            for join in &weak.joins {
                let node = view.node(*join);
                node.counter.rearm(node.strong());
                node.lower(Flag::POISONED);
            }
        }
        if self.attention() & SCHEDULED != 0 {
            self.number_round();
        }
        // Ordering: Relaxed; the root reaches other workers through a queue's Release.
        self.progress.cursor.store(0, Ordering::Relaxed);
        // How many tasks will run is not known where weak edges choose, and where tasks may wait it matters
        // how many are ready: there the root alone is counted.
        let counted = if view.is_general() { 0 } else { view.counted };
        self.progress.completion.begin(counted + 1);
        view.base + view.root()
    }

    /// Puts `run` behind the others. If there are none it is active now, and the root's reference is
    /// returned, to be started on the run's host.
    ///
    /// # Errors
    ///
    /// The run's executor has no references left for the flow; the run is not queued.
    fn enqueue(this: &Arc<Self>, run: Arc<Run>) -> Result<Option<u32>, TaskflowError> {
        let directory = run.directory();
        let mut queue = this.queue.lock();
        let idle = queue.active.is_none();
        // SAFETY: the queue is locked, or this is the owner, so nobody writes it.
        let references = unsafe { *this.hot.get() }.references;
        queue
            .places
            .retain(|place| !idle || place.serves(&directory, references));
        if !queue
            .places
            .iter()
            .any(|place| place.serves(&directory, references))
        {
            let place = Directory::register(&directory, this, references)?;
            queue.places.push(place);
        }
        // Ordering: Relaxed; this thread is the one that reads it as a permission to edit.
        this.gate.fetch_add(RUN, Ordering::Relaxed);
        if !idle {
            let (host, floor) = (run.host(), run.floor());
            queue.waiting.push_back(run);
            drop(queue);
            if floor > 0 {
                host.raise_floor(this, floor);
            }
            return Ok(None);
        }
        Ok(Some(this.activate(&mut queue, run)))
    }

    /// Makes `run` the active one and prepares its first round.
    fn activate(&self, queue: &mut Queue, run: Arc<Run>) -> u32 {
        let begun = run.begin();
        let place = queue
            .places
            .iter()
            .find(|place| place.is_with(&begun.directory));
        let base = place.expect("`enqueue` has registered the flow").base();
        // SAFETY: no run is active, and this one begins.
        unsafe { self.time_from(begun.at) };
        let (top, outer) = run.parent_flow().map_or((self.id, None), |parent| {
            // SAFETY: the run is part of an unfinished task of that flow, which has an active run.
            let hot = unsafe { *parent.hot.get() };
            (hot.top, hot.deadline)
        });
        // SAFETY: no run is active and the queue is locked, so no worker reads it; the owner writes it
        // only while no run is unfinished, and this one is.
        let hot = unsafe { &mut *self.hot.get() };
        (hot.base, hot.top, hot.run) = (base, top, begun.number);
        hot.begun = begun.at;
        hot.deadline = [begun.deadline, outer].into_iter().flatten().min();
        let timed = if hot.deadline.is_some() { TIMED } else { 0 };
        let watched = if hot.watched { WATCHED } else { 0 };
        // Those behind wait for this one.
        let waiting = queue.waiting.iter().map(|run| run.floor());
        let floor = waiting.fold(run.floor(), u32::max);
        let attention = begun.attention() | timed | watched | urgency::floor(floor);
        // Ordering: Relaxed; the root reaches workers through a queue's Release.
        self.attention.store(attention, Ordering::Relaxed);
        let progress = &*self.progress;
        for count in [
            &progress.skipped,
            &progress.ended,
            &progress.nested,
            &progress.nested_skipped,
        ] {
            // Ordering: Relaxed; as above.
            count.store(0, Ordering::Relaxed);
        }
        queue.active = Some(run);
        // SAFETY: no task of the new run has been started.
        unsafe { self.begin_round() }
    }

    /// Ends the active run, whose last task was counted, and activates the next.
    ///
    /// # Safety
    ///
    /// 1. The caller alone ends the active run, and touches nothing of the flow's closures afterwards.
    pub(crate) unsafe fn end_run(&self, now: Duration) -> Ended {
        // SAFETY: (1). (The records may be gone already.)
        let hot = unsafe { *self.hot.get() };
        self.leave_contention();
        // Ordering: Relaxed; the flushes that ended the run handed it over.
        let count = |count: &AtomicUsize| count.load(Ordering::Relaxed) as u64;
        let progress = &*self.progress;
        let counts = Counts {
            tasks: if hot.weak.is_null() && !hot.special {
                Tasks::PerRound(hot.tasks as u64)
            } else {
                Tasks::Ended(count(&progress.ended))
            },
            skipped: count(&progress.skipped),
            nested: count(&progress.nested),
            nested_skipped: count(&progress.nested_skipped),
        };
        let mut queue = self.queue.lock();
        let run = queue.active.take().expect("a run is active until it ends");
        self.forget_raises();
        // Ordering: AcqRel. Release, with the Acquire of `assert_idle`: the owner edits after all that
        // the run did. Acquire, with the Release of `orphan`: whoever clears the graph owns it.
        let right = mutant!("gate_end_no_acquire", Ordering::Release, Ordering::AcqRel);
        let order = mutant!("gate_no_release", Ordering::Acquire, right);
        // Ordering: see above.
        let gate = self.gate.fetch_sub(RUN, order);
        let closed = run.close(&counts, now);
        let spare = queue.spare.replace(run);
        let next = queue.waiting.pop_front().map(|next| {
            let host = next.host();
            (host, self.activate(&mut queue, next))
        });
        drop(queue);
        drop(spare);
        if next.is_some() {
            self.enter_contention();
        }
        Ended {
            closed,
            next,
            orphan: gate == RUN | ORPHAN,
        }
    }

    /// Takes a run back that is queued behind others. `false`: it is not any more.
    pub(crate) fn withdraw(&self, run: &Arc<Run>) -> bool {
        let mut queue = self.queue.lock();
        let place = queue
            .waiting
            .iter()
            .position(|other| Arc::ptr_eq(other, run));
        let withdrawn = place.and_then(|place| queue.waiting.remove(place));
        if withdrawn.is_some() {
            // Ordering: Relaxed; the run did nothing. (The active one is still counted.)
            self.gate.fetch_sub(RUN, Ordering::Relaxed);
        }
        withdrawn.is_some()
    }

    /// Whether the owner has dropped the flow and the active run is its last. It stays so.
    pub(crate) fn is_orphan(&self) -> bool {
        // Ordering: Acquire, with the Release of `abandon`: whoever clears the graph owns it.
        let order = mutant!("orphan_no_acquire", Ordering::Relaxed, Ordering::Acquire);
        // Ordering: see above.
        self.gate.load(order) == RUN | ORPHAN
    }

    /// Takes the graph away, to drop its closures.
    ///
    /// # Safety
    ///
    /// 1. The owner has dropped the flow, and no task of it is left to run.
    pub(crate) unsafe fn take_graph(&self) -> Graph {
        // SAFETY: (1) nobody else uses the graph.
        unsafe { &mut *self.graph.get() }.take_all()
    }
}

/// What is left to do after a run has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) closed: Closed,
    /// The next run's host, and the root to start there.
    pub(crate) next: Option<(Arc<dyn Host>, u32)>,
    /// The flow's owner is gone and this was the last run: its closures are to be dropped.
    pub(crate) orphan: bool,
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
