//! The children of a group that have not ended, for waits and cancels.
//!
//! Each knows its place, so that it leaves when it ends: nothing that has ended is kept, and nothing is searched for it. All of
//! this is under the lock of the group.

use alloc::vec::Vec;
use core::ptr;

use crate::job::{Head, Job};
use crate::sync::{Arc, UnsafeCell};

/// Empty places that are not worth a pass.
const SPARSE: usize = 64;

/// Where a child is on the list of its group.
pub(crate) struct Place(UnsafeCell<u32>);

// SAFETY: the cell is used by whoever has the lock of the group.
unsafe impl Sync for Place {}

impl Place {
    pub(crate) const fn nowhere() -> Self {
        Self(UnsafeCell::new(u32::MAX))
    }

    /// # Safety
    ///
    /// 1. The caller has the lock of the group that the child is of.
    unsafe fn set(&self, place: u32) {
        // SAFETY: (1) nobody else uses the cell.
        unsafe { self.0.get().write(place) };
    }

    /// # Safety
    ///
    /// 1. As for [`set`](Self::set).
    unsafe fn get(&self) -> usize {
        // SAFETY: (1) nobody else uses the cell.
        unsafe { self.0.get().read() as usize }
    }
}

/// The list of a group: its children in the order of their spawns, and empty places.
///
/// # Invariants
///
/// 1. It is used under the lock of the group that its children are of.
/// 2. Who is on it knows its place. (Who is not may know any.)
/// 3. The last place is not empty.
/// 4. All places before `first` are empty.
#[derive(Default)]
pub(super) struct Children {
    places: Vec<Option<Arc<dyn Job>>>,
    count: usize,
    first: usize,
}

impl Children {
    /// Adds a child. O(1) amortized.
    ///
    /// # Safety
    ///
    /// 1. The child is of the group, whose lock the caller has.
    pub(super) unsafe fn add(&mut self, job: &Arc<dyn Job>) {
        if self.places.len() > 2 * self.count + SPARSE {
            self.close_up();
        }
        // (One for which there is no number is left to the queues.)
        if let Ok(place) = u32::try_from(self.places.len()) {
            // SAFETY: (1).
            unsafe { job.head().place().set(place) };
            self.places.push(Some(Arc::clone(job)));
            self.count += 1;
        }
    }

    /// Has no empty places.
    #[cold]
    fn close_up(&mut self) {
        self.places.retain(Option::is_some);
        self.first = 0;
        for (place, job) in (0..).zip(self.places.iter().flatten()) {
            // SAFETY: (1) by invariant 1.
            unsafe { job.head().place().set(place) };
        }
    }

    /// Takes a child off the list, if it is on it. O(1) amortized.
    ///
    /// # Safety
    ///
    /// 1. The child is of the group, whose lock the caller has.
    #[inline]
    pub(super) unsafe fn remove(&mut self, child: &Head) -> Option<Arc<dyn Job>> {
        // SAFETY: (1).
        let place = unsafe { child.place().get() };
        let there = self.places.get(place)?.as_ref()?;
        if ptr::eq(there.head(), child) {
            self.vacate(place)
        } else {
            None
        }
    }

    /// Takes the child that was spawned last off the list, or the `first`. O(1) amortized.
    pub(super) fn take(&mut self, first: bool) -> Option<Arc<dyn Job>> {
        let mut place = self.places.len().checked_sub(1)?;
        if first {
            let later = self.places.get(self.first..)?;
            place = self.first + later.iter().position(Option::is_some)?;
            self.first = place;
        }
        self.vacate(place)
    }

    #[inline]
    fn vacate(&mut self, place: usize) -> Option<Arc<dyn Job>> {
        let job = self.places[place].take();
        self.count -= 1;
        while let Some(None) = self.places.last() {
            self.places.pop();
        }
        self.first = self.first.min(self.places.len());
        job
    }

    /// All that are on the list.
    pub(super) fn into_all(self) -> impl Iterator<Item = Arc<dyn Job>> {
        self.places.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::Group;
    use crate::job::{child, same};
    use crate::priority::Priority;
    use crate::{Executor, Manual};

    #[test]
    fn whatever_leaves_the_others_keep_their_order_and_few_places_are_empty() {
        let executor = Executor::<Manual>::new(1);
        let (host, group) = (executor.host(), Group::new(Vec::new()));
        let mut list = Children::default();
        let mut model: Vec<Arc<dyn Job>> = Vec::new();
        let mut random = 20_261_128_u32;
        let mut gone = Vec::new();
        for step in 0..20_000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = random as usize >> 8;
            // (It grows for a while, and shrinks for a while.)
            let grows = step / 1000 % 2 == 0;
            let (left, right) = match number % 8 {
                0..4 if grows => {
                    let job = child(&*host, &group, Priority::default(), |_| ());
                    // SAFETY: (1) nobody else has the group.
                    unsafe { list.add(&job) };
                    model.push(job);
                    let places = list.places.len();
                    assert!(places <= 2 * list.count + SPARSE, "{places}");
                    continue;
                }
                0 | 4 => (list.take(false), model.pop()),
                1 | 5 => {
                    let first = (!model.is_empty()).then(|| model.remove(0));
                    (list.take(true), first)
                }
                2 | 6 if !gone.is_empty() => {
                    let job: &Arc<dyn Job> = &gone[number % gone.len()];
                    // SAFETY: (1) as above.
                    (unsafe { list.remove(job.head()) }, None)
                }
                _ if model.is_empty() => (list.take(grows), None),
                _ => {
                    let job = model.remove(number / 8 % model.len());
                    // SAFETY: (1) as above.
                    (unsafe { list.remove(job.head()) }, Some(job))
                }
            };
            match (left, right) {
                (None, None) => {}
                (Some(left), Some(right)) if same(&left, &right) => gone.push(right),
                (left, right) => panic!("{} {}", left.is_some(), right.is_some()),
            }
            assert_eq!(list.count, model.len());
        }
        assert!(gone.len() > 5000);
        let mut all = list.into_all().zip(&model);
        assert!(all.all(|(one, other)| same(&one, other)));
    }
}
