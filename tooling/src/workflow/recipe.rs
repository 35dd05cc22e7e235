//! The project's own format: commands in TOML.
//!
//! Field by field it is described in `ARCHITECTURE.md`. Unknown fields are refused, so that a
//! misspelt `need` cannot silently start a task too early.

use alloc::collections::BTreeMap;
use core::fmt;
use core::ops::Range;
use core::time::Duration;
use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::{self, SeqAccess, Visitor};
use toml::Spanned;

use super::{CommandLine, Graph, Kind, Task, TaskIndex, Work, Workflow, name_of_file};
use crate::complaint::{Complaint, Position, ToolingError};

/// Reads a recipe from its text.
pub(super) fn parse(path: &Path, text: &str) -> Result<Workflow, Complaint> {
    let file: RecipeFile = toml::from_str(text).map_err(|error| {
        let message = error.message().trim().replace('\n', ", ");
        let fault = ToolingError::Malformed(message);
        match error.span() {
            Some(span) => Complaint::at(path, Position::of(text, span.start), fault),
            None => Complaint::about(path, fault),
        }
    })?;
    let place = |(span, error): Fault| Complaint::at(path, Position::of(text, span.start), error);
    let numbers = number_tasks(&file.task).map_err(place)?;
    let edges = connect(&file.task, &numbers).map_err(place)?;
    let spans: Vec<usize> = file
        .task
        .iter()
        .map(|task| task.name.span().start)
        .collect();
    let graph = Graph::new(spans.len(), edges);
    let first_of_cycle = graph.order().err().and_then(|cycle| cycle.first().copied());
    let folder = path.parent().unwrap_or(Path::new(""));
    let tasks = file.task.into_iter().map(|task| check(task, folder));
    let tasks = tasks.collect::<Result<Vec<_>, _>>().map_err(place)?;
    let name = file.name.unwrap_or_else(|| name_of_file(path));
    Workflow::assemble(name, tasks, graph, Vec::new(), Kind::Recipe).map_err(|error| {
        match first_of_cycle {
            Some(task) => Complaint::at(path, Position::of(text, spans[task.0]), error),
            None => Complaint::about(path, error),
        }
    })
}

type Fault = (Range<usize>, ToolingError);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecipeFile {
    name: Option<String>,
    #[serde(default)]
    task: Vec<RecipeTask>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecipeTask {
    name: Spanned<String>,
    run: Spanned<Run>,
    #[serde(default)]
    needs: Vec<Spanned<String>>,
    timeout: Option<Spanned<String>>,
    retries: Option<Spanned<i64>>,
    env: Option<Spanned<BTreeMap<String, String>>>,
    cwd: Option<Spanned<String>>,
}

enum Run {
    Shell(String),
    Arguments(Vec<String>),
}

impl<'de> Deserialize<'de> for Run {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RunVisitor)
    }
}

struct RunVisitor;

