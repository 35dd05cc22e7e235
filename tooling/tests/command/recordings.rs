//! Recorded workflows and their replay.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Scratch, record};

/// A chain of two tasks of one name, `a` for 2 s and `b` for 3 s, and a lone `c` without a time.
fn recording() -> Value {
    json!({
        "name": "made", "schemaVersion": "1.5", "author": { "name": "nobody" },
        "workflow": {
            "specification": { "tasks": [
                { "id": "a", "name": "step", "parents": [], "children": ["b"], "inputFiles": [] },
                { "id": "b", "name": "step", "parents": ["a"], "children": [] },
                { "id": "c", "name": "alone", "parents": [], "children": [] },
            ] },
            "execution": { "makespanInSeconds": 5, "tasks": [
                { "id": "b", "runtimeInSeconds": 3.0, "machines": ["m"] },
                { "id": "a", "runtimeInSeconds": 2 },
            ] },
        },
    })
}

#[test]
fn a_replay_takes_the_recorded_times_times_the_scale() {
    let scratch = Scratch::new("replay");
    scratch.write("made.json", recording().to_string());
    for kind in ["sleep", "spin"] {
        let arguments = [
            "run",
            "made.json",
            "--time-scale",
            "0.01",
            "--json",
            "out.json",
            "--replay",
            kind,
        ];
        let outcome = scratch.run(&arguments);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert!(
            outcome.err.contains(
                "note: made.json: 1 tasks have no recorded runtime, which counts as zero: \"c\""
            ),
            "{outcome:?}"
        );
        let report = scratch.json("out.json");
        assert_eq!((&report["tasks"], &report["edges"]), (&3.into(), &1.into()));
        assert_eq!(report["critical_path"], json!(["step", "step"]));
        assert_eq!(report["critical_path_ids"], json!(["a", "b"]));
        let span = report["span_seconds"].as_f64().expect("it is a number");
        assert!(span >= 0.05, "{kind}: {report}");
        for (id, name) in [("a", "step"), ("b", "step"), ("c", "alone")] {
            let record = record(&report, id);
            assert_eq!(
                (&record["name"], &record["status"]),
                (&name.into(), &"done".into())
            );
        }
    }
}

#[test]
fn the_default_scale_is_a_thousandth() {
    let scratch = Scratch::new("scale");
    scratch.write("made.json", recording().to_string());
    let outcome = scratch.run(&["run", "made.json", "--dry-run"]);
    assert_eq!(
        outcome.out,
        "a: replay 2 s in 0.002 s\nb (after a): replay 3 s in 0.003 s\nc: replay 0 s in 0 s\n"
    );
}

#[test]
fn disagreeing_edges_are_united_and_noted() {
    let scratch = Scratch::new("disagree");
    let mut recording = recording();
    recording["workflow"]["specification"]["tasks"][2]["parents"] = json!(["b"]);
    scratch.write("made.json", recording.to_string());
    let outcome = scratch.run(&["run", "made.json", "--json", "out.json"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(
        outcome
            .err
            .contains("disagree on 1 of the edges, and all are kept: \"b\" -> \"c\""),
        "{outcome:?}"
    );
    let report = scratch.json("out.json");
    assert_eq!(report["edges"], 2);
    let (b, c) = (record(&report, "b"), record(&report, "c"));
    assert!(
        b["end_seconds"].as_f64() <= c["start_seconds"].as_f64(),
        "{report}"
    );
}

#[test]
fn a_file_without_an_extension_is_known_by_its_first_character() {
    let scratch = Scratch::new("sniff");
    scratch.write("recorded", format!("\u{feff}\n {}", recording()));
    scratch.write("made", crate::harness::task("a", "echo hello", ""));
    let recorded = scratch.run(&["run", "recorded"]);
    assert!(recorded.out.starts_with("made: done"), "{recorded:?}");
    let made = scratch.run(&["run", "made"]);
    assert!(made.out.starts_with("--- a\nhello\n"), "{made:?}");
}

#[test]
fn a_wide_recording_says_where_it_is_ten_times() {
    let scratch = Scratch::new("wide");
    let tasks: Vec<_> = (0..5000)
        .map(|task| json!({ "id": format!("t{task}") }))
        .collect();
    let recording =
        json!({ "schemaVersion": "1.5", "workflow": { "specification": { "tasks": tasks } } });
    scratch.write("wide.json", recording.to_string());
    let outcome = scratch.run(&["run", "wide.json"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(outcome.err.matches(" %\n").count(), 10, "{outcome:?}");
    assert!(
        outcome.out.contains("tasks        5000 (5000 done)"),
        "{outcome:?}"
    );
}

/// Real recordings, where the workplace has them; they are not part of the project.
#[test]
fn real_recordings_replay_in_an_order_that_their_edges_allow() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/workflows");
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("NOT RUN: there are no recordings in ../../shared/data/workflows");
        return;
    };
    let scratch = Scratch::new("real");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let recordings = paths.filter(|path| path.extension().is_some_and(|kind| kind == "json"));
    for path in recordings {
        let name = path.to_str().expect("the names are plain");
        let arguments = [
            "run",
            name,
            "--time-scale",
            "1e-6",
            "--json",
            "out.json",
            "--workers",
            "4",
        ];
        let outcome = scratch.run(&arguments);
        assert_eq!(outcome.code, Some(0), "{name}: {outcome:?}");
        let text = fs::read_to_string(&path).expect("it was read before");
        let recorded: Value = serde_json::from_str(&text).expect("it was read before");
        let tasks = recorded["workflow"]["specification"]["tasks"]
            .as_array()
            .expect("it has tasks");
        let report = scratch.json("out.json");
        let records = report["task_records"].as_array().expect("it is an array");
        assert_eq!(records.len(), tasks.len(), "{name}");
        let mut places = std::collections::HashMap::new();
        for (place, record) in records.iter().enumerate() {
            assert_eq!(record["status"], "done", "{name}: {record}");
            places.insert(record["id"].as_str().expect("it is a text"), place);
        }
        for (task, record) in tasks.iter().zip(records) {
            for parent in task["parents"].as_array().expect("it is an array") {
                let parent = &records[places[parent.as_str().expect("it is a text")]];
                let (end, start) = (&parent["end_seconds"], &record["start_seconds"]);
                assert!(end.as_f64() <= start.as_f64(), "{name}: {parent} {record}");
            }
        }
    }
}
