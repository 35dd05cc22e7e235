//! The heap, and the memory functions that compiled code calls by their C names.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::asm;
use core::cell::UnsafeCell;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering};

const HEAP_BYTES: usize = 64 << 20;

/// Gives out one block of memory from its begin to its end and takes nothing back.
///
/// # Invariants
///
/// Bytes of `block` below `used` belong to whoever they were given to.
struct Bump {
    used: AtomicUsize,
    block: UnsafeCell<[u8; HEAP_BYTES]>,
}

// SAFETY: `used` gives every byte to one caller only.
unsafe impl Sync for Bump {}

#[global_allocator]
static HEAP: Bump = Bump {
    used: AtomicUsize::new(0),
    block: UnsafeCell::new([0; HEAP_BYTES]),
};

// SAFETY: blocks lie inside `block`, are aligned to what was asked for, and never overlap.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.block.get().cast::<u8>();
        let place = |used: usize| {
            let begin = (base.addr() + used).next_multiple_of(layout.align()) - base.addr();
            let end = begin.checked_add(layout.size())?;
            (end <= HEAP_BYTES).then_some((begin, end))
        };
        // Ordering: Relaxed, the bytes given out were written by nobody before.
        let claimed = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                place(used).map(|(_, end)| end)
            });
        match claimed.ok().and_then(place) {
            // SAFETY: `begin` lies inside `block`.
            Some((begin, _)) => unsafe { base.add(begin) },
            None => null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

// The string instructions, because a loop of Rust would be compiled to a call of the function itself.

/// # Safety
///
/// As in C: both ranges of `n` bytes are valid and do not overlap.
// SAFETY: no libc is linked that would define this symbol, too.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, n: usize) -> *mut u8 {
    // SAFETY: the caller's.
    unsafe {
        asm!(
            "rep movsb",
            inout("rcx") n => _, inout("rdi") to => _, inout("rsi") from => _,
            options(nostack, preserves_flags),
        );
    }
    to
}

/// # Safety
///
/// As in C: both ranges of `n` bytes are valid.
// SAFETY: no libc is linked that would define this symbol, too.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, n: usize) -> *mut u8 {
    if to.addr().wrapping_sub(from.addr()) >= n {
        // SAFETY: copying upwards, `to` never overtakes what is still to be read.
        return unsafe { memcpy(to, from, n) };
    }
    // SAFETY: the caller's; copying downwards from the last byte, and the flag is put back.
    unsafe {
        asm!(
            "std",
            "rep movsb",
            "cld",
            inout("rcx") n => _,
            inout("rdi") to.wrapping_add(n).wrapping_sub(1) => _,
            inout("rsi") from.wrapping_add(n).wrapping_sub(1) => _,
            options(nostack),
        );
    }
    to
}

/// # Safety
///
/// As in C: the range of `n` bytes is valid.
// SAFETY: no libc is linked that would define this symbol, too.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, n: usize) -> *mut u8 {
    // SAFETY: the caller's.
    unsafe {
        asm!(
            "rep stosb",
            inout("rcx") n => _, inout("rdi") to => _, in("al") byte as u8,
            options(nostack, preserves_flags),
        );
    }
    to
}

/// # Safety
///
/// As in C: both ranges of `n` bytes are valid.
// SAFETY: no libc is linked that would define this symbol, too.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, n: usize) -> i32 {
    for at in 0..n {
        // SAFETY: `at` lies below `n`.
        let a = unsafe { *left.wrapping_add(at) };
        // SAFETY: `at` lies below `n`.
        let b = unsafe { *right.wrapping_add(at) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
    }
    0
}

/// # Safety
///
/// As in C: both ranges of `n` bytes are valid.
// SAFETY: no libc is linked that would define this symbol, too.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, n: usize) -> i32 {
    // SAFETY: the caller's.
    unsafe { memcmp(left, right, n) }
}
