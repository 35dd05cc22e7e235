//! What does a task cost in a graph that is built, run once and dropped?

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod sides;
}

use support::sides::compare;
use taskflow_benches::Question;

fn main() {
    compare(Question::GraphBuild);
}
