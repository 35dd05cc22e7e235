//! `taskflow run`, from a checked command line to a status.

use core::fmt::Write;

use crate::cli::RunOptions;
use crate::complaint::{Complaint, ToolingError};
use crate::console::Console;
use crate::execution::cancellation::Cancellation;
use crate::execution::engine::{self, Engine};
use crate::execution::{Execution, Replayer, scale};
use crate::output_file::OutputFile;
use crate::printable::Printable;
use crate::progress::Progress;
use crate::report::Report;
use crate::workflow::{Work, Workflow};

/// Runs a workflow that was read from `options.file`, and prints and writes what the options ask for.
///
/// Gives the report of the run, or nothing for a dry run.
///
/// Blocks until every task that was started has ended. Raising the cancellation from another thread
/// ends the run early: children are killed with their process groups, nothing new is started.
///
/// # Errors
///
/// A [`Complaint`] if an option does not fit the workflow, an output file cannot be written or the
/// engine cannot start; all of these are found before anything runs, except that a disk may fill up
/// meanwhile. A failed task is no error here but [`RunStatus::Failed`](crate::RunStatus::Failed).
///
/// # Examples
///
/// ```
/// use clap::Parser;
/// use taskflow_tooling::{
///     Cancellation, Cli, CliCommand, Console, RunStatus, Workflow, run_workflow,
/// };
///
/// # let folder = std::env::temp_dir().join(format!("taskflow-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let file = folder.join("two.toml");
/// std::fs::write(
///     &file,
///     r#"
///     [[task]]
///     name = "greet"
///     run = "echo hello"
///
///     [[task]]
///     name = "part"
///     run = ["true"]
///     needs = ["greet"]
///     "#,
/// )?;
/// let cli = Cli::try_parse_from(["taskflow".as_ref(), "run".as_ref(), file.as_os_str()])?;
/// let CliCommand::Run(options) = cli.command;
/// let workflow = Workflow::read(&options.file)?;
/// let console = Console::standard();
/// let report = run_workflow(&workflow, &options, &Cancellation::new(), &console)?;
/// let report = report.expect("it was no dry run");
/// assert_eq!((report.status, report.critical_path.len()), (RunStatus::Done, 2));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run_workflow(
    workflow: &Workflow,
    options: &RunOptions,
    cancellation: &Cancellation,
    console: &Console,
) -> Result<Option<Report>, Complaint> {
    let about_file = |error| Complaint::about(&options.file, error);
    let replayer =
        Replayer::new(options.replay, options.time_scale, workflow).map_err(about_file)?;
    tell_notes(workflow, options, console);
    let workflow_file = ("workflow", options.file.as_path());
    if let Some(path) = &options.dot {
        let file = OutputFile::create("graph", path, &[workflow_file])?;
        file.write(engine::draw(workflow).as_bytes())?;
    }
    if options.dry_run {
        if !options.quiet {
            console.print(list(workflow, options.time_scale).as_bytes());
        }
        return Ok(None);
    }
    let mut others = vec![workflow_file];
    others.extend(options.dot.as_deref().map(|path| ("graph", path)));
    let json = options.json.as_deref();
    let json = json.map(|path| OutputFile::create("report", path, &others));
    let json = json.transpose()?;
    let engine = Engine::start(options.workers).map_err(about_file)?;
    let (report, driven) = drive(workflow, options, &engine, replayer, cancellation, console);
    if let Some(file) = json {
        file.write(report.to_json().as_bytes())?;
    }
    driven.map_err(about_file)?;
    Ok(Some(report))
}

fn tell_notes(workflow: &Workflow, options: &RunOptions, console: &Console) {
    let file = options.file.display().to_string();
    for note in workflow.notes() {
        let note = format!("note: {}: {}\n", Printable(&file), Printable(note));
        console.print_aside(note.as_bytes());
    }
}

/// The run itself, from its first task to the printed report. The report is whole even if the
/// engine gave up.
fn drive(
    workflow: &Workflow,
    options: &RunOptions,
    engine: &Engine,
    replayer: Replayer,
    cancellation: &Cancellation,
    console: &Console,
) -> (Report, Result<(), ToolingError>) {
    let progress = if options.quiet {
        Progress::quiet(console, workflow)
    } else {
        Progress::visible(console, workflow)
    };
    let keep_going = options.keep_going;
    let execution = Execution::new(workflow, cancellation, &progress, replayer, keep_going);
    let driven = engine.drive(&execution);
    let wall = execution.elapsed();
    progress.run_ended();
    let report = Report::new(workflow, engine.workers(), wall, execution.into_records());
    if options.quiet {
        console.print_aside(report.failures().as_bytes());
    } else {
        console.print(report.to_string().as_bytes());
    }
    (report, driven)
}

/// What would run, one line per task, in an order in which it could.
fn list(workflow: &Workflow, time_scale: f64) -> String {
    let mut text = String::new();
    // A workflow with a cycle is refused when it is read, so there is an order.
    for task in workflow.graph().order().unwrap_or_default() {
        let needs: Vec<_> = workflow
            .graph()
            .predecessors(task)
            .iter()
            .map(|before| workflow.task(*before).id.as_str())
            .collect();
        let mut line = workflow.task(task).id.clone();
        if !needs.is_empty() {
            line += &format!(" (after {})", needs.join(", "));
        }
        match &workflow.task(task).work {
            Work::Command(command) => {
                line += &format!(": {}", command.program);
                for argument in &command.arguments {
                    line += &format!(" {argument:?}");
                }
            }
            Work::Replay { recorded } => {
                let scaled = scale(*recorded, time_scale).unwrap_or_default();
                let (recorded, scaled) = (recorded.as_secs_f64(), scaled.as_secs_f64());
                line += &format!(": replay {recorded} s in {scaled} s");
            }
        }
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", Printable(&line));
    }
    text
}
