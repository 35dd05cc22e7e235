//! The ready tasks of one worker, which others may steal.
//!
//! A bounded ring of 32-bit task references after Chase and Lev, with three ways out:
//!
//! | who | end | cost | when |
//! |---|---|---|---|
//! | owner, [`DequeOwner::take_newest`] | bottom | one fence | normally: depth first bounds the length |
//! | owner, [`DequeOwner::take_oldest`] | top | one compare-and-swap, no fence | when thieves might be at the newest: fewer than [`STEAL_MAX`] are left |
//! | thief, [`Deque::steal_half`] | top | one compare-and-swap for up to [`STEAL_MAX`] | when it has nothing of its own |
//!
//! `top` only grows; `bottom` is written by the owner alone. Entry `i` lies in slot `i mod capacity`
//! and is alive while `top <= i < bottom`.
//!
//! **Why an entry leaves once.** Everybody who takes at the top takes by moving `top` from the value
//! `t` it read; of several one succeeds, so claims at the top are disjoint. The owner takes at the
//! bottom without a compare-and-swap, entry `b = bottom - 1`, after it lowered `bottom` to `b`, passed
//! a `SeqCst` fence and read `top = t`, only if `b - t >= STEAL_MAX`. A thief that could claim `b` read
//! `top = t'` first and `bottom` after a `SeqCst` fence. Of the two fences one is first. If the owner's:
//! the thief sees the lowered bottom and claims below `b`. If the thief's: the owner sees `t >= t'`;
//! the thief's claim ends at `t' + STEAL_MAX <= t + STEAL_MAX <= b`, below `b` again. So neither kind
//! of claim meets the other.
//!
//! **Why a thief never returns a wrong entry.** The owner reuses the slot of entry `i` only after it
//! read `top > i` with Acquire. A thief read the slot before its compare-and-swap (Release) that
//! found `top <= i`; so that read came before the reuse.
//!
//! Where a single worker is all there is, no thief comes: an owner that is *alone* uses plain loads and stores. When that
//! begins and ends is not this module's (see [`sharing`](crate::protocol::sharing)). Whoever holds the [`DequeOwner`] is
//! the owner: it cannot be cloned, and moves with the seat.
//!
//! # References
//!
//! D. Chase, Y. Lev, *Dynamic Circular Work-Stealing Deque*, SPAA 2005, section 2; N. M. Lê, A. Pop,
//! A. Cohen, F. Zappa Nardelli, *Correct and Efficient Work-Stealing for Weak Memory Models*, PPoPP
//! 2013, figure 1 (the fences). Changed here: bounded, several entries per steal, and the owner takes
//! from both ends.

use alloc::boxed::Box;
use core::cell::Cell;

use crate::mutant::mutant;
use crate::sync::{Arc, AtomicU32, AtomicUsize, Ordering, Padded, fence};

/// Entries that one steal takes at most.
#[cfg(not(taskflow_loom))]
pub const STEAL_MAX: usize = 32;
/// Entries that one steal takes at most (small, so that a model meets the limit).
#[cfg(taskflow_loom)]
pub const STEAL_MAX: usize = 2;

/// The part of the ring that every worker sees.
#[derive(Debug)]
pub struct Deque {
    top: Padded<AtomicUsize>,
    bottom: Padded<AtomicUsize>,
    slots: Box<[AtomicU32]>,
}

/// The right to push, and to take at the bottom. There is one per ring.
#[derive(Debug)]
pub struct DequeOwner {
    ring: Arc<Deque>,
    /// The owner's `bottom`, entries that are not published yet included.
    bottom: Cell<usize>,
    /// A value that `top` had: a lower bound, refreshed when the ring looks full.
    top_seen: Cell<usize>,
    /// Whose turn is next, for whoever has it: not looked at here.
    pub turn: Cell<u8>,
    alone: Cell<bool>,
}

/// What a thief met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stolen {
    /// This many entries were taken.
    Some(usize),
    /// There was nothing that the thief wanted.
    Empty,
    /// Somebody else was faster; it may be worth another look.
    Contended,
}

