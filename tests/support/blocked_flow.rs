//! A flow that runs until it is let go.

use taskflow_std::Taskflow;

use crate::support::gate::Gate;

/// A flow whose run has begun when `begun` can be passed, and ends when `end` is opened.
#[derive(Debug)]
pub(crate) struct BlockedFlow {
    pub(crate) flow: Taskflow<'static>,
    pub(crate) begun: Gate,
    pub(crate) end: Gate,
}

impl BlockedFlow {
    /// A flow of one task, "blocked", that was not yet started.
    pub(crate) fn new(name: &str) -> Self {
        let (begun, end) = (Gate::default(), Gate::default());
        let flow = Taskflow::with_name(name);
        let (first, second) = (begun.clone(), end.clone());
        flow.emplace(move || {
            first.open();
            second.pass();
        })
        .name("blocked");
        Self { flow, begun, end }
    }
}
