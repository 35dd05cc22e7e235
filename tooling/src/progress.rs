//! What a run says while it goes: a bar on a terminal, lines elsewhere, and what the tasks printed.

use core::time::Duration;
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::console::Console;
use crate::execution::record::{TaskRecord, TaskStatus};
use crate::execution::tail::Tail;
use crate::printable::Printable;
use crate::workflow::{Kind, Task, Workflow};

/// How much of a failed task's output is shown.
const FAILED_LINES: usize = 20;

/// How often a bar is drawn when nothing else moves it.
const TICK: Duration = Duration::from_millis(500);

/// A replay says where it is this many times.
const REPLAY_STEPS: usize = 10;

/// Tells of tasks as they end; any worker may call it.
pub(crate) struct Progress<'c> {
    console: &'c Console,
    total: usize,
    style: Style,
    /// Tasks that ended. The lock is held while printing, so that what belongs together stays so.
    ended: Mutex<usize>,
}

enum Style {
    Quiet,
    Bar(ProgressBar),
    LinePerTask,
    LinePerStep,
}

impl<'c> Progress<'c> {
    /// For a run that prints only what went wrong.
    pub(crate) fn quiet(console: &'c Console, workflow: &Workflow) -> Self {
        Self::with_style(console, workflow, Style::Quiet)
    }

    /// For a run that prints what fits the console and the workflow.
    pub(crate) fn visible(console: &'c Console, workflow: &Workflow) -> Self {
        let style = match workflow.kind() {
            _ if console.is_terminal() => Style::Bar(bar(workflow.task_count())),
            Kind::Recipe => Style::LinePerTask,
            Kind::Recording => Style::LinePerStep,
        };
        Self::with_style(console, workflow, style)
    }

    fn with_style(console: &'c Console, workflow: &Workflow, style: Style) -> Self {
        Self {
            console,
            total: workflow.task_count(),
            style,
            ended: Mutex::new(0),
        }
    }

    /// Tells of the end of a task, and shows what it printed.
    pub(crate) fn task_ended(&self, task: &Task, record: &TaskRecord, output: &Tail) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        *ended += 1;
        match &self.style {
            Style::Quiet => self.show_output(task, record, output),
            Style::Bar(bar) => {
                bar.set_message(Printable(&task.name).to_string());
                bar.inc(1);
                if record.status == TaskStatus::Failed || !output.is_empty() {
                    bar.suspend(|| self.show_output(task, record, output));
                }
            }
            Style::LinePerTask => {
                if record.interval.is_some() {
                    self.show_line(*ended, task, record);
                }
                self.show_output(task, record, output);
            }
            Style::LinePerStep => {
                let step = |count: usize| count * REPLAY_STEPS / self.total;
                if step(*ended) > step(*ended - 1) {
                    let percent = *ended * 100 / self.total;
                    let line = format!("[{ended}/{}] {percent} %\n", self.total);
                    self.console.print_aside(line.as_bytes());
                }
            }
        }
    }

    /// Takes the bar away.
    pub(crate) fn run_ended(&self) {
        if let Style::Bar(bar) = &self.style {
            bar.finish_and_clear();
        }
    }

    fn show_line(&self, ended: usize, task: &Task, record: &TaskRecord) {
        let outcome = match record.status {
            TaskStatus::Done => "done",
            TaskStatus::Failed => "failed",
            TaskStatus::Skipped => "skipped",
            TaskStatus::Cancelled => "cancelled",
        };
        let line = format!(
            "[{ended}/{}] {outcome}: {} ({:.3} s)\n",
            self.total,
            Printable(&task.name),
            record.duration().as_secs_f64()
        );
        self.console.print_aside(line.as_bytes());
    }

    /// What a task printed: all of it where it succeeded, the last lines where it failed.
    fn show_output(&self, task: &Task, record: &TaskRecord, output: &Tail) {
        let name = Printable(&task.name);
        if record.status == TaskStatus::Failed {
            let reason = record.error.as_deref().unwrap_or("failed");
            let again = match record.attempts {
                0 | 1 => String::new(),
                attempts => format!(" (attempt {attempts} of {attempts})"),
            };
            let lines = output.last_lines(FAILED_LINES);
            let shown = if lines.is_empty() {
                "it printed nothing"
            } else {
                "the end of what it printed:"
            };
            let title = format!("task {name} {}{again}; {shown}\n", Printable(reason));
            self.console.print_aside(&block(&title, &lines));
        } else if record.status == TaskStatus::Done
            && !output.is_empty()
            && !matches!(self.style, Style::Quiet)
        {
            let title = match output.dropped_bytes() {
                0 => format!("--- {name}\n"),
                dropped => format!("--- {name} (without its first {dropped} bytes)\n"),
            };
            self.console.print(&block(&title, &output.to_bytes()));
        }
    }
}

