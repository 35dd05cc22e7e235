//! What a policy decides is what runs next: with one worker exactly, whatever the tasks are and wherever they come from.

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod dice;
}

mod deciding {
    mod model;
    mod orders;
    mod origins;
}
