//! The only door to atomics, cells and locks.
//!
//! Everything that two threads of execution may touch comes through here, so that one cfg,
//! `taskflow_loom`, exchanges all of it for the model checker's own types. On a normal build the
//! atomics are those of `portable-atomic`, which are the processor's where it has them. Counted references
//! come through here too: `alloc` has none for a processor without compare-and-swap.

pub(crate) use core::sync::atomic::Ordering;

#[cfg(not(taskflow_loom))]
pub(crate) use portable_atomic::{AtomicBool, AtomicU32};
#[cfg(all(feature = "alloc", not(taskflow_loom)))]
pub(crate) use portable_atomic::{AtomicPtr, AtomicUsize, fence};
#[cfg(all(feature = "alloc", not(taskflow_loom)))]
pub(crate) use spin::mutex::SpinMutex as Mutex;

#[cfg(taskflow_loom)]
pub(crate) use loom::sync::atomic::{AtomicPtr, fence};
#[cfg(taskflow_loom)]
pub(crate) use model::{AtomicBool, AtomicU32, AtomicUsize, Mutex, StaticMutex};

#[cfg(any(taskflow_loom, taskflow_mutants))]
pub use chosen::choose_mutant;
#[cfg(any(taskflow_loom, taskflow_mutants))]
pub(crate) use chosen::is_chosen;

#[cfg(feature = "alloc")]
pub(crate) use core::cell::UnsafeCell;
#[cfg(feature = "alloc")]
pub(crate) use shared::{Arc, Weak, erase, impl_wake};

#[cfg(feature = "alloc")]
#[cfg_attr(not(target_has_atomic = "ptr"), path = "sync/shared_without_cas.rs")]
mod shared;

#[cfg(not(taskflow_loom))]
pub(crate) use core::hint::spin_loop as relax;
#[cfg(taskflow_loom)]
pub(crate) use loom::hint::spin_loop as relax;

/// Declares a function that is `const`, unless what it makes are the checker's atomics, which only a running model can
/// make.
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)*) => {
        #[cfg(not(taskflow_loom))]
        $(#[$attribute])*
        $visibility const fn $($rest)*

        #[cfg(taskflow_loom)]
        $(#[$attribute])*
        $visibility fn $($rest)*
    };
}

/// `filled!(made; length)`: an array of what is made for each place, in a [`const_fn`].
#[cfg(not(taskflow_loom))]
macro_rules! filled {
    ($made:expr; $length:expr) => {
        [const { $made }; $length]
    };
}
#[cfg(taskflow_loom)]
macro_rules! filled {
    ($made:expr; $length:expr) => {
        core::array::from_fn::<_, $length, _>(|_| $made)
    };
}

pub(crate) use {const_fn, filled};

#[cfg(any(taskflow_loom, taskflow_mutants))]
mod chosen;
#[cfg(taskflow_loom)]
mod model;

/// A counter for identities. Its lock is never the model's: no protocol hangs on the order of ids.
#[cfg(feature = "alloc")]
static LAST_ID: spin::mutex::SpinMutex<u64> = spin::mutex::SpinMutex::new(0);

/// An identity that no other call of this process gets.
#[cfg(feature = "alloc")]
pub(crate) fn fresh_id() -> u64 {
    let mut last = LAST_ID.lock();
    *last += 1;
    *last
}

/// A lock for process-wide state, usable in a `static`.
#[cfg(all(feature = "alloc", not(taskflow_loom)))]
pub(crate) type StaticMutex<T> = spin::mutex::SpinMutex<T>;

/// Keeps what it holds on cache lines of its own (two, since processors fetch lines in pairs).
#[cfg(feature = "alloc")]
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Padded<T>(pub(crate) T);

#[cfg(feature = "alloc")]
impl<T> core::ops::Deref for Padded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
