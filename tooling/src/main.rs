//! The `taskflow` command; all that it does is in the library.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use taskflow_tooling::{
    Cancellation, Cli, CliCommand, Complaint, Console, Report, RunOptions, RunStatus, Workflow,
    run_workflow,
};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(help_or_error) => {
            // Nobody may be reading, and then there is nobody to tell.
            let _ = help_or_error.print();
            return if help_or_error.use_stderr() {
                ExitCode::from(2)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let console = Console::standard();
    let CliCommand::Run(options) = cli.command;
    match run(&options, &console) {
        Ok(report) => {
            let status = report.map_or(RunStatus::Done, |report| report.status);
            ExitCode::from(status.exit_code())
        }
        Err(complaint) => {
            console.print_aside(format!("error: {complaint}\n").as_bytes());
            ExitCode::from(2)
        }
    }
}

/// Reads before it takes the signals over: until something runs, the system's own way to end a
/// command is the right one.
fn run(options: &RunOptions, console: &Console) -> Result<Option<Report>, Complaint> {
    let workflow = Workflow::read(&options.file)?;
    let cancellation = Cancellation::new();
    let raised = cancellation.clone();
    if let Err(error) = ctrlc::set_handler(move || raised.cancel()) {
        let warning = format!("warning: a signal will not end this tidily: {error}\n");
        console.print_aside(warning.as_bytes());
    }
    run_workflow(&workflow, options, &cancellation, console)
}
