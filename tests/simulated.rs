//! What holds between threads holds under every seed, on one thread, and again.

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod algorithms;
    pub(crate) mod counter;
    pub(crate) mod scrambled;
    pub(crate) mod throwing;
}

mod simulations {
    mod algorithms;
    mod graphs;
    mod ledger;
    mod meetings;
    mod replays;
    mod units;
    mod waits;
}
