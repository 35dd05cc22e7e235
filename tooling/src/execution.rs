//! One run of a workflow: what the tasks share, and what became of each.
//!
//! The engine calls [`Execution::perform`] once for each task, after all of its predecessors. Whether
//! the task then runs is decided here, so the graph itself needs no conditions.

pub(crate) mod cancellation;
pub(crate) mod engine;
mod process;
pub(crate) mod record;
mod replay;
pub(crate) mod tail;

use core::time::Duration;
use std::sync::OnceLock;
use std::time::Instant;

use crate::progress::Progress;
use crate::workflow::{CommandLine, TaskIndex, Work, Workflow};

use cancellation::Cancellation;
use process::Ending;
use record::{TaskRecord, TaskStatus};
use tail::Tail;

pub use replay::ReplayKind;
pub(crate) use replay::{Replayer, scale};

/// The state that the tasks of one run share.
pub(crate) struct Execution<'w> {
    workflow: &'w Workflow,
    cancellation: &'w Cancellation,
    progress: &'w Progress<'w>,
    replayer: Replayer,
    keep_going: bool,
    started: Instant,
    first_failure: OnceLock<TaskIndex>,
    records: Vec<OnceLock<TaskRecord>>,
}

/// How a started task ended, before it is timed and put on record.
struct Attempted {
    status: TaskStatus,
    attempts: u32,
    error: Option<String>,
    output: Tail,
}

impl<'w> Execution<'w> {
    /// A run that starts now; none of the tasks has.
    pub(crate) fn new(
        workflow: &'w Workflow,
        cancellation: &'w Cancellation,
        progress: &'w Progress<'w>,
        replayer: Replayer,
        keep_going: bool,
    ) -> Self {
        Self {
            workflow,
            cancellation,
            progress,
            replayer,
            keep_going,
            started: Instant::now(),
            first_failure: OnceLock::new(),
            records: workflow.tasks().iter().map(|_| OnceLock::new()).collect(),
        }
    }

    pub(crate) fn workflow(&self) -> &'w Workflow {
        self.workflow
    }

    /// The time since the run started.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Runs one task to its end, or passes it over, and puts it on record.
    ///
    /// Called on a worker, once for each task, after `perform` returned for all its predecessors.
    pub(crate) fn perform(&self, task: TaskIndex, worker: Option<usize>) {
        let (record, output) = match self.obstacle(task) {
            Some(status) => (TaskRecord::never_ran(status), Tail::default()),
            None => self.start(task, worker),
        };
        self.progress
            .task_ended(self.workflow.task(task), &record, &output);
        // The engine calls once for each task, so the slot is empty; a second record would be lost.
        let _ = self.records[task.0].set(record);
    }

    /// What became of each task, in the order of the file.
    pub(crate) fn into_records(self) -> Vec<TaskRecord> {
        let unreached = || TaskRecord::never_ran(TaskStatus::Skipped);
        let records = self.records.into_iter();
        records
            .map(|record| record.into_inner().unwrap_or_else(unreached))
            .collect()
    }

    /// Why a task must not start, as the status that it then has.
    fn obstacle(&self, task: TaskIndex) -> Option<TaskStatus> {
        let before = self.workflow.graph().predecessors(task).iter();
        let mut statuses = before.filter_map(|before| Some(self.records[before.0].get()?.status));
        if let Some(status) = statuses.find(|&status| status != TaskStatus::Done) {
            return Some(match status {
                TaskStatus::Cancelled => TaskStatus::Cancelled,
                _ => TaskStatus::Skipped,
            });
        }
        if self.cancellation.is_cancelled() {
            return Some(TaskStatus::Cancelled);
        }
        let stopped = !self.keep_going && self.first_failure.get().is_some();
        stopped.then_some(TaskStatus::Skipped)
    }

    fn start(&self, task: TaskIndex, worker: Option<usize>) -> (TaskRecord, Tail) {
        let start = self.elapsed();
        let attempted = match &self.workflow.task(task).work {
            Work::Command(command) => self.run(command),
            Work::Replay { recorded } => self.replay(*recorded),
        };
        if attempted.status == TaskStatus::Failed {
            let _ = self.first_failure.set(task);
        }
        let record = TaskRecord {
            status: attempted.status,
            worker,
            interval: Some((start, self.elapsed())),
            attempts: attempted.attempts,
            error: attempted.error,
        };
        (record, attempted.output)
    }

    fn replay(&self, recorded: Duration) -> Attempted {
        let finished = self.replayer.replay(recorded, self.cancellation);
        Attempted {
            status: if finished {
                TaskStatus::Done
            } else {
                TaskStatus::Cancelled
            },
            attempts: 1,
            error: None,
            output: Tail::default(),
        }
    }

    /// Runs a command until it succeeds, is cancelled, or has used up its attempts.
    fn run(&self, command: &CommandLine) -> Attempted {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (ending, output) = process::run(command, self.cancellation);
            let (status, error) = match ending {
                Ending::Succeeded => (TaskStatus::Done, None),
                Ending::Cancelled => (TaskStatus::Cancelled, None),
                Ending::Failed(_)
                    if attempts <= command.retries && !self.cancellation.is_cancelled() =>
                {
                    continue;
                }
                Ending::Failed(reason) => (TaskStatus::Failed, Some(reason)),
            };
            return Attempted {
                status,
                attempts,
                error,
                output,
            };
        }
    }
}
