//! A flow whose tasks are counted.

use taskflow_std::Taskflow;

use crate::support::counter::Counter;

/// A flow of so many tasks that have nothing to do with one another, counted.
pub(crate) fn counted(count: usize, counter: &Counter) -> Taskflow<'static> {
    let flow = Taskflow::new();
    for _ in 0..count {
        let counter = counter.clone();
        flow.emplace(move || {
            counter.add();
        });
    }
    flow
}
