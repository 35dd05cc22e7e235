//! Bad input: one line that says where and what, exit status 2, and nothing runs.

use core::time::Duration;
use std::time::Instant;

use crate::harness::{Outcome, Scratch, task};

fn assert_refused(outcome: &Outcome, wanted: &str) {
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert_eq!(outcome.out, "", "{outcome:?}");
    assert!(
        outcome.err.starts_with("error: ") && outcome.err.contains(wanted),
        "{wanted:?} is not in {outcome:?}"
    );
    assert_eq!(outcome.err.lines().count(), 1, "{outcome:?}");
}

#[test]
fn each_bad_recipe_is_refused_in_one_line_and_nothing_runs() {
    let scratch = Scratch::new("bad-recipes");
    // A task that would leave a trace comes first in each file.
    let first = task("first", "echo ran > trace", "");
    let cases = [
        ("[[task]", "bad.toml:5:8: "),
        (
            "[[task]]\nname = 3\nrun = \"x\"",
            "bad.toml:6:8: invalid type",
        ),
        (
            "[[task]]\nname = \"a\"\nrun = \"x\"\nneed = [\"first\"]",
            "bad.toml:8:1: unknown field `need`",
        ),
        ("[[job]]\nname = \"a\"", "bad.toml:5:3: unknown field `job`"),
        (
            "[[task]]\nname = \"first\"\nrun = \"x\"",
            "bad.toml:6:8: there are two tasks \"first\"",
        ),
        (
            "[[task]]\nname = \"a\"\nrun = \"x\"\nneeds = [\"zzz\"]",
            "bad.toml:8:10: task \"a\" names \"zzz\"",
        ),
        (
            "[[task]]\nname = \"a\"\nrun = \"x\"\nneeds = [\"a\"]",
            "bad.toml:8:10: task \"a\" depends on itself",
        ),
        (
            "[[task]]\nname = \"a\"\nrun = \"\"",
            "bad.toml:7:7: task \"a\" has an empty `run`",
        ),
        (
            "[[task]]\nname = \"a\"\nrun = \"x\"\ntimeout = \"0s\"",
            "bad.toml:8:11: task \"a\": `timeout` is zero",
        ),
        (
            "[[task]]\nname = \"a\"\nrun = \"x\"\nretries = -1",
            "bad.toml:8:11: task \"a\": `retries` is -1",
        ),
        (
            "[[task]]\nname = \"a\"\nrun = \"x\"\nneeds = [\"b\"]\n\
             [[task]]\nname = \"b\"\nrun = \"x\"\nneeds = [\"a\"]",
            "-> \"a\"",
        ),
    ];
    for (text, wanted) in cases {
        scratch.write("bad.toml", format!("{first}{text}"));
        assert_refused(&scratch.run(&["run", "bad.toml"]), wanted);
        assert_refused(&scratch.run(&["run", "bad.toml", "--dry-run"]), wanted);
        assert!(!scratch.has("trace"), "{text} let a task run");
    }
    scratch.write("good.toml", &first);
    assert_eq!(scratch.run(&["run", "good.toml"]).code, Some(0));
    assert!(scratch.has("trace"), "the trace shows that a task ran");
}

#[test]
fn each_bad_recording_is_refused_in_one_line() {
    let scratch = Scratch::new("bad-recordings");
    let recording = |tasks: &str, executed: &str| {
        format!(
            "{{ \"schemaVersion\": \"1.5\", \"workflow\": {{ \
             \"specification\": {{ \"tasks\": [{tasks}] }}, \
             \"execution\": {{ \"tasks\": [{executed}] }} }} }}"
        )
    };
    let cases = [
        (
            "{\n\"workflow\": ]".to_owned(),
            "bad.json:2:13: expected value",
        ),
        (recording("", ""), "lists no task"),
        (
            recording("{\"id\": \"a\", \"parents\": [\"q\"]}", ""),
            "task \"a\" names \"q\" in `parents`",
        ),
        (
            recording("{\"id\": \"a\", \"children\": [\"q\"]}", ""),
            "task \"a\" names \"q\" in `children`",
        ),
        (
            recording("{\"id\": \"a\"}, {\"id\": \"a\"}", ""),
            "there are two tasks \"a\"",
        ),
        (
            recording("{\"id\": \"a\", \"parents\": [\"a\"]}", ""),
            "task \"a\" depends on itself",
        ),
        (
            recording(
                "{\"id\": \"a\", \"parents\": [\"b\"]}, {\"id\": \"b\", \"parents\": [\"a\"]}",
                "",
            ),
            "tasks wait for each other: ",
        ),
        (
            recording(
                "{\"id\": \"a\"}",
                "{\"id\": \"a\", \"runtimeInSeconds\": -1}",
            ),
            "is -1; a time is not negative",
        ),
        (
            recording(
                "{\"id\": \"a\"}",
                "{\"id\": \"a\", \"runtimeInSeconds\": NaN}",
            ),
            "bad.json:1:",
        ),
        (
            recording(
                "{\"id\": \"a\"}",
                "{\"id\": \"a\", \"runtimeInSeconds\": 1e999}",
            ),
            "bad.json:1:",
        ),
        (
            recording(
                "{\"id\": \"a\"}",
                "{\"id\": \"a\", \"runtimeInSeconds\": 1e200}",
            ),
            "`runtimeInSeconds` is 1",
        ),
        (
            recording("{\"id\": \"a\"}", "").replace("1.5", "2.0"),
            "only 1.x is understood",
        ),
    ];
    for (text, wanted) in cases {
        scratch.write("bad.json", text);
        assert_refused(&scratch.run(&["run", "bad.json"]), wanted);
    }
}

