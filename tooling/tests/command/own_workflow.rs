//! The project's own workflow, on the project's own files.

use std::path::Path;
use std::process::Stdio;

use crate::harness::{Outcome, Scratch};

#[test]
fn the_repository_report_counts_this_repository_again_and_again() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let scratch = Scratch::new("own-workflow");
    let json = scratch.path("out.json");
    let json = json.to_str().expect("the target folder has a plain name");
    for _ in 0..2 {
        let workflow = "tooling/workflows/repository-report.toml";
        let mut command = scratch.taskflow(&["run", workflow, "--json", json]);
        command.current_dir(&root).stdin(Stdio::null());
        let outcome = Outcome::from(command.output().expect("the program was built"));
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert!(
            outcome.out.contains("repository-report: done"),
            "{outcome:?}"
        );
        let report = scratch.json("out.json");
        assert!(report["tasks"].as_u64() >= Some(30), "{report}");
        let printed = outcome.out.lines();
        // The crate that this test belongs to has code, so its line in the report is not all zero.
        let mut lines = printed.filter(|line| line.starts_with("tooling "));
        let numbers = lines
            .next()
            .expect("this crate is counted")
            .split_whitespace();
        let lines: u64 = numbers
            .clone()
            .nth(1)
            .and_then(|count| count.parse().ok())
            .expect("a count");
        let code: u64 = numbers
            .clone()
            .nth(2)
            .and_then(|count| count.parse().ok())
            .expect("a count");
        assert!(lines > code && code > 1000, "{outcome:?}");
        for part in [
            "unsafe: ",
            "tests: ",
            "locked packages: ",
            "fingerprint of the sources: ",
        ] {
            assert!(outcome.out.contains(part), "{part:?} is not in {outcome:?}");
        }
    }
}
