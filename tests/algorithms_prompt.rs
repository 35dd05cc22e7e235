//! Parallel algorithms end as early as they promise, whoever comes first.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::support::watchdog::within_a_minute;
use taskflow_std::{CancellationToken, Executor, Partitioner, RunOptions, Taskflow};

#[test]
fn a_search_of_a_caller_without_a_seat_goes_on_at_its_begin_and_not_behind_it_alone() {
    const INDICES: usize = 10_000_000;
    const FEW: usize = INDICES / 100;
    within_a_minute(|| {
        for workers in [2, 4] {
            let executor = Executor::new(workers);
            for chunk in [0, 100] {
                let parallel = executor.parallel().with(Partitioner::Adaptive { chunk });
                for _ in 0..500 {
                    let looks = AtomicUsize::new(0);
                    let found = parallel.find_if(0..INDICES, |index| {
                        let looks = looks.fetch_add(1, Ordering::Relaxed);
                        if index > FEW && looks < FEW {
                            // Far behind; whoever is before goes first.
                            thread::yield_now();
                        }
                        (5000..=FEW).contains(&index)
                    });
                    assert_eq!(found.unwrap(), Some(5000));
                    let looks = looks.into_inner();
                    assert!(looks < FEW, "{looks} looks by {chunk}, {workers} workers");
                }
            }
        }
    });
}

#[test]
fn a_reduction_that_was_cancelled_merges_no_more_than_the_present_leaf() {
    const LEN: usize = 100_000;
    const CHUNK: usize = 64;
    within_a_minute(|| {
        let workers = 2;
        let executor = Executor::new(workers);
        for _ in 0..100 {
            let (token, stopped) = (CancellationToken::new(), AtomicBool::new(false));
            let [calls, later] = [0, 0].map(AtomicUsize::new);
            let merge = |one: usize, other: usize| {
                if stopped.load(Ordering::SeqCst) {
                    later.fetch_add(1, Ordering::SeqCst);
                }
                let call = calls.fetch_add(1, Ordering::SeqCst);
                if call == LEN / 10 * 9 {
                    assert!(token.cancel());
                    stopped.store(true, Ordering::SeqCst);
                }
                if call % CHUNK == 0 {
                    // So each of the workers has leaves between those of the other.
                    thread::yield_now();
                }
                one + other
            };
            let flow = Taskflow::new();
            flow.emplace_parallel(|parallel| {
                let dynamic = parallel.with(Partitioner::Dynamic { chunk: CHUNK });
                let sum = dynamic.transform_reduce(0..LEN, 0, |index| index, merge);
                sum.map(drop)
            });
            let options = RunOptions::new().token(&token);
            assert!(executor.run_and_wait_with(&flow, options).is_err());
            drop(flow);
            let later = later.into_inner();
            // The present leaf of each, and as many more as a tree of leaves is high.
            assert!(
                later <= workers * (CHUNK + 20),
                "{later} merges after the cancel"
            );
        }
    });
}
