//! Telling observers what this worker does.
//!
//! An observer is user code in the middle of the engine's work. It is called while something of the flow
//! is unfinished and in this worker's hands, and `current` says so: a wait for the flow is refused, and the
//! seat is kept. What is in hand then is of that flow alone, which nobody's wait inside an event can need.
//! Where tasks of any flow are in hand (after a steal) they are put back first.

use core::ptr::NonNull;

use super::{Current, Worker};
use crate::flow::Flow;
use crate::observer::{Event, EventKind, Names, Subject};
use crate::platform::{Platform, WorkerId};

impl<P: Platform> Worker<'_, P> {
    /// Tells of an unfinished task of a flow of which this worker has one in hand.
    #[cold]
    pub(super) fn tell_of_task(&self, flow: &Flow, index: u32, kind: EventKind) {
        // SAFETY: the caller has an unfinished task of the flow in hand.
        let graph = unsafe { flow.graph() };
        self.tell_of(flow, kind, Some(Subject::Unfinished(graph, index)));
    }

    /// Tells that the active run begins, if this is its first round. The caller has its root in hand.
    #[cold]
    pub(super) fn tell_begin(&self, flow: &Flow) {
        // SAFETY: the root is unfinished.
        let run = unsafe { flow.active() };
        if run.is_in_first_round() {
            self.tell_of(flow, EventKind::RunBegin, None);
        }
    }

    /// Tells that all tasks of the active run have ended, which the caller is about to end.
    #[cold]
    pub(super) fn tell_end(&self, flow: &Flow) {
        self.tell_of(flow, EventKind::RunEnd, None);
    }

    fn tell_of(&self, flow: &Flow, kind: EventKind, task: Option<Subject<'_>>) {
        let names = Names {
            flow: Some(flow.name()),
            task,
        };
        // SAFETY: the caller has a task of the run in hand, or is the one that ends it.
        let run = unsafe { flow.run_number() };
        let event = Event::of(kind, self.pool.platform.now(), self.id).in_run(run, names);
        self.tell(Current::Round(NonNull::from(flow)), &event);
    }

    /// Tells that this worker stole so many tasks from another: this one, and others that are in its queue.
    /// Gives the task again, unless somebody was faster, or another one in its place.
    #[cold]
    pub(super) fn tell_of_steal(&self, task: u32, from: WorkerId, tasks: usize) -> Option<u32> {
        self.keep(task);
        self.tell_of_stolen(from, tasks);
        self.deque()?.take_newest()
    }

    /// Tells of tasks that this worker stole and has in its queue.
    #[cold]
    pub(super) fn tell_of_stolen(&self, from: WorkerId, tasks: usize) {
        // While one searches, nobody is woken.
        self.found();
        let kind = EventKind::Steal { from, tasks };
        let event = Event::of(kind, self.pool.platform.now(), self.id);
        self.tell(Current::Engine, &event);
    }

    /// Tells of a spawned task.
    #[cold]
    pub(super) fn tell_of_spawned(&self, kind: EventKind) {
        let event = Event::of(kind, self.pool.platform.now(), self.id);
        self.tell(Current::Engine, &event);
    }

    /// `meanwhile` is whose code an observer counts as.
    fn tell(&self, meanwhile: Current, event: &Event<'_>) {
        let outer = self.current.replace(meanwhile);
        let pool = self.pool;
        pool.observers.tell(&pool.platform, self.id.index(), event);
        self.current.set(outer);
    }
}
