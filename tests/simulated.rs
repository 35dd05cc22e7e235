//! What holds between threads holds under every seed, on one thread, and again.

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod counter;
    pub(crate) mod throwing;
}

mod simulations {
    mod deadlines;
    mod graphs;
    mod ledger;
    mod meetings;
    mod replays;
    mod tokens;
    mod units;
    mod waits;
}
