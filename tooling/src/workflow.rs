//! A workflow as read and checked: tasks, what each does, and the edges between them.
//!
//! A [`Workflow`] exists only if it can run: names resolved, no cycle, no value that cannot be meant.

pub(crate) mod graph;
mod recipe;
mod recording;
mod source;

use core::time::Duration;
use std::path::{Path, PathBuf};

use crate::complaint::{Complaint, ToolingError};

pub(crate) use graph::{Graph, TaskIndex};

/// A checked workflow.
#[derive(Debug)]
pub struct Workflow {
    name: String,
    tasks: Vec<Task>,
    graph: Graph,
    notes: Vec<String>,
    kind: Kind,
}

/// What kind of tasks a workflow holds; a file holds one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Commands to run.
    Recipe,
    /// Recorded times to replay.
    Recording,
}

/// One task of a workflow.
#[derive(Debug)]
pub(crate) struct Task {
    /// Unique within the workflow.
    pub(crate) id: String,
    /// For people; unique in a recipe, not in a recording.
    pub(crate) name: String,
    pub(crate) work: Work,
}

/// What a task does.
#[derive(Debug)]
pub(crate) enum Work {
    /// Runs a command of the system.
    Command(CommandLine),
    /// Takes as long as was recorded, times the scale of the run.
    Replay { recorded: Duration },
}

/// A command with its surroundings.
#[derive(Debug)]
pub(crate) struct CommandLine {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    /// `None`: the folder that the run was started in.
    pub(crate) folder: Option<PathBuf>,
    /// The limit of one attempt.
    pub(crate) timeout: Option<Duration>,
    /// Attempts after the first.
    pub(crate) retries: u32,
}

impl Workflow {
    /// Reads and checks a workflow file. O(size of the file + E log E).
    ///
    /// The extension decides the format (`.toml`: a recipe; `.json`: a WfFormat recording); without
    /// either, a text that begins with `{` is a recording and everything else a recipe.
    ///
    /// # Errors
    ///
    /// A [`Complaint`] that names the first fault found and, where known, its line and column.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_tooling::Workflow;
    ///
    /// let complaint = Workflow::read("absent.toml".as_ref()).unwrap_err();
    /// assert!(complaint.to_string().starts_with("absent.toml: cannot be read: "));
    /// ```
    pub fn read(path: &Path) -> Result<Self, Complaint> {
        Self::parse(path, source::read(path)?)
    }

    /// As [`read`](Self::read), of a file whose contents are at hand; `path` says what it is called.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_tooling::Workflow;
    ///
    /// let recipe = "[[task]]\nname = 'greet'\nrun = 'echo hello'";
    /// let workflow = Workflow::parse("greetings.toml".as_ref(), recipe.into())?;
    /// assert_eq!((workflow.name(), workflow.task_count()), ("greetings", 1));
    /// # Ok::<(), taskflow_tooling::Complaint>(())
    /// ```
    pub fn parse(path: &Path, contents: Vec<u8>) -> Result<Self, Complaint> {
        let text = source::decode(path, contents)?;
        let by_extension = match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => Some(Kind::Recording),
            Some("toml") => Some(Kind::Recipe),
            _ => None,
        };
        let kind = by_extension.unwrap_or(if text.trim_start().starts_with('{') {
            Kind::Recording
        } else {
            Kind::Recipe
        });
        match kind {
            Kind::Recipe => recipe::parse(path, &text),
            Kind::Recording => recording::parse(path, &text),
        }
    }

    /// Puts checked tasks and a graph over them together; refuses a cycle.
    fn assemble(
        name: String,
        tasks: Vec<Task>,
        graph: Graph,
        notes: Vec<String>,
        kind: Kind,
    ) -> Result<Self, ToolingError> {
        if tasks.is_empty() {
            return Err(ToolingError::NoTasks);
        }
        if let Err(cycle) = graph.order() {
            let tasks = cycle.into_iter().map(|task| tasks[task.0].id.clone());
            return Err(ToolingError::Cycle {
                tasks: tasks.collect(),
            });
        }
        Ok(Self {
            name,
            tasks,
            graph,
            notes,
            kind,
        })
    }

    /// The name that the file gives, or else the file's own.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many tasks there are; never zero.
    #[must_use]
    pub fn task_count(&self) -> usize {
        self.tasks.len()
    }

    /// How many edges there are, each pair of tasks counted once.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.graph.edge_count()
    }

    /// What was odd about the file and how it was taken, one sentence each.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }

    pub(crate) fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    pub(crate) fn task(&self, task: TaskIndex) -> &Task {
        &self.tasks[task.0]
    }
}

/// The name of a file without folder and extension, for a workflow that gives itself none.
fn name_of_file(path: &Path) -> String {
    path.file_stem()
        .map_or_else(|| "workflow".into(), |stem| stem.to_string_lossy().into())
}
