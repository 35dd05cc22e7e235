//! What does a task cost when up to four meet in each, in no order a cache could follow?

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod sides;
}

use support::sides::{SIDE, compare};
use taskflow_benches::Shape;

fn main() {
    compare(&Shape::random(SIDE, 1));
}
