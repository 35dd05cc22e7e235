//! How long a chunk is, and whether what is left is worth sharing.

use core::time::Duration;

/// What a chunk should take.
const CHUNK_NANOS: u64 = 10_000;
/// Items of a chunk at most: as many as a clock that stands still would lead to.
const CHUNK_MAX: usize = 1 << 14;
/// The next chunk is at most this many times as long as the last.
const GROWTH: usize = 128;
/// What is left is not shared before as much was done as this takes: less is lost in the clock.
const KNOWN_NANOS: u64 = 400;
/// What is left is shared for the first time if it takes as long as this: it must be worth to make a group, and to
/// wake somebody.
const FIRST_WORTH_NANOS: u64 = 40_000;
/// What is left is halved once more if it takes as long as this.
const WORTH_NANOS: u64 = 8_000;
/// The same in items, where the clock stands still.
const KNOWN_ITEMS: usize = 128;

/// What was done so far, in what time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    items: usize,
    nanos: u64,
}

/// Measures a worker's chunks.
#[derive(Debug)]
pub(super) struct Pacer {
    pace: Pace,
    /// Items of each chunk, or 0: as they take.
    fixed: usize,
    next: usize,
    since: Duration,
}

impl Pace {
    /// Whether this many items take as long, as far as anything is known.
    #[inline]
    fn takes(self, items: usize, worth_nanos: u64) -> bool {
        if self.items == 0 {
            return items >= 2;
        }
        if self.nanos == 0 {
            return self.items >= KNOWN_ITEMS && items >= KNOWN_ITEMS;
        }
        self.nanos >= KNOWN_NANOS
            && self.nanos.saturating_mul(items as u64) / self.items as u64 >= worth_nanos
    }
}

impl Pacer {
    /// Chunks of `fixed` items, or for 0 as long as they take, beginning at `pace`.
    #[inline]
    pub(super) fn new(fixed: usize, pace: Pace, now: Duration) -> Self {
        let mut pacer = Self {
            pace,
            fixed,
            next: fixed.max(1),
            since: now,
        };
        if pace.items > 0 {
            pacer.adapt(pace.items, pace.nanos);
        }
        pacer
    }

    /// Items of the next chunk.
    #[inline]
    pub(super) fn chunk(&self) -> usize {
        self.next
    }

    /// The least that may be handed to another.
    #[inline]
    pub(super) fn grain(&self) -> usize {
        self.fixed.max(1)
    }

    #[inline]
    pub(super) fn pace(&self) -> Pace {
        self.pace
    }

    /// Whether this many items are worth sharing for the first time.
    #[inline]
    pub(super) fn is_worth_a_group(&self, items: usize) -> bool {
        self.pace.items > 0 && self.pace.takes(items, FIRST_WORTH_NANOS)
    }

    /// Whether this many items are worth sharing once more.
    #[inline]
    pub(super) fn is_worth(&self, items: usize) -> bool {
        items > self.grain() && self.pace.takes(items, WORTH_NANOS)
    }

    /// A chunk of this many items has ended.
    #[inline]
    pub(super) fn done(&mut self, items: usize, now: Duration) {
        let nanos = nanos_of(now.saturating_sub(self.since));
        self.since = now;
        // The last chunks say more about the next ones than all before.
        let halve = self.pace.nanos > 16 * CHUNK_NANOS;
        self.pace.items += items;
        self.pace.nanos = self.pace.nanos.saturating_add(nanos);
        if halve {
            self.pace.items = self.pace.items.div_ceil(2);
            self.pace.nanos /= 2;
        }
        self.adapt(items, nanos);
    }

    #[inline]
    fn adapt(&mut self, items: usize, nanos: u64) {
        if self.fixed > 0 {
            return;
        }
        let most = items.saturating_mul(GROWTH).clamp(1, CHUNK_MAX);
        let budget = (items as u64).saturating_mul(CHUNK_NANOS);
        // (A division takes as long as many items.)
        self.next = if (most as u64).saturating_mul(nanos) <= budget {
            most
        } else {
            usize::try_from(budget / nanos).unwrap_or(most).max(1)
        };
    }
}

/// As many as fit: half a thousand years.
fn nanos_of(time: Duration) -> u64 {
    let nanos = time.as_secs().saturating_mul(1_000_000_000);
    nanos.saturating_add(u64::from(time.subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn nanos(nanos: u64) -> Duration {
        Duration::from_nanos(nanos)
    }

    #[test]
    fn chunks_grow_while_they_take_little_and_stay_where_they_take_enough() {
        let mut pacer = Pacer::new(0, Pace::default(), nanos(0));
        assert_eq!(pacer.chunk(), 1);
        pacer.done(1, nanos(40));
        assert_eq!(pacer.chunk(), 128);
        pacer.done(128, nanos(140));
        assert_eq!(pacer.chunk(), 12_800);
        pacer.done(12_800, nanos(1_000_140));
        assert_eq!(pacer.chunk(), 128);
        pacer.done(1, nanos(9_000_000));
        assert_eq!(pacer.chunk(), 1);
    }

    #[test]
    fn little_is_not_worth_sharing_and_much_is() {
        let mut pacer = Pacer::new(0, Pace::default(), nanos(0));
        assert!(pacer.is_worth(2) && !pacer.is_worth(1), "nothing is known");
        assert!(!pacer.is_worth_a_group(1_000_000));
        pacer.done(1, nanos(40));
        assert!(!pacer.is_worth(1_000_000), "nothing is known for sure");
        pacer.done(128, nanos(540));
        assert!(pacer.is_worth_a_group(1_000_000) && !pacer.is_worth_a_group(5000));
        assert!(pacer.is_worth(5000) && !pacer.is_worth(500));
        let slow = Pacer::new(
            7,
            Pace {
                items: 1,
                nanos: 10_000,
            },
            nanos(0),
        );
        assert!(slow.is_worth(8) && !slow.is_worth(7) && slow.chunk() == 7);
    }

    #[test]
    fn a_clock_that_stands_still_leads_to_long_chunks() {
        let mut pacer = Pacer::new(0, Pace::default(), nanos(0));
        pacer.done(1, nanos(0));
        assert!(!pacer.is_worth(1_000_000));
        pacer.done(128, nanos(0));
        assert!(pacer.is_worth(128) && !pacer.is_worth(127));
        assert_eq!(pacer.chunk(), CHUNK_MAX);
    }
}
