//! What a run leaves: the report, the graph, the list of a dry run.

use crate::harness::{Scratch, record, task};

/// Four tasks of which `slow` takes longer than `quick`.
fn diamond() -> String {
    [
        task("start", "true", ""),
        task("quick", "true", "needs = [\"start\"]"),
        task("slow", "sleep 0.3", "needs = [\"start\"]"),
        task("end", "true", "needs = [\"quick\", \"slow\"]"),
    ]
    .concat()
}

#[test]
fn the_report_holds_the_numbers_of_the_run() {
    let scratch = Scratch::new("report");
    scratch.write("diamond.toml", diamond());
    let arguments = [
        "run",
        "diamond.toml",
        "--workers",
        "2",
        "--json",
        "out.json",
    ];
    let outcome = scratch.run(&arguments);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let report = scratch.json("out.json");
    assert_eq!(report["status"], "done");
    assert_eq!(
        (&report["tasks"], &report["edges"], &report["workers"]),
        (&4.into(), &4.into(), &2.into())
    );
    let path = ["start", "slow", "end"];
    assert_eq!(report["critical_path"], serde_json::json!(path));
    assert_eq!(report["critical_path_ids"], serde_json::json!(path));

    let seconds = |field: &str| report[field].as_f64().expect("it is a number");
    let took = |id: &str| {
        let record = record(&report, id);
        let (start, end) = (&record["start_seconds"], &record["end_seconds"]);
        end.as_f64().expect("it ran") - start.as_f64().expect("it ran")
    };
    let close = |one: f64, other: f64| (one - other).abs() < 1e-6;
    let (wall, work, span) = (
        seconds("wall_seconds"),
        seconds("work_seconds"),
        seconds("span_seconds"),
    );
    assert!(
        close(span, path.iter().map(|id| took(id)).sum()),
        "{report}"
    );
    assert!(close(work, span + took("quick")), "{report}");
    assert!(0.3 <= span && span <= work && span <= wall, "{report}");
    assert!(
        close(seconds("average_parallelism"), work / span),
        "{report}"
    );
    assert!(
        close(seconds("utilisation"), work / (2.0 * wall)),
        "{report}"
    );

    for id in ["start", "quick", "slow", "end"] {
        let record = record(&report, id);
        assert_eq!(record["name"], id);
        assert_eq!(
            (&record["status"], &record["attempts"]),
            (&"done".into(), &1.into())
        );
        assert!(
            record["worker"].as_u64().is_some_and(|worker| worker < 2),
            "{record}"
        );
        assert!(record["error"].is_null());
    }
    for (before, after) in [
        ("start", "quick"),
        ("start", "slow"),
        ("quick", "end"),
        ("slow", "end"),
    ] {
        let end = record(&report, before)["end_seconds"].as_f64();
        assert!(
            end <= record(&report, after)["start_seconds"].as_f64(),
            "{before} {after}"
        );
    }

    for line in [
        "tasks        4 (4 done)",
        "edges        4",
        "workers      2",
        "critical path, 3 tasks:",
    ] {
        assert!(outcome.out.contains(line), "{line:?} is not in {outcome:?}");
    }
}

#[test]
fn the_graph_is_written_in_dot() {
    let scratch = Scratch::new("dot");
    scratch.write("diamond.toml", diamond());
    for more in [&["--dry-run"][..], &[]] {
        let arguments = [&["run", "diamond.toml", "--dot", "out.dot"], more].concat();
        assert_eq!(scratch.run(&arguments).code, Some(0));
        let dot = scratch.read("out.dot");
        assert!(dot.trim_start().starts_with("digraph"), "{dot}");
        assert_eq!(dot.matches("->").count(), 4, "{dot}");
        for name in ["start", "quick", "slow", "end"] {
            assert!(dot.contains(name), "{name} is not in {dot}");
        }
        std::fs::remove_file(scratch.path("out.dot")).expect("it was written");
    }
}

#[test]
fn a_dry_run_lists_what_would_run_and_runs_nothing() {
    let scratch = Scratch::new("dry");
    let text = [
        task("second", "echo two > trace", "needs = [\"first\"]"),
        task("first", "echo one > trace", ""),
    ];
    scratch.write("f.toml", text.concat());
    let outcome = scratch.run(&["run", "f.toml", "--dry-run"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(
        outcome.out,
        "first: sh \"-c\" \"echo one > trace\"\nsecond (after first): sh \"-c\" \"echo two > trace\"\n"
    );
    assert!(!scratch.has("trace"));
    let both = scratch.run(&["run", "f.toml", "--dry-run", "--json", "out.json"]);
    assert_eq!(both.code, Some(2));
    assert!(!scratch.has("out.json"));
}

#[test]
fn a_reader_that_goes_away_changes_nothing_about_the_run() {
    let scratch = Scratch::new("broken-pipe");
    let text = [
        task("talk", "echo one", ""),
        task("act", "echo > acted", "needs = [\"talk\"]"),
    ];
    scratch.write("f.toml", text.concat());
    let mut child = scratch.start(&["run", "f.toml"]);
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(scratch.has("acted"), "{err}");
    assert!(!err.contains("panicked"), "{err}");

    let mut help = scratch.start(&["run", "--help"]);
    drop((help.stdout.take(), help.stderr.take()));
    assert_eq!(help.wait().expect("it ends").code(), Some(0));
    let mut refused = scratch.start(&["run", "absent.toml"]);
    drop((refused.stdout.take(), refused.stderr.take()));
    assert_eq!(refused.wait().expect("it ends").code(), Some(2));
}

#[test]
fn names_cannot_draw_on_the_terminal() {
    let scratch = Scratch::new("escapes");
    let text = "[[task]]\nname = \"a\\u001b[31m\\nb\"\nrun = \"exit 1\"\n";
    scratch.write("f.toml", text);
    let outcome = scratch.run(&["run", "f.toml"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(
        !outcome.out.contains('\u{1b}') && !outcome.err.contains('\u{1b}'),
        "{outcome:?}"
    );
    assert!(
        outcome.out.contains(r"a\u{1b}[31m\nb exited with status 1"),
        "{outcome:?}"
    );
}