impl<'de> Visitor<'de> for RunVisitor {
    type Value = Run;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a command as a string for `sh -c`, or as an array of strings")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Run, E> {
        Ok(Run::Shell(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut words: A) -> Result<Run, A::Error> {
        let mut arguments = Vec::new();
        while let Some(word) = words.next_element()? {
            arguments.push(word);
        }
        Ok(Run::Arguments(arguments))
    }
}

fn number_tasks(tasks: &[RecipeTask]) -> Result<HashMap<&str, TaskIndex>, Fault> {
    let mut numbers = HashMap::with_capacity(tasks.len());
    for (number, task) in tasks.iter().enumerate() {
        let name = task.name.get_ref();
        if name.trim().is_empty() {
            return Err((task.name.span(), ToolingError::Unnamed));
        }
        if numbers.insert(name.as_str(), TaskIndex(number)).is_some() {
            let task_name = name.clone();
            return Err((
                task.name.span(),
                ToolingError::Duplicate { task: task_name },
            ));
        }
    }
    Ok(numbers)
}

fn connect(
    tasks: &[RecipeTask],
    numbers: &HashMap<&str, TaskIndex>,
) -> Result<Vec<(TaskIndex, TaskIndex)>, Fault> {
    let mut edges = Vec::new();
    for (number, task) in tasks.iter().enumerate() {
        for need in &task.needs {
            let name = task.name.get_ref().clone();
            match numbers.get(need.get_ref().as_str()) {
                Some(before) if before.0 == number => {
                    let error = ToolingError::DependsOnItself { task: name };
                    return Err((need.span(), error));
                }
                Some(&before) => edges.push((before, TaskIndex(number))),
                None => {
                    let error = ToolingError::UnknownTask {
                        task: name,
                        field: "needs",
                        other: need.get_ref().clone(),
                    };
                    return Err((need.span(), error));
                }
            }
        }
    }
    Ok(edges)
}

fn check(task: RecipeTask, folder: &Path) -> Result<Task, Fault> {
    let name = task.name.into_inner();
    let bad = |span: Range<usize>, field, reason: String| {
        let task = name.clone();
        let error = ToolingError::BadValue {
            task,
            field,
            reason,
        };
        (span, error)
    };
    let run_span = task.run.span();
    let Some((program, arguments)) = split(task.run.into_inner()) else {
        return Err((run_span, ToolingError::EmptyRun { task: name }));
    };
    if program.contains('\0') || arguments.iter().any(|word| word.contains('\0')) {
        return Err(bad(
            run_span,
            "run",
            "holds a NUL character; remove it".into(),
        ));
    }
    let timeout = task.timeout.map(|text| {
        let span = text.span();
        duration(text.get_ref()).map_err(|reason| bad(span, "timeout", reason))
    });
    let retries = task.retries.map(|number| {
        let span = number.span();
        count(*number.get_ref()).map_err(|reason| bad(span, "retries", reason))
    });
    let environment = task.env.map(|variables| {
        let span = variables.span();
        environment(variables.into_inner()).map_err(|reason| bad(span, "env", reason))
    });
    let cwd = task.cwd.map(|path| match path.get_ref() {
        text if text.is_empty() || text.contains('\0') => {
            let reason = "names no folder; give a path".into();
            Err(bad(path.span(), "cwd", reason))
        }
        text => Ok(folder.join(text)),
    });
    let work = Work::Command(CommandLine {
        program,
        arguments,
        environment: environment.transpose()?.unwrap_or_default(),
        folder: cwd.transpose()?,
        timeout: timeout.transpose()?,
        retries: retries.transpose()?.unwrap_or_default(),
    });
    Ok(Task {
        id: name.clone(),
        name,
        work,
    })
}

/// Program and arguments, or nothing if there is nothing to run.
fn split(run: Run) -> Option<(String, Vec<String>)> {
    match run {
        Run::Shell(text) if text.trim().is_empty() => None,
        Run::Shell(text) => Some(("sh".into(), vec!["-c".into(), text])),
        Run::Arguments(mut words) => {
            if words.first().is_none_or(String::is_empty) {
                return None;
            }
            let arguments = words.split_off(1);
            Some((words.pop()?, arguments))
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("is zero, so that nothing could finish; remove it".into()),
        Ok(timeout) => Ok(timeout),
        Err(error) => Err(format!(
            "is {text:?}: {error}; write it as \"500ms\", \"30s\", \"5m\" or \"1h\""
        )),
    }
}

fn count(number: i64) -> Result<u32, String> {
    let most = u32::MAX;
    u32::try_from(number).map_err(|_| format!("is {number}; give a number from 0 to {most}"))
}

fn environment(variables: BTreeMap<String, String>) -> Result<Vec<(String, String)>, String> {
    let impossible = |(key, value): &(&String, &String)| {
        key.is_empty() || key.contains(['=', '\0']) || value.contains('\0')
    };
    match variables.iter().find(impossible) {
        None => Ok(variables.into_iter().collect()),
        Some((key, _)) => Err(format!(
            "has the variable {key:?}, which no environment can hold; rename or remove it"
        )),
    }
}

#[cfg(test)]
mod tests;
