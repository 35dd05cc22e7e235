//! The second closure of a join, on its caller's stack while the first one runs.
//!
//! | who has it | it holds | until |
//! |---|---|---|
//! | the caller | the closure | it is handed out, or the first closure has ended |
//! | nobody | the closure | a worker claims its job, or the caller does |
//! | a worker | the closure, then the value, if it did not panic | its job is done |
//! | the caller | what the worker left | the join returns |

use core::cell::Cell;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr::NonNull;

use super::Fork;
use crate::sync::UnsafeCell;

/// What a strand knows of a second closure.
pub(super) struct Link {
    /// The one that was begun after this, if this is not the newest.
    next: Cell<NonNull<Self>>,
    /// Calls the closure, which is gone then, and leaves the value in its place.
    call: unsafe fn(NonNull<Self>, Fork<'_>),
}

/// See the module's documentation.
#[repr(C)]
pub(super) struct Second<B, R> {
    link: Link,
    held: UnsafeCell<Held<B, R>>,
}

union Held<B, R> {
    closure: ManuallyDrop<B>,
    value: ManuallyDrop<MaybeUninit<R>>,
}

impl Link {
    /// Of no closure: what the first of a strand comes after.
    pub(super) fn base() -> Self {
        Self {
            next: Cell::new(NonNull::dangling()),
            call: |_, _| unreachable!("it is of no closure"),
        }
    }

    pub(super) fn set_next(&self, next: NonNull<Self>) {
        self.next.set(next);
    }

    pub(super) fn next(&self) -> NonNull<Self> {
        self.next.get()
    }

    /// Calls the closure and leaves its value.
    ///
    /// # Safety
    ///
    /// 1. `link` is of a [`Second`] that holds its closure, which nobody else touches meanwhile.
    pub(super) unsafe fn call(link: NonNull<Self>, fork: Fork<'_>) {
        // SAFETY: 1.
        let call = unsafe { link.as_ref() }.call;
        // SAFETY: 1; `call` was made with it.
        unsafe { call(link, fork) };
    }
}

impl<B, R> Second<B, R>
where
    B: FnOnce(Fork<'_>) -> R,
{
    pub(super) fn new(closure: B) -> Self {
        Self {
            link: Link {
                next: Cell::new(NonNull::dangling()),
                call: Self::run,
            },
            held: UnsafeCell::new(Held {
                closure: ManuallyDrop::new(closure),
            }),
        }
    }

    /// Itself, as strands know it.
    pub(super) fn link(&self) -> NonNull<Link> {
        NonNull::from(self).cast()
    }

    /// # Safety
    ///
    /// As of [`Link::call`].
    unsafe fn run(link: NonNull<Link>, fork: Fork<'_>) {
        let second = link.cast::<Self>();
        // SAFETY: the link is the first field of one such, and it was made of a reference to the whole.
        let second = unsafe { second.as_ref() };
        // SAFETY: it holds the closure, and nobody else touches it.
        let value = unsafe { second.take() }(fork);
        // SAFETY: as above; the closure is gone.
        unsafe {
            second.held.get().write(Held {
                value: ManuallyDrop::new(MaybeUninit::new(value)),
            });
        }
    }

    /// The closure.
    ///
    /// # Safety
    ///
    /// It holds the closure, and holds nothing afterwards. Nobody else touches it.
    pub(super) unsafe fn take(&self) -> B {
        let held = self.held.get().cast::<B>();
        // SAFETY: a union's fields begin where it does, and the caller says which it is.
        unsafe { held.read() }
    }

    /// The value.
    ///
    /// # Safety
    ///
    /// It holds the value, and holds nothing afterwards. Nobody else touches it.
    pub(super) unsafe fn value(&self) -> R {
        let held = self.held.get().cast::<R>();
        // SAFETY: as in `take`.
        unsafe { held.read() }
    }
}
