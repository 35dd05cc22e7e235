//! What a token cancels: a list with places that are found again in one step.
//!
//! A subscriber that has gone, or was taken by a cancel, leaves its place to others. So each entry has a number, by
//! which whoever comes late finds out that the place is not its own any more; and a token under which a million
//! runs have ended has as many places as there were runs at once.

use alloc::vec::Vec;
use core::task::Waker;

use super::node::Node;
use crate::group::Group;
use crate::job::Job;
use crate::run::Run;
use crate::sync::{Arc, Weak};
use crate::task::TaskId;

/// Who is told.
pub(crate) enum Subscriber {
    /// A run.
    Run(Arc<Run>),
    /// A task of a run.
    Task(Arc<Run>, TaskId),
    /// A spawned task.
    Job(Arc<dyn Job>),
    /// A group. It is used again after a cancel, and stays on the list.
    Group(Weak<Group>),
    /// A future.
    Waker(Waker),
    /// A token below, in one of its generations.
    Child(Weak<Node>, u64),
}

/// Where a subscriber is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    index: usize,
    number: u64,
}

/// The list.
#[derive(Default)]
pub(super) struct Subscribers {
    entries: Vec<Option<(u64, Subscriber)>>,
    free: Vec<usize>,
    last: u64,
}

impl Subscribers {
    pub(super) fn add(&mut self, subscriber: Subscriber) -> Place {
        self.last += 1;
        let number = self.last;
        let entry = Some((number, subscriber));
        let index = match self.free.pop() {
            Some(index) => {
                self.entries[index] = entry;
                index
            }
            None => {
                self.entries.push(entry);
                self.entries.len() - 1
            }
        };
        Place { index, number }
    }

    /// Takes one off. `None`: it was taken before.
    pub(super) fn remove(&mut self, place: Place) -> Option<Subscriber> {
        let entry = self.entries.get_mut(place.index)?;
        let (_, subscriber) = entry.take_if(|(number, _)| *number == place.number)?;
        self.free.push(place.index);
        Some(subscriber)
    }

    /// Puts another in the place of one. It comes back if that was taken before.
    pub(super) fn replace(
        &mut self,
        place: Place,
        subscriber: Subscriber,
    ) -> Result<Subscriber, Subscriber> {
        match self.entries.get_mut(place.index) {
            Some(Some((number, before))) if *number == place.number => {
                Ok(core::mem::replace(before, subscriber))
            }
            _ => Err(subscriber),
        }
    }

    /// Hands all to `tell`. Groups stay on the list.
    pub(super) fn take(&mut self, mut tell: impl FnMut(Subscriber)) {
        for (index, entry) in self.entries.iter_mut().enumerate() {
            if let Some((_, Subscriber::Group(group))) = entry {
                tell(Subscriber::Group(Weak::clone(group)));
            } else if let Some((_, subscriber)) = entry.take() {
                self.free.push(index);
                tell(subscriber);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waker() -> Subscriber {
        Subscriber::Waker(Waker::noop().clone())
    }

    #[test]
    fn a_place_that_was_left_is_used_again_and_its_last_holder_cannot_empty_it() {
        let mut list = Subscribers::default();
        let first = list.add(waker());
        assert!(list.remove(first).is_some() && list.remove(first).is_none());
        let second = list.add(waker());
        assert!(list.remove(first).is_none(), "it is the second's place");
        assert!(list.replace(first, waker()).is_err() && list.replace(second, waker()).is_ok());
        assert!(list.remove(second).is_some());
        assert_eq!(list.entries.len(), 1);
    }

    #[test]
    fn what_is_taken_leaves_its_places() {
        let mut list = Subscribers::default();
        let places: Vec<_> = (0..10).map(|_| list.add(waker())).collect();
        let mut told = 0;
        list.take(|_| told += 1);
        assert_eq!((told, list.entries.len(), list.free.len()), (10, 10, 10));
        assert!(places.into_iter().all(|place| list.remove(place).is_none()));
        for _ in 0..10 {
            list.add(waker());
        }
        assert_eq!(list.entries.len(), 10);
    }
}
