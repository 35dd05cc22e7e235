//! The only door to atomics, cells and locks.
//!
//! Everything that two threads of execution may touch comes through here, so that one cfg,
//! `taskflow_loom`, exchanges all of it for the model checker's own types. On a normal build the
//! atomics are those of `portable-atomic`, which are the processor's where it has them.

pub(crate) use core::sync::atomic::Ordering;

#[cfg(not(taskflow_loom))]
pub(crate) use portable_atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, fence};
#[cfg(not(taskflow_loom))]
pub(crate) use spin::mutex::SpinMutex as Mutex;

#[cfg(taskflow_loom)]
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicPtr, fence};
#[cfg(taskflow_loom)]
pub(crate) use model::{AtomicU32, AtomicUsize, Mutex, is_chosen};

pub(crate) use core::cell::UnsafeCell;

/// A counter for identities. Its lock is never the model's: no protocol hangs on the order of ids.
static LAST_ID: spin::mutex::SpinMutex<u64> = spin::mutex::SpinMutex::new(0);

/// An identity that no other call of this process gets.
pub(crate) fn fresh_id() -> u64 {
    let mut last = LAST_ID.lock();
    *last += 1;
    *last
}

/// A lock for process-wide state, usable in a `static`. The model checker does not see it.
pub(crate) type StaticMutex<T> = spin::mutex::SpinMutex<T>;

/// Keeps what it holds on cache lines of its own (two, since processors fetch lines in pairs).
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Padded<T>(pub(crate) T);

impl<T> core::ops::Deref for Padded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

#[cfg(taskflow_loom)]
mod model {
    extern crate std;

    use alloc::string::String;
    use core::ops::Deref;
    use core::sync::atomic::Ordering;
    use std::sync::OnceLock;

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

    atomic!(AtomicU32, u32);
    atomic!(AtomicUsize, usize);

    /// See [`mutant`](crate::mutant).
    pub(crate) fn is_chosen(name: &str) -> bool {
        static CHOSEN: OnceLock<Option<String>> = OnceLock::new();
        let chosen = CHOSEN.get_or_init(|| std::env::var("TASKFLOW_MUTANT").ok());
        chosen.as_deref() == Some(name)
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
    }
}