impl Deque {
    /// An empty ring of `capacity` entries, a power of two, and its owner, who is not alone.
    #[must_use]
    pub fn new(capacity: usize) -> (Arc<Self>, DequeOwner) {
        debug_assert!(capacity.is_power_of_two() && capacity > STEAL_MAX);
        let ring = Arc::new(Self {
            top: Padded(AtomicUsize::new(0)),
            bottom: Padded(AtomicUsize::new(0)),
            slots: (0..capacity).map(|_| AtomicU32::new(0)).collect(),
        });
        let owner = DequeOwner {
            ring: Arc::clone(&ring),
            bottom: Cell::new(0),
            top_seen: Cell::new(0),
            turn: Cell::new(0),
            alone: Cell::new(false),
        };
        (ring, owner)
    }

    /// Whether nothing is published. A hint: it may change at once.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        // Ordering: Acquire, so that the second load is not older than the first.
        let top = self.top.load(Ordering::Acquire);
        // Ordering: Acquire, with the Release of `publish`. A caller that must not miss an entry
        // (before it sleeps) passes a SeqCst fence first.
        let bottom = self.bottom.load(Ordering::Acquire);
        distance(top, bottom) <= 0
    }

    /// Where the ends are. If both are the same later, the owner has most likely been busy with something else.
    #[must_use]
    pub fn ends(&self) -> (usize, usize) {
        // Ordering: Relaxed; compared only.
        let top = self.top.load(Ordering::Relaxed);
        // Ordering: Relaxed, as above.
        (top, self.bottom.load(Ordering::Relaxed))
    }

    /// Whether the only entry is one that comes and goes: after `moment` it is there no more, and at most one that came since.
    /// Somebody comes to such entries, most likely the owner; a thief who is faster has it look for something else,
    /// and sends what follows from core to core. An entry that is still there is none of these, by the [`ends`](Self::ends): `top` only grows, and
    /// the owner of a single entry takes it at the top, unless it is alone.
    #[must_use]
    pub fn is_passing(&self, moment: impl FnOnce()) -> bool {
        let before = self.ends();
        let len = |(top, bottom)| distance(top, bottom);
        len(before) == 1 && {
            moment();
            let now = self.ends();
            now != before && len(now) <= 1
        }
    }

    /// Takes the older half of the entries, at most [`STEAL_MAX`], oldest first.
    #[must_use]
    pub fn steal_half(&self, loot: &mut [u32; STEAL_MAX]) -> Stolen {
        let (top, size) = self.look();
        if size <= 0 {
            return Stolen::Empty;
        }
        let count = (size.unsigned_abs().div_ceil(2)).min(STEAL_MAX);
        for (offset, entry) in loot.iter_mut().take(count).enumerate() {
            *entry = self.read(top.wrapping_add(offset));
        }
        self.claim(top, count)
    }

    /// Takes the oldest entry if it is `wanted`.
    #[must_use]
    pub fn steal_if(&self, wanted: impl Fn(u32) -> bool, loot: &mut u32) -> Stolen {
        let (top, size) = self.look();
        if size <= 0 {
            return Stolen::Empty;
        }
        *loot = self.read(top);
        if wanted(*loot) {
            self.claim(top, 1)
        } else {
            Stolen::Empty
        }
    }

    /// `top`, and how many entries a thief may believe to be there.
    fn look(&self) -> (usize, isize) {
        // Ordering: Acquire, with the Release of other claims: the slots are read after it.
        let top = self.top.load(Ordering::Acquire);
        if !mutant!("deque_thief_no_fence") {
            // Ordering: SeqCst, with the fence of `take_newest` (store buffering; see the essay above).
            fence(Ordering::SeqCst);
        }
        // Ordering: Acquire, with the Release of `publish`: the entries below it are readable.
        let order = mutant!("deque_look_relaxed", Ordering::Relaxed, Ordering::Acquire);
        // Ordering: see above.
        let bottom = self.bottom.load(order);
        (top, distance(top, bottom))
    }

    #[inline]
    fn claim(&self, top: usize, count: usize) -> Stolen {
        // Ordering: Release, with the Acquire of the owner's `room`: the slots were read before it.
        // Not Acquire: the value was loaded before, and `top` never has it again.
        let order = mutant!("deque_claim_relaxed", Ordering::Relaxed, Ordering::Release);
        // Ordering: see `order`; Relaxed on failure, which brings nothing that is used.
        match self
            .top
            .compare_exchange(top, top.wrapping_add(count), order, Ordering::Relaxed)
        {
            Ok(_) => Stolen::Some(count),
            Err(_) => Stolen::Contended,
        }
    }

    #[inline]
    fn read(&self, index: usize) -> u32 {
        // Ordering: Relaxed; ordered by `top` and `bottom` on both sides.
        self.slot(index).load(Ordering::Relaxed)
    }

    #[inline]
    fn slot(&self, index: usize) -> &AtomicU32 {
        &self.slots[index & (self.slots.len() - 1)]
    }
}

