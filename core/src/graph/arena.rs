//! Where the captures of closures lie: in chunks, one after another, each behind a small header.
//!
//! A header tells how to drop the closure and how large it is, so that the place of a removed closure
//! serves the next one of its size. A closure that captures nothing takes no place at all.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::mem::{MaybeUninit, needs_drop};
use core::ptr::NonNull;

/// What chunks are made of: their alignment serves all usual captures.
#[derive(Clone, Copy)]
#[repr(align(16))]
struct Block(#[expect(dead_code, reason = "room, never read as such")] [u8; 16]);

/// Bytes of the first chunk; each further one has twice as many, up to `CHUNK_MAX`.
const CHUNK_MIN: usize = 512;
const CHUNK_MAX: usize = 64 * 1024;

/// How to drop a closure, and the room it takes.
#[derive(Debug)]
struct Header {
    drop: unsafe fn(NonNull<u8>),
    bytes: usize,
    align: usize,
}

/// The captures of one flow.
///
/// # Invariants
///
/// 1. `free..end` lies in the last chunk and nothing lives there.
/// 2. `chunks` holds what `Box::into_raw` gave, once each.
#[derive(Debug)]
pub(crate) struct Arena {
    chunks: Vec<NonNull<[MaybeUninit<Block>]>>,
    free: NonNull<u8>,
    left_bytes: usize,
    vacant: BTreeMap<(usize, usize), Vec<NonNull<u8>>>,
}

impl Default for Arena {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            free: NonNull::dangling(),
            left_bytes: 0,
            vacant: BTreeMap::new(),
        }
    }
}

impl Arena {
    /// Moves a closure here. It is dropped by [`drop_at`](Self::drop_at), if it needs that, or never.
    /// `None`: it has no size and nothing to drop, so any well-aligned address will do.
    pub(crate) fn put<F>(&mut self, closure: F) -> Option<NonNull<u8>> {
        if size_of::<F>() == 0 && !needs_drop::<F>() {
            return None;
        }
        let header: &'static Header = const {
            &Header {
                drop: drop_in_place::<F>,
                bytes: size_of::<F>(),
                align: align_of::<F>(),
            }
        };
        let place = self.place(header);
        // SAFETY: `place` gave room for an `F`, aligned, and nobody else uses it.
        unsafe { place.cast::<F>().write(closure) };
        Some(place)
    }

    /// Drops the closure that [`put`](Self::put) placed at `data`.
    ///
    /// # Safety
    ///
    /// 1. `data` came from `put`, and the closure was not dropped since.
    pub(crate) unsafe fn drop_at(data: NonNull<u8>) {
        // SAFETY: (1) every place has its header before it.
        let header = unsafe { header_of(data).read() };
        // SAFETY: (1).
        unsafe { (header.drop)(data) };
    }

    /// Gives the place of a closure that is gone to the next one of its size.
    ///
    /// # Safety
    ///
    /// 1. `data` came from [`put`](Self::put) of this arena, and nobody uses it any more.
    pub(crate) unsafe fn reuse(&mut self, data: NonNull<u8>) {
        // SAFETY: (1) every place has its header before it.
        let header = unsafe { header_of(data).read() };
        self.vacant
            .entry((header.bytes, header.align))
            .or_default()
            .push(data);
    }

    fn place(&mut self, header: &'static Header) -> NonNull<u8> {
        if let Some(place) = self.vacant_place(header) {
            // SAFETY: the place had a header of the same size, which is replaced.
            unsafe { header_of(place).write(header) };
            return place;
        }
        let place = match self.bump(header) {
            Some(place) => place,
            None => {
                self.grow(header);
                self.bump(header).expect("the new chunk was made to fit")
            }
        };
        // SAFETY: `bump` leaves room for a header before the place.
        unsafe { header_of(place).write(header) };
        place
    }

    fn vacant_place(&mut self, header: &Header) -> Option<NonNull<u8>> {
        if self.vacant.is_empty() {
            return None;
        }
        self.vacant.get_mut(&(header.bytes, header.align))?.pop()
    }

    /// Room for a header and the closure in the last chunk.
    fn bump(&mut self, header: &Header) -> Option<NonNull<u8>> {
        let head_bytes = size_of::<&Header>();
        let align = header.align.max(align_of::<&Header>());
        let start = self.free.as_ptr().wrapping_add(head_bytes);
        let padding = start.align_offset(align);
        let used = head_bytes.checked_add(padding)?.checked_add(header.bytes)?;
        if used > self.left_bytes {
            return None;
        }
        // SAFETY: `head_bytes + padding` is at most `used`, which the chunk has left (invariant 1).
        let place = unsafe { self.free.add(head_bytes + padding) };
        // SAFETY: as above, `used` bytes are left.
        self.free = unsafe { self.free.add(used) };
        self.left_bytes -= used;
        Some(place)
    }

    fn grow(&mut self, header: &Header) {
        let usual = (CHUNK_MIN << self.chunks.len().min(16)).min(CHUNK_MAX);
        let needed = header.bytes + header.align + 2 * size_of::<&Header>();
        let blocks = usual.max(needed).div_ceil(size_of::<Block>());
        let chunk = Box::<[Block]>::new_uninit_slice(blocks);
        let chunk = NonNull::from(Box::leak(chunk));
        self.chunks.push(chunk);
        self.free = chunk.cast();
        self.left_bytes = blocks * size_of::<Block>();
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        for chunk in self.chunks.drain(..) {
            // SAFETY: invariant 2; closures in it were dropped or are given up.
            drop(unsafe { Box::from_raw(chunk.as_ptr()) });
        }
    }
}

/// Where the header of a placed closure lies: right before it, aligned, since places are aligned to a
/// reference at least.
fn header_of(data: NonNull<u8>) -> NonNull<&'static Header> {
    // SAFETY: `bump` left room for the header before every place of this arena.
    unsafe { data.cast::<&Header>().sub(1) }
}

/// # Safety
///
/// 1. `data` is a place that an `F` was moved to, and it was not dropped since.
unsafe fn drop_in_place<F>(data: NonNull<u8>) {
    // SAFETY: (1).
    unsafe { data.cast::<F>().drop_in_place() };
}
