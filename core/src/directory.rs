//! From 32-bit task references to tasks.
//!
//! An executor numbers the tasks of all flows that ran on it: a flow gets a range of references at its
//! first run there and keeps it until it is dropped or runs elsewhere. Ranges are made of granules of
//! 256 references; a table by granule leads to the flow. The table lies in segments, each as long as
//! all before it, so that it grows without moving what workers read meanwhile.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ptr;

use crate::error::TaskflowError;
use crate::flow::{Causes, Flow};
use crate::protocol::backlog::Links;
use crate::protocol::join_counter::JoinCounter;
use crate::run::Run;
use crate::scheduler::{FlowKey, Tagged};
use crate::sync::{Arc, AtomicPtr, Mutex, Ordering, Weak};
use crate::task::TaskId;

/// References per granule, the first of which is a multiple of it.
pub(crate) const GRANULE: u32 = 1 << GRANULE_BITS;
const GRANULE_BITS: u32 = 8;
/// Granules that the first segment serves (few under the model checker, to which each is dear).
const FIRST_SEGMENT: u32 = if cfg!(taskflow_loom) { 4 } else { 64 };
/// The first segment and eighteen doublings: 2^24 granules.
const SEGMENTS: usize = 19;
/// The last granule would hold `NONE`, the reference that is no task.
const GRANULES: u32 = (1 << (32 - GRANULE_BITS)) - 1;

type Entry = AtomicPtr<Flow>;

/// The table of one executor.
///
/// # Invariants
///
/// 1. A segment pointer is null or leads to as many entries as [`segment_len`] says, which live as
///    long as the directory.
/// 2. An entry is null or leads to a flow that holds the [`Registration`] of that entry and so lives.
#[derive(Debug)]
pub(crate) struct Directory {
    segments: [AtomicPtr<Entry>; SEGMENTS],
    granules: Mutex<Granules>,
}

/// Which granules are free.
#[derive(Debug, Default)]
struct Granules {
    /// Free ranges below `end`, by their start; no two touch.
    free: BTreeMap<u32, u32>,
    end: u32,
    /// The flow of each range, by its start.
    flows: BTreeMap<u32, Weak<Flow>>,
}

/// A flow's range of references. Dropping it gives the range back.
#[derive(Debug)]
pub(crate) struct Registration {
    directory: Arc<Directory>,
    granule: u32,
    granules: u32,
}

impl Directory {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            segments: core::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
            granules: Mutex::new(Granules::default()),
        })
    }

    /// Gives the flow a range of `references` references.
    ///
    /// # Errors
    ///
    /// `TooLarge` if the executor has no range of that length left.
    pub(crate) fn register(
        this: &Arc<Self>,
        flow: &Arc<Flow>,
        references: usize,
    ) -> Result<Registration, TaskflowError> {
        let count = references.div_ceil(1 << GRANULE_BITS);
        let count = u32::try_from(count).map_err(|_| TaskflowError::TooLarge)?;
        let mut granules = this.granules.lock();
        let granule = granules.take(count)?;
        granules.flows.insert(granule, Arc::downgrade(flow));
        drop(granules);
        let registration = Registration {
            directory: Arc::clone(this),
            granule,
            granules: count,
        };
        for granule in granule..granule + count {
            // Ordering: Release, with the Acquire of `flow`, for a reader that got a reference by
            // another way than the queues, whose own Release covers it already.
            this.entry_or_grow(granule)
                .store(Arc::as_ptr(flow).cast_mut(), Ordering::Release);
        }
        Ok(registration)
    }

    /// The flow whose range `reference` is in.
    ///
    /// # Safety
    ///
    /// 1. `reference` was made from the base of a registered flow, which lives during `'a`.
    #[inline]
    pub(crate) unsafe fn flow<'a>(&self, reference: u32) -> &'a Flow {
        let (segment, place) = locate(reference >> GRANULE_BITS);
        // Ordering: Acquire, with the Release of `entry_or_grow`.
        let segment = self.segments[segment].load(Ordering::Acquire);
        // SAFETY: (1) and invariant 1: a granule in use has its segment, and `place` is within it.
        let entry = unsafe { segment.add(place) };
        // SAFETY: as above.
        let entry = unsafe { &*entry };
        // Ordering: Acquire, with the Release of `register`.
        let flow = entry.load(Ordering::Acquire);
        // SAFETY: (1) and invariant 2.
        unsafe { &*flow }
    }

    /// The flows that have a range and are in use. O(flows); no lock is held afterwards.
    pub(crate) fn flows(&self) -> Vec<Arc<Flow>> {
        let granules = self.granules.lock();
        granules.flows.values().filter_map(Weak::upgrade).collect()
    }

    fn entry_or_grow(&self, granule: u32) -> &Entry {
        let (number, place) = locate(granule);
        // Ordering: Acquire, with the Release of the exchange below.
        let mut segment = self.segments[number].load(Ordering::Acquire);
        if segment.is_null() {
            let fresh: Box<[Entry]> = (0..segment_len(number))
                .map(|_| AtomicPtr::new(ptr::null_mut()))
                .collect();
            let fresh = Box::into_raw(fresh);
            // Ordering: Release publishes the fresh entries to the Acquire of the readers; Acquire on
            // failure reads those of another thread.
            let exchange = self.segments[number].compare_exchange(
                ptr::null_mut(),
                fresh.cast(),
                Ordering::AcqRel,
                Ordering::Acquire,
            );
            segment = match exchange {
                Ok(_) => fresh.cast(),
                Err(other) => {
                    // SAFETY: `fresh` came from `Box::into_raw` above and nobody has seen it.
                    drop(unsafe { Box::from_raw(fresh) });
                    other
                }
            };
        }
        // SAFETY: invariant 1; `locate` gives a place within the segment.
        let entry = unsafe { segment.add(place) };
        // SAFETY: as above.
        unsafe { &*entry }
    }
}

