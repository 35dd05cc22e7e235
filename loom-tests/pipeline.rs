//! A pipeline in the whole engine: lines that hand one another on between workers.
//!
//! A preemption bound of n means: all schedules with at most n forced switches.

#![cfg(taskflow_loom)]
#![forbid(unsafe_code)]

mod support {
    pub(crate) mod block_on;
    pub(crate) mod datum;
    pub(crate) mod explore;
    pub(crate) mod host;
}

use taskflow_core::PipelineBuilder;

use support::block_on::block_on;
use support::datum::Datum;
use support::explore::explore;
use support::host::Host;

/// Two workers, two lines, two serial pipes, two tokens. Three threads; bound 1.
#[test]
fn two_workers_take_tokens_through_serial_pipes_and_the_run_ends() {
    explore(Some(1), || {
        let executor = Host::executor(2);
        let sums = [Datum::default(), Datum::default()];
        let [first, second] = sums.clone();
        let pipeline = PipelineBuilder::source(2, move |token| {
            (token.index() < 2).then(|| {
                // Nothing but the turn at the pipe orders one token's change after the other's.
                first.add_one();
                first.get()
            })
        })
        .serial(move |number| {
            second.add_one();
            assert_eq!(second.get(), number);
        })
        .build();
        block_on(executor.run(&pipeline)).expect("no pipe fails");
        assert_eq!(sums.each_ref().map(Datum::get), [2, 2]);
    });
}
