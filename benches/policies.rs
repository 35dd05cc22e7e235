//! What does a task of an unchanged graph cost where a policy decides what runs next?

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod sides;
}

use support::sides::compare;
use taskflow_benches::Question;

fn main() {
    compare(Question::Policies);
}
