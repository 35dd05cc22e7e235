//! The report as people read it.

use core::fmt;

use crate::execution::record::TaskStatus;
use crate::printable::Printable;

use super::{Report, RunStatus, TaskReport};

/// How many tasks of a list are named before the rest is counted only.
const NAMED_TASKS: usize = 50;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = match self.status {
            RunStatus::Done => "done",
            RunStatus::Failed => "failed",
            RunStatus::Cancelled => "cancelled",
        };
        writeln!(f, "{}: {status}", Printable(&self.workflow))?;
        write!(f, "tasks        {} ({} done", self.tasks, self.tasks_done)?;
        let others = [
            (self.tasks_failed, "failed"),
            (self.tasks_skipped, "skipped"),
            (self.tasks_cancelled, "cancelled"),
        ];
        for (count, word) in others {
            if count > 0 {
                write!(f, ", {count} {word}")?;
            }
        }
        writeln!(f, ")")?;
        writeln!(f, "edges        {}", self.edges)?;
        writeln!(f, "workers      {}", self.workers)?;
        writeln!(f, "wall time    {:.3} s", self.wall_seconds)?;
        writeln!(f, "work         {:.3} s", self.work_seconds)?;
        writeln!(f, "span         {:.3} s", self.span_seconds)?;
        writeln!(f, "parallelism  {:.2}", self.average_parallelism)?;
        writeln!(f, "utilisation  {:.1} %", self.utilisation * 100.0)?;
        self.write_critical_path(f)?;
        self.write_failures(f)
    }
}

impl Report {
    fn write_critical_path(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.critical_tasks();
        let count = path.len();
        if count == 0 {
            return Ok(());
        }
        writeln!(f, "critical path, {count} tasks:")?;
        for task in path.take(NAMED_TASKS) {
            writeln!(f, "  {:>9.3} s  {}", task.seconds(), Printable(&task.name))?;
        }
        write_rest(f, count)
    }

    /// The failed tasks with their reasons; nothing if there is none.
    pub(crate) fn failures(&self) -> String {
        struct Failures<'r>(&'r Report);
        impl fmt::Display for Failures<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write_failures(f)
            }
        }
        Failures(self).to_string()
    }

    fn write_failures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tasks_failed == 0 {
            return Ok(());
        }
        writeln!(
            f,
            "{} failed, {} skipped:",
            self.tasks_failed, self.tasks_skipped
        )?;
        let failed = |task: &&TaskReport| task.status == TaskStatus::Failed;
        for task in self.task_records.iter().filter(failed).take(NAMED_TASKS) {
            let reason = task.error.as_deref().unwrap_or("failed");
            writeln!(f, "  {} {}", Printable(&task.name), Printable(reason))?;
        }
        write_rest(f, self.tasks_failed)
    }
}

fn write_rest(f: &mut fmt::Formatter<'_>, count: usize) -> fmt::Result {
    match count.checked_sub(NAMED_TASKS) {
        Some(more @ 1..) => writeln!(f, "  and {more} more"),
        _ => Ok(()),
    }
}
