//! What parallel algorithms allocate does not grow with the number of chunks.

use core::hint::black_box;
use core::sync::atomic::{AtomicU64, Ordering};

use crate::support::live_bytes::{allocated, allocations, alone};
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, Parallel, Partitioner, RunError, Taskflow};

const FEW: u64 = 1_000;
const MANY: u64 = 1_000_000;
const CHUNK: usize = 1_000;

const PARTITIONERS: [Partitioner; 4] = [
    Partitioner::Adaptive { chunk: CHUNK },
    Partitioner::Static { chunk: CHUNK },
    Partitioner::Dynamic { chunk: CHUNK },
    Partitioner::Guided { chunk: CHUNK },
];

/// Work on this many indices.
type Call = fn(Parallel<'_>, u64) -> Result<(), RunError>;

/// A loop, a sum and a search in vain.
const WORK: [Call; 3] = [
    |parallel, len| {
        let sum = AtomicU64::new(0);
        parallel.for_each(0..len, |index| {
            if index % 4096 == 0 {
                sum.fetch_add(index, Ordering::Relaxed);
            }
        })?;
        black_box(sum.into_inner());
        Ok(())
    },
    |parallel, len| {
        let sum = parallel.transform_reduce(0..len, 0, |index| index, u64::wrapping_add)?;
        assert_eq!(sum, len * (len - 1) / 2);
        Ok(())
    },
    |parallel, len| {
        let found = parallel.find_if(0..len, |index| index == len)?;
        assert_eq!(found, None);
        Ok(())
    },
];

/// The least bytes and the least allocations of several times. (The harness may allocate meanwhile.)
fn least(mut body: impl FnMut()) -> [usize; 2] {
    let times = (0..4).map(|_| {
        let before = (allocated(), allocations());
        body();
        [allocated() - before.0, allocations() - before.1]
    });
    times
        .reduce(|one, other| [one[0].min(other[0]), one[1].min(other[1])])
        .unwrap_or_default()
}

/// Whether this work allocates for nothing but what it holds of a piece: the sums on the way, of which there are as many as
/// the number of leaves has digits.
fn is_sum(number: usize) -> bool {
    number == 1
}

#[test]
fn one_worker_allocates_as_much_for_a_thousand_chunks_as_for_one() {
    let _alone = alone();
    within_a_minute(|| {
        let executor = Executor::new(1);
        for partitioner in PARTITIONERS {
            for (number, work) in WORK.iter().enumerate() {
                let [few, many] = [FEW, MANY].map(|len| {
                    let call = || work(executor.parallel().with(partitioner), len).unwrap();
                    call();
                    let outside = least(call);
                    // The same in a task, which may be stopped.
                    let flow = Taskflow::new();
                    flow.emplace_parallel(|parallel| work(parallel.with(partitioner), len));
                    let run = || drop(executor.run_and_wait(&flow).unwrap());
                    run();
                    [outside, least(run)]
                });
                let what = format!("{few:?} and {many:?} for work {number} by {partitioner:?}");
                if is_sum(number) {
                    assert!(many.iter().all(|[_, times]| *times < 10), "{what}");
                } else {
                    assert_eq!((few, many), ([[0; 2]; 2], [[0; 2]; 2]), "{what}");
                }
            }
        }
    });
}

#[test]
fn several_workers_allocate_for_their_shares_and_not_for_their_chunks() {
    let _alone = alone();
    within_a_minute(|| {
        for workers in [2, 4] {
            let executor = Executor::new(workers);
            for partitioner in PARTITIONERS {
                for (number, work) in WORK.iter().enumerate() {
                    let call = || work(executor.parallel().with(partitioner), MANY).unwrap();
                    call();
                    let [_, times] = least(call);
                    let what = format!("work {number} by {partitioner:?}, {workers} workers");
                    assert!(times < 200, "{times} allocations for {what}");
                }
            }
        }
    });
}