impl Directory {
    /// What a policy is to know of a task in the caller's hands. `None`: it is a root.
    pub(crate) fn tagged(&self, task: u32) -> Option<Tagged> {
        // SAFETY: as in `counter`.
        let flow: &Flow = unsafe { self.flow(task) };
        // SAFETY: as in `counter`.
        let view = unsafe { flow.view() };
        let index = task.wrapping_sub(view.base);
        if let Some(chunk) = flow.chunk() {
            return Some(Tagged {
                reference: task,
                flow: FlowKey::SPAWNED,
                // SAFETY: (1) the task is in the caller's hands.
                priority: unsafe { chunk.priority(task) },
                inherited: 0,
                deadline: None,
            });
        }
        // SAFETY: (1) as above.
        (index != view.root()).then(|| unsafe { Tagged::of(flow, &view, index) })
    }

    /// The level that a task that is in somebody's hands inherits for these causes; 0 if none.
    pub(crate) fn inherited(&self, task: u32, causes: Causes) -> u32 {
        // SAFETY: as in `counter`.
        let flow: &Flow = unsafe { self.flow(task) };
        // SAFETY: as in `counter`.
        let view = unsafe { flow.view() };
        let index = task.wrapping_sub(view.base);
        match flow.chunk() {
            // SAFETY: (1) the task is in the caller's hands.
            Some(chunk) => unsafe { chunk.inherited(task) },
            // SAFETY: as in `counter`.
            None => unsafe { flow.inherited(index, causes) },
        }
    }

    /// Calls `note` with the flow and the index of a task that is in somebody's hands, if it is one of a graph.
    fn note(&self, task: u32, note: impl FnOnce(&Flow, u32)) {
        // SAFETY: as in `counter`.
        let flow: &Flow = unsafe { self.flow(task) };
        // SAFETY: as in `counter`.
        let view = unsafe { flow.view() };
        if flow.chunk().is_none() {
            note(flow, task.wrapping_sub(view.base));
        }
    }

    /// A task that is in somebody's hands is ready.
    pub(crate) fn note_ready(&self, task: u32) {
        // SAFETY: as in `counter`.
        self.note(task, |flow, index| unsafe { flow.note_ready(index) });
    }

    /// A task that is in somebody's hands is not to be run.
    pub(crate) fn note_removed(&self, task: u32) {
        // SAFETY: as in `counter`.
        self.note(task, |flow, index| unsafe { flow.note_removed(index) });
    }

    /// The number of the round in which a task that is in somebody's hands became ready; 0 for a spawned one.
    pub(crate) fn round(&self, task: u32) -> u32 {
        let mut round = 0;
        self.note(task, |flow, index| {
            // SAFETY: as in `counter`.
            round = unsafe { flow.round_of(index) };
        });
        round
    }

    /// The flow with this id, if it has run here and is there.
    pub(crate) fn find(&self, id: u64) -> Option<Arc<Flow>> {
        let mut flows = self.flows().into_iter();
        flows.find(|flow| flow.id() == id)
    }

    /// The identity of a task that is in somebody's hands. `None`: it is a spawned one.
    pub(crate) fn task(&self, task: u32) -> Option<TaskId> {
        // SAFETY: as in `counter`.
        let flow: &Flow = unsafe { self.flow(task) };
        // SAFETY: as in `counter`.
        let view = unsafe { flow.view() };
        let index = task.wrapping_sub(view.base);
        // SAFETY: as above.
        let graph = unsafe { flow.graph() };
        flow.chunk().is_none().then(|| graph.id(index))
    }

    /// The run of a task that is in somebody's hands. `None`: it is a spawned one.
    pub(crate) fn run(&self, task: u32) -> Option<Arc<Run>> {
        // SAFETY: as in `counter`.
        let flow: &Flow = unsafe { self.flow(task) };
        flow.active_run()
    }
}

