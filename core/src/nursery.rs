//! References for ready jobs.
//!
//! Queues hold 32-bit references, and the [directory](crate::directory) leads from them to flows. A
//! nursery gets its references in the same way: each of its *chunks* is a flow of tasks without work, so
//! that whatever moves references about finds a record with a link. Beside each record is a slot for a
//! job. A worker that takes such a reference out of a queue takes the job out of its slot, and the slot
//! is free for the next.
//!
//! Chunks are added when no slot is free, and stay: there are as many as were once in queues together.
//!
//! **Who has the reference has the slot**: whoever places a job has the free reference, and whoever takes it has got the
//! reference out of a queue, which hands over what was in the slot. So slots have no locks. Free references lie in the
//! nursery, behind one, and by the dozen with workers, who take and leave most of them.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::RefCell;

use crate::directory::{Directory, GRANULE, Registration};
use crate::flow::{Flow, nursery_flow};
use crate::job::Job;
use crate::priority::Priority;
use crate::sync::{Arc, Mutex, UnsafeCell};

/// Slots of a chunk: with the root's they make one granule of the directory (few under the model checker).
const SLOTS: u32 = if cfg!(taskflow_loom) { 3 } else { GRANULE - 1 };

/// Free references that a worker takes at a time, and keeps twice at most.
const BATCH: usize = if cfg!(taskflow_loom) { 1 } else { 64 };

/// Where a job lies while its reference is in a queue.
struct Slot(UnsafeCell<Option<Arc<dyn Job>>>);

// SAFETY: whoever has the slot's reference uses it, as the module's documentation says.
unsafe impl Sync for Slot {}

/// The slots beside the records of a flow.
pub(crate) struct Chunk {
    slots: Box<[Slot]>,
}

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Nursery {
    shelves: Mutex<Shelves>,
}

/// # Invariants
///
/// 1. What is in `free` here, and in [`Places`], are references of the chunks, each once, and of none that is in a queue.
#[derive(Default)]
struct Shelves {
    free: Vec<u32>,
    chunks: Vec<(Arc<Flow>, Registration)>,
}

/// Free references in the hands of a worker.
#[derive(Default)]
pub(crate) struct Places(RefCell<Vec<u32>>);

/// The executor has no reference left for another job.
#[derive(Debug)]
struct Full;

impl Nursery {
    /// Gives a ready job a reference.
    ///
    /// # Errors
    ///
    /// There is none: the job.
    pub(crate) fn place(
        &self,
        directory: &Arc<Directory>,
        job: Arc<dyn Job>,
    ) -> Result<u32, Arc<dyn Job>> {
        let mut shelves = self.shelves.lock();
        shelves.stock(directory);
        let free = shelves.free.pop();
        drop(shelves);
        match free {
            // SAFETY: (1) it was free, and is the caller's.
            Some(reference) => Ok(unsafe { put(directory, reference, job) }),
            None => Err(job),
        }
    }

    /// As [`place`](Self::place), from what a worker has.
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub(crate) fn place_on(
        &self,
        places: &Places,
        directory: &Arc<Directory>,
        job: Arc<dyn Job>,
    ) -> Result<u32, Arc<dyn Job>> {
        let free = places.0.borrow_mut().pop();
        match free.or_else(|| self.lend(places, directory)) {
            // SAFETY: (1) it was free, and is the caller's.
            Some(reference) => Ok(unsafe { put(directory, reference, job) }),
            None => Err(job),
        }
    }

    /// A free reference; some others come to the worker.
    #[cold]
    fn lend(&self, places: &Places, directory: &Arc<Directory>) -> Option<u32> {
        let mut places = places.0.borrow_mut();
        let mut shelves = self.shelves.lock();
        shelves.stock(directory);
        let kept = shelves.free.len().saturating_sub(BATCH);
        places.extend(shelves.free.drain(kept..));
        places.pop()
    }

    /// Takes the job of a reference that was in a queue. The slot is free.
    ///
    /// # Safety
    ///
    /// 1. The caller has the reference, and has it no more afterwards.
    #[inline]
    pub(crate) unsafe fn take(
        &self,
        places: &Places,
        flow: &Flow,
        index: u32,
        reference: u32,
    ) -> Option<Arc<dyn Job>> {
        let slot = flow.chunk()?.slots.get(index as usize)?;
        // SAFETY: (1) nobody else uses the slot.
        let job = unsafe { &mut *slot.0.get() }.take();
        let mut free = places.0.borrow_mut();
        free.push(reference);
        if free.len() > 2 * BATCH {
            self.shelves.lock().free.extend(free.drain(BATCH..));
        }
        job
    }

    /// A worker leaves its seat.
    pub(crate) fn give_back(&self, places: &Places) {
        let places = places.0.take();
        if !places.is_empty() {
            self.shelves.lock().free.extend(places);
        }
    }
}

