//! How far apart two processors are at this moment.

use core::hint;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::thread;
use std::time::Instant;

/// Trips that are timed together.
const BATCH: u32 = 100;

/// Looks at the line before the processor is offered to others, who may need it to answer.
const LOOKS: u32 = 1 << 10;

/// Where processors are too busy to answer.
const PATIENCE: Duration = Duration::from_millis(20);

/// A cache line, and the one beside it that is fetched along.
#[repr(align(128))]
struct Line(AtomicU64);

/// Two threads that pass a line to each other.
struct Game {
    line: Line,
    over: AtomicBool,
    until: Instant,
}

/// The time in which a cache line travels to another thread and back: the mean of the quickest of this
/// many batches, since a thread that was not running says nothing about distance.
///
/// Starts a thread and spins on two processors, less than 100 microseconds a batch where both are free, and gives up
/// after 20 milliseconds where they are not: `None` if no batch was through by then.
///
/// # Examples
///
/// ```
/// assert!(taskflow_benches::ping(2).is_none_or(|trip| !trip.is_zero()));
/// ```
#[must_use]
pub fn ping(batches: u32) -> Option<Duration> {
    let batches = batches.max(1);
    let passes = u64::from(2 * BATCH) * u64::from(batches);
    let game = Game {
        line: Line(AtomicU64::new(0)),
        over: AtomicBool::new(false),
        until: Instant::now() + PATIENCE,
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut passes = (1..passes).step_by(2);
            passes.all(|pass| game.take(pass));
        });
        let (mut begin, mut quickest) = (Instant::now(), None::<Duration>);
        for pass in (0..passes).step_by(2) {
            if !(game.take(pass) && game.await_pass(pass + 2)) {
                break;
            }
            if (pass + 2) % u64::from(2 * BATCH) == 0 {
                let trip = begin.elapsed() / BATCH;
                quickest = Some(quickest.map_or(trip, |quickest| quickest.min(trip)));
                begin = Instant::now();
            }
        }
        quickest
    })
}

impl Game {
    /// Waits for a pass and makes the next: whether there was one.
    fn take(&self, pass: u64) -> bool {
        let came = self.await_pass(pass);
        if came {
            // Ordering: Relaxed: the number is all that is passed.
            self.line.0.store(pass + 1, Ordering::Relaxed);
        }
        came
    }

    /// Whether it came in time.
    fn await_pass(&self, pass: u64) -> bool {
        let mut looks = 0;
        // Ordering: Relaxed: the number is all that is passed.
        while self.line.0.load(Ordering::Relaxed) != pass {
            looks += 1;
            if looks < LOOKS {
                hint::spin_loop();
                continue;
            }
            // Ordering: Relaxed, twice: nothing is read that was written before the game was over.
            if self.over.load(Ordering::Relaxed) || Instant::now() > self.until {
                self.over.store(true, Ordering::Relaxed);
                return false;
            }
            thread::yield_now();
        }
        true
    }
}
