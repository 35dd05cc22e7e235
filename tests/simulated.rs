//! What holds between threads holds under every seed, on one thread, and again.

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod algorithms;
    pub(crate) mod counter;
    pub(crate) mod giving_way;
    pub(crate) mod inversion;
    pub(crate) mod scrambled;
    pub(crate) mod throwing;
}

mod deadlocks;

mod simulations {
    mod algorithms;
    mod deadlines;
    mod deadlocks;
    mod graphs;
    mod joins;
    mod ledger;
    mod meetings;
    mod pipelines;
    mod priorities;
    mod replays;
    mod tokens;
    mod units;
    mod waits;
}
