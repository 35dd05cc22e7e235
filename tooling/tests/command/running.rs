//! Commands that run, fail, are tried again, and are passed over.

use std::io::{BufRead, BufReader};

use crate::harness::{Scratch, record, task};

#[test]
fn tasks_run_after_what_they_need() {
    let scratch = Scratch::new("order");
    let text = [
        task("last", "echo last >> log", "needs = [\"left\", \"right\"]"),
        task(
            "left",
            "test -s log && echo side >> log",
            "needs = [\"first\"]",
        ),
        task(
            "right",
            "test -s log && echo side >> log",
            "needs = [\"first\"]",
        ),
        task("first", "echo first >> log", ""),
    ];
    scratch.write("order.toml", text.concat());
    let outcome = scratch.run(&["run", "order.toml", "--workers", "3"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(scratch.read("log"), "first\nside\nside\nlast\n");
    assert!(
        outcome.out.contains("tasks        4 (4 done)"),
        "{outcome:?}"
    );
    assert!(outcome.err.contains("done: last"), "{outcome:?}");
}

#[test]
fn a_task_runs_in_the_folder_of_the_start_unless_told_otherwise() {
    let scratch = Scratch::new("folders");
    std::fs::create_dir_all(scratch.path("flows/inner")).expect("the folder is writable");
    let text = [
        task("here", "echo > here", ""),
        task("there", "echo > there", "cwd = \"inner\""),
        "[[task]]\nname = \"argv\"\nrun = [\"touch\", \"a b\"]\n".to_owned(),
    ];
    scratch.write("flows/f.toml", text.concat());
    assert_eq!(scratch.run(&["run", "flows/f.toml"]).code, Some(0));
    for file in ["here", "a b", "flows/inner/there"] {
        assert!(scratch.has(file), "{file}");
    }
}

#[test]
fn what_a_task_prints_is_shown_in_one_piece() {
    let scratch = Scratch::new("printed");
    let text = [
        task(
            "talk",
            "echo $WORD one; echo two >&2",
            "env = { WORD = \"say\" }",
        ),
        task("silent", "true", ""),
    ];
    scratch.write("talk.toml", text.concat());
    let outcome = scratch.run(&["run", "talk.toml"]);
    assert!(
        outcome.out.starts_with("--- talk\nsay one\ntwo\n"),
        "{outcome:?}"
    );
    assert!(!outcome.out.contains("--- silent"), "{outcome:?}");
    let quiet = scratch.run(&["run", "talk.toml", "--quiet"]);
    assert_eq!(
        (quiet.code, quiet.out.as_str(), quiet.err.as_str()),
        (Some(0), "", "")
    );
}

#[test]
fn what_hangs_on_a_failed_task_is_skipped() {
    let scratch = Scratch::new("skipped");
    let text = [
        task("bad", "echo why; exit 7", ""),
        task("child", "echo > child", "needs = [\"bad\"]"),
        task("grandchild", "echo > grandchild", "needs = [\"child\"]"),
    ];
    scratch.write("f.toml", text.concat());
    let outcome = scratch.run(&["run", "f.toml", "--json", "out.json", "--keep-going"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(
        outcome
            .err
            .contains("task bad exited with status 7; the end of what it printed:\nwhy\n"),
        "{outcome:?}"
    );
    assert!(
        outcome
            .out
            .contains("1 failed, 2 skipped:\n  bad exited with status 7\n"),
        "{outcome:?}"
    );
    assert!(!scratch.has("child") && !scratch.has("grandchild"));
    let report = scratch.json("out.json");
    assert_eq!(report["status"], "failed");
    let bad = record(&report, "bad");
    assert_eq!(
        (&bad["status"], &bad["attempts"]),
        (&"failed".into(), &1.into())
    );
    assert_eq!(bad["error"], "exited with status 7");
    for id in ["child", "grandchild"] {
        let skipped = record(&report, id);
        assert_eq!(skipped["status"], "skipped");
        for field in ["worker", "start_seconds", "end_seconds", "error"] {
            assert!(skipped[field].is_null(), "{id} {field}");
        }
        assert_eq!(skipped["attempts"], 0);
    }
}

/// Runs a task that fails beside a chain of two: it fails once the first of them runs, which ends
/// only after the failure is known.
fn fail_beside_a_chain(scratch: &Scratch, more: &[&str]) -> Option<i32> {
    let text = [
        task("bad", "until [ -e runs ]; do sleep 0.01; done; exit 1", ""),
        task(
            "first",
            "echo > runs; until [ -e go ]; do sleep 0.01; done",
            "",
        ),
        task("second", "echo > second", "needs = [\"first\"]"),
    ];
    scratch.write("f.toml", text.concat());
    let arguments = ["run", "f.toml", "--workers", "2", "--json", "out.json"];
    let mut child = scratch.start(&[&arguments, more].concat());
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let failed = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("failed: bad")));
    assert!(failed.is_some(), "the failure was told");
    scratch.write("go", "");
    // The rest is read, or the program could not go on writing.
    lines.for_each(drop);
    child.wait_with_output().expect("it ends").status.code()
}

#[test]
fn after_a_failure_nothing_new_starts() {
    let scratch = Scratch::new("stop");
    assert_eq!(fail_beside_a_chain(&scratch, &[]), Some(1));
    assert!(!scratch.has("second"));
    let report = scratch.json("out.json");
    assert_eq!(record(&report, "first")["status"], "done");
    assert_eq!(record(&report, "second")["status"], "skipped");
}

#[test]
fn with_keep_going_independent_work_is_finished() {
    let scratch = Scratch::new("keep-going");
    assert_eq!(fail_beside_a_chain(&scratch, &["--keep-going"]), Some(1));
    assert!(scratch.has("second"));
    let report = scratch.json("out.json");
    assert_eq!(report["status"], "failed");
    assert_eq!(record(&report, "second")["status"], "done");
}

#[test]
fn a_task_is_tried_as_often_as_it_may() {
    let scratch = Scratch::new("retries");
    let script = |log: &str| format!("echo >> {log}; test $(wc -l < {log}) -ge 3");
    let text = [
        task("third", &script("enough"), "retries = 2"),
        task("never", &script("few"), "retries = 1"),
    ];
    scratch.write("f.toml", text.concat());
    let outcome = scratch.run(&["run", "f.toml", "--json", "out.json", "--keep-going"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    let report = scratch.json("out.json");
    let third = record(&report, "third");
    assert_eq!(
        (&third["status"], &third["attempts"]),
        (&"done".into(), &3.into())
    );
    assert!(third["error"].is_null());
    let never = record(&report, "never");
    assert_eq!(
        (&never["status"], &never["attempts"]),
        (&"failed".into(), &2.into())
    );
    assert_eq!(scratch.read("few").lines().count(), 2);
    assert!(outcome.err.contains("(attempt 2 of 2)"), "{outcome:?}");
}

#[test]
fn a_command_that_does_not_exist_fails_its_task_only() {
    let scratch = Scratch::new("absent-command");
    let text = [
        "[[task]]\nname = \"absent\"\nrun = [\"no-such-program-here\"]\n".to_owned(),
        task("nowhere", "true", "cwd = \"no-such-folder\""),
        task("fine", "echo > fine", ""),
    ];
    scratch.write("f.toml", text.concat());
    let outcome = scratch.run(&["run", "f.toml", "--keep-going"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(
        outcome
            .out
            .contains("absent cannot start \"no-such-program-here\""),
        "{outcome:?}"
    );
    assert!(
        outcome.out.contains("no-such-folder: no such folder"),
        "{outcome:?}"
    );
    assert!(scratch.has("fine"));
}
