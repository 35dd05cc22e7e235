//! Whatever a host does within its contract, every run ends and nothing is lost.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use crate::support::blocked_flow::BlockedFlow;
use crate::support::counter::Counter;
use crate::support::dice::Dice;
use crate::support::drops::Dropped;
use crate::support::faulty::{Faults, Faulty};
use crate::support::random_graph::RandomGraph;
use crate::support::traced::{Call, Trace, Traced, parked};
use crate::support::watchdog::within_a_minute;
use taskflow_core::{Builder, Executor, Platform, RunError, Taskflow};
use taskflow_std::StdPlatform;

type Host = Faulty<StdPlatform>;

/// Longer than a caller looks before it parks.
const MOMENT: Duration = Duration::from_millis(5);

fn with(workers: usize, faults: Faults) -> Result<Executor<Host>, io::Error> {
    let host = Faulty::new(StdPlatform::new(), faults);
    Builder::new(host).workers(workers).build()
}

/// Runs graphs in all ways, with waits inside tasks, and looks whether all ran in order.
fn works<P: Platform>(executor: Executor<P>, rounds: usize) {
    let executor = Arc::new(executor);
    let mut dice = Dice::shaken();
    let graph = RandomGraph::thrown(&mut dice, 200, 4);
    for _ in 0..rounds {
        executor.run(&graph.flow).wait().expect("it ends well");
        executor.run_and_wait(&graph.flow).expect("it ends well");
        drop(executor.run_n(&graph.flow, 2));
    }
    executor.wait_for_all().expect("it ends well");
    graph.ran(4 * rounds);
    let inner = Arc::new(Mutex::new(RandomGraph::thrown(&mut dice, 20, 2)));
    let outer = Taskflow::new();
    for _ in 0..8 {
        let (executor, inner) = (Arc::clone(&executor), Arc::clone(&inner));
        outer.emplace(move || {
            let run = executor.run(&inner.lock().expect("nothing panics with this lock").flow);
            run.wait().expect("it ends well");
        });
    }
    executor
        .run_n(&outer, rounds as u64)
        .wait()
        .expect("it ends well");
    inner
        .lock()
        .expect("nothing panics with this lock")
        .ran(8 * rounds);
    drop(outer);
    drop(executor);
}

#[test]
fn a_park_that_returns_early_loses_nothing() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let faults = Faults {
                early_parks: 2,
                ..Faults::default()
            };
            works(with(workers, faults).unwrap(), 100);
        }
    });
}

#[test]
fn a_park_that_never_sleeps_loses_nothing() {
    within_a_minute(|| {
        let faults = Faults {
            early_parks: 1,
            ..Faults::default()
        };
        works(with(2, faults).unwrap(), 20);
    });
}

#[test]
fn a_late_unpark_loses_nothing() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let faults = Faults {
                late_unparks: true,
                early_parks: 5,
                ..Faults::default()
            };
            works(with(workers, faults).unwrap(), 50);
        }
    });
}

#[test]
fn an_executor_whose_threads_cannot_be_started_is_refused_and_the_started_ones_end() {
    within_a_minute(|| {
        for started in [0, 1, 3] {
            let trace = Trace::default();
            let faults = Faults {
                starts: started,
                ..Faults::default()
            };
            let host = Faulty::new(
                Traced {
                    host: StdPlatform::new(),
                    trace: trace.clone(),
                },
                faults,
            );
            let built = Builder::new(host).workers(4).build();
            assert_eq!(built.unwrap_err().to_string(), "no thread is left");
            let starts = trace
                .calls()
                .iter()
                .filter(|call| **call == Call::Start)
                .count();
            assert_eq!(starts, started);
            // A thread that was left behind would be parked for good.
            assert_eq!(parked(&trace.when_quiet()), 0);
        }
    });
}

#[test]
fn waits_inside_tasks_end_where_no_substitute_can_be_had() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let faults = Faults {
                starts: workers,
                ..Faults::default()
            };
            works(with(workers, faults).unwrap(), 50);
        }
    });
}

#[test]
fn a_task_that_waits_for_itself_where_no_substitute_can_be_had_ends_with_deadlock() {
    within_a_minute(|| {
        for workers in [1, 2] {
            let faults = Faults {
                starts: workers,
                ..Faults::default()
            };
            let executor = Arc::new(with(workers, faults).unwrap());
            let slot = Arc::new(Mutex::new(None));
            let own = Arc::clone(&slot);
            let flow = Taskflow::new();
            flow.emplace(move || {
                let own: Option<taskflow_core::TaskflowFuture> = own.lock().unwrap().take();
                if let Some(own) = own {
                    assert!(matches!(own.wait(), Err(RunError::Deadlock)));
                }
            });
            let mut slot = slot.lock().unwrap();
            let first = executor.run(&flow);
            *slot = Some(executor.run(&flow));
            drop(slot);
            first.wait().unwrap();
            executor.wait_for_all().unwrap();
        }
    });
}

#[test]
fn threads_without_a_record_lose_nothing() {
    within_a_minute(|| {
        for workers in [2, 4] {
            let executor = with(
                workers,
                Faults {
                    no_local: true,
                    ..Faults::default()
                },
            )
            .unwrap();
            let mut dice = Dice::shaken();
            let graph = RandomGraph::thrown(&mut dice, 300, 4);
            for _ in 0..50 {
                executor.run(&graph.flow).wait().unwrap();
                executor.run_and_wait(&graph.flow).unwrap();
            }
            graph.ran(100);
            assert_eq!(executor.current_worker(), None);
            executor.wait_for_all().unwrap();
        }
    });
}

