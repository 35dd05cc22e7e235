//! Any number of levels, which may change while tasks wait.

use alloc::vec::Vec;
use core::fmt;
use core::hash::{BuildHasher, Hash, Hasher};

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

mod absent;
mod error;
mod escalation;
mod handle;
mod heap;
mod shared;

pub use error::PriorityError;
pub use escalation::EscalationPolicy;
pub use handle::PriorityHandle;
use heap::Heap;
pub use shared::SharedDynamicScheduler;

/// A queue in which the most urgent comes first, and what waits can be made more or less urgent, or taken out.
///
/// What is queued has a key of its own and a *level*, any `u32`; higher ones come first. Within a level the nearest deadline comes
/// first, then what has none, and among equals who came first: by the time of the push, however often and whenever levels were changed.
///
/// It is what a [`SharedDynamicScheduler`], the policy of an executor, keeps its tasks in, and serves by itself where a program
/// has a queue of its own. All operations are O(log n), and `snapshot` is O(n log n). What comes to a level behind another is O(1), queued and
/// taken, as long as neither is changed, and few levels take turns. Up to 96 bytes, the key twice and the value for each that is queued.
///
/// # Examples
///
/// ```
/// use taskflow_core::DynamicPriorityScheduler;
///
/// let mut calls = DynamicPriorityScheduler::new();
/// for (caller, level) in [("ann", 1), ("bob", 1), ("eve", 7)] {
///     assert_eq!(calls.push(caller, level, ()), None);
/// }
/// assert_eq!(calls.reprioritize(&"bob", 7), Some(1));
/// assert_eq!(calls.remove(&"ann"), Some(()));
/// // Bob was there before.
/// assert_eq!(calls.snapshot(), [("bob", 7), ("eve", 7)]);
/// assert_eq!(calls.pop(), Some(("bob", ())));
/// ```
pub struct DynamicPriorityScheduler<K, T> {
    heap: Heap<(K, T)>,
    slots: HashMap<K, u32, Mixing>,
}

impl<K: Copy + Eq + Hash, T> DynamicPriorityScheduler<K, T> {
    /// An empty queue. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            heap: Heap::new(),
            slots: HashMap::with_hasher(Mixing),
        }
    }

    /// Queues a value at a level. Gives it back if one with this key is queued.
    ///
    /// # Panics
    ///
    /// If 2^32 - 1 are queued.
    pub fn push(&mut self, key: K, level: u32, value: T) -> Option<T> {
        self.push_until(key, level, None, value)
    }

    /// As [`push`](Self::push), with a deadline, in nanoseconds by any clock.
    ///
    /// # Panics
    ///
    /// If 2^32 - 1 are queued.
    pub fn push_until(&mut self, key: K, level: u32, deadline: Option<u64>, value: T) -> Option<T> {
        match self.slots.entry(key) {
            Entry::Occupied(_) => Some(value),
            Entry::Vacant(vacant) => {
                vacant.insert(self.heap.push(level, deadline, (key, value)));
                None
            }
        }
    }

    /// Takes what comes first.
    pub fn pop(&mut self) -> Option<(K, T)> {
        let first = self.heap.first()?;
        Some(self.take(first))
    }

    /// Takes what comes first of those that are accepted. O(n).
    pub fn pop_accepted(&mut self, accepts: impl Fn(&T) -> bool) -> Option<(K, T)> {
        let first = self.heap.first_of(|(_, value)| accepts(value))?;
        Some(self.take(first))
    }

    /// Gives what is queued another level, and the level that it had. `None`: it is not queued.
    pub fn reprioritize(&mut self, key: &K, level: u32) -> Option<u32> {
        let slot = *self.slots.get(key)?;
        Some(self.heap.set_level(slot, level))
    }

    /// Takes out what is queued. `None`: it is not.
    pub fn remove(&mut self, key: &K) -> Option<T> {
        let slot = *self.slots.get(key)?;
        Some(self.take(slot).1)
    }

    /// What is queued under this key.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&T> {
        let slot = *self.slots.get(key)?;
        Some(&self.heap.value(slot).1)
    }

    /// As [`get`](Self::get), to be changed. That changes no order.
    #[must_use]
    pub fn get_mut(&mut self, key: &K) -> Option<&mut T> {
        let slot = *self.slots.get(key)?;
        Some(&mut self.heap.value_mut(slot).1)
    }

    /// The level of what is queued.
    #[must_use]
    pub fn level(&self, key: &K) -> Option<u32> {
        let slot = *self.slots.get(key)?;
        Some(self.heap.rank(slot).level())
    }

    /// What is queued, in the order in which it would come, and its levels. Changes nothing. O(n log n).
    #[must_use]
    pub fn snapshot(&self) -> Vec<(K, u32)> {
        let mut all: Vec<_> = self
            .heap
            .iter()
            .map(|(rank, (key, _))| (rank, *key))
            .collect();
        all.sort_unstable_by_key(|(rank, _)| *rank);
        let levels = all.into_iter().map(|(rank, key)| (key, rank.level()));
        levels.collect()
    }

    /// How many are queued.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether none is queued.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How often something was pushed.
    fn pushes(&self) -> u64 {
        self.heap.pushes()
    }

    /// Shows what is queued, the oldest first, until `change` gives `None`; else it gives the level to have from then on.
    fn change_oldest(&mut self, mut change: impl FnMut(&mut T) -> Option<u32>) {
        let mut slot = self.heap.younger(None);
        while let Some(here) = slot {
            let level = self.heap.rank(here).level();
            let Some(changed) = change(&mut self.heap.value_mut(here).1) else {
                return;
            };
            if changed != level {
                self.heap.set_level(here, changed);
            }
            slot = self.heap.younger(Some(here));
        }
    }

    fn take(&mut self, slot: u32) -> (K, T) {
        let (key, value) = self.heap.take(slot);
        self.slots.remove(&key);
        (key, value)
    }
}

impl<K: Copy + Eq + Hash, T> Default for DynamicPriorityScheduler<K, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, T> fmt::Debug for DynamicPriorityScheduler<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicPriorityScheduler")
            .field("len", &self.heap.len())
            .finish_non_exhaustive()
    }
}

/// Spreads keys that are numbers: nobody chooses them to collide.
#[derive(Clone, Copy)]
struct Mixing;

/// See [`Mixing`].
struct Mixed(u64);

impl BuildHasher for Mixing {
    type Hasher = Mixed;

    fn build_hasher(&self) -> Mixed {
        Mixed(0)
    }
}

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        // The table looks at the highest bits and at the lowest.
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        // An odd number near 2^64 divided by the golden ratio.
        self.0 = (self.0.rotate_left(23) ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}