impl Links for Directory {
    #[inline]
    fn counter(&self, task: u32) -> &JoinCounter {
        // SAFETY: a task in a queue or a worker's hands is unfinished, so its run is active, and an
        // active run keeps its flow, which keeps its registration; or it is of the pool's nursery.
        let flow: &Flow = unsafe { self.flow(task) };
        if let Some(chunk) = flow.chunk() {
            return chunk.link(task);
        }
        // SAFETY: as above, the run is active.
        let view = unsafe { flow.view() };
        view.link(task.wrapping_sub(view.base))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        for (number, segment) in self.segments.iter().enumerate() {
            // Ordering: Relaxed; the directory is no longer shared.
            let segment = segment.load(Ordering::Relaxed);
            if !segment.is_null() {
                let entries = ptr::slice_from_raw_parts_mut(segment, segment_len(number));
                // SAFETY: invariant 1; the segment came from `Box::into_raw` of this length.
                drop(unsafe { Box::from_raw(entries) });
            }
        }
    }
}

impl Registration {
    /// The reference of the flow's first task.
    pub(crate) fn base(&self) -> u32 {
        self.granule << GRANULE_BITS
    }

    /// Whether it is a range of `directory` for `references` references.
    pub(crate) fn serves(&self, directory: &Arc<Directory>, references: usize) -> bool {
        self.is_with(directory) && references.div_ceil(1 << GRANULE_BITS) == self.granules as usize
    }

    pub(crate) fn is_with(&self, directory: &Arc<Directory>) -> bool {
        Arc::ptr_eq(&self.directory, directory)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        for granule in self.granule..self.granule + self.granules {
            // Ordering: Relaxed; no task of this range is left, so nobody reads the entry before the
            // range is given to another flow, under the lock below.
            self.directory
                .entry_or_grow(granule)
                .store(ptr::null_mut(), Ordering::Relaxed);
        }
        let mut granules = self.directory.granules.lock();
        granules.give_back(self.granule, self.granules);
        let flow = granules.flows.remove(&self.granule);
        drop(granules);
        drop(flow);
    }
}

impl Granules {
    /// The lowest free range of `count` granules.
    fn take(&mut self, count: u32) -> Result<u32, TaskflowError> {
        let hole = self.free.iter().find(|(_, length)| **length >= count);
        if let Some((&start, &length)) = hole {
            self.free.remove(&start);
            if length > count {
                self.free.insert(start + count, length - count);
            }
            return Ok(start);
        }
        let start = self.end;
        match start.checked_add(count) {
            Some(end) if end <= GRANULES => {
                self.end = end;
                Ok(start)
            }
            _ => Err(TaskflowError::TooLarge),
        }
    }

    fn give_back(&mut self, start: u32, count: u32) {
        let (mut start, mut end) = (start, start + count);
        if let Some(after) = self.free.remove(&end) {
            end += after;
        }
        if let Some((&before, &length)) = self.free.range(..start).next_back()
            && before + length == start
        {
            start = before;
        }
        if end == self.end {
            self.free.remove(&start);
            self.end = start;
        } else {
            self.free.insert(start, end - start);
        }
    }
}

/// The segment of a granule, and the place in it.
#[inline]
fn locate(granule: u32) -> (usize, usize) {
    let block = granule / FIRST_SEGMENT;
    if block == 0 {
        return (0, granule as usize);
    }
    let segment = block.ilog2() + 1;
    let begin = FIRST_SEGMENT << (segment - 1);
    (segment as usize, (granule - begin) as usize)
}

fn segment_len(number: usize) -> usize {
    (FIRST_SEGMENT as usize) << number.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_granule_has_a_place_of_its_own() {
        let mut expected = (0, 0);
        for granule in 0..100_000 {
            assert_eq!(locate(granule), expected);
            expected.1 += 1;
            if expected.1 == segment_len(expected.0) {
                expected = (expected.0 + 1, 0);
            }
        }
        assert!(locate(GRANULES).0 < SEGMENTS);
    }

    #[test]
    fn ranges_that_were_given_back_serve_again() {
        let mut granules = Granules::default();
        let ranges: [u32; 4] = [1, 2, 3, 4].map(|count| granules.take(count).expect("room"));
        assert_eq!(ranges, [0, 1, 3, 6]);
        granules.give_back(1, 2);
        assert_eq!(granules.take(3), Ok(10));
        assert_eq!(granules.take(1), Ok(1));
        granules.give_back(3, 3);
        assert_eq!(granules.free, BTreeMap::from([(2, 4)]));
        for (start, count) in [(10, 3), (0, 1), (6, 4), (1, 1)] {
            granules.give_back(start, count);
        }
        assert_eq!((granules.free.len(), granules.end), (0, 0));
    }

    #[test]
    fn too_many_tasks_are_refused() {
        let mut granules = Granules::default();
        assert_eq!(granules.take(GRANULES + 1), Err(TaskflowError::TooLarge));
        assert_eq!(granules.take(GRANULES), Ok(0));
        assert_eq!(granules.take(1), Err(TaskflowError::TooLarge));
    }
}
