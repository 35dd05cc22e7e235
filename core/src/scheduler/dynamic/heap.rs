//! A heap whose entries can be found again, changed, and taken out of the middle.
//!
//! ```text
//!   order   4-ary heap of what decides (level, deadline, number) and the slot of the first of a row
//!     ▲ │
//!     │ ▼
//!   slots   the place in the heap, the neighbours in the row, the value, and the neighbours by age
//! ```
//!
//! The heap holds what is compared beside one another, so a comparison follows no reference; a move writes the place into the slot.
//! Four children a node: half as many levels as with two, and the children lie in two cache lines.
//!
//! **A row is one entry of the heap.** What comes to a level behind another that came there last is put behind it, and the heap knows of
//! the first alone: so as long as nobody changes anything and few levels are in use, the heap is small, and a queue of any length
//! takes no comparisons. All in a row are of one level and came in its order, and none but the first has a deadline, so each is behind the one before
//! it by rank as well; there may be several rows of a level. Who gets another level leaves its row, and is one by itself.

use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::iter;

/// No slot, and no place.
const NONE: u32 = u32::MAX;
/// Children of a node.
const CHILDREN: usize = 4;
/// Queued values for each row that is remembered, and for how many that grows.
const PER_ROW: usize = 16;
const MOST_ROWS: usize = 1 << 16;

/// Who comes first: the higher level, then the nearer deadline, then who came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    level: Reverse<u32>,
    /// In nanoseconds; the largest for none.
    deadline: u64,
    number: u64,
}

impl Rank {
    /// Without a deadline.
    fn new(level: u32, number: u64) -> Self {
        Self {
            level: Reverse(level),
            deadline: u64::MAX,
            number,
        }
    }

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
    /// In `order`, of the first of a row.
    place: u32,
    /// The neighbours in the row.
    before: u32,
    behind: u32,
    level: u32,
    number: u64,
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
    len: usize,
    /// Who came last to a level, a power of two of them: hints.
    rows: Vec<(u32, u32)>,
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
            len: 0,
            rows: Vec::new(),
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
        self.len
    }

    /// Adds a value behind those of its level and deadline. Gives its slot, which is its own until it is taken out. O(log n); O(1) behind who
    /// came last of that level, if it has no deadline.
    pub(super) fn push(&mut self, level: u32, deadline: Option<u64>, value: T) -> u32 {
        self.last += 1;
        let number = self.last;
        let row = self.row_of(level);
        let before = match deadline {
            None => self.end_of_row(self.rows[row], level),
            Some(_) => NONE,
        };
        let fresh = Slot {
            place: NONE,
            before,
            behind: NONE,
            level,
            number,
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
        self.len += 1;
        match self.slots.get_mut(self.youngest as usize) {
            Some(older) => older.younger = slot,
            None => self.oldest = slot,
        }
        self.youngest = slot;
        self.rows[row] = (level, slot);
        match self.slots.get_mut(before as usize) {
            Some(before) => before.behind = slot,
            None => {
                let rank = Rank {
                    deadline: deadline.unwrap_or(u64::MAX),
                    ..Rank::new(level, number)
                };
                self.enter(Entry { rank, slot });
            }
        }
        slot
    }

    /// Where who came last of a level is remembered.
    fn row_of(&mut self, level: u32) -> usize {
        if self.len >= PER_ROW * self.rows.len() && self.rows.len() < MOST_ROWS {
            let rows = PER_ROW.max(2 * self.rows.len());
            self.rows = vec![(0, NONE); rows];
        }
        // (An odd number near 2^32 divided by the golden ratio: the high bits of the product are spread best.)
        let mixed = level.wrapping_mul(0x9E37_79B9);
        (mixed >> 16) as usize & (self.rows.len() - 1)
    }

    /// The slot of who was last of a level, if it is queued there still; then it is the end of a row, since whoever comes behind it is
    /// remembered instead.
    fn end_of_row(&self, (of, slot): (u32, u32), level: u32) -> u32 {
        let end = self.slots.get(slot as usize).filter(|_| of == level);
        let such = end.is_some_and(|end| {
            debug_assert!(end.value.is_none() || end.level != level || end.behind == NONE);
            end.value.is_some() && end.level == level
        });
        if such { slot } else { NONE }
    }

    /// The slot of what comes first.
    pub(super) fn first(&self) -> Option<u32> {
        Some(self.order.first()?.slot)
    }

    /// The slot of what comes first of those that are accepted. O(n).
    pub(super) fn first_of(&self, accepts: impl Fn(&T) -> bool) -> Option<u32> {
        let accepted = self.all().filter(|(_, value)| accepts(value));
        let first = accepted.min_by_key(|(slot, _)| self.rank(*slot))?;
        Some(first.0)
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
        let queued = &self.slots[slot as usize];
        match self.order.get(queued.place as usize) {
            Some(first) => first.rank,
            None => Rank::new(queued.level, queued.number),
        }
    }

    /// Gives a value another level; among those of it, it has the place of its age. Gives the level before. O(log n).
    pub(super) fn set_level(&mut self, slot: u32, level: u32) -> u32 {
        let rank = self.rank(slot);
        let before = rank.level();
        if level != before {
            self.leave(slot);
            self.slots[slot as usize].level = level;
            let level = Reverse(level);
            self.enter(Entry {
                rank: Rank { level, ..rank },
                slot,
            });
        }
        before
    }

    /// Takes a value out, whose slot is free then. O(log n); O(1) if it is not the first of a row.
    pub(super) fn take(&mut self, slot: u32) -> T {
        self.leave(slot);
        let free = self.free;
        let taken = &mut self.slots[slot as usize];
        let (older, younger) = (taken.older, core::mem::replace(&mut taken.younger, free));
        let value = taken.value.take();
        self.free = slot;
        self.len -= 1;
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

    /// All that is queued, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Rank, &T)> {
        self.all().map(|(slot, value)| (self.rank(slot), value))
    }

    /// All that is queued, the oldest first, with its slots.
    fn all(&self) -> impl Iterator<Item = (u32, &T)> {
        let slots = iter::successors(self.younger(None), |slot| self.younger(Some(*slot)));
        slots.map(|slot| (slot, self.value(slot)))
    }

    /// Adds a row of one.
    fn enter(&mut self, entry: Entry) {
        self.order.push(entry);
        self.rise(self.order.len() - 1);
    }

    /// Takes one out of its row, and that out of the heap if it was the only one.
    fn leave(&mut self, slot: u32) {
        let leaving = &mut self.slots[slot as usize];
        let before = core::mem::replace(&mut leaving.before, NONE);
        let behind = core::mem::replace(&mut leaving.behind, NONE);
        let place = core::mem::replace(&mut leaving.place, NONE) as usize;
        if let Some(before) = self.slots.get_mut(before as usize) {
            before.behind = behind;
        }
        if let Some(next) = self.slots.get_mut(behind as usize) {
            next.before = before;
            if before == NONE {
                // It is the first now. (None that comes later can come before who was here.)
                self.order[place] = Entry {
                    rank: Rank::new(next.level, next.number),
                    slot: behind,
                };
                self.sink(place);
            }
        } else if before == NONE {
            self.order.swap_remove(place);
            if place < self.order.len() {
                // The last one has come here, from another branch perhaps.
                let place = self.rise(place);
                self.sink(place);
            }
        }
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
