//! The children of a group that have not ended, for waits and cancels.
//!
//! Each knows its place, so that it leaves when it ends: nothing that has ended is kept, and nothing is searched for it. All of
//! this is under the lock of the group.

use alloc::vec::Vec;
use core::mem;

use crate::job::Job;
use crate::sync::{Arc, UnsafeCell};

/// The place of who is not on a list.
const NOWHERE: u32 = u32::MAX;

/// Empty places that are not worth a pass.
const SPARSE: usize = 64;

/// Where a child is on the list of its group.
pub(crate) struct Place(UnsafeCell<u32>);

// SAFETY: the cell is used by whoever has the lock of the group.
unsafe impl Sync for Place {}

impl Place {
    pub(crate) const fn nowhere() -> Self {
        Self(UnsafeCell::new(NOWHERE))
    }

    /// Exchanges it.
    ///
    /// # Safety
    ///
    /// 1. The caller has the lock of the group that the child is of.
    unsafe fn replace(&self, place: u32) -> u32 {
        // SAFETY: (1) nobody else uses the cell.
        mem::replace(unsafe { &mut *self.0.get() }, place)
    }
}

/// The list of a group: its children in the order of their spawns, and empty places.
///
/// # Invariants
///
/// 1. It is used under the lock of the group that its children are of.
/// 2. Who is on it knows its place, and who is not knows none.
/// 3. The last place is not empty.
#[derive(Default)]
pub(super) struct Children {
    places: Vec<Option<Arc<dyn Job>>>,
    count: usize,
}

impl Children {
    /// Adds a child.
    ///
    /// # Safety
    ///
    /// 1. The child is of the group, whose lock the caller has.
    pub(super) unsafe fn add(&mut self, job: &Arc<dyn Job>) {
        if self.places.len() > 2 * self.count + SPARSE {
            self.close_up();
        }
        // (One for which there is no number is left to the queues.)
        let place = u32::try_from(self.places.len()).unwrap_or(NOWHERE);
        if place != NOWHERE {
            // SAFETY: (1).
            unsafe { job.head().place().replace(place) };
            self.places.push(Some(Arc::clone(job)));
            self.count += 1;
        }
    }

    /// Has no empty places.
    #[cold]
    fn close_up(&mut self) {
        self.places.retain(Option::is_some);
        for (place, job) in (0..).zip(self.places.iter().flatten()) {
            // SAFETY: (1) by invariant 1.
            unsafe { job.head().place().replace(place) };
        }
    }

    /// Takes a child off the list, if it is on it.
    ///
    /// # Safety
    ///
    /// 1. The place is that of a child of the group, whose lock the caller has.
    #[inline]
    pub(super) unsafe fn remove(&mut self, place: &Place) -> Option<Arc<dyn Job>> {
        // SAFETY: (1).
        match unsafe { place.replace(NOWHERE) } {
            NOWHERE => None,
            place => self.vacate(place as usize),
        }
    }

    /// Takes the child that was spawned last off the list, or the `first`. O(1) for the last.
    pub(super) fn take(&mut self, first: bool) -> Option<Arc<dyn Job>> {
        let place = match first {
            true => self.places.iter().position(Option::is_some)?,
            false => self.places.len().checked_sub(1)?,
        };
        let job = self.vacate(place)?;
        // SAFETY: (1) by invariant 1.
        unsafe { job.head().place().replace(NOWHERE) };
        Some(job)
    }

    #[inline]
    fn vacate(&mut self, place: usize) -> Option<Arc<dyn Job>> {
        let job = self.places[place].take();
        self.count -= 1;
        while let Some(None) = self.places.last() {
            self.places.pop();
        }
        job
    }

    /// Takes all off the list.
    pub(super) fn take_all(&mut self) -> Vec<Arc<dyn Job>> {
        let all = mem::take(self).places.into_iter().flatten();
        let forget = |job: &Arc<dyn Job>| {
            // SAFETY: (1) by invariant 1.
            unsafe { job.head().place().replace(NOWHERE) };
        };
        all.inspect(forget).collect()
    }
}
