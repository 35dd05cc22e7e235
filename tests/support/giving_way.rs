//! How a task waits that holds its worker: it spins, and gives way.

use std::sync::{Mutex, MutexGuard, TryLockError};

/// Lets whoever can go on do so. Every task of these programs that spins calls this, and nothing else: in a simulation
/// others go on from here.
pub(crate) fn give_way() {
    #[cfg(feature = "simulated")]
    taskflow_std::testing::pause();
    #[cfg(not(feature = "simulated"))]
    std::thread::yield_now();
}

/// Spins until it is so.
pub(crate) fn spin_until(over: impl Fn() -> bool) {
    while !over() {
        give_way();
    }
}

/// Spins until the lock is free. The lock is no wait that the engine knows of.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    loop {
        match mutex.try_lock() {
            Ok(held) => return held,
            Err(TryLockError::WouldBlock) => give_way(),
            Err(TryLockError::Poisoned(held)) => return held.into_inner(),
        }
    }
}
