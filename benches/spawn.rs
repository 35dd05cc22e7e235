//! What does a task cost that no graph has, but another task spawns?

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod sides;
}

use support::sides::compare;
use taskflow_benches::Question;

fn main() {
    compare(Question::Spawn);
}
