//! The heap: blocks by size, given out again to who asks for the same size.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::hint::spin_loop;
use core::ptr::null_mut;

use portable_atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::host::heap_range;

/// Blocks are of a multiple of this.
const GRAIN_BYTES: usize = 8;

/// Up to here each multiple of the grain has a list of its own; beyond, each power of two.
const FINE_LISTS: usize = 32;

const LISTS: usize = FINE_LISTS + usize::BITS as usize;

/// A heap for programs that end.
///
/// # Invariants
///
/// 1. `state` is touched by the holder of `locked` only.
/// 2. The blocks on a list are free, of the list's size, and each begins with the address of the next.
pub struct Heap {
    locked: AtomicBool,
    state: UnsafeCell<State>,
    live_bytes: AtomicUsize,
    peak_bytes: AtomicUsize,
}

struct State {
    free: [*mut u8; LISTS],
    rest: *mut u8,
    rest_bytes: usize,
    begun: bool,
}

// SAFETY: invariant 1.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap {
    locked: AtomicBool::new(false),
    state: UnsafeCell::new(State {
        free: [null_mut(); LISTS],
        rest: null_mut(),
        rest_bytes: 0,
        begun: false,
    }),
    live_bytes: AtomicUsize::new(0),
    peak_bytes: AtomicUsize::new(0),
};

/// Bytes that were asked for and not given back.
pub fn live_bytes() -> usize {
    // Ordering: Relaxed; a figure.
    HEAP.live_bytes.load(Ordering::Relaxed)
}

/// The most there ever were.
pub fn peak_bytes() -> usize {
    // Ordering: Relaxed; a figure.
    HEAP.peak_bytes.load(Ordering::Relaxed)
}

impl Heap {
    fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        // Ordering: Acquire, with the Release below.
        while self.locked.swap(true, Ordering::Acquire) {
            spin_loop();
        }
        // SAFETY: invariant 1, the lock was taken.
        let result = work(unsafe { &mut *self.state.get() });
        // Ordering: Release, with the Acquire above.
        self.locked.store(false, Ordering::Release);
        result
    }
}

/// The list that serves a layout, and the size of its blocks.
fn list_of(layout: Layout) -> (usize, usize) {
    let bytes = layout.size().max(1).next_multiple_of(GRAIN_BYTES);
    if bytes <= FINE_LISTS * GRAIN_BYTES {
        (bytes / GRAIN_BYTES - 1, bytes)
    } else {
        let bytes = bytes.next_power_of_two();
        (FINE_LISTS + bytes.trailing_zeros() as usize, bytes)
    }
}

impl State {
    fn take(&mut self, layout: Layout) -> *mut u8 {
        let (list, bytes) = list_of(layout);
        let block = self.free[list];
        if !block.is_null() && block.addr().is_multiple_of(layout.align()) {
            // SAFETY: invariant 2.
            self.free[list] = unsafe { block.cast::<*mut u8>().read() };
            return block;
        }
        if !self.begun {
            (self.rest, self.rest_bytes) = heap_range();
            self.begun = true;
        }
        let lost = self.rest.align_offset(layout.align().max(GRAIN_BYTES));
        let Some(needed) = lost.checked_add(bytes) else {
            return null_mut();
        };
        if needed > self.rest_bytes {
            return null_mut();
        }
        let block = self.rest.wrapping_add(lost);
        self.rest = block.wrapping_add(bytes);
        self.rest_bytes -= needed;
        block
    }

    /// # Safety
    ///
    /// `block` was given out for this layout, and is of no use to anybody.
    unsafe fn give_back(&mut self, block: *mut u8, layout: Layout) {
        let (list, _) = list_of(layout);
        // SAFETY: the block is the heap's again, and has room for an address.
        unsafe { block.cast::<*mut u8>().write(self.free[list]) };
        self.free[list] = block;
    }
}

// SAFETY: a block is given out to one owner at a time, and is as large and aligned as asked for.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = self.with(|state| state.take(layout));
        if !block.is_null() {
            // Ordering: Relaxed; a figure.
            let live = self.live_bytes.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
            // Ordering: Relaxed; a figure.
            self.peak_bytes.fetch_max(live, Ordering::Relaxed);
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // Ordering: Relaxed; a figure.
        self.live_bytes.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's.
        self.with(|state| unsafe { state.give_back(block, layout) });
    }
}
