//! A module for Node; `node/run.mjs` gives it what it imports.

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// Writes text for whoever watches.
    fn write(text: *const u8, bytes: usize);
    safe fn nanoseconds() -> f64;
    /// Does not return.
    safe fn leave(code: u32);
}

unsafe extern "C" {
    static __heap_base: u8;
}

const PAGE_BYTES: usize = 1 << 16;
const HEAP_PAGES: usize = 64;

/// Writes for whoever watches.
pub fn print(text: &str) {
    // SAFETY: the host reads what `text` lends.
    unsafe { write(text.as_ptr(), text.len()) };
}

/// Ends the program.
pub fn exit(code: u32) -> ! {
    leave(code);
    core::arch::wasm32::unreachable()
}

/// The memory that is left for a heap: its first byte, and its length.
pub fn heap_range() -> (*mut u8, usize) {
    let begin = (&raw const __heap_base).cast_mut();
    core::arch::wasm32::memory_grow(0, HEAP_PAGES);
    let end = core::arch::wasm32::memory_size(0) * PAGE_BYTES;
    (begin, end - begin.addr())
}

/// Nanoseconds here: Node counts no instructions.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a time, in whole nanoseconds"
)]
pub fn instructions() -> u64 {
    nanoseconds() as u64
}