/// A title and what stands under it, ending with a newline.
fn block(title: &str, body: &[u8]) -> Vec<u8> {
    let mut block = title.as_bytes().to_vec();
    block.extend_from_slice(body);
    if !block.ends_with(b"\n") {
        block.push(b'\n');
    }
    block
}

fn bar(total: usize) -> ProgressBar {
    let target = ProgressDrawTarget::stderr();
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed_precise} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(Some(total as u64), target).with_style(style);
    // The clock goes on while a long task does.
    bar.enable_steady_tick(TICK);
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::sync::Arc;
    use std::io::{self, Write};

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0
                .lock()
                .expect("nobody panics here")
                .extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Shared {
        fn text(&self) -> String {
            String::from_utf8_lossy(&self.0.lock().expect("nobody panicked")).into_owned()
        }
    }

    fn task_ends(style: Style, total: usize, status: TaskStatus, printed: &[u8]) -> [String; 2] {
        let (out, err) = (Shared::default(), Shared::default());
        let console = Console::new(Box::new(out.clone()), Box::new(err.clone()));
        let progress = Progress {
            console: &console,
            total,
            style,
            ended: Mutex::new(0),
        };
        let task = Task {
            id: "id".into(),
            name: "na\nme".into(),
            work: crate::workflow::Work::Replay {
                recorded: Duration::ZERO,
            },
        };
        let record = TaskRecord {
            interval: Some((Duration::ZERO, Duration::from_millis(1500))),
            attempts: 3,
            error: (status == TaskStatus::Failed).then(|| "broke".into()),
            ..TaskRecord::never_ran(status)
        };
        let mut tail = Tail::default();
        tail.push(printed);
        for _ in 0..total {
            progress.task_ended(&task, &record, &tail);
        }
        [out.text(), err.text()]
    }

    #[test]
    fn a_done_task_has_its_line_and_its_output_apart() {
        let [out, err] = task_ends(Style::LinePerTask, 1, TaskStatus::Done, b"hello");
        assert_eq!(out, "--- na\\nme\nhello\n");
        assert_eq!(err, "[1/1] done: na\\nme (1.500 s)\n");
    }

    #[test]
    fn a_quiet_run_shows_failures_only() {
        let silent = task_ends(Style::Quiet, 1, TaskStatus::Done, b"hello");
        assert_eq!(silent, ["", ""]);
        let [out, err] = task_ends(Style::Quiet, 1, TaskStatus::Failed, b"hello");
        assert_eq!(out, "");
        assert_eq!(
            err,
            "task na\\nme broke (attempt 3 of 3); the end of what it printed:\nhello\n"
        );
    }

    #[test]
    fn a_failed_task_shows_its_last_lines_only() {
        let printed: String = (0..100).map(|line| format!("line {line}\n")).collect();
        let [_, err] = task_ends(
            Style::LinePerTask,
            1,
            TaskStatus::Failed,
            printed.as_bytes(),
        );
        assert!(
            err.contains("line 80\n") && !err.contains("line 79\n"),
            "{err}"
        );
    }

    #[test]
    fn a_replay_says_where_it_is_ten_times() {
        let [out, err] = task_ends(Style::LinePerStep, 1000, TaskStatus::Done, b"");
        assert_eq!(out, "");
        assert_eq!(err.lines().count(), 10);
        assert!(err.ends_with("[1000/1000] 100 %\n"), "{err}");
    }
}
