//! A task that is counted.

use taskflow_std::{TaskHandle, Taskflow};

use crate::support::counter::Counter;

/// Adds a task that counts its calls.
pub(crate) fn counted<'f>(flow: &'f Taskflow<'static>, counter: &Counter) -> TaskHandle<'f> {
    let counter = counter.clone();
    flow.emplace(move || {
        counter.add();
    })
}
