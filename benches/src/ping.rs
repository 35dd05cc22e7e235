//! How far apart two processors are at this moment.

use core::hint;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::thread;
use std::time::Instant;

/// Passes that are not timed: the other thread has to begin.
const WARM_UP: u64 = 200;

/// Looks at the line before the processor is offered to others, who may need it to answer.
const LOOKS: u32 = 1 << 14;

/// A cache line, and the one beside it that is fetched along.
#[repr(align(128))]
struct Line(AtomicU64);

/// The mean time in which a cache line travels to another thread and back.
///
/// Spins on two processors for as long as `trips` take.
///
/// # Examples
///
/// ```
/// assert!(taskflow_benches::ping(10) > std::time::Duration::ZERO);
/// ```
#[must_use]
pub fn ping(trips: u32) -> Duration {
    let line = Line(AtomicU64::new(0));
    let passes = WARM_UP + 2 * u64::from(trips);
    thread::scope(|scope| {
        scope.spawn(|| (0..passes).step_by(2).for_each(|pass| line.take(pass + 1)));
        let mut begin = Instant::now();
        for pass in (0..passes).step_by(2) {
            if pass == WARM_UP {
                begin = Instant::now();
            }
            line.take(pass);
        }
        line.await_pass(passes);
        begin.elapsed() / trips.max(1)
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
