//! A heap whose entries can be found again, changed, and taken out of the middle.
//!
//! ```text
//!   order   4-ary heap of what decides (level, deadline, number) and a slot
//!     ▲ │
//!     │ ▼
//!   slots   the place in the heap, the value, and the neighbours by age
//! ```
//!
//! The heap holds what is compared beside one another, so a comparison follows no reference; a move writes the place into the slot.
//! Four children a node: half as many levels as with two, and the children lie in two cache lines.

use alloc::vec::Vec;
use core::cmp::Reverse;

/// No slot.
const NONE: u32 = u32::MAX;
/// Children of a node.
const CHILDREN: usize = 4;

/// Who comes first: the higher level, then the nearer deadline, then who came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    level: Reverse<u32>,
    /// In nanoseconds; the largest for none.
    deadline: u64,
    number: u64,
}

impl Rank {
    pub(super) fn level(self) -> u32 {
        self.level.0
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    rank: Rank,
    slot: u32,
}

#[derive(Debug)]
struct Slot<T> {
    /// In `order`.
    place: u32,
    /// The neighbours by age; of a free slot, `younger` is the next free one.
    older: u32,
    younger: u32,
    value: Option<T>,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Heap<T> {
    order: Vec<Entry>,
    slots: Vec<Slot<T>>,
    free: u32,
    oldest: u32,
    youngest: u32,
    last: u64,
}

impl<T> Heap<T> {
    pub(super) const fn new() -> Self {
        Self {
            order: Vec::new(),
            slots: Vec::new(),
            free: NONE,
            oldest: NONE,
            youngest: NONE,
            last: 0,
        }
    }

    /// How often something was pushed.
    pub(super) fn pushes(&self) -> u64 {
        self.last
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Adds a value behind those of its level and deadline. Gives its slot, which is its own until it is taken out. O(log n).
    pub(super) fn push(&mut self, level: u32, deadline: Option<u64>, value: T) -> u32 {
        self.last += 1;
        let rank = Rank {
            level: Reverse(level),
            deadline: deadline.unwrap_or(u64::MAX),
            number: self.last,
        };
        let fresh = Slot {
            place: 0,
            older: self.youngest,
            younger: NONE,
            value: Some(value),
        };
        let slot = match self.slots.get_mut(self.free as usize) {
            Some(vacant) => {
                let slot = self.free;
                self.free = vacant.younger;
                *vacant = fresh;
                slot
            }
            None => {
                let slot = u32::try_from(self.slots.len()).unwrap_or(NONE);
                assert!(slot != NONE, "no queue holds 2^32 tasks");
                self.slots.push(fresh);
                slot
            }
        };
        match self.slots.get_mut(self.youngest as usize) {
            Some(before) => before.younger = slot,
            None => self.oldest = slot,
        }
        self.youngest = slot;
        self.order.push(Entry { rank, slot });
        self.rise(self.order.len() - 1);
        slot
    }

    /// The slot of what comes first.
    pub(super) fn first(&self) -> Option<u32> {
        Some(self.order.first()?.slot)
    }

    /// The slot of what comes first of those that are accepted. O(n).
    pub(super) fn first_of(&self, accepts: impl Fn(&T) -> bool) -> Option<u32> {
        let accepted = self.order.iter().filter(|entry| {
            let value = self.value(entry.slot);
            accepts(value)
        });
        let first = accepted.min_by_key(|entry| entry.rank)?;
        Some(first.slot)
    }

    pub(super) fn value(&self, slot: u32) -> &T {
        let value = self.slots[slot as usize].value.as_ref();
        value.expect("the slot of a queued value has it")
    }

    pub(super) fn value_mut(&mut self, slot: u32) -> &mut T {
        let value = self.slots[slot as usize].value.as_mut();
        value.expect("the slot of a queued value has it")
    }

    pub(super) fn rank(&self, slot: u32) -> Rank {
        self.order[self.slots[slot as usize].place as usize].rank
    }

    /// Gives a value another level; among those of it, it has the place of its age. Gives the level before. O(log n).
    pub(super) fn set_level(&mut self, slot: u32, level: u32) -> u32 {
        let place = self.slots[slot as usize].place as usize;
        let before = core::mem::replace(&mut self.order[place].rank.level, Reverse(level));
        if level > before.0 {
            self.rise(place);
        } else {
            self.sink(place);
        }
        before.0
    }

    /// Takes a value out, whose slot is free then. O(log n).
    pub(super) fn take(&mut self, slot: u32) -> T {
        let place = self.slots[slot as usize].place as usize;
        self.order.swap_remove(place);
        if place < self.order.len() {
            // The last one has come here, from another branch perhaps.
            let place = self.rise(place);
            self.sink(place);
        }
        let free = self.free;
        let taken = &mut self.slots[slot as usize];
        let (older, younger) = (taken.older, core::mem::replace(&mut taken.younger, free));
        let value = taken.value.take();
        self.free = slot;
        match self.slots.get_mut(older as usize) {
            Some(older) => older.younger = younger,
            None => self.oldest = younger,
        }
        match self.slots.get_mut(younger as usize) {
            Some(younger) => younger.older = older,
            None => self.youngest = older,
        }
        value.expect("the slot of a queued value has it")
    }

    /// The oldest, or the one that came after `slot`.
    pub(super) fn younger(&self, slot: Option<u32>) -> Option<u32> {
        let next = slot.map_or(self.oldest, |slot| self.slots[slot as usize].younger);
        (next != NONE).then_some(next)
    }

    /// All that is queued, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Rank, &T)> {
        let entries = self.order.iter();
        entries.map(|entry| (entry.rank, self.value(entry.slot)))
    }

    /// Moves the entry at a place up as far as it belongs. Gives where it is then.
    fn rise(&mut self, mut place: usize) -> usize {
        let entry = self.order[place];
        while place > 0 {
            let parent = (place - 1) / CHILDREN;
            if self.order[parent].rank <= entry.rank {
                break;
            }
            self.put(place, self.order[parent]);
            place = parent;
        }
        self.put(place, entry);
        place
    }

    /// Moves the entry at a place down as far as it belongs.
    fn sink(&mut self, mut place: usize) {
        let entry = self.order[place];
        loop {
            let begin = place * CHILDREN + 1;
            let end = self.order.len().min(begin + CHILDREN);
            let children = begin..end;
            let Some(least) = children.min_by_key(|child| self.order[*child].rank) else {
                break;
            };
            if entry.rank <= self.order[least].rank {
                break;
            }
            self.put(place, self.order[least]);
            place = least;
        }
        self.put(place, entry);
    }

    fn put(&mut self, place: usize, entry: Entry) {
        self.order[place] = entry;
        // `push` has refused what 32 bits do not count.
        #[expect(clippy::cast_possible_truncation, reason = "fewer than 2^32 entries")]
        let place = place as u32;
        self.slots[entry.slot as usize].place = place;
    }
}
