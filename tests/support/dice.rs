//! Choices that can be made again.

use std::env;
use std::time::SystemTime;

/// A generator of numbers whose seed is printed, so that a failure can be seen again: `TASKFLOW_SEED`
/// sets it.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// A new seed for each process, or the one that the environment asks for.
    pub(crate) fn shaken() -> Self {
        let asked = env::var("TASKFLOW_SEED").ok();
        let seed = asked.and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            now.map_or(1, |now| now.as_secs() ^ u64::from(now.subsec_nanos()))
        });
        println!("TASKFLOW_SEED={seed}");
        Self(seed)
    }

    /// Any number.
    pub(crate) fn number(&mut self) -> u64 {
        // SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("a count fits 64 bits");
        usize::try_from(self.number() % end).expect("less than what was given")
    }
}
