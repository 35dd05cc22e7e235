//! What an observer has heard.

use core::time::Duration;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use taskflow_std::{Ended, Event, EventKind, Observer, RunId, TaskId, WorkerId};

/// One event, as far as it can be kept.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) kind: EventKind,
    pub(crate) time: Duration,
    pub(crate) worker: Option<WorkerId>,
    pub(crate) run: Option<RunId>,
    pub(crate) task: Option<TaskId>,
    pub(crate) task_name: Option<String>,
    pub(crate) flow_name: Option<String>,
    pub(crate) thread: ThreadId,
}

/// Writes all events down.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(Arc<Mutex<Vec<Heard>>>);

impl Journal {
    /// All events so far, in the order in which they were told.
    pub(crate) fn all(&self) -> Vec<Heard> {
        self.0
            .lock()
            .expect("nothing panics with this lock")
            .clone()
    }

    /// How many are such.
    pub(crate) fn count(&self, such: impl Fn(&Heard) -> bool) -> usize {
        self.all().iter().filter(|heard| such(heard)).count()
    }

    /// Of how many tasks, or calls of one, it heard `Ready`, `Start`, and an end for good.
    pub(crate) fn tasks(&self) -> [usize; 3] {
        [
            self.count(|heard| heard.kind == EventKind::Ready),
            self.count(|heard| heard.kind == EventKind::Start) - self.ended(Ended::Suspended),
            self.count(|heard| matches!(heard.kind, EventKind::End { .. }))
                - self.ended(Ended::Suspended),
        ]
    }

    /// Fails unless of each task `Start` and `End` alternate, each pair on one thread and worker, and `Ready` comes
    /// before.
    #[track_caller]
    pub(crate) fn assert_in_order(&self) {
        let all = self.all();
        let mut running: HashMap<_, &Heard> = HashMap::new();
        let mut ready = HashSet::new();
        for heard in &all {
            let Some(task) = heard.task else { continue };
            let key = (heard.run, task);
            match heard.kind {
                EventKind::Ready => assert!(ready.insert(key) && !running.contains_key(&key)),
                EventKind::Start => {
                    ready.remove(&key);
                    assert!(running.insert(key, heard).is_none(), "started twice");
                }
                EventKind::End { .. } => {
                    let start = running.remove(&key).expect("it was started");
                    assert_eq!((start.thread, start.worker), (heard.thread, heard.worker));
                    assert!(start.time <= heard.time);
                }
                other => panic!("{other:?} of a task"),
            }
        }
        assert!(running.is_empty() && ready.is_empty());
    }

    /// How many ends were such.
    pub(crate) fn ended(&self, outcome: Ended) -> usize {
        self.count(|heard| heard.kind == EventKind::End { outcome })
    }

    /// What was heard of the tasks of this name, in order.
    pub(crate) fn of(&self, name: &str) -> Vec<EventKind> {
        let all = self.all();
        let named = all
            .iter()
            .filter(|heard| heard.task_name.as_deref() == Some(name));
        named.map(|heard| heard.kind).collect()
    }
}

impl Observer for Journal {
    fn event(&self, event: &Event<'_>) {
        self.0
            .lock()
            .expect("nothing panics with this lock")
            .push(Heard {
                kind: event.kind,
                time: event.time,
                worker: event.worker,
                run: event.run,
                task: event.task,
                task_name: event.task_name().map(Into::into),
                flow_name: event.flow_name().map(Into::into),
                thread: thread::current().id(),
            });
    }
}
