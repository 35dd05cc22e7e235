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
use core::cell::Cell;
use core::ptr::NonNull;

use crate::directory::{Directory, GRANULE, Registration};
use crate::flow::{Flow, nursery_flow};
use crate::job::Job;
use crate::priority::Priority;
use crate::protocol::join_counter::JoinCounter;
use crate::sync::{Arc, Mutex, UnsafeCell};

/// Slots of a chunk: with the root's they make one granule of the directory (few under the model checker).
const SLOTS: u32 = if cfg!(taskflow_loom) { 3 } else { GRANULE - 1 };

/// Free references that a worker takes at a time, and keeps twice at most.
const BATCH: usize = if cfg!(taskflow_loom) { 1 } else { 32 };

/// Where a job lies while its reference is in a queue.
struct Slot {
    content: UnsafeCell<Content>,
    /// What the reference is linked through in a backlog.
    link: JoinCounter,
    /// Set before anybody else has the slot.
    reference: Cell<u32>,
}

enum Content {
    /// Nothing; the next of the free ones.
    Free(Option<NonNull<Slot>>),
    Job(Arc<dyn Job>),
}

// SAFETY: whoever has the slot's reference uses it, as the module's documentation says.
unsafe impl Sync for Slot {}
// SAFETY: slots are shared, and what is in them is `Send`.
unsafe impl Send for Slot {}

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
/// 1. What is free here, and in [`Places`], are slots of the chunks, each once, and of no reference that is in a queue.
#[derive(Default)]
struct Shelves {
    /// Less than a batch.
    loose: Free,
    /// Whole ones.
    batches: Vec<Free>,
    chunks: Vec<(Arc<Flow>, Registration)>,
}

/// Free slots of a nursery, which live as long as it, linked through one another: whole batches go from hand to hand.
#[derive(Default)]
struct Free {
    first: Option<NonNull<Slot>>,
    count: usize,
}

// SAFETY: slots are shared, and what is in them is `Send`.
unsafe impl Send for Free {}

impl Free {
    /// Adds a slot.
    ///
    /// # Safety
    ///
    /// 1. It is of a nursery that lives as long as the list, free, and the caller's.
    #[inline]
    unsafe fn push(&mut self, slot: NonNull<Slot>) {
        // SAFETY: (1) the slot lives.
        let content = unsafe { slot.as_ref() }.content.get();
        // SAFETY: (1) nobody else uses the slot, in which nothing is.
        unsafe { content.write(Content::Free(self.first)) };
        self.first = Some(slot);
        self.count += 1;
    }

    #[inline]
    fn pop(&mut self) -> Option<NonNull<Slot>> {
        let slot = self.first?;
        // SAFETY: (1) of `push`: the slot lives.
        let content = unsafe { slot.as_ref() }.content.get();
        // SAFETY: (1) of `push`: nobody else uses the slot.
        self.first = match unsafe { &*content } {
            Content::Free(next) => *next,
            Content::Job(_) => None,
        };
        self.count -= 1;
        Some(slot)
    }
}

/// Free references in the hands of a worker, and so of one thread.
#[derive(Default)]
pub(crate) struct Places(UnsafeCell<Hand>);

/// At most a batch of what is taken and left next, and nothing or one beside it.
#[derive(Default)]
struct Hand {
    next: Free,
    batch: Free,
}

