//! How long do loops, sums, scans, sorts and searches take, beside a plain loop?

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod sides;
}

use support::sides::compare;
use taskflow_benches::Question;

fn main() {
    compare(Question::Algorithms);
}
