//! What does a task cost when each makes two others ready, and work spreads from one place?

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod sides;
}

use support::sides::{SIDE, compare};
use taskflow_benches::Shape;

fn main() {
    compare(&Shape::tree(SIDE * SIDE));
}