impl DequeOwner {
    /// Says whether the owner is alone: no thief looks at the ring before this is taken back.
    pub fn set_alone(&self, alone: bool) {
        self.alone.set(alone);
    }

    /// Adds an entry that thieves do not see before [`publish`](Self::publish).
    ///
    /// # Errors
    ///
    /// Gives the entry back when the ring is full.
    #[inline]
    pub fn push(&self, entry: u32) -> Result<(), u32> {
        let bottom = self.bottom.get();
        if bottom.wrapping_sub(self.top_seen.get()) >= self.ring.slots.len() && !self.room() {
            return Err(entry);
        }
        // Ordering: Relaxed; published by the Release of `publish`.
        self.ring.slot(bottom).store(entry, Ordering::Relaxed);
        self.bottom.set(bottom.wrapping_add(1));
        Ok(())
    }

    /// How many entries there is room for, at least.
    #[must_use]
    pub fn room_left(&self) -> usize {
        let _ = self.room();
        self.ring.slots.len() - self.bottom.get().wrapping_sub(self.top_seen.get())
    }

    /// Where the next entry goes.
    #[must_use]
    #[inline]
    pub fn end(&self) -> usize {
        self.bottom.get()
    }

    /// The oldest entry, if there is one. A hint: a thief may take it.
    #[must_use]
    pub fn oldest(&self) -> Option<u32> {
        // Ordering: Relaxed; the slot at or behind it was written by this owner.
        let top = self.ring.top.load(Ordering::Relaxed);
        (top != self.bottom.get()).then(|| self.ring.read(top))
    }

    /// [`push`](Self::push) where there is [room](Self::room_left).
    #[inline]
    pub fn put(&self, entry: u32) {
        let bottom = self.bottom.get();
        debug_assert!(self.room(), "there is room");
        // Ordering: Relaxed; published by the Release of `publish`.
        self.ring.slot(bottom).store(entry, Ordering::Relaxed);
        self.bottom.set(bottom.wrapping_add(1));
    }

    /// Sorts the entries from this [end](Self::end) on, none of which is published. O(n^2) at worst; O(n) where they are in order.
    #[inline]
    pub fn sort_from(&self, begin: usize) {
        let count = self.bottom.get().wrapping_sub(begin);
        if count > 1 {
            self.sort(begin, count);
        }
    }

    #[cold]
    fn sort(&self, begin: usize, count: usize) {
        for sorted in 1..count {
            let entry = self.ring.read(begin.wrapping_add(sorted));
            let mut place = sorted;
            while place > 0 {
                let before = self.ring.read(begin.wrapping_add(place - 1));
                if before <= entry {
                    break;
                }
                let slot = self.ring.slot(begin.wrapping_add(place));
                // Ordering: Relaxed; published by the Release of `publish`.
                slot.store(before, Ordering::Relaxed);
                place -= 1;
            }
            let slot = self.ring.slot(begin.wrapping_add(place));
            // Ordering: Relaxed; as above.
            slot.store(entry, Ordering::Relaxed);
        }
    }

    /// Shows all pushed entries to thieves, with one store.
    #[inline]
    pub fn publish(&self) {
        // Ordering: Release, with the Acquire of `look` and `is_empty`: whoever sees the new
        // bottom sees the entries, and what the pusher did before.
        let order = mutant!(
            "deque_publish_relaxed",
            Ordering::Relaxed,
            Ordering::Release
        );
        // Ordering: see above.
        self.ring.bottom.store(self.bottom.get(), order);
    }

