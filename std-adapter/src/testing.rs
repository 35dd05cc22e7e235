//! Your flow under a seed: everything that may happen between threads, on one thread, and again.
//!
//! ```
//! use taskflow_std::{Taskflow, testing};
//!
//! # /*
//! #[test]
//! # */
//! fn the_sum_is_right_whoever_is_faster() {
//!     testing::check(|executor, _| {
//!         let flow = Taskflow::new();
//!         let (left, right) = (flow.produce(|| 20), flow.produce(|| 22));
//!         let sum = flow.zip((left, right), |left, right| left + right);
//!         executor.run_and_wait(&flow).unwrap();
//!         assert_eq!(sum.take(), Some(42));
//!     });
//! }
//! # the_sum_is_right_whoever_is_faster();
//! ```
mod dice;
mod moment;
mod platform;
mod schedule;
mod seeds;
mod simulation;
mod style;
mod trace;
mod world;

pub use dice::Dice;
pub use moment::Moment;
pub use platform::{Refused, Simulated};
pub use simulation::{Executor, Simulation, check, pause, spawn};
pub use trace::Trace;
