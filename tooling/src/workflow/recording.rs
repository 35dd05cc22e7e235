//! Recorded executions of scientific workflows: WfFormat 1.5 in JSON.
//!
//! Recordings carry much that a replay does not need (files, machines, authors), so unknown fields
//! are passed over. What is odd but has one plain reading is taken that way and said in a note.

use core::time::Duration;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use super::{Graph, Kind, Task, TaskIndex, Work, Workflow, name_of_file};
use crate::complaint::{Complaint, Position, ToolingError};

/// How many names a note gives before it only counts.
const NAMED_IN_NOTE: usize = 5;

/// Reads a recording from its text.
pub(super) fn parse(path: &Path, text: &str) -> Result<Workflow, Complaint> {
    let file: RecordingFile = serde_json::from_str(text).map_err(|error| {
        let position = Position {
            line: error.line(),
            column: error.column(),
        };
        let place = format!(" at line {} column {}", position.line, position.column);
        let message = error.to_string();
        let message = message.strip_suffix(&place).unwrap_or(&message);
        Complaint::at(path, position, ToolingError::Malformed(message.to_owned()))
    })?;
    convert(path, file).map_err(|error| Complaint::about(path, error))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordingFile {
    name: Option<String>,
    schema_version: Option<String>,
    workflow: RecordedWorkflow,
}

#[derive(Deserialize)]
struct RecordedWorkflow {
    specification: Option<Specification>,
    execution: Option<RecordedExecution>,
}

#[derive(Deserialize)]
struct Specification {
    tasks: Vec<SpecifiedTask>,
}

#[derive(Deserialize)]
struct SpecifiedTask {
    id: String,
    name: Option<String>,
    parents: Option<Vec<String>>,
    children: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct RecordedExecution {
    tasks: Option<Vec<ExecutedTask>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecutedTask {
    id: String,
    runtime_in_seconds: Option<f64>,
}

fn convert(path: &Path, file: RecordingFile) -> Result<Workflow, ToolingError> {
    let mut notes = Vec::new();
    check_version(file.schema_version.as_deref(), &mut notes)?;
    let Some(specification) = file.workflow.specification else {
        let message = "has no `workflow.specification`, where WfFormat 1.5 lists the tasks; \
                       convert the file to 1.5";
        return Err(ToolingError::Malformed(message.into()));
    };
    let specified = specification.tasks;
    let numbers = number_tasks(&specified)?;
    let edges = connect(&specified, &numbers, &mut notes)?;
    let executed = file
        .workflow
        .execution
        .and_then(|execution| execution.tasks);
    let runtimes = runtimes(&executed.unwrap_or_default(), &numbers, &mut notes)?;
    let graph = Graph::new(specified.len(), edges);
    let name = file.name.unwrap_or_else(|| name_of_file(path));
    let tasks = specified.into_iter().zip(runtimes);
    let tasks = tasks.map(|(task, recorded)| Task {
        name: task.name.unwrap_or_else(|| task.id.clone()),
        id: task.id,
        work: Work::Replay { recorded },
    });
    Workflow::assemble(name, tasks.collect(), graph, notes, Kind::Recording)
}

fn check_version(version: Option<&str>, notes: &mut Vec<String>) -> Result<(), ToolingError> {
    match version {
        None => {
            notes.push("the file gives no schemaVersion and is taken as WfFormat 1.5".into());
            Ok(())
        }
        Some(version) if version == "1" || version.starts_with("1.") => Ok(()),
        Some(version) => Err(ToolingError::Version {
            found: version.to_owned(),
        }),
    }
}

fn number_tasks(tasks: &[SpecifiedTask]) -> Result<HashMap<&str, TaskIndex>, ToolingError> {
    let mut numbers = HashMap::with_capacity(tasks.len());
    for (number, task) in tasks.iter().enumerate() {
        if task.id.is_empty() {
            return Err(ToolingError::Unnamed);
        }
        if numbers
            .insert(task.id.as_str(), TaskIndex(number))
            .is_some()
        {
            let task = task.id.clone();
            return Err(ToolingError::Duplicate { task });
        }
    }
    Ok(numbers)
}

/// The union of what parents and children say, with a note where they disagree.
fn connect(
    tasks: &[SpecifiedTask],
    numbers: &HashMap<&str, TaskIndex>,
    notes: &mut Vec<String>,
) -> Result<Vec<(TaskIndex, TaskIndex)>, ToolingError> {
    let mut by_parents = HashSet::new();
    let mut by_children = HashSet::new();
    for (number, task) in tasks.iter().enumerate() {
        let this = TaskIndex(number);
        for parent in task.parents.iter().flatten() {
            by_parents.insert((resolve(task, this, "parents", parent, numbers)?, this));
        }
        for child in task.children.iter().flatten() {
            by_children.insert((this, resolve(task, this, "children", child, numbers)?));
        }
    }
    let mut disputed: Vec<_> = by_parents.symmetric_difference(&by_children).collect();
    disputed.sort_unstable();
    if !disputed.is_empty() {
        let edge = |&&(before, after): &&(TaskIndex, TaskIndex)| {
            format!("{:?} -> {:?}", tasks[before.0].id, tasks[after.0].id)
        };
        notes.push(format!(
            "parents and children disagree on {} of the edges, and all are kept: {}",
            disputed.len(),
            listing(disputed.iter().map(edge), disputed.len())
        ));
    }
    Ok(by_parents.union(&by_children).copied().collect())
}

fn resolve(
    task: &SpecifiedTask,
    this: TaskIndex,
    field: &'static str,
    other: &str,
    numbers: &HashMap<&str, TaskIndex>,
) -> Result<TaskIndex, ToolingError> {
    match numbers.get(other) {
        Some(&number) if number == this => Err(ToolingError::DependsOnItself {
            task: task.id.clone(),
        }),
        Some(&number) => Ok(number),
        None => Err(ToolingError::UnknownTask {
            task: task.id.clone(),
            field,
            other: other.to_owned(),
        }),
    }
}

/// The recorded time of each specified task, zero where there is none, with a note.
fn runtimes(
    executed: &[ExecutedTask],
    numbers: &HashMap<&str, TaskIndex>,
    notes: &mut Vec<String>,
) -> Result<Vec<Duration>, ToolingError> {
    let mut runtimes = vec![None; numbers.len()];
    let mut seen = HashSet::new();
    let mut strangers = Vec::new();
    for task in executed {
        if !seen.insert(task.id.as_str()) {
            let task = task.id.clone();
            return Err(ToolingError::Duplicate { task });
        }
        let runtime = task
            .runtime_in_seconds
            .map(|seconds| duration(task, seconds));
        match numbers.get(task.id.as_str()) {
            Some(number) => runtimes[number.0] = runtime.transpose()?,
            None => strangers.push(format!("{:?}", task.id)),
        }
    }
    if !strangers.is_empty() {
        notes.push(format!(
            "{} recorded tasks are not in the specification and are left out: {}",
            strangers.len(),
            listing(strangers.iter().cloned(), strangers.len())
        ));
    }
    let mut untimed: Vec<_> = numbers
        .iter()
        .filter(|(_, number)| runtimes[number.0].is_none())
        .map(|(id, number)| (number, format!("{id:?}")))
        .collect();
    untimed.sort_unstable();
    if !untimed.is_empty() {
        let count = untimed.len();
        notes.push(format!(
            "{count} tasks have no recorded runtime, which counts as zero: {}",
            listing(untimed.into_iter().map(|(_, id)| id), count)
        ));
    }
    Ok(runtimes
        .into_iter()
        .map(Option::unwrap_or_default)
        .collect())
}

fn duration(task: &ExecutedTask, seconds: f64) -> Result<Duration, ToolingError> {
    let bad = |reason: String| ToolingError::BadValue {
        task: task.id.clone(),
        field: "runtimeInSeconds",
        reason,
    };
    if seconds < 0.0 {
        return Err(bad(format!("is {seconds}; a time is not negative")));
    }
    Duration::try_from_secs_f64(seconds)
        .map_err(|error| bad(format!("is {seconds}: {error}; correct the recording")))
}

/// The first few of these, and that there are more.
fn listing(names: impl Iterator<Item = String>, count: usize) -> String {
    let named: Vec<String> = names.take(NAMED_IN_NOTE).collect();
    let more = if count > named.len() { ", ..." } else { "" };
    format!("{}{more}", named.join(", "))
}

#[cfg(test)]
mod tests;
