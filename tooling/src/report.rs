//! What a run was: the numbers, the critical path, and one record per task.

mod critical_path;
mod text;

use core::time::Duration;

use serde::Serialize;

use crate::execution::record::{TaskRecord, TaskStatus};
use crate::workflow::{TaskIndex, Workflow};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RunStatus {
    /// Every task is done.
    Done,
    /// A task failed.
    Failed,
    /// A cancel kept a task from its end.
    Cancelled,
}

impl RunStatus {
    /// The exit status of a command whose run ended so.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_tooling::RunStatus;
    ///
    /// assert_eq!(RunStatus::Cancelled.exit_code(), 130);
    /// ```
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Cancelled => 130,
        }
    }
}

/// A run in numbers; its JSON form is what `--json` writes.
///
/// Work, span and the critical path come from the measured times of the tasks that ran. All times
/// are in seconds.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The name of the workflow.
    pub workflow: String,
    /// How the run ended.
    pub status: RunStatus,
    /// How many tasks the workflow has.
    pub tasks: usize,
    /// How many edges the workflow has.
    pub edges: usize,
    /// How many workers the run had.
    pub workers: usize,
    /// How many tasks are done.
    pub tasks_done: usize,
    /// How many tasks failed.
    pub tasks_failed: usize,
    /// How many tasks did not start because a task failed.
    pub tasks_skipped: usize,
    /// How many tasks a cancel stopped or kept from starting.
    pub tasks_cancelled: usize,
    /// From the start of the run to its end.
    pub wall_seconds: f64,
    /// The times of all tasks together.
    pub work_seconds: f64,
    /// The time along the critical path: no number of workers could be faster.
    pub span_seconds: f64,
    /// Work over span: how many workers the workflow could have used; 0 if nothing took time.
    pub average_parallelism: f64,
    /// Work over what the workers could have done in the wall time, normally from 0 to 1.
    pub utilisation: f64,
    /// The names of the tasks on the critical path, first to last.
    pub critical_path: Vec<String>,
    /// The ids of the same tasks; ids are unique where names need not be.
    pub critical_path_ids: Vec<String>,
    /// One record per task, in the order of the file.
    pub task_records: Vec<TaskReport>,
    /// The critical path as places in `task_records`.
    #[serde(skip)]
    path: Vec<usize>,
}

/// One task in a [`Report`].
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct TaskReport {
    /// Unique within the workflow.
    pub id: String,
    /// The name that people know it by.
    pub name: String,
    /// The worker that ran it, if one did.
    pub worker: Option<usize>,
    /// When it started, counted from the start of the run, if it did.
    pub start_seconds: Option<f64>,
    /// When it ended, counted from the start of the run, if it started.
    pub end_seconds: Option<f64>,
    /// How it ended.
    pub status: TaskStatus,
    /// How often it was tried; 0 if it never ran.
    pub attempts: u32,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

impl Report {
    /// The report of a run from its records, which stand in the order of the file. O(V log V + E).
    pub(crate) fn new(
        workflow: &Workflow,
        workers: usize,
        wall: Duration,
        records: Vec<TaskRecord>,
    ) -> Self {
        let times: Vec<_> = records.iter().map(TaskRecord::duration).collect();
        let path = critical_path::find(workflow.graph(), &times);
        let span: f64 = path.iter().map(|task| times[task.0].as_secs_f64()).sum();
        let work: f64 = times.iter().map(Duration::as_secs_f64).sum();
        let wall = wall.as_secs_f64();
        let count = |status| {
            let with_status = records.iter().filter(|record| record.status == status);
            with_status.count()
        };
        let named = |name: fn(&crate::workflow::Task) -> &String| {
            let tasks = path.iter().map(|&task| name(workflow.task(task)).clone());
            tasks.collect()
        };
        let cancelled = count(TaskStatus::Cancelled);
        let failed = count(TaskStatus::Failed);
        Self {
            workflow: workflow.name().to_owned(),
            status: match (cancelled, failed) {
                (1.., _) => RunStatus::Cancelled,
                (0, 1..) => RunStatus::Failed,
                (0, 0) => RunStatus::Done,
            },
            tasks: workflow.task_count(),
            edges: workflow.edge_count(),
            workers,
            tasks_done: count(TaskStatus::Done),
            tasks_failed: failed,
            tasks_skipped: count(TaskStatus::Skipped),
            tasks_cancelled: cancelled,
            wall_seconds: wall,
            work_seconds: work,
            span_seconds: span,
            average_parallelism: ratio(work, span),
            utilisation: ratio(work, workers as f64 * wall),
            critical_path: named(|task| &task.name),
            critical_path_ids: named(|task| &task.id),
            path: path.iter().map(|task| task.0).collect(),
            task_records: (records.into_iter().enumerate())
                .map(|(number, record)| task_report(workflow, TaskIndex(number), record))
                .collect(),
        }
    }

    /// The report as JSON text with a newline at its end. Allocates the text.
    ///
    /// # Panics
    ///
    /// Never: keys are texts and numbers are finite.
    pub(crate) fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("keys are texts and numbers are finite") + "\n"
    }

    /// The tasks of the critical path, first to last.
    fn critical_tasks(&self) -> impl ExactSizeIterator<Item = &TaskReport> {
        self.path.iter().map(|&task| &self.task_records[task])
    }
}

impl TaskReport {
    /// How long the task ran.
    fn seconds(&self) -> f64 {
        self.end_seconds.unwrap_or(0.0) - self.start_seconds.unwrap_or(0.0)
    }
}

fn task_report(workflow: &Workflow, task: TaskIndex, record: TaskRecord) -> TaskReport {
    let task = workflow.task(task);
    TaskReport {
        id: task.id.clone(),
        name: task.name.clone(),
        worker: record.worker,
        start_seconds: record.interval.map(|(start, _)| start.as_secs_f64()),
        end_seconds: record.interval.map(|(_, end)| end.as_secs_f64()),
        status: record.status,
        attempts: record.attempts,
        error: record.error,
    }
}

/// A quotient that JSON can hold: 0 where there is nothing to divide by.
fn ratio(above: f64, below: f64) -> f64 {
    if below > 0.0 { above / below } else { 0.0 }
}
