//! The parts of a policy that each worker has of its own, and that all may look into.

use alloc::vec::Vec;

use crate::sync::{Arc, Mutex, Padded};

/// One for each worker, in the order in which they were made.
#[derive(Debug)]
pub(super) struct Shards<Q>(Mutex<Vec<Arc<Padded<Q>>>>);

/// A worker's view of them.
#[derive(Debug)]
pub(super) struct View<Q> {
    own: usize,
    /// Of all workers, and not of those alone that were there before its own.
    is_complete: bool,
    all: Vec<Arc<Padded<Q>>>,
}

impl<Q> Default for Shards<Q> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<Q: Default> Shards<Q> {
    /// Adds that of the next worker. All are there before any is looked into.
    pub(super) fn add(&self) -> View<Q> {
        let mut shards = self.0.lock();
        shards.push(Arc::new(Padded(Q::default())));
        View {
            own: shards.len() - 1,
            is_complete: false,
            all: shards.clone(),
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<Padded<Q>>> {
        self.0.lock().clone()
    }

    /// One of them, for a thread that has none: over time each in turn.
    pub(super) fn any(&self, turn: usize) -> Option<Arc<Padded<Q>>> {
        let shards = self.0.lock();
        shards.get(turn % shards.len().max(1)).map(Arc::clone)
    }
}

impl<Q> View<Q> {
    /// To be called before others are looked at: all workers have their part by then.
    pub(super) fn complete(&mut self, shards: &Shards<Q>) {
        if !self.is_complete {
            self.all.clone_from(&shards.0.lock());
            self.is_complete = true;
        }
    }

    pub(super) fn own(&self) -> &Q {
        &self.all[self.own].0
    }

    /// All of them, its own first.
    pub(super) fn own_first(&self) -> impl Iterator<Item = &Q> {
        self.starting_at(self.own)
    }

    /// The one whose turn it is.
    pub(super) fn turn(&self, number: u32) -> usize {
        number as usize % self.all.len()
    }

    /// All of them, a given one first.
    #[inline]
    pub(super) fn starting_at(&self, first: usize) -> impl Iterator<Item = &Q> {
        let all = &*self.all;
        let place = move |step| {
            if step < all.len() - first {
                first + step
            } else {
                step - (all.len() - first)
            }
        };
        (0..all.len()).map(move |step| &all[place(step)].0)
    }

    pub(super) fn own_place(&self) -> usize {
        self.own
    }
}