/// Puts a job into the slot of a reference, which it gives.
///
/// # Safety
///
/// 1. The reference is one of a nursery's with this directory, free, and the caller's.
unsafe fn put(directory: &Directory, reference: u32, job: Arc<dyn Job>) -> u32 {
    // SAFETY: (1) a nursery's flows stay.
    let flow: &Flow = unsafe { directory.flow(reference) };
    let slots = flow.chunk().map_or(&[][..], |chunk| &chunk.slots);
    // (The granule of a chunk is its own.)
    if let Some(slot) = slots.get((reference % GRANULE) as usize) {
        // SAFETY: (1) nobody else uses the slot, which is empty.
        unsafe { *slot.0.get() = Some(job) };
    }
    reference
}

impl Chunk {
    /// The job in this slot.
    ///
    /// # Safety
    ///
    /// 1. The caller has its reference, or sees to it that nobody takes it out of where it is.
    unsafe fn job(&self, index: u32) -> Option<&Arc<dyn Job>> {
        let slot = self.slots.get(index as usize)?;
        // SAFETY: (1) nobody writes to the slot meanwhile.
        unsafe { &*slot.0.get() }.as_ref()
    }

    /// The flow of the runtime task that the job in this slot is part of.
    ///
    /// # Safety
    ///
    /// 1. As for [`job`](Self::job).
    pub(crate) unsafe fn owner(&self, index: u32) -> Option<Arc<Flow>> {
        // SAFETY: (1).
        let job = unsafe { self.job(index) };
        job?.head().group()?.owner().cloned()
    }

    /// How urgent the job in this slot is.
    ///
    /// # Safety
    ///
    /// 1. As for [`job`](Self::job).
    pub(crate) unsafe fn priority(&self, index: u32) -> Priority {
        // SAFETY: (1).
        let job = unsafe { self.job(index) };
        job.map_or_else(Priority::default, |job| job.head().priority())
    }

    /// Whether the job in this slot was claimed, so that its reference is dead.
    ///
    /// # Safety
    ///
    /// 1. As for [`job`](Self::job).
    pub(crate) unsafe fn is_dead(&self, index: u32) -> bool {
        // SAFETY: (1).
        let job = unsafe { self.job(index) };
        job.is_none_or(|job| !job.head().is_queued())
    }
}

impl Shelves {
    /// Sees to it that there is a free reference, unless the executor has none left.
    fn stock(&mut self, directory: &Arc<Directory>) {
        if self.free.is_empty() {
            // (Who finds none is told so.)
            let _ = self.grow(directory);
        }
    }

    #[cold]
    fn grow(&mut self, directory: &Arc<Directory>) -> Result<(), Full> {
        let slot = |_| Slot(UnsafeCell::new(None));
        let slots: Box<[Slot]> = (0..SLOTS).map(slot).collect();
        let (flow, place) = nursery_flow(directory, SLOTS, Chunk { slots }).map_err(|_| Full)?;
        let base = place.base();
        self.free.extend((base..base + SLOTS).rev());
        self.chunks.push((flow, place));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Head, JobCell};
    use crate::sync::erase;
    use crate::{Executor, Manual};

    #[test]
    fn slots_serve_again_and_chunks_are_added_only_when_all_are_taken() {
        let executor = Executor::<Manual>::new(1);
        let host = executor.host();
        let (nursery, directory) = (Nursery::default(), Directory::new());
        let job = erase!(Arc::new(JobCell::new(Head::new(&*host, None), || ())) => dyn Job);
        let places = Places::default();
        let take = |reference: u32| {
            // SAFETY: it is of a chunk, and chunks stay.
            let flow: &Flow = unsafe { directory.flow(reference) };
            let index = reference % GRANULE;
            // SAFETY: it was placed, and is in no queue.
            let taken = unsafe { nursery.take(&places, flow, index, reference) };
            assert!(taken.is_some());
            // SAFETY: as above.
            let is_dead = |chunk: &Chunk| unsafe { chunk.is_dead(index) };
            assert!(flow.chunk().is_some_and(is_dead));
        };
        for count in [1, 255, 256, 1000] {
            for _ in 0..10 {
                let place = |number| match number % 2 {
                    0 => nursery.place(&directory, Arc::clone(&job)),
                    _ => nursery.place_on(&places, &directory, Arc::clone(&job)),
                };
                let placed: Vec<u32> = (0..count).filter_map(|number| place(number).ok()).collect();
                assert_eq!(placed.len(), count);
                placed.into_iter().for_each(take);
            }
            let chunks = nursery.shelves.lock().chunks.len();
            assert_eq!(chunks, (count as usize).div_ceil(SLOTS as usize));
        }
    }
}
