//! What holds between threads holds under every seed, on one thread, and again.

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod algorithms;
    pub(crate) mod counter;
    pub(crate) mod giving_way;
    pub(crate) mod scrambled;
    pub(crate) mod throwing;
}

mod deadlocks {
    use std::sync::Arc;

    use taskflow_core::Executor;

    pub(crate) mod locks;
    pub(crate) mod semaphores;
    pub(crate) mod workers;

    /// What makes an executor, whose number of workers is none of the program's business.
    pub(crate) type Make<'m, P> = &'m dyn Fn() -> Arc<Executor<P>>;
}

mod simulations {
    mod algorithms;
    mod deadlines;
    mod deadlocks;
    mod graphs;
    mod ledger;
    mod meetings;
    mod pipelines;
    mod priorities;
    mod replays;
    mod tokens;
    mod units;
    mod waits;
}
