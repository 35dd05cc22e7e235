//! A recording in WfFormat: no bytes make the reader panic, and what it takes says what a plain look at the
//! JSON says.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::reading::{read, text_of};

/// Reads the bytes, and what was taken once more in its plainest form.
pub fn check(data: &[u8]) {
    let Some(workflow) = read("input.json", data) else {
        return;
    };
    // What nobody asks for is passed over by the reader, also a number that is too large for any type.
    let Ok(file) = serde_json::from_str::<Value>(text_of(data)) else {
        return;
    };
    let tasks = file["workflow"]["specification"]["tasks"].as_array();
    let tasks = tasks.expect("the reader took it");
    let mut edges = BTreeSet::new();
    for task in tasks {
        let id = task["id"].as_str().expect("the reader took it");
        for parent in names(&task["parents"]) {
            edges.insert((parent, id));
        }
        for child in names(&task["children"]) {
            edges.insert((id, child));
        }
    }
    assert_eq!(workflow.task_count(), tasks.len());
    assert_eq!(workflow.edge_count(), edges.len());
    let plain: Vec<Value> = tasks
        .iter()
        .map(|task| {
            let before = edges
                .iter()
                .filter(|(_, to)| Some(*to) == task["id"].as_str());
            let before: Vec<&str> = before.map(|(from, _)| *from).collect();
            json!({ "id": task["id"], "parents": before })
        })
        .collect();
    let plain = json!({
        "name": workflow.name(),
        "schemaVersion": "1.5",
        "workflow": { "specification": { "tasks": plain } },
    });
    let again = read("input.json", plain.to_string().as_bytes()).expect("it was taken before");
    assert_eq!(
        (again.name(), again.task_count(), again.edge_count()),
        (
            workflow.name(),
            workflow.task_count(),
            workflow.edge_count()
        )
    );
}

fn names(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}
