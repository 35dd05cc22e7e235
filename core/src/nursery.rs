//! References for ready jobs.
//!
//! Queues hold 32-bit references, and the [directory](crate::directory) leads from them to flows. A
//! nursery gets its references in the same way: each of its *chunks* is a flow of tasks without work, so
//! that whatever moves references about finds a record with a link. Beside each record is a slot for a
//! job. A worker that takes such a reference out of a queue takes the job out of its slot, and the slot
//! is free for the next.
//!
//! Chunks are added when no slot is free, and stay: there are as many as were once in queues together.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::directory::{Directory, Registration};
use crate::flow::{Flow, nursery_flow};
use crate::job::Job;
use crate::priority::Priority;
use crate::sync::{Arc, Mutex};

/// Slots of a chunk: with the root's they make one granule of the directory (few under the model checker).
const SLOTS: u32 = if cfg!(taskflow_loom) { 3 } else { 255 };

/// Where a job lies while its reference is in a queue.
type Slot = Mutex<Option<Arc<dyn Job>>>;

/// The slots beside the records of a flow.
pub(crate) struct Chunk {
    number: u32,
    slots: Box<[Slot]>,
}

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Nursery {
    shelves: Mutex<Shelves>,
}

#[derive(Default)]
struct Shelves {
    free: Vec<Place>,
    chunks: Vec<(Arc<Flow>, Registration)>,
}

/// A free slot: its chunk, and its reference.
struct Place {
    chunk: u32,
    reference: u32,
}

/// The executor has no reference left for another job.
#[derive(Debug)]
pub(crate) struct Full;

impl Nursery {
    /// Gives a ready job a reference.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(crate) fn place(
        &self,
        directory: &Arc<Directory>,
        job: &Arc<dyn Job>,
    ) -> Result<u32, Full> {
        let mut shelves = self.shelves.lock();
        if shelves.free.is_empty() {
            shelves.grow(directory)?;
        }
        let Place { chunk, reference } = shelves.free.pop().ok_or(Full)?;
        let (flow, place) = &shelves.chunks[chunk as usize];
        let slot = flow.chunk().and_then(|chunk| {
            let index = reference.wrapping_sub(place.base());
            chunk.slots.get(index as usize)
        });
        *slot.ok_or(Full)?.lock() = Some(Arc::clone(job));
        Ok(reference)
    }

    /// Takes the job of a reference that was in a queue. The slot is free.
    pub(crate) fn take(&self, flow: &Flow, index: u32, reference: u32) -> Option<Arc<dyn Job>> {
        let chunk = flow.chunk()?;
        let job = chunk.slots.get(index as usize)?.lock().take();
        let chunk = chunk.number;
        self.shelves.lock().free.push(Place { chunk, reference });
        job
    }
}

impl Chunk {
    /// The flow of the runtime task that the job in this slot is part of.
    pub(crate) fn owner(&self, index: u32) -> Option<Arc<Flow>> {
        let job = self.slots.get(index as usize)?.lock();
        let group = job.as_ref()?.head().group()?;
        group.owner().cloned()
    }

    /// How urgent the job in this slot is.
    pub(crate) fn priority(&self, index: u32) -> Priority {
        let slot = self.slots.get(index as usize);
        let priority = slot.and_then(|slot| Some(slot.lock().as_ref()?.head().priority()));
        priority.unwrap_or_default()
    }

    /// The level that the job in this slot inherits; 0 if none.
    pub(crate) fn inherited(&self, index: u32) -> u32 {
        let slot = self.slots.get(index as usize);
        let inherited = slot.and_then(|slot| Some(slot.lock().as_ref()?.head().inherited()));
        inherited.unwrap_or(0)
    }

    /// Whether the job in this slot was claimed, so that its reference is dead.
    pub(crate) fn is_dead(&self, index: u32) -> bool {
        let slot = self.slots.get(index as usize);
        slot.is_some_and(|slot| {
            let job = slot.lock();
            job.as_ref().is_none_or(|job| !job.head().is_queued())
        })
    }
}

impl Shelves {
    #[cold]
    fn grow(&mut self, directory: &Arc<Directory>) -> Result<(), Full> {
        let number = u32::try_from(self.chunks.len()).map_err(|_| Full)?;
        let slots: Box<[Slot]> = (0..SLOTS).map(|_| Slot::new(None)).collect();
        let chunk = Chunk { number, slots };
        let (flow, place) = nursery_flow(directory, SLOTS, chunk).map_err(|_| Full)?;
        let base = place.base();
        let free = (base..base + SLOTS).rev().map(|reference| Place {
            chunk: number,
            reference,
        });
        self.free.extend(free);
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
        let job = erase!(Arc::new(JobCell::new(Head::new(&host, None), || ())) => dyn Job);
        let take = |reference: u32| {
            let shelves = nursery.shelves.lock();
            let (flow, base) = shelves
                .chunks
                .iter()
                .map(|(flow, place)| (Arc::clone(flow), place.base()))
                .find(|(_, base)| (*base..base + SLOTS).contains(&reference))
                .expect("it is of a chunk");
            drop(shelves);
            assert!(nursery.take(&flow, reference - base, reference).is_some());
            assert!(
                flow.chunk()
                    .is_some_and(|chunk| chunk.is_dead(reference - base))
            );
        };
        for count in [1, 255, 256, 1000] {
            for _ in 0..10 {
                let placed: Result<Vec<u32>, Full> = (0..count)
                    .map(|_| nursery.place(&directory, &job))
                    .collect();
                placed.expect("room").into_iter().for_each(take);
            }
            let chunks = nursery.shelves.lock().chunks.len();
            assert_eq!(chunks, (count as usize).div_ceil(SLOTS as usize));
        }
    }
}