impl Places {
    /// Calls `body`, which does not come here again.
    #[inline]
    fn with<R>(&self, body: impl FnOnce(&mut Hand) -> R) -> R {
        // SAFETY: the cell is not shared with other threads, and those who call this look at no other places in `body`.
        body(unsafe { &mut *self.0.get() })
    }
}

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
        if shelves.loose.count == 0 {
            let batch = shelves.batch(directory);
            // (A chunk that was added has some loose ones.)
            if shelves.loose.count == 0 {
                shelves.loose = batch;
            } else {
                shelves.batches.push(batch);
            }
        }
        let free = shelves.loose.pop();
        drop(shelves);
        match free {
            // SAFETY: (1) it was free, and is the caller's.
            Some(slot) => Ok(unsafe { put(slot, job) }),
            None => Err(job),
        }
    }

    /// As [`place`](Self::place), from what a worker has. Gives what the reference is linked through as well.
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
    ) -> Result<(u32, &JoinCounter), Arc<dyn Job>> {
        let free = places.with(|hand| hand.next.pop());
        match free.or_else(|| self.lend(places, directory)) {
            Some(slot) => {
                // SAFETY: (1) it was free, and is the caller's.
                let reference = unsafe { put(slot, job) };
                // SAFETY: slots live as long as the nursery.
                Ok((reference, &unsafe { slot.as_ref() }.link))
            }
            None => Err(job),
        }
    }

    /// A free slot; some others come to the worker, who has none at hand.
    #[cold]
    #[inline(never)]
    fn lend(&self, places: &Places, directory: &Arc<Directory>) -> Option<NonNull<Slot>> {
        places.with(|hand| {
            hand.next = core::mem::take(&mut hand.batch);
            if hand.next.count == 0 {
                hand.next = self.shelves.lock().batch(directory);
            }
            hand.next.pop()
        })
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
        chunk: &Chunk,
        reference: u32,
    ) -> Option<Arc<dyn Job>> {
        let slot = chunk.slot(reference);
        // SAFETY: (1) nobody else uses the slot, which `push` writes to below.
        let content = unsafe { slot.content.get().read() };
        places.with(|hand| {
            if hand.next.count >= BATCH {
                self.put_down(hand);
            }
            // SAFETY: (1) nobody else uses the slot, and its nursery outlives the workers.
            unsafe { hand.next.push(NonNull::from(slot)) };
        });
        match content {
            Content::Job(job) => Some(job),
            Content::Free(_) => None,
        }
    }

    /// Makes room for a batch in the hand of a worker.
    #[cold]
    #[inline(never)]
    fn put_down(&self, hand: &mut Hand) {
        let whole = core::mem::take(&mut hand.next);
        let other = core::mem::replace(&mut hand.batch, whole);
        if other.count > 0 {
            self.shelves.lock().batches.push(other);
        }
    }

    /// A worker leaves its seat.
    pub(crate) fn give_back(&self, places: &Places) {
        let Hand { mut next, batch } = places.with(core::mem::take);
        if next.count + batch.count == 0 {
            return;
        }
        let mut shelves = self.shelves.lock();
        if batch.count > 0 {
            shelves.batches.push(batch);
        }
        while let Some(slot) = next.pop() {
            // SAFETY: (1) it was free, and is the caller's.
            unsafe { shelves.add(slot) };
        }
    }
}

/// Puts a job into a slot. Gives the reference.
///
/// # Safety
///
/// 1. The slot is of a nursery that lives, free, and the caller's.
#[inline]
unsafe fn put(slot: NonNull<Slot>, job: Arc<dyn Job>) -> u32 {
    // SAFETY: (1) the slot lives.
    let slot = unsafe { slot.as_ref() };
    // SAFETY: (1) nobody else uses the slot, in which nothing is.
    unsafe { slot.content.get().write(Content::Job(job)) };
    slot.reference.get()
}

impl Chunk {
    /// The slot of a reference.
    #[inline]
    fn slot(&self, reference: u32) -> &Slot {
        // (The granule of a chunk is its own.)
        &self.slots[(reference % GRANULE) as usize]
    }

    /// Where the link of a reference in somebody's hands lies.
    #[inline]
    pub(crate) fn link(&self, reference: u32) -> &JoinCounter {
        &self.slot(reference).link
    }

    /// The job of a reference.
    ///
    /// # Safety
    ///
    /// 1. The caller has the reference, or sees to it that nobody takes it out of where it is.
    unsafe fn job(&self, reference: u32) -> Option<&Arc<dyn Job>> {
        let slot = self.slot(reference);
        // SAFETY: (1) nobody writes to the slot meanwhile.
        match unsafe { &*slot.content.get() } {
            Content::Job(job) => Some(job),
            Content::Free(_) => None,
        }
    }

    /// The flow of the runtime task that the job of a reference is part of.
    ///
    /// # Safety
    ///
    /// 1. As for [`job`](Self::job).
    pub(crate) unsafe fn owner(&self, reference: u32) -> Option<&Flow> {
        // SAFETY: (1).
        let job = unsafe { self.job(reference) };
        job?.head().group()?.owner().map(|flow| &**flow)
    }

