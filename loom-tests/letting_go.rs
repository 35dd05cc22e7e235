//! A flow that is let go while a run of it goes on: its closures are dropped once, by whoever comes last, and see what
//! the run did and what was done before the flow was let go.
//!
//! The workers are stepped on threads of the checker's, and the flow is dropped on another. A preemption bound of n
//! means: all schedules with at most n forced switches.

use taskflow_core::{Taskflow, WorkStealing};

use crate::support::datum::Datum;
use crate::support::explore::explore;
use crate::support::stepped::{Stepped, step_apart};

/// What a task holds. Its drop looks at what comes before it.
struct Held {
    ran: Datum,
    let_go: Datum,
    dropped: Datum,
}

impl Drop for Held {
    fn drop(&mut self) {
        assert_eq!((self.ran.get(), self.let_go.get()), (1, 1));
        self.dropped.add_one();
    }
}

/// The drop of the flow meets the end of the run. Three threads; bound 1.
#[test]
fn what_a_flow_holds_is_dropped_after_its_run_and_after_it_was_let_go() {
    explore(Some(1), || {
        let (executor, seats) = Stepped::executor(WorkStealing::default());
        let [ran, let_go, dropped] = [(); 3].map(|()| Datum::default());
        let flow = Taskflow::new();
        let held = Held {
            ran: ran.clone(),
            let_go: let_go.clone(),
            dropped: dropped.clone(),
        };
        flow.emplace(move || held.ran.add_one());
        let run = executor.run(&flow);
        step_apart(seats, || {
            let_go.set(1);
            drop(flow);
        });
        assert!(run.is_done(), "a task was left");
        assert_eq!(run.wait().expect("no task fails").tasks, 1);
        assert_eq!(dropped.get(), 1);
    });
}