    /// How many entries there are at most; fewer when thieves were there meanwhile.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        // Ordering: Relaxed; a bound, nothing is read through it.
        let top = self.ring.top.load(Ordering::Relaxed);
        self.bottom.get().wrapping_sub(top)
    }

    /// Whether there is nothing left.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the oldest entry. All entries must be published.
    #[must_use]
    #[inline]
    pub fn take_oldest(&self) -> Option<u32> {
        loop {
            // Ordering: Acquire, with the Release of a thief's claim.
            let top = self.ring.top.load(Ordering::Acquire);
            if top == self.bottom.get() {
                return None;
            }
            if self.alone.get() {
                return self.take_oldest_alone();
            }
            let entry = self.ring.read(top);
            if self.ring.claim(top, 1) == Stolen::Some(1) {
                return Some(entry);
            }
        }
    }

    /// [`take_oldest`](Self::take_oldest) of an owner who is alone.
    #[must_use]
    #[inline]
    pub fn take_oldest_alone(&self) -> Option<u32> {
        // Ordering: Relaxed; nobody else writes it.
        let top = self.ring.top.load(Ordering::Relaxed);
        if top == self.bottom.get() {
            return None;
        }
        // Ordering: Relaxed; nobody else reads it.
        self.ring.top.store(top.wrapping_add(1), Ordering::Relaxed);
        Some(self.ring.read(top))
    }

    /// Takes the newest entry, or the oldest when thieves might be at the newest. All entries must
    /// be published.
    #[must_use]
    #[inline]
    pub fn take_newest(&self) -> Option<u32> {
        if self.alone.get() {
            return self.take_newest_alone();
        }
        let bottom = self.bottom.get().wrapping_sub(1);
        // `top` only grows: where too few are left already, neither store nor fence is needed to know it.
        if self.is_in_reach(bottom) {
            return self.take_oldest();
        }
        // Ordering: Release, with the Acquire of `look`, as in `publish`: the entries below it stay
        // readable through this value too. The fence orders it before the load of `top`.
        let order = mutant!("deque_lower_relaxed", Ordering::Relaxed, Ordering::Release);
        // Ordering: see above.
        self.ring.bottom.store(bottom, order);
        if !mutant!("deque_owner_no_fence") {
            // Ordering: SeqCst, with the fence of `look` (store buffering; see the essay above).
            fence(Ordering::SeqCst);
        }
        if self.is_in_reach(bottom) {
            self.publish();
            return self.take_oldest();
        }
        self.bottom.set(bottom);
        Some(self.ring.read(bottom))
    }

    /// Whether thieves who know nothing of what the owner is about to do may claim this entry.
    #[inline]
    fn is_in_reach(&self, entry: usize) -> bool {
        // Ordering: Relaxed; compared only. The slot was written by this owner.
        let top = self.ring.top.load(Ordering::Relaxed);
        let margin = mutant!("deque_margin_one", 1, STEAL_MAX);
        distance(top, entry) < margin.cast_signed()
    }

    /// [`take_newest`](Self::take_newest) of an owner who is alone.
    #[must_use]
    #[inline]
    pub fn take_newest_alone(&self) -> Option<u32> {
        if self.is_empty() {
            return None;
        }
        let bottom = self.bottom.get().wrapping_sub(1);
        self.bottom.set(bottom);
        // Ordering: Relaxed; nobody else reads it.
        self.ring.bottom.store(bottom, Ordering::Relaxed);
        Some(self.ring.read(bottom))
    }

    /// Whether thieves made room since `top` was last looked at.
    fn room(&self) -> bool {
        // Ordering: Acquire, with the Release of a claim: the claimed slots were read before they are
        // overwritten.
        let order = mutant!("deque_room_relaxed", Ordering::Relaxed, Ordering::Acquire);
        // Ordering: see above.
        let top = self.ring.top.load(order);
        self.top_seen.set(top);
        self.bottom.get().wrapping_sub(top) < self.ring.slots.len()
    }
}

/// From `top` to `bottom`, which may lie behind it for a moment; right across the wrap of the counters.
#[inline]
fn distance(top: usize, bottom: usize) -> isize {
    bottom.wrapping_sub(top).cast_signed()
}

#[cfg(all(test, not(taskflow_loom)))]
mod tests {
    use super::*;

    #[test]
    fn an_entry_that_is_there_after_a_moment_is_not_passing() {
        let (ring, owner) = Deque::new(64);
        let add = || {
            assert_eq!(owner.push(7), Ok(()));
            owner.publish();
        };
        let take = || assert_eq!(owner.take_newest(), Some(7));
        let turn = || {
            take();
            add();
        };
        assert!(!ring.is_passing(|| unreachable!("there is none")));
        add();
        assert!(!ring.is_passing(|| {}), "it stays");
        assert!(!ring.is_passing(add), "another came beside it");
        assert!(!ring.is_passing(|| unreachable!("there are two")));
        take();
        assert!(ring.is_passing(turn), "another came for it");
        assert!(ring.is_passing(take), "none is left");
        add();
        let turn = || {
            turn();
            add();
        };
        assert!(!ring.is_passing(turn), "two others came");
    }
}
