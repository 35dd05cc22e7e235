//! What does a task cost when none waits for another, and all can be shared?

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod sides;
}

use support::sides::{SIDE, compare};
use taskflow_benches::Shape;

fn main() {
    compare(&Shape::independent(SIDE * SIDE));
}
