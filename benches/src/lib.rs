#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

extern crate alloc;

mod shape;
mod tally;

mod bound;
mod contest;

mod echo;
mod ping;
mod round_trip;
mod stream;

pub use bound::Bound;
pub use contest::{CONTENDERS, Contender, WARM_UPS, contenders, flow_of};
pub use echo::Echo;
pub use ping::ping;
pub use round_trip::{after_idle, callers};
pub use shape::Shape;
pub use stream::{PIPES, streams};
pub use tally::{Tallies, count};
