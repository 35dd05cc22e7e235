//! What does a pipe cost a token, beside a loop that calls four boxed closures?

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod sides;
}

use support::sides::compare;
use taskflow_benches::Question;

fn main() {
    compare(Question::Pipeline);
}
