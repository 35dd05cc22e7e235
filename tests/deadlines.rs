//! A deadline cancels its run when it has come, by the clock of the host, and costs nobody else anything.

use core::time::Duration;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use crate::support::counter::Counter;
use crate::support::gate::Gate;
use crate::support::rig::{Catching, Rig, WORKERS, on_each_rig};
use crate::support::stepped::stepped;
use crate::support::watchdog::within_a_minute;
use taskflow_core::Platform;
use taskflow_std::{
    CancellationToken, Executor, Manual, PreemptiveCancellationToken, RunError, RunOptions,
    RunStats, Runtime, Taskflow, TaskflowFuture,
};

fn after(time: Duration) -> RunOptions {
    RunOptions::new().deadline(time)
}

#[track_caller]
fn too_late(result: Result<RunStats, RunError>) -> RunStats {
    match result {
        Err(RunError::Cancelled { reason, stats }) => {
            assert_eq!(reason.as_deref(), Some("its deadline has passed"));
            *stats
        }
        other => panic!("cancelled is expected: {other:?}"),
    }
}

fn pending() -> Taskflow<'static> {
    let flow = Taskflow::new();
    let waits = flow.emplace_async(std::future::pending);
    waits.precede(flow.emplace(|| unreachable!("cancelled")));
    flow
}

/// Lets the time pass on a host whose clock the test moves.
fn advance(rig: &Rig, by: Duration) {
    if let Rig::Stepped(executor, _) = rig {
        executor.platform().0.advance(by);
    }
}

#[test]
fn a_suspended_run_ends_at_its_deadline_and_not_before() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let flow = pending();
            let (begun, time) = (Instant::now(), Duration::from_millis(20));
            let run = rig.start_with(&flow, after(time));
            for _ in 0..200 {
                rig.step();
            }
            advance(rig, time - Duration::from_nanos(1));
            for _ in 0..200 {
                rig.step();
            }
            if matches!(rig, Rig::Stepped(..)) {
                assert!(!run.is_done(), "a nanosecond is left");
            }
            advance(rig, Duration::from_nanos(1));
            let stats = too_late(rig.finish(run));
            assert_eq!(stats.tasks + stats.skipped, 2);
            match rig {
                Rig::Stepped(..) => assert_eq!(stats.skipped, 1),
                // (A thread may have come too late to begin the first.)
                Rig::Threads(_) => assert!(stats.skipped > 0 && begun.elapsed() >= time),
            }
        });
    });
}

#[test]
fn no_task_is_started_after_the_deadline() {
    within_a_minute(|| {
        for workers in WORKERS {
            let rig = Rig::stepped(workers);
            let Rig::Stepped(executor, _) = &rig else {
                unreachable!("it is stepped");
            };
            let (flow, count) = (Taskflow::new(), Counter::default());
            let tasks: Vec<_> = (0..10)
                .map(|_| {
                    let count = count.clone();
                    flow.emplace(move || {
                        count.add();
                    })
                })
                .collect();
            flow.linearize(tasks.as_slice());
            let run = rig.start_with(&flow, after(Duration::from_secs(5)));
            while count.get() < 4 {
                rig.step();
            }
            assert_eq!(executor.next_deadline(), Some(Duration::from_secs(5)));
            executor.platform().0.advance(Duration::from_secs(5));
            let stats = too_late(rig.finish(run));
            assert_eq!((count.get(), stats.tasks, stats.skipped), (4, 4, 6));
            assert_eq!(executor.next_deadline(), None);
        }
    });
}

#[test]
fn the_time_runs_while_a_run_waits_for_its_turn() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let flow = pending();
            let first = rig.start(&flow);
            let second = rig.start_with(&flow, after(Duration::from_millis(1)));
            let third = rig.start_with(&flow, after(Duration::from_secs(3600)));
            advance(rig, Duration::from_millis(1));
            thread::sleep(Duration::from_millis(2));
            rig.step();
            assert!(first.cancel());
            let stats = {
                rig.finish(first).unwrap_err();
                too_late(rig.finish(second))
            };
            assert_eq!((stats.tasks, stats.skipped), (0, 2));
            assert!(!third.is_done() && third.cancel());
            rig.finish(third).unwrap_err();
        });
    });
}

#[test]
fn a_run_that_ends_in_time_ends_well_and_leaves_no_deadline() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let flow = Taskflow::new();
            flow.emplace(|| {}).precede(flow.emplace(|| {}));
            for time in [Duration::from_secs(3600), Duration::MAX] {
                let run = rig.start_with(&flow, after(time).rounds(3));
                assert_eq!(rig.finish(run).unwrap().tasks, 6);
            }
            match rig {
                Rig::Threads(executor) => assert_eq!(executor.next_deadline(), None),
                Rig::Stepped(executor, _) => assert_eq!(executor.next_deadline(), None),
            }
        });
    });
}

#[test]
fn a_deadline_of_no_time_lets_nothing_start() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let flow = Taskflow::new();
            flow.emplace(|| unreachable!("too late"));
            let stats = too_late(rig.finish(rig.start_with(&flow, after(Duration::ZERO))));
            assert_eq!((stats.tasks, stats.skipped), (0, 1));
        });
    });
}

