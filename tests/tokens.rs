//! A token cancels what is under it, once per generation, as if each had been cancelled itself.

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod block_on;
    pub(crate) mod counter;
    pub(crate) mod dice;
    pub(crate) mod gate;
    pub(crate) mod rig;
    pub(crate) mod stepped;
    pub(crate) mod watchdog;
}

mod under_tokens {
    mod families;
    mod generations;
    mod groups;
    mod races;
    mod runs;
    mod tasks;
    mod wakers;
}
