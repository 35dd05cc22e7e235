//! The memory that this process has taken and not given back.

use std::alloc::System;
use std::sync::{Mutex, MutexGuard, PoisonError};

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

static ALONE: Mutex<()> = Mutex::new(());

/// Keeps other tests of this process from allocating.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes that were taken so far.
pub(crate) fn allocated() -> usize {
    MEMORY.stats().bytes_allocated
}

/// Bytes that are taken now.
pub(crate) fn live() -> isize {
    let stats = MEMORY.stats();
    stats.bytes_allocated.cast_signed() - stats.bytes_deallocated.cast_signed()
}

/// How often memory was asked for so far.
pub(crate) fn allocations() -> usize {
    let stats = MEMORY.stats();
    stats.allocations + stats.reallocations
}
