//! The promises whose graphs are as large as one likes, for a build of their own that is fast: see `TASKFLOW_FULL`.

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod counted_task;
    pub(crate) mod counter;
    pub(crate) mod dice;
    pub(crate) mod drops;
    pub(crate) mod gate;
    pub(crate) mod meeting;
    pub(crate) mod random_graph;
    pub(crate) mod rig;
    pub(crate) mod rounds;
    pub(crate) mod size;
    pub(crate) mod small_stack;
    pub(crate) mod stepped;
    pub(crate) mod throwing;
    pub(crate) mod watchdog;
}

mod dependents;
mod nesting;
mod runtimes;
mod shapes;
mod subflows;
