//! What does a task cost when one makes all others ready at once?

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod sides;
}

use support::sides::{SIDE, compare};
use taskflow_benches::Shape;

fn main() {
    compare(&Shape::fan_out(SIDE * SIDE));
}
