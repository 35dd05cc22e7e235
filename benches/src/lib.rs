#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

extern crate alloc;

mod pattern;
mod shape;
mod tally;

mod bound;
mod numbers;
mod peer;

mod contest;
mod echo;
mod memory;
mod ping;
mod processors;
mod spread;

mod markdown;
mod plot;
mod question;

pub use bound::Bound;
pub use contest::{Contender, Contest, OURS, Row};
pub use echo::Echo;
pub use markdown::page;
pub use memory::answer_if_asked;
pub use pattern::{Pattern, WIDTH};
pub use peer::missing;
pub use ping::ping;
pub use plot::svg;
pub use question::{Answer, Effort, Question};
pub use shape::Shape;
pub use spread::Spread;
pub use tally::{Tallies, Work, count, grind, reckon, set_grain};