#[test]
fn a_park_that_panics_unwinds_only_after_the_run_has_ended() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let mut unwound = 0;
            for _ in 0..100 {
                let faults = Faults {
                    guest_panics: (workers, 1),
                    ..Faults::default()
                };
                let executor = with(workers, faults).unwrap();
                let mut slots = vec![0; 64];
                let flow = Taskflow::new();
                for slot in &mut slots {
                    flow.emplace(move || {
                        for _ in 0..20 {
                            thread::yield_now();
                        }
                        *slot += 1;
                    });
                }
                let called = catch_unwind(AssertUnwindSafe(|| executor.run_and_wait(&flow)));
                drop(flow);
                // If the call did not have to park, this may have to.
                drop(catch_unwind(AssertUnwindSafe(|| drop(executor))));
                assert!(slots.iter().all(|slot| *slot == 1), "{slots:?}");
                unwound += usize::from(called.is_err());
            }
            println!("{unwound} of 100 calls unwound with {workers} workers");
        }
    });
}

#[test]
fn a_park_that_panics_unwinds_only_after_the_second_part_of_a_join_has_ended() {
    within_a_minute(|| {
        loop {
            let faults = Faults {
                guest_panics: (2, 1),
                ..Faults::default()
            };
            let executor = with(2, faults).unwrap();
            let (begun, mut ended) = (AtomicBool::new(false), false);
            let joined = catch_unwind(AssertUnwindSafe(|| {
                executor.join(
                    || {
                        // (It is handed out if somebody has nothing to do as the join begins.)
                        let since = Instant::now();
                        while !begun.load(Ordering::Relaxed) && since.elapsed() < MOMENT {
                            thread::yield_now();
                        }
                    },
                    || {
                        begun.store(true, Ordering::Relaxed);
                        // The caller parks meanwhile.
                        thread::sleep(MOMENT);
                        ended = true;
                    },
                )
            }));
            assert!(ended);
            drop(catch_unwind(AssertUnwindSafe(|| drop(executor))));
            if joined.is_err() {
                break;
            }
        }
    });
}

#[test]
fn an_executor_whose_drop_unwinds_out_of_park_ends_its_workers_all_the_same() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let faults = Faults {
                guest_panics: (workers, 1),
                ..Faults::default()
            };
            let ended = Counter::default();
            let kept = Dropped(ended.clone());
            let executor = Builder::new(Faulty::new(StdPlatform::new(), faults))
                .workers(workers)
                .panic_handler(move |_| {
                    let _kept = &kept;
                })
                .build()
                .unwrap();
            let blocked = BlockedFlow::new("blocked");
            let run = executor.run(&blocked.flow);
            blocked.begun.pass();
            assert!(catch_unwind(AssertUnwindSafe(|| drop(executor))).is_err());
            blocked.end.open();
            assert_eq!(run.wait().unwrap().tasks, 1);
            // The pool goes with the last worker.
            while ended.get() == 0 {
                thread::yield_now();
            }
        }
    });
}

#[test]
fn an_idle_executor_has_parked_all_workers_without_a_timeout() {
    within_a_minute(|| {
        for workers in [1, 2, 4, 8] {
            let trace = Trace::default();
            let host = Traced {
                host: StdPlatform::new(),
                trace: trace.clone(),
            };
            let executor = Builder::new(host).workers(workers);
            let executor = executor.build().unwrap();
            let mut dice = Dice::shaken();
            let graph = RandomGraph::thrown(&mut dice, 300, 4);
            for round in 1..=5 {
                executor.run(&graph.flow).wait().unwrap();
                let calls = trace.when_quiet();
                assert_eq!(parked(&calls), workers);
                let timed: Vec<&Call> = calls
                    .iter()
                    .filter(|call| matches!(call, Call::Park { timed: true, .. }))
                    .collect();
                assert!(timed.is_empty(), "{timed:?}");
                graph.ran(round);
            }
            let before = trace.calls().len();
            assert_eq!(before, trace.when_quiet().len());
        }
    });
}

#[test]
fn a_small_graph_run_by_its_caller_wakes_nobody() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let trace = Trace::default();
            let host = Traced {
                host: StdPlatform::new(),
                trace: trace.clone(),
            };
            let executor = Builder::new(host).workers(workers);
            let executor = executor.build().unwrap();
            let flow = Taskflow::new();
            flow.linearize([(); 5].map(|()| flow.emplace(|| {})));
            let before = trace.when_quiet();
            for _ in 0..100 {
                executor.run_and_wait(&flow).unwrap();
            }
            let calls = trace.calls();
            let woken = |calls: &[Call]| calls.iter().filter(|call| **call == Call::Unpark).count();
            assert_eq!(
                woken(&before),
                woken(&calls),
                "{workers} workers: {:?}",
                &calls[before.len()..]
            );
        }
    });
}

#[test]
fn a_loop_of_one_condition_touches_no_queue() {
    let unparks = |passes: usize| {
        let trace = Trace::default();
        let host = StdPlatform::new();
        let traced = Traced {
            host,
            trace: trace.clone(),
        };
        let executor = Builder::new(traced).workers(4).build().unwrap();
        let flow = Taskflow::new();
        let mut pass = 0;
        let again = flow.emplace_condition(move || {
            pass += 1;
            usize::from(pass == passes)
        });
        flow.placeholder().precede(again);
        again.precede(again);
        trace.when_quiet();
        let before = trace.calls().len();
        executor.run(&flow).wait().unwrap();
        let calls = trace.when_quiet();
        let unparks = calls[before..].iter().filter(|call| **call == Call::Unpark);
        unparks.count()
    };
    // A task that goes through a queue wakes somebody when nobody is searching.
    let (few, many) = (unparks(2), unparks(20_000));
    assert!(many <= few + 4, "{few} and {many} wake-ups");
}
