//! How long does a caller wait for one empty task, and for the answer of a bare thread?

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod sides;
}

use support::sides::compare;
use taskflow_benches::Question;

fn main() {
    compare(Question::RoundTrip);
}
