//! The mutant that this process is of. No model's atomic: it is chosen before anything runs.

use core::sync::atomic::Ordering;

use portable_atomic::AtomicU64;

/// The name's [`key`]; 0 is no mutant.
static CHOSEN: AtomicU64 = AtomicU64::new(0);

/// Makes this process one of the mutant with that name; see `mutant.rs`.
pub fn choose_mutant(name: &str) {
    // Ordering: Relaxed; threads that look are started later. It must order nothing, or it would hide what mutants show.
    CHOSEN.store(key(name), Ordering::Relaxed);
}

/// Whether the mutant was chosen.
#[inline]
pub(crate) fn is_chosen(name: &str) -> bool {
    // Ordering: Relaxed, as above.
    let chosen = CHOSEN.load(Ordering::Relaxed);
    chosen != 0 && chosen == key(name)
}

/// FNV-1a.
fn key(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |key, byte| {
        (key ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}