    /// How urgent the job of a reference is.
    ///
    /// # Safety
    ///
    /// 1. As for [`job`](Self::job).
    pub(crate) unsafe fn priority(&self, reference: u32) -> Priority {
        // SAFETY: (1).
        let job = unsafe { self.job(reference) };
        job.map_or_else(Priority::default, |job| job.head().priority())
    }

    /// The level that the job of a reference inherits; 0 if none.
    ///
    /// # Safety
    ///
    /// 1. As for [`job`](Self::job).
    pub(crate) unsafe fn inherited(&self, reference: u32) -> u32 {
        // SAFETY: (1).
        let job = unsafe { self.job(reference) };
        job.map_or(0, |job| job.head().inherited())
    }

    /// Whether the job of a reference was claimed, so that the reference is dead.
    ///
    /// # Safety
    ///
    /// 1. As for [`job`](Self::job).
    pub(crate) unsafe fn is_dead(&self, reference: u32) -> bool {
        // SAFETY: (1).
        let job = unsafe { self.job(reference) };
        job.is_none_or(|job| !job.head().is_queued())
    }
}

impl Shelves {
    /// Adds a free slot.
    ///
    /// # Safety
    ///
    /// 1. It is of this nursery, free, and the caller's.
    unsafe fn add(&mut self, slot: NonNull<Slot>) {
        // SAFETY: (1).
        unsafe { self.loose.push(slot) };
        if self.loose.count == BATCH {
            self.batches.push(core::mem::take(&mut self.loose));
        }
    }

    /// Some free slots, unless the executor has no reference left.
    fn batch(&mut self, directory: &Arc<Directory>) -> Free {
        if self.batches.is_empty() && self.loose.count == 0 {
            // (Who gets none is told so.)
            let _ = self.grow(directory);
        }
        let whole = self.batches.pop();
        whole.unwrap_or_else(|| core::mem::take(&mut self.loose))
    }

    #[cold]
    fn grow(&mut self, directory: &Arc<Directory>) -> Result<(), Full> {
        let slot = |_| Slot {
            content: UnsafeCell::new(Content::Free(None)),
            link: JoinCounter::new(0),
            reference: Cell::new(0),
        };
        let slots: Box<[Slot]> = (0..SLOTS).map(slot).collect();
        let (flow, place) = nursery_flow(directory, SLOTS, Chunk { slots }).map_err(|_| Full)?;
        let slots = flow.chunk().map_or(&[][..], |chunk| &chunk.slots);
        let references = place.base()..place.base() + SLOTS;
        for (reference, slot) in references.zip(slots).rev() {
            slot.reference.set(reference);
            // SAFETY: (1) it was just made.
            unsafe { self.add(NonNull::from(slot)) };
        }
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
        let job = erase!(Arc::new(JobCell::new(Head::waiting(&*host, Priority::default()), |_: &Head| ())) => dyn Job);
        let places = Places::default();
        let take = |reference: u32| {
            // SAFETY: it is of a chunk, and chunks stay.
            let flow: &Flow = unsafe { directory.flow(reference) };
            let chunk = flow.chunk().expect("it is of a chunk");
            // SAFETY: it was placed, and is in no queue.
            let taken = unsafe { nursery.take(&places, chunk, reference) };
            assert!(taken.is_some());
            // SAFETY: as above.
            assert!(unsafe { chunk.is_dead(reference) });
        };
        for count in [1, 255, 256, 1000, 10_000] {
            for _ in 0..10 {
                let place = |number| match number % 2 {
                    0 => nursery.place(&directory, Arc::clone(&job)),
                    _ => {
                        let placed = nursery.place_on(&places, &directory, Arc::clone(&job));
                        placed.map(|(reference, _)| reference)
                    }
                };
                let placed: Vec<u32> = (0..count).filter_map(|number| place(number).ok()).collect();
                assert_eq!(placed.len(), count);
                placed.into_iter().for_each(take);
            }
            let chunks = nursery.shelves.lock().chunks.len();
            // (Free ones that lie with the worker are not to be had from outside.)
            assert!(chunks <= (count + 2 * BATCH).div_ceil(SLOTS as usize));
        }
        let outside = Nursery::default();
        for _ in 0..10_000 {
            let placed = outside.place(&directory, Arc::clone(&job));
            assert!(placed.is_ok());
        }
        let chunks = outside.shelves.lock().chunks.len();
        assert_eq!(chunks, 10_000_usize.div_ceil(SLOTS as usize));
    }
}
