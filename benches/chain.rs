//! What does a task cost when each waits for the one before, and nothing can be shared?

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod sides;
}

use support::sides::{SIDE, compare};
use taskflow_benches::Shape;

fn main() {
    compare(&Shape::chain(SIDE * SIDE));
}