#[test]
fn a_time_that_the_scale_makes_too_long_is_refused() {
    let scratch = Scratch::new("too-long");
    scratch.write(
        "long.json",
        r#"{ "schemaVersion": "1.5", "workflow": { "specification": { "tasks": [ { "id": "a" } ] },
             "execution": { "tasks": [ { "id": "a", "runtimeInSeconds": 10 } ] } } }"#,
    );
    let outcome = scratch.run(&["run", "long.json", "--time-scale", "1e300"]);
    assert_refused(&outcome, "lower --time-scale");
    let outcome = scratch.run(&["run", "long.json", "--time-scale", "0"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
}

#[test]
fn what_is_no_text_file_is_refused() {
    let scratch = Scratch::new("no-text");
    assert_refused(
        &scratch.run(&["run", "absent.toml"]),
        "absent.toml: cannot be read: ",
    );
    assert_refused(&scratch.run(&["run", "."]), ".: is a folder");
    for name in ["empty.toml", "empty.json", "empty"] {
        scratch.write(name, " \n\t\n");
        assert_refused(&scratch.run(&["run", name]), "is empty; a workflow has");
    }
    scratch.write("latin.toml", b"name = \"a\"\n# caf\xe9\n");
    assert_refused(
        &scratch.run(&["run", "latin.toml"]),
        "latin.toml:2:6: is not UTF-8",
    );
    scratch.write("nothing.toml", "name = \"nothing\"\n");
    assert_refused(&scratch.run(&["run", "nothing.toml"]), "lists no task");
}

#[test]
fn ten_megabytes_of_nested_arrays_are_refused_soon() {
    let scratch = Scratch::new("nested");
    let brackets = "[".repeat(10 << 20);
    scratch.write("deep.json", &brackets);
    scratch.write("deep.toml", format!("task = {brackets}"));
    scratch.write("deep", &brackets);
    for name in ["deep.json", "deep.toml", "deep"] {
        let started = Instant::now();
        assert_refused(&scratch.run(&["run", name]), &format!("{name}:1:"));
        assert!(started.elapsed() < Duration::from_secs(30), "{name}");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_refused_before_anything_runs() {
    let scratch = Scratch::new("outputs-refused");
    scratch.write("good.toml", task("a", "echo ran > trace", ""));
    for option in ["--json", "--dot"] {
        let outcome = scratch.run(&["run", "good.toml", option, "absent/out"]);
        assert_refused(&outcome, "absent/out: the ");
        let outcome = scratch.run(&["run", "good.toml", option, "./good.toml"]);
        assert_refused(&outcome, "would overwrite the workflow");
    }
    let outcome = scratch.run(&["run", "good.toml", "--dot", "out", "--json", "out"]);
    assert_refused(&outcome, "would overwrite the graph");
    assert!(!scratch.has("trace"));
}

#[test]
fn a_bad_command_line_is_refused() {
    let scratch = Scratch::new("command-line");
    scratch.write("good.toml", task("a", "echo ran > trace", ""));
    let lines: [&[&str]; 8] = [
        &[],
        &["walk"],
        &["run"],
        &["run", "good.toml", "--no-such-option"],
        &["run", "good.toml", "--workers", "-1"],
        &["run", "good.toml", "--time-scale", "-1"],
        &["run", "good.toml", "--time-scale", "nan"],
        &["run", "good.toml", "--replay", "dance"],
    ];
    for line in lines {
        let outcome = scratch.run(line);
        assert_eq!(
            (outcome.code, outcome.out.as_str()),
            (Some(2), ""),
            "{line:?}"
        );
    }
    assert!(!scratch.has("trace"));
    assert_eq!(scratch.run(&["run", "--help"]).code, Some(0));
}