#[test]
fn the_first_of_a_token_and_a_deadline_counts() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let (flow, token) = (pending(), CancellationToken::new());
            let options = || after(Duration::from_millis(1)).token(&token);
            let late = rig.start_with(&flow, options());
            advance(rig, Duration::from_millis(1));
            too_late(rig.finish(late));
            token.cancel_with("the token");
            let early = rig.start_with(&flow, options());
            advance(rig, Duration::from_millis(1));
            let error = rig.finish(early).unwrap_err();
            assert_eq!(error.to_string(), "the run was cancelled: the token");
        });
    });
}

/// An executor that is stepped, and what lets a microsecond pass on it.
fn stepped_clock(
    workers: usize,
    body: impl Fn(&taskflow_core::Executor<Catching>, &(dyn Fn() + Sync)),
) {
    let executor = stepped::<Catching>(workers);
    body(&executor, &|| {
        executor.platform().0.advance(Duration::from_micros(1));
    });
}

#[test]
fn tasks_that_are_nested_in_a_run_are_not_started_after_its_deadline() {
    for workers in WORKERS {
        stepped_clock(workers, |executor, tick| {
            let ticks = Counter::default();
            let flow = Taskflow::new();
            flow.emplace_subflow(|sub| {
                let ticks = ticks.clone();
                // A loop that nobody ends but the clock.
                let go_on = sub.emplace_condition(move || {
                    ticks.add();
                    tick();
                    0
                });
                sub.emplace(|| {}).precede(go_on);
                go_on.precede(go_on);
            });
            too_late(executor.run_and_wait_with(&flow, after(Duration::from_micros(50))));
            assert_eq!(ticks.get(), 50);
        });
    }
}

#[test]
fn a_task_that_asks_hears_of_the_deadline_though_nobody_else_looks() {
    for workers in WORKERS {
        stepped_clock(workers, |executor, tick| {
            let ticks = Counter::default();
            let flow = Taskflow::new();
            flow.try_emplace_runtime(|rt| {
                loop {
                    rt.check()?;
                    ticks.add();
                    tick();
                }
            });
            too_late(executor.run_and_wait_with(&flow, after(Duration::from_micros(50))));
            let plain = Taskflow::new();
            plain.try_emplace(|| {
                loop {
                    executor.checkpoint()?;
                    ticks.add();
                    tick();
                }
            });
            too_late(executor.run_and_wait_with(&plain, after(Duration::from_micros(50))));
            assert_eq!(ticks.get(), 100);
        });
    }
}

#[test]
fn what_a_runtime_task_spawns_is_not_started_after_the_deadline() {
    fn again<'env>(rt: &Runtime<'env>, tick: &'env (dyn Fn() + Sync)) {
        tick();
        rt.spawn_with(move |rt| again(rt, tick));
    }
    for workers in WORKERS {
        stepped_clock(workers, |executor, tick| {
            let flow = Taskflow::new();
            flow.emplace_runtime(|rt| again(rt, tick));
            too_late(executor.run_and_wait_with(&flow, after(Duration::from_micros(50))));
            assert!(executor.platform().now() <= Duration::from_micros(52));
        });
    }
}

#[test]
fn a_deadline_is_heard_while_all_workers_hold_others_work() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let (end, all) = (Gate::default(), Counter::default());
            let busy = executor.task_group();
            for _ in 0..workers {
                let (end, here) = (end.clone(), all.clone());
                busy.spawn(move || {
                    here.add();
                    end.pass();
                });
            }
            while all.get() < workers {
                thread::yield_now();
            }
            let flow = pending();
            let run = executor.run_with(&flow, after(Duration::from_millis(1)));
            thread::sleep(Duration::from_millis(3));
            end.open();
            let stats = too_late(run.wait());
            assert_eq!(stats.tasks, 0, "{workers} workers");
            busy.wait().unwrap();
        }
    });
}

#[test]
fn a_deadline_is_heard_though_the_run_of_an_earlier_one_goes_on() {
    let executor = Arc::new(taskflow_core::Executor::<Manual>::new(2));
    let (stubborn, suspended, busy) = (Taskflow::new(), pending(), Taskflow::new());
    let early_and_late = Arc::new(Mutex::new(None::<[TaskflowFuture; 2]>));
    let (host, runs) = (Arc::downgrade(&executor), Arc::clone(&early_and_late));
    // It holds a worker beyond both deadlines, while the other has more to do than it gets done.
    stubborn.emplace(move || {
        let executor = host.upgrade().expect("it is stepped");
        for (seconds, over) in [(1, [false, false]), (1, [false, true])] {
            executor.platform().advance(Duration::from_secs(seconds));
            for _ in 0..8 {
                executor.platform().step(1);
            }
            let runs = runs.lock().expect("nothing panics");
            let runs = runs.as_ref().expect("both are running");
            assert_eq!([&runs[0], &runs[1]].map(TaskflowFuture::is_done), over);
        }
    });
    let pass = busy.placeholder();
    let again = busy.emplace_condition(|| 0);
    busy.placeholder().precede(pass);
    pass.precede(again.task());
    again.precede(pass);
    let late = executor.run_with(&suspended, after(Duration::from_secs(2)));
    executor.platform().step_all();
    let early = executor.run_with(&stubborn, after(Duration::from_secs(1)));
    *early_and_late.lock().expect("nothing panics") = Some([early, late]);
    let looping = executor.run(&busy);
    executor.platform().step(1);
    while !looping.is_done() {
        executor.platform().step(0);
        executor.platform().step(1);
        let runs = early_and_late.lock().expect("nothing panics");
        if runs.as_ref().is_some_and(|runs| runs[0].is_done()) {
            looping.cancel();
        }
    }
    let runs = early_and_late.lock().expect("nothing panics").take();
    for run in runs.expect("both ran") {
        too_late(run.wait());
    }
}

