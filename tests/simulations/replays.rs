//! A seed says everything: what it showed once, it shows again; and what goes wrong is told with it.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use taskflow_std::Taskflow;
use taskflow_std::testing::{Executor, Simulation, pause};

/// Tasks that add to a number in two steps, so that some orders of them lose some of it. Gives what is left.
fn careless(executor: &Executor) -> usize {
    let (flow, number) = (Taskflow::new(), Arc::new(AtomicUsize::new(0)));
    for _ in 0..3 {
        let number = Arc::clone(&number);
        flow.emplace(move || {
            let before = number.load(Ordering::Relaxed);
            pause();
            number.store(before + 1, Ordering::Relaxed);
        });
    }
    executor.run(&flow).wait().expect("nothing fails");
    number.load(Ordering::Relaxed)
}

/// What the simulation panics with.
#[track_caller]
fn complaint(simulate: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(simulate)).expect_err("it complains");
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => (*panic.downcast::<&str>().expect("a text")).to_owned(),
    }
}

#[test]
fn a_seed_makes_the_same_choices_again_and_another_one_makes_others() {
    let traces = |seed| {
        let mut number = 0;
        let trace = Simulation::new().replay(seed, |executor, _| number = careless(executor));
        (trace, number)
    };
    let mut different = Vec::new();
    for seed in 0..50 {
        let (first, number) = traces(seed);
        assert_eq!((&first, number), (&traces(seed).0, traces(seed).1));
        assert!(first.steps() > 0 && !different.contains(&first));
        different.push(first);
    }
}

#[test]
fn what_goes_wrong_under_some_seeds_is_found_and_goes_wrong_under_them_again() {
    let simulation = Simulation::new().workers(3);
    let loses = |seed| {
        let mut left = 0;
        simulation.replay(seed, |executor, _| left = careless(executor));
        left < 3
    };
    let losing: Vec<u64> = (0..100).filter(|seed| loses(*seed)).collect();
    assert!((1..100).contains(&losing.len()));
    assert!(losing.into_iter().all(loses));
}

#[test]
fn a_failing_body_fails_the_check_at_its_first_seed() {
    let seeds = Mutex::new(Vec::new());
    let complaint = complaint(|| {
        Simulation::new()
            .workers(3)
            .seeds(1000)
            .check(|executor, _| {
                let left = careless(executor);
                seeds.lock().expect("no panic").push(left);
                assert!(left == 3, "{left} are left");
            });
    });
    let seeds = seeds.into_inner().expect("no panic");
    let (last, before) = seeds.split_last().expect("one at least");
    assert_eq!(complaint, format!("{last} are left"));
    assert!(before.iter().all(|left| *left == 3));
}

#[test]
fn a_wait_that_nobody_ends_is_no_hang() {
    let complaint = complaint(|| {
        Simulation::new().check(|executor, _| {
            let flow = Taskflow::new();
            flow.emplace_async(core::future::pending);
            executor.run(&flow).wait().expect("never");
        });
    });
    assert!(complaint.starts_with("all wait, and nobody wakes them"));
    assert!(complaint.contains("strand 0, the body, parks"));
}

#[test]
fn a_task_that_never_ends_is_no_hang() {
    let complaint = complaint(|| {
        Simulation::new().steps_max(1000).check(|executor, _| {
            let flow = Taskflow::new();
            flow.emplace(|| {
                loop {
                    pause();
                }
            });
            executor.run(&flow).wait().expect("never");
        });
    });
    assert!(complaint.starts_with("no end after 1000 steps"));
}

#[test]
fn an_executor_that_is_kept_is_told_of() {
    let mut kept = None;
    let complaint = complaint(|| {
        Simulation::new().check(|executor, _| kept = Some(Arc::clone(executor)));
    });
    assert!(complaint.contains("a worker at place 0 of executor 0, parks"));
    // It works nowhere else.
    core::mem::forget(kept);
}

#[test]
fn a_watch_that_complains_fails_the_simulation_at_that_step() {
    let complaint = complaint(|| {
        Simulation::new().check(|executor, _| {
            executor
                .platform()
                .watch(|moment| assert!(moment.steps < 5, "step {}", moment.steps));
            careless(executor);
        });
    });
    assert_eq!(complaint, "step 5");
}

#[test]
fn the_clock_moves_on_when_all_wait_and_never_back() {
    Simulation::new().check(|executor, _| {
        let flow = Taskflow::new();
        flow.emplace_async(core::future::pending);
        let mut last = Duration::ZERO;
        executor.platform().watch(move |moment| {
            assert!(moment.now >= last);
            last = moment.now;
        });
        let mut run = executor.run(&flow);
        let before = run.stats().elapsed;
        assert!(run.wait_timeout(Duration::from_secs(5)).is_none());
        assert!(run.stats().elapsed >= before + Duration::from_secs(5));
        assert!(run.cancel());
    });
}

#[test]
fn a_simulation_inside_of_a_simulation_is_refused() {
    let complaint = complaint(|| {
        Simulation::new().replay(0, |_, _| {
            Simulation::new().replay(0, |_, _| {});
        });
    });
    assert_eq!(complaint, "a simulation inside of a simulation");
}
