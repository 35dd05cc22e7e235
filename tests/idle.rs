//! An idle executor does nothing at all.

#![forbid(unsafe_code)]
#![cfg(target_os = "linux")]

use core::time::Duration;
use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::Instant;

use taskflow_std::{Executor, Taskflow};

/// How often each thread of this process with such a name has gone to sleep or was put aside.
fn switches(name: &str) -> BTreeMap<String, (u64, u64)> {
    let mut found = BTreeMap::new();
    for task in fs::read_dir("/proc/self/task").expect("this system has threads") {
        let task = task.expect("this system has threads");
        // A thread that has just ended has no status.
        let Ok(status) = fs::read_to_string(task.path().join("status")) else {
            continue;
        };
        let field = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            line.map_or("", |rest| rest.trim_start_matches(':').trim())
        };
        if field("Name").starts_with(name) {
            let number = |key| field(key).parse().expect("a count");
            let counts = (
                number("voluntary_ctxt_switches"),
                number("nonvoluntary_ctxt_switches"),
            );
            found.insert(task.file_name().to_string_lossy().into_owned(), counts);
        }
    }
    found
}

fn worked(executor: &Executor) {
    let flow = Taskflow::new();
    let first = flow.emplace(|| {});
    for _ in 0..100 {
        first.precede(flow.emplace(|| {}));
    }
    executor.run_n(&flow, 10).wait().expect("no task fails");
    executor.run_and_wait(&flow).expect("no task fails");
}

/// The counts, once they have stayed the same for a tenth of a second.
fn settled(name: &str) -> BTreeMap<String, (u64, u64)> {
    let begun = Instant::now();
    loop {
        let before = switches(name);
        thread::sleep(Duration::from_millis(100));
        if before == switches(name) || begun.elapsed() > Duration::from_secs(5) {
            return before;
        }
    }
}

#[test]
fn an_idle_executor_wakes_no_worker_in_two_seconds() {
    for workers in [1, 2, 4, 8] {
        let executor = Executor::builder()
            .workers(workers)
            .name("idle")
            .build()
            .expect("threads start");
        worked(&executor);
        let before = settled("idle-worker");
        assert!(before.len() <= workers, "{before:?}");
        thread::sleep(Duration::from_millis(2000));
        assert_eq!(before, switches("idle-worker"));
        worked(&executor);
        drop(executor);
        while !switches("idle-worker").is_empty() {
            thread::yield_now();
        }
    }
}

#[test]
fn each_worker_has_a_thread_with_its_number_in_the_name() {
    let executor = Executor::builder()
        .workers(3)
        .name("abc")
        .build()
        .expect("threads start");
    let begun = Instant::now();
    while switches("abc-worker-").len() < 3 {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{:?}",
            switches("abc")
        );
        thread::yield_now();
    }
    let flow = Taskflow::new();
    for _ in 0..100 {
        flow.emplace(|| {
            let thread = thread::current();
            let name = thread.name().unwrap_or("");
            if let Some(number) = name.strip_prefix("abc-worker-") {
                let worker = executor.current_worker().expect("inside a task");
                assert_eq!(number, worker.to_string());
            }
        });
    }
    executor.run_and_wait(&flow).expect("no task fails");
}

#[test]
fn the_threads_of_a_dropped_executor_end() {
    let executor = Executor::builder()
        .workers(4)
        .name("ending")
        .build()
        .expect("threads start");
    worked(&executor);
    drop(executor);
    let begun = Instant::now();
    while !switches("ending-worker").is_empty() {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{:?}",
            switches("ending")
        );
        thread::yield_now();
    }
}
