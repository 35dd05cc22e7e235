//! Whether there is anything but what workers keep to themselves.
//!
//! A worker may keep ready tasks out of sight of those who decide what comes next, as long as nothing else is ready. It says so
//! (*begins*), and looks whether that holds; from then on one look at a word before each task tells whether it still does.
//!
//! **Nothing stays unseen.** Whoever has published something *stirs*: passes a `SeqCst` fence, and adds to the word if anybody keeps
//! tasks. Who begins counts himself, passes a `SeqCst` fence, notes the word, and looks at everything. If the publisher's
//! fence is first, that look sees what was published. If the other's is, the publisher sees the count, and adds. That addition is noted
//! already only if it came before the note; then what was published did too, and the look sees it.

use crate::mutant::mutant;
use crate::sync::{AtomicUsize, Ordering, Padded, fence};

/// See the module's documentation.
#[derive(Debug)]
pub struct Lending {
    keepers: Padded<AtomicUsize>,
    stirs: Padded<AtomicUsize>,
}

impl Default for Lending {
    fn default() -> Self {
        Self {
            keepers: Padded(AtomicUsize::new(0)),
            stirs: Padded(AtomicUsize::new(0)),
        }
    }
}

impl Lending {
    /// The caller is about to keep tasks, if nothing else is ready, for which it looks after this. Gives the word to be compared; to be
    /// [ended](Self::end).
    #[must_use]
    pub fn begin(&self) -> usize {
        // Ordering: Relaxed; the fence orders it.
        self.keepers.fetch_add(1, Ordering::Relaxed);
        if !mutant!("lending_begin_no_fence") {
            // Ordering: SeqCst, with the fence of `stir` (store buffering; see the essay above).
            fence(Ordering::SeqCst);
        }
        let order = mutant!("lending_note_relaxed", Ordering::Relaxed, Ordering::Acquire);
        // Ordering: Acquire, with the Release of `stir`: what was published before what is noted is seen.
        self.stirs.load(order)
    }

    /// The caller keeps nothing any more.
    pub fn end(&self) {
        // Ordering: Relaxed; a publisher who is late adds in vain.
        self.keepers.fetch_sub(1, Ordering::Relaxed);
    }

    /// Something was published.
    #[inline]
    pub fn stir(&self) {
        if !mutant!("lending_stir_no_fence") {
            // Ordering: SeqCst, with the fence of `begin` (store buffering; see the essay above).
            fence(Ordering::SeqCst);
        }
        // Ordering: Relaxed; the fence orders it.
        if self.keepers.load(Ordering::Relaxed) > 0 {
            // Ordering: Release, with the Acquire of `begin` and the fence of `is_stirred`.
            self.stirs.fetch_add(1, Ordering::Release);
        }
    }

    /// Whether something was published since the word was this.
    #[must_use]
    #[inline]
    pub fn is_stirred(&self, since: usize) -> bool {
        // Ordering: Relaxed; the fence below orders it where that matters.
        let is_stirred = self.stirs.load(Ordering::Relaxed) != since;
        if is_stirred && !mutant!("lending_stirred_no_fence") {
            // Ordering: Acquire, with the Release of `stir`: what was published is seen.
            fence(Ordering::Acquire);
        }
        is_stirred
    }
}

#[cfg(all(test, not(taskflow_loom)))]
mod tests {
    use super::*;

    #[test]
    fn who_keeps_hears_of_what_is_published_and_nobody_else_costs_anything() {
        let lending = Lending::default();
        let since = lending.begin();
        assert!(!lending.is_stirred(since));
        lending.stir();
        assert!(lending.is_stirred(since));
        lending.end();
        let since = lending.begin();
        lending.end();
        lending.stir();
        assert!(!lending.is_stirred(since), "nobody keeps anything");
    }
}
