//! How far apart two processors are at this moment.

use core::hint;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::thread;
use std::time::Instant;

/// Trips that are timed together.
const BATCH: u32 = 100;

/// Looks at the line before the processor is offered to others, who may need it to answer.
const LOOKS: u32 = 1 << 10;

/// A cache line, and the one beside it that is fetched along.
#[repr(align(128))]
struct Line(AtomicU64);

/// The time in which a cache line travels to another thread and back: the mean of the quickest of this
/// many batches, since a thread that was not running says nothing about distance.
///
/// Starts a thread and spins on two processors, less than 100 microseconds a batch where both are free.
///
/// # Examples
///
/// ```
/// assert!(taskflow_benches::ping(2) < std::time::Duration::from_secs(1));
/// ```
#[must_use]
pub fn ping(batches: u32) -> Duration {
    let batches = batches.max(1);
    let line = Line(AtomicU64::new(0));
    let passes = u64::from(2 * BATCH) * u64::from(batches);
    thread::scope(|scope| {
        scope.spawn(|| (1..passes).step_by(2).for_each(|pass| line.take(pass)));
        let mut begin = Instant::now();
        let mut quickest = Duration::MAX;
        for pass in (0..passes).step_by(2) {
            line.take(pass);
            line.await_pass(pass + 2);
            if (pass + 2) % u64::from(2 * BATCH) == 0 {
                quickest = quickest.min(begin.elapsed() / BATCH);
                begin = Instant::now();
            }
        }
        quickest
    })
}

impl Line {
    /// Waits for a pass and makes the next.
    fn take(&self, pass: u64) {
        self.await_pass(pass);
        // Ordering: Relaxed: the number is all that is passed.
        self.0.store(pass + 1, Ordering::Relaxed);
    }

    fn await_pass(&self, pass: u64) {
        let mut looks = 0;
        // Ordering: Relaxed: the number is all that is passed.
        while self.0.load(Ordering::Relaxed) != pass {
            looks += 1;
            if looks < LOOKS {
                hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
    }
}
