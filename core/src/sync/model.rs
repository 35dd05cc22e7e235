//! The model checker's atomics and locks, behind the names of the normal ones.

use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::Ordering;

use loom::sync::atomic;

/// Declares loom's atomic with loads that loom sees to be in an order.
///
/// Of each atomic loom remembers the last access alone when it decides which orders of two threads
/// to try. A load followed by a compare-and-swap of the same thread hides an earlier load of another
/// thread, and the order in which that one sees the exchange is never tried. So each load writes to
/// a second atomic first, which nobody reads: it orders nothing, and both orders are tried.
macro_rules! atomic {
    ($name:ident, $value:ty) => {
        #[derive(Debug, Default)]
        pub(crate) struct $name {
            value: atomic::$name,
            loads: atomic::AtomicUsize,
        }

        impl $name {
            pub(crate) fn new(value: $value) -> Self {
                Self {
                    value: atomic::$name::new(value),
                    loads: atomic::AtomicUsize::new(0),
                }
            }

            pub(crate) fn load(&self, order: Ordering) -> $value {
                // Ordering: Relaxed; never read.
                self.loads.store(0, Ordering::Relaxed);
                self.value.load(order)
            }
        }

        impl Deref for $name {
            type Target = atomic::$name;

            fn deref(&self) -> &atomic::$name {
                &self.value
            }
        }
    };
}

atomic!(AtomicBool, bool);
atomic!(AtomicU32, u32);
atomic!(AtomicUsize, usize);

impl AtomicBool {
    /// A swap that writes nothing where it would change nothing: loom does not know that the two halves of a
    /// swap are neighbours, so that one could undo a store of another thread which comes after it.
    pub(crate) fn swap(&self, to: bool, order: Ordering) -> bool {
        // Ordering: the caller's; Relaxed where nothing is changed.
        let changed = self.compare_exchange(!to, to, order, Ordering::Relaxed);
        if changed.is_ok() { !to } else { to }
    }
}

/// The gates of an execution, by the places of their locks in [`LOCKS`].
type Gates = [loom::sync::Mutex<()>; 8];

loom::lazy_static! {
    static ref GATES: Gates = core::array::from_fn(|_| loom::sync::Mutex::new(()));
}

/// The locks that have a gate, by their addresses.
static LOCKS: spin::mutex::SpinMutex<Vec<usize>> = spin::mutex::SpinMutex::new(Vec::new());

/// A lock in a `static` outlives the execution, which a lock of loom's does not: it lies behind a *gate*, a lock
/// that each execution has anew.
pub(crate) struct StaticMutex<T>(spin::mutex::SpinMutex<T>);

/// What is locked. The gate is opened after the lock.
pub(crate) struct StaticGuard<'l, T> {
    value: spin::mutex::SpinMutexGuard<'l, T>,
    _gate: loom::sync::MutexGuard<'static, ()>,
}

impl<T> StaticMutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(spin::mutex::SpinMutex::new(value))
    }

    pub(crate) fn lock(&self) -> StaticGuard<'_, T> {
        let gate = GATES[self.place()].lock();
        StaticGuard {
            _gate: gate.expect("no model panics while it holds a lock"),
            value: self.0.lock(),
        }
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }

    fn place(&self) -> usize {
        let address = core::ptr::from_ref(self).addr();
        let mut locks = LOCKS.lock();
        let place = locks.iter().position(|lock| *lock == address);
        place.unwrap_or_else(|| {
            locks.push(address);
            locks.len() - 1
        })
    }
}

impl<T> Deref for StaticGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for StaticGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// loom's lock with the signature of the spin lock.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
        self.0
            .lock()
            .expect("no model panics while it holds a lock")
    }

    pub(crate) fn try_lock(&self) -> Option<loom::sync::MutexGuard<'_, T>> {
        self.0.try_lock().ok()
    }
}