#[test]
fn a_run_and_wait_ends_with_its_deadline_though_the_caller_alone_works() {
    within_a_minute(|| {
        for workers in WORKERS {
            let executor = Executor::new(workers);
            let flow = pending();
            too_late(executor.run_and_wait_with(&flow, after(Duration::from_millis(5))));
            let flow = Taskflow::new();
            let endless = flow.emplace_condition(|| 0);
            endless.precede(endless);
            flow.emplace(|| {}).precede(endless);
            too_late(executor.run_and_wait_with(&flow, after(Duration::from_millis(5))));
        }
    });
}

#[test]
fn a_hundred_thousand_deadlines_of_tokens_take_one_thread_and_come_in_order() {
    within_a_minute(|| {
        let tokens: Vec<_> = (0..100_000)
            .map(|_| PreemptiveCancellationToken::new())
            .collect();
        let begun = Instant::now();
        for (place, token) in tokens.iter().enumerate() {
            // Neither rising nor falling.
            let place = u64::try_from(place * 7919 % 100_000).expect("it is small");
            token.cancel_at(begun + Duration::from_secs(3600) + Duration::from_micros(place));
        }
        let first = PreemptiveCancellationToken::new();
        first.cancel_after(Duration::from_millis(1));
        while !first.is_cancelled() {
            thread::yield_now();
        }
        #[cfg(target_os = "linux")]
        {
            let threads = std::fs::read_dir("/proc/self/task").expect("this system has threads");
            let names = threads
                .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
            let timers = names.filter(|name| name.trim() == "taskflow-timer").count();
            assert_eq!(timers, 1);
        }
        assert!(tokens.iter().all(|token| !token.is_cancelled()));
    });
}

#[test]
fn deadlines_of_tokens_that_have_come_are_all_told_though_a_waker_panics() {
    use std::future::Future;
    use std::sync::Arc;
    use std::task::{Context, Wake, Waker};

    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("the waker panics");
        }
    }
    within_a_minute(|| {
        let tokens: Vec<_> = (0..20)
            .map(|_| PreemptiveCancellationToken::new())
            .collect();
        let mut futures: Vec<_> = tokens
            .iter()
            .map(|token| Box::pin(token.cancelled()))
            .collect();
        let waker = Waker::from(Arc::new(Panics));
        for future in &mut futures {
            let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
        }
        for token in &tokens {
            token.cancel_after(Duration::from_millis(1));
        }
        while !tokens.iter().all(PreemptiveCancellationToken::is_cancelled) {
            thread::yield_now();
        }
    });
}

#[test]
fn a_clock_that_stands_still_or_leaps_hurts_nobody() {
    let rig = Rig::stepped(2);
    let Rig::Stepped(executor, _) = &rig else {
        unreachable!("it is stepped");
    };
    let flow = pending();
    let run = rig.start_with(&flow, after(Duration::from_secs(1)));
    for _ in 0..1000 {
        rig.step();
    }
    assert!(!run.is_done());
    executor.platform().0.advance(Duration::MAX);
    assert_eq!(executor.platform().now(), Duration::MAX);
    too_late(rig.finish(run));
    // At the end of all times there is no later one.
    let quick = Taskflow::new();
    quick.emplace(|| {});
    let run = rig.start_with(&quick, after(Duration::from_secs(1)));
    assert_eq!(rig.finish(run).unwrap().tasks, 1);
}

#[test]
fn a_deadline_is_heard_by_a_sleeper_while_the_one_that_watched_is_busy() {
    within_a_minute(|| {
        for workers in [2, 4] {
            let executor = Executor::new(workers);
            for _ in 0..20 {
                let late = executor.run_with(&pending(), after(Duration::from_millis(4)));
                // All have gone to sleep by then, most often.
                thread::sleep(Duration::from_millis(1));
                let (flow, over) = (Taskflow::new(), Counter::default());
                for _ in 1..workers {
                    let over = over.clone();
                    flow.emplace(move || {
                        while over.get() == 0 {
                            thread::yield_now();
                        }
                    });
                }
                let busy = executor.run(&flow);
                // A wait would watch.
                while !late.is_done() {
                    thread::yield_now();
                }
                over.add();
                too_late(late.wait());
                busy.wait().expect("nothing fails");
            }
        }
    });
}
