//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::execution::ReplayKind;

/// Runs workflows of tasks on a work-stealing pool, and reports on them.
#[derive(Debug, Parser)]
#[command(name = "taskflow", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: CliCommand,
}

/// What the command can do.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Run a workflow: commands in TOML, or a recorded execution in WfFormat JSON
    #[command(after_help = EXIT_CODES)]
    Run(RunOptions),
}

const EXIT_CODES: &str = "Exit status: 0 all tasks done, 1 a task failed, 2 bad input or a file \
                          that cannot be written, 130 cancelled.";

/// The options of `taskflow run`.
///
/// # Examples
///
/// ```
/// use clap::Parser;
/// use taskflow_tooling::{Cli, CliCommand};
///
/// let cli = Cli::try_parse_from(["taskflow", "run", "build.toml", "--workers", "3"])?;
/// let CliCommand::Run(options) = cli.command;
/// assert_eq!(options.workers, 3);
/// # Ok::<(), clap::Error>(())
/// ```
#[derive(Clone, Debug, Args)]
#[non_exhaustive]
pub struct RunOptions {
    /// The workflow: .toml for commands, .json for a recorded execution
    pub file: PathBuf,

    /// How many tasks run at once; 0 is one per CPU that may be used
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = worker_count)]
    pub workers: usize,

    /// After a failure, go on with what does not depend on the failed task
    #[arg(long)]
    pub keep_going: bool,

    /// Check the workflow and list what would run, in order; run nothing
    #[arg(long, conflicts_with = "json")]
    pub dry_run: bool,

    /// Write the graph to this file, in DOT
    #[arg(long, value_name = "OUT")]
    pub dot: Option<PathBuf>,

    /// Write a report of the run to this file, in JSON
    #[arg(long, value_name = "OUT")]
    pub json: Option<PathBuf>,

    /// Print nothing but errors and failed tasks
    #[arg(long, short)]
    pub quiet: bool,

    /// What recorded times are multiplied by
    #[arg(
        long,
        value_name = "FACTOR",
        default_value_t = 0.001,
        allow_negative_numbers = true,
        value_parser = time_scale
    )]
    pub time_scale: f64,

    /// How a recorded task passes its time
    #[arg(long, value_enum, default_value_t)]
    pub replay: ReplayKind,
}

/// More threads than this are a slip of the finger.
const MOST_WORKERS: usize = 4096;

fn worker_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 0..=MOST_WORKERS) => Ok(count),
        _ => Err(format!("give a number from 0 to {MOST_WORKERS}")),
    }
}

fn time_scale(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(scale) if f64::is_finite(scale) && scale >= 0.0 => Ok(scale),
        _ => Err("give a finite number that is not negative".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn numbers_that_cannot_be_meant_are_refused() {
        for scale in ["-1", "-0.5", "nan", "inf", "", "x"] {
            let line = ["taskflow", "run", "f", "--time-scale", scale];
            let error = Cli::try_parse_from(line).expect_err(scale).to_string();
            assert!(error.contains("finite number"), "{error}");
        }
        for workers in ["-1", "5000", "1.5", "many"] {
            let line = ["taskflow", "run", "f", "--workers", workers];
            assert!(Cli::try_parse_from(line).is_err(), "{workers}");
        }
    }

    #[test]
    fn an_ordinary_line_has_the_documented_defaults() {
        let cli = Cli::try_parse_from(["taskflow", "run", "f"]).expect("the line is right");
        let CliCommand::Run(options) = cli.command;
        assert_eq!(
            (options.workers, options.time_scale, options.replay),
            (0, 0.001, ReplayKind::Sleep)
        );
    }
}
