//! Waits inside of tasks: what the wait does not need is handed to others.
//!
//! The whole engine runs here, on the checker's threads. A preemption bound of n means: all schedules with at most n
//! forced switches.

use std::sync::Arc;

use taskflow_core::Taskflow;

use crate::support::block_on::block_on;
use crate::support::datum::Datum;
use crate::support::explore::explore;
use crate::support::host::Host;

/// A task waits for the run of another flow while its worker has another task queued: that is handed on, and runs,
/// and so does what is waited for. Two threads at first; bound 1.
#[test]
fn a_task_that_waits_hands_on_what_its_worker_has_queued() {
    explore(Some(1), || {
        let executor = Arc::new(Host::executor(1));
        let (inner, outer) = (Taskflow::new(), Taskflow::new());
        let counts = [(); 2].map(|()| Datum::default());
        let made = counts.clone();
        let [in_inner, foreign] = made;
        inner.emplace(move || in_inner.add_one());
        let within = Arc::clone(&executor);
        // (What a choice makes ready is queued, also where one worker is all there is.)
        let both = outer.emplace_multi_condition(|| [0, 1]);
        let waits = outer.emplace(move || {
            within.run(&inner).wait().expect("no task fails");
        });
        both.precede([waits, outer.emplace(move || foreign.add_one())]);
        let stats = block_on(executor.run(&outer)).expect("no task fails");
        assert_eq!((stats.tasks, counts[0].get(), counts[1].get()), (3, 1, 1));
        drop(outer);
    });
}
