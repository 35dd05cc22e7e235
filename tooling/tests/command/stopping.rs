//! Timeouts and signals: what was started is ended, children of children included.

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Outcome, Scratch, is_alive, record, task, wait_until};

/// A shell that leaves a child in the background, writes its number to `pid`, and waits.
const FAMILY: &str = "sleep 1000 & echo $! > pid; wait";

#[test]
fn a_timeout_ends_the_whole_group() {
    let scratch = Scratch::new("timeout");
    scratch.write("f.toml", task("slow", FAMILY, "timeout = \"2s\""));
    let outcome = scratch.run(&["run", "f.toml", "--json", "out.json"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    let grandchild = scratch.wait_for_line("pid");
    wait_until("the end of the grandchild", || !is_alive(&grandchild));
    let report = scratch.json("out.json");
    let slow = record(&report, "slow");
    assert_eq!(slow["status"], "failed");
    assert_eq!(slow["error"], "timed out after 2s");
}

#[test]
fn a_timeout_counts_for_each_attempt() {
    let scratch = Scratch::new("timeout-attempts");
    let script = "echo >> log; sleep 1000";
    scratch.write(
        "f.toml",
        task("slow", script, "timeout = \"1s\"\nretries = 1"),
    );
    assert_eq!(
        scratch.run(&["run", "f.toml", "--json", "out.json"]).code,
        Some(1)
    );
    assert_eq!(scratch.read("log").lines().count(), 2);
    assert_eq!(record(&scratch.json("out.json"), "slow")["attempts"], 2);
}

#[test]
fn what_a_task_leaves_in_the_background_ends_with_it() {
    let scratch = Scratch::new("background");
    let script = "sleep 1000 > background 2>&1 & echo $! > pid";
    scratch.write("f.toml", task("leaving", script, ""));
    let outcome = scratch.run(&["run", "f.toml"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let left = scratch.wait_for_line("pid");
    wait_until("the end of what was left", || !is_alive(&left));
}

#[test]
fn after_an_interrupt_nothing_new_starts() {
    let scratch = Scratch::new("interrupt-independent");
    let script = "echo $$ > pid; sleep 1000";
    let text = [task("one", script, ""), task("other", script, "")];
    scratch.write("f.toml", text.concat());
    let child = scratch.start(&["run", "f.toml", "--workers", "1", "--json", "out.json"]);
    scratch.wait_for_line("pid");
    kill_process(Pid::from_child(&child), Signal::INT).expect("the program still runs");
    let outcome = Outcome::from(child.wait_with_output().expect("it ends"));
    assert_eq!(outcome.code, Some(130), "{outcome:?}");
    let report = scratch.json("out.json");
    let records = ["one", "other"].map(|id| record(&report, id));
    assert!(
        records.iter().all(|record| record["status"] == "cancelled"),
        "{report}"
    );
    let started = records
        .iter()
        .filter(|record| record["start_seconds"].is_number());
    assert_eq!(started.count(), 1, "{report}");
}

fn signal_while_running(signal: Signal, test: &str, more: &[&str]) {
    let scratch = Scratch::new(test);
    let text = [
        task("before", "true", ""),
        task("running", FAMILY, "needs = [\"before\"]"),
        task("after", "echo > after", "needs = [\"running\"]"),
    ];
    scratch.write("f.toml", text.concat());
    let child = scratch.start(&[&["run", "f.toml", "--json", "out.json"], more].concat());
    let grandchild = scratch.wait_for_line("pid");
    assert!(is_alive(&grandchild), "it was started");
    kill_process(Pid::from_child(&child), signal).expect("the program still runs");
    let outcome = Outcome::from(child.wait_with_output().expect("it ends"));
    assert_eq!(outcome.code, Some(130), "{outcome:?}");
    wait_until("the end of the grandchild", || !is_alive(&grandchild));
    assert!(outcome.out.contains("f: cancelled\n"), "{outcome:?}");
    assert!(!scratch.has("after"));
    let report = scratch.json("out.json");
    assert_eq!(report["status"], "cancelled");
    assert_eq!(record(&report, "before")["status"], "done");
    let running = record(&report, "running");
    assert_eq!(running["status"], "cancelled");
    assert!(running["end_seconds"].is_number(), "{running}");
    let after = record(&report, "after");
    assert_eq!(after["status"], "cancelled");
    assert!(after["start_seconds"].is_null(), "{after}");
}

#[test]
fn an_interrupt_ends_the_run_and_everything_in_it() {
    signal_while_running(Signal::INT, "interrupt", &[]);
}

#[test]
fn keep_going_does_not_outlast_an_interrupt() {
    signal_while_running(Signal::INT, "interrupt-keep", &["--keep-going"]);
}

#[test]
fn a_termination_is_taken_like_an_interrupt() {
    signal_while_running(Signal::TERM, "terminate", &[]);
}

#[test]
fn an_interrupt_is_not_retried() {
    let scratch = Scratch::new("interrupt-retries");
    let script = "echo $$ >> pid; sleep 1000";
    scratch.write("f.toml", task("stubborn", script, "retries = 5"));
    let child = scratch.start(&["run", "f.toml"]);
    scratch.wait_for_line("pid");
    kill_process(Pid::from_child(&child), Signal::INT).expect("the program still runs");
    let outcome = Outcome::from(child.wait_with_output().expect("it ends"));
    assert_eq!(outcome.code, Some(130), "{outcome:?}");
    assert_eq!(scratch.read("pid").lines().count(), 1);
}

#[test]
fn an_interrupt_ends_a_replay() {
    let scratch = Scratch::new("interrupt-replay");
    scratch.write(
        "f.json",
        r#"{ "schemaVersion": "1.5", "workflow": {
            "specification": { "tasks": [ { "id": "a", "children": ["b"] }, { "id": "b", "parents": ["a"] } ] },
            "execution": { "tasks": [ { "id": "a", "runtimeInSeconds": 0 },
                                      { "id": "b", "runtimeInSeconds": 1e6 } ] } } }"#,
    );
    for kind in ["sleep", "spin"] {
        let arguments = ["run", "f.json", "--time-scale", "1", "--replay", kind];
        let mut child = scratch.start(&arguments);
        // The first of the two tasks is told of on the error stream, so the run is under way.
        let err = child.stderr.take().expect("it is piped");
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(err));
        assert!(lines.next().is_some_and(|line| line.is_ok()));
        kill_process(Pid::from_child(&child), Signal::INT).expect("the program still runs");
        let outcome = Outcome::from(child.wait_with_output().expect("it ends"));
        assert_eq!(outcome.code, Some(130), "{kind}: {outcome:?}");
    }
}
