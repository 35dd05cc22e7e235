//! The place of a task's value, between the task that makes it and those that use it.
//!
//! ```text
//!   record of the producer ── Producer<T> ──┐
//!                                           ▼
//!                                        Slot<T>: Head { occupancy, holders }, value
//!                                           ▲
//!   record of a consumer ──── Held<T> ──────┘
//! ```
//!
//! A slot lies in the arena of its flow. The producer's record owns the value: it is dropped with that
//! record. Every record that leads to the slot is counted as a *holder*, and the place is used again
//! only when there is none (`graph::outputs`), so that a producer can be removed before its consumers.

use core::cell::Cell;
use core::error::Error;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use crate::protocol::occupancy::{Occupancy, Seized};
use crate::sync::UnsafeCell;

/// What the graph sees of a slot, whatever it is for.
#[derive(Debug)]
pub(crate) struct Head {
    occupancy: Occupancy,
    /// Records that lead here. Changed only by whoever edits or drops the graph.
    holders: Cell<u32>,
}

impl Head {
    /// Makes a value one of an earlier round: nobody gets it any more. It is dropped later. Runs no user
    /// code; any thread, any time.
    #[inline]
    pub(crate) fn expire(&self) {
        self.occupancy.expire();
    }

    /// Whether a record leads here.
    pub(crate) fn is_held(&self) -> bool {
        self.holders.get() > 0
    }
}

/// The place of a value.
///
/// # Invariants
///
/// 1. `value` is initialised while the occupancy is full or stale.
/// 2. It is touched only by whoever seized the place, and read by whoever it was lent to.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Slot<T> {
    head: Head,
    value: UnsafeCell<MaybeUninit<T>>,
}

impl<T> Slot<T> {
    pub(crate) fn new() -> Self {
        Self {
            head: Head {
                occupancy: Occupancy::default(),
                holders: Cell::new(0),
            },
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// Puts a value in; one that is there is dropped first.
    ///
    /// # Errors
    ///
    /// Somebody still uses the value that is there. The new one is dropped.
    fn write(&self, value: T) -> Result<(), Busy> {
        let seized = self.head.occupancy.seize().ok_or(Busy)?;
        let place = Place(&self.head.occupancy);
        if seized == Seized::Occupied {
            // SAFETY: invariant 2; the place is seized.
            let old = unsafe { &mut *self.value.get() };
            // SAFETY: invariant 1.
            // Unwind: `place` leaves it empty, and `value` is dropped on the way out.
            unsafe { old.assume_init_drop() };
        }
        // SAFETY: invariant 2; the place is seized.
        let room = unsafe { &mut *self.value.get() };
        room.write(value);
        place.filled();
        Ok(())
    }

    /// Moves the value of this round out.
    pub(crate) fn take(&self) -> Option<T> {
        if !self.head.occupancy.seize_full() {
            return None;
        }
        let _empty = Place(&self.head.occupancy);
        // SAFETY: invariant 2; the place is seized.
        let value = unsafe { &*self.value.get() };
        // SAFETY: invariant 1; the place is left empty, so it is not read again.
        Some(unsafe { value.assume_init_read() })
    }

    /// Drops what is there, unless somebody uses it.
    fn clear(&self) {
        if self.head.occupancy.seize() == Some(Seized::Occupied) {
            let _empty = Place(&self.head.occupancy);
            // SAFETY: invariant 2; the place is seized.
            let old = unsafe { &mut *self.value.get() };
            // SAFETY: invariant 1.
            // Unwind: the place is left empty.
            unsafe { old.assume_init_drop() };
        }
    }
}

/// A seized place. It is left empty unless it was filled.
struct Place<'s>(&'s Occupancy);

impl Place<'_> {
    fn filled(self) {
        self.0.leave_full();
        core::mem::forget(self);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.leave_empty();
    }
}

/// The use of a slot by one record.
///
/// # Invariants
///
/// 1. The slot lies in the arena of the graph that the record is of, and stays there while it is held.
#[derive(Debug)]
pub(crate) struct Held<T>(NonNull<Slot<T>>);

impl<T> Held<T> {
    /// # Safety
    ///
    /// 1. `slot` lies in the arena of a graph.
    /// 2. What is returned goes into the captures of a record of that graph, and is dropped with them.
    pub(crate) unsafe fn new(slot: NonNull<Slot<T>>) -> Self {
        let held = Self(slot);
        let holders = &held.slot().head.holders;
        holders.set(holders.get() + 1);
        held
    }

    pub(crate) fn slot(&self) -> &Slot<T> {
        // SAFETY: invariant 1.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        let holders = &self.slot().head.holders;
        holders.set(holders.get() - 1);
    }
}

// SAFETY: it gives out the `T`s of the slot; `holders` is changed by `new` and `drop` alone, which are
// called by whoever edits or drops the graph ((2) of `new`).
unsafe impl<T: Send> Send for Held<T> {}

/// The end of a data edge at the task that makes the value, and its owner.
#[derive(Debug)]
pub(crate) struct Producer<T>(Held<T>);

impl<T> Producer<T> {
    pub(crate) fn new(held: Held<T>) -> Self {
        Self(held)
    }

    /// The task is started: until it has made a value there is none of this round.
    #[inline]
    pub(crate) fn begin(&self) {
        self.0.slot().head.expire();
    }

    /// # Errors
    ///
    /// As [`Slot::write`].
    pub(crate) fn write(&self, value: T) -> Result<(), Busy> {
        self.0.slot().write(value)
    }
}

impl<T> Drop for Producer<T> {
    fn drop(&mut self) {
        self.0.slot().clear();
    }
}

/// The end of a data edge at the one task that the value is moved to.
#[derive(Debug)]
pub struct Moved<T>(Held<T>);

impl<T> Moved<T> {
    pub(crate) fn new(held: Held<T>) -> Self {
        Self(held)
    }

    pub(crate) fn is_there(&self) -> bool {
        self.0.slot().head.occupancy.is_full()
    }

    pub(crate) fn take(&self) -> Option<T> {
        self.0.slot().take()
    }
}

/// The end of a data edge at one of several tasks that the value is lent to.
#[derive(Debug)]
pub struct Lent<T> {
    held: Held<T>,
    /// It was lent and not given back yet.
    out: Cell<bool>,
}

impl<T> Lent<T> {
    pub(crate) fn new(held: Held<T>) -> Self {
        let out = Cell::new(false);
        Self { held, out }
    }

    pub(crate) fn is_there(&self) -> bool {
        self.held.slot().head.occupancy.is_full()
    }

    /// Lends the value until it is given back.
    ///
    /// # Safety
    ///
    /// 1. The value is not used any more when [`give_back`](Self::give_back) is called, and that is called
    ///    before the next `lend`.
    pub(crate) unsafe fn lend(&self) -> Option<&T> {
        let slot = self.held.slot();
        if !slot.head.occupancy.lend() {
            return None;
        }
        self.out.set(true);
        // SAFETY: invariant 2 of the slot; it is lent.
        let value = unsafe { &*slot.value.get() };
        // SAFETY: invariant 1 of the slot; nobody seizes it before it is given back (1).
        Some(unsafe { value.assume_init_ref() })
    }

    /// Ends a loan, if there is one.
    pub(crate) fn give_back(&self) {
        if self.out.replace(false) {
            self.held.slot().head.occupancy.give_back();
        }
    }
}

/// A task made its value again while another task still used the last one.
#[derive(Debug)]
pub(crate) struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "its value of an earlier start is still in use; let the task follow those that use it"
        )
    }
}

impl Error for Busy {}
