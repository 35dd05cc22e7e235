//! A recipe in TOML: no bytes make the reader panic, and what it takes says what a plain look at the TOML
//! says.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::reading::{read, text_of};

/// Reads the bytes, and what was taken once more as it is written by the TOML library.
pub fn check(data: &[u8]) {
    let Some(workflow) = read("input.toml", data) else {
        return;
    };
    let file: Table = text_of(data).parse().expect("the reader took it");
    let tasks = file["task"].as_array().expect("the reader took it");
    let mut edges = BTreeSet::new();
    for task in tasks {
        let needs = task.get("needs").and_then(Value::as_array);
        for need in needs.into_iter().flatten() {
            edges.insert((need.as_str(), task["name"].as_str()));
        }
    }
    assert_eq!(workflow.task_count(), tasks.len());
    assert_eq!(workflow.edge_count(), edges.len());
    let again = read("input.toml", file.to_string().as_bytes()).expect("it was taken before");
    assert_eq!(
        (again.name(), again.task_count(), again.edge_count()),
        (
            workflow.name(),
            workflow.task_count(),
            workflow.edge_count()
        )
    );
}
