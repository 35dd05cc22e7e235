//! The observers of a pool, as workers find them.
//!
//! Each worker has a list of its own, a copy that is changed under its lock, so that observed workers do not
//! meet at one. An event holds its list while it is told, and no lock.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Event, Observer, ObserverHandle, RunId};
use crate::directory::Directory;
use crate::platform::Platform;
use crate::sync::{Arc, AtomicBool, AtomicUsize, Mutex, Ordering, Padded, erase};

/// One observer.
pub(crate) struct Entry<O: ?Sized = dyn Observer> {
    gone: AtomicBool,
    observer: O,
}

impl Entry {
    /// Whether it was detached.
    pub(super) fn is_gone(&self) -> bool {
        // Ordering: Relaxed; no data hangs on it.
        self.gone.load(Ordering::Relaxed)
    }
}

/// What a worker finds; `None` for no observers.
type List = Option<Arc<[Arc<Entry>]>>;

/// What detaching leaves to be dropped, which is user code.
pub(super) type Remains = Vec<List>;

/// See the module's documentation.
pub(crate) struct Observers {
    /// There are some. Changed under the lock of `entries`.
    any: AtomicBool,
    /// Runs that have begun.
    runs: AtomicUsize,
    entries: Mutex<Vec<Arc<Entry>>>,
    lists: Box<[Padded<Mutex<List>>]>,
    directory: Arc<Directory>,
}

impl Observers {
    pub(crate) fn new(workers: usize, directory: &Arc<Directory>) -> Arc<Self> {
        Arc::new(Self {
            any: AtomicBool::new(false),
            runs: AtomicUsize::new(0),
            entries: Mutex::new(Vec::new()),
            lists: (0..workers).map(|_| Padded(Mutex::new(None))).collect(),
            directory: Arc::clone(directory),
        })
    }

    /// Whether there are any.
    #[inline]
    pub(crate) fn any(&self) -> bool {
        // Ordering: Relaxed; a run that begins and whoever walks over the flows agree under the flow's lock,
        // and for what is not of a run it is a hint.
        self.any.load(Ordering::Relaxed)
    }

    /// A run begins: its number.
    pub(crate) fn number_run(&self) -> RunId {
        // Ordering: Relaxed; only the number matters.
        RunId(self.runs.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }

    pub(crate) fn attach(this: &Arc<Self>, observer: impl Observer) -> ObserverHandle {
        let entry = Arc::new(Entry {
            gone: AtomicBool::new(false),
            observer,
        });
        let entry = erase!(entry => Entry);
        let added = Arc::clone(&entry);
        drop(this.change(|entries| entries.push(added)));
        ObserverHandle {
            attached: Some((Arc::clone(this), entry)),
        }
    }

    /// Detaches an observer. What is given back may be the last of it.
    pub(super) fn detach(&self, entry: &Arc<Entry>) -> Remains {
        // Ordering: Relaxed; no data hangs on it.
        entry.gone.store(true, Ordering::Relaxed);
        self.change(|entries| entries.retain(|other| !Arc::ptr_eq(other, entry)))
    }

    /// Changes all lists, and lets the active flows know.
    fn change(&self, change: impl FnOnce(&mut Vec<Arc<Entry>>)) -> Remains {
        let mut remains = Remains::with_capacity(self.lists.len());
        let mut entries = self.entries.lock();
        change(&mut entries);
        let any = !entries.is_empty();
        for list in &self.lists {
            let fresh = any.then(|| entries.iter().cloned().collect());
            remains.push(core::mem::replace(&mut *list.lock(), fresh));
        }
        // Ordering: Relaxed; see `any`.
        self.any.store(any, Ordering::Relaxed);
        drop(entries);
        for flow in self.directory.flows() {
            flow.attend(&self.directory, self);
        }
        remains
    }

    /// Tells the observers, from a worker's stack. Nothing that they do unwinds from here.
    pub(crate) fn tell<P: Platform>(&self, platform: &P, worker: usize, event: &Event<'_>) {
        let list = self.lists[worker].lock().clone();
        for entry in list.iter().flat_map(|list| list.iter()) {
            if entry.is_gone() {
                continue;
            }
            if let Err(panic) = platform.guard(|| entry.observer.event(event)) {
                drop_guarded(platform, self.detach(entry));
                drop_guarded(platform, panic);
            }
        }
        // It may be the last that holds an observer which was detached meanwhile.
        drop_guarded(platform, list);
    }
}

impl core::fmt::Debug for Observers {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Observers")
            .field("any", &self.any())
            .finish_non_exhaustive()
    }
}

/// Drops what may be a user's. Nobody could be told of a panic, whose payload's drop may panic in turn.
fn drop_guarded<P: Platform, T>(platform: &P, value: T) {
    let mut dropped = platform.guard(|| drop(value));
    while let Err(panic) = dropped {
        dropped = platform.guard(|| drop(panic));
    }
}
