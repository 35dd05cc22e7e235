#![doc = include_str!("../ARCHITECTURE.md")]
#![forbid(unsafe_code)]

extern crate alloc;

mod cli;
mod command;

mod workflow;

mod execution;

mod report;

mod progress;

mod console;
mod output_file;
mod printable;

mod complaint;

pub use cli::{Cli, CliCommand, RunOptions};
pub use command::run_workflow;
pub use complaint::{Complaint, Position, ToolingError};
pub use console::Console;
pub use execution::ReplayKind;
pub use execution::cancellation::Cancellation;
pub use execution::record::TaskStatus;
pub use report::{Report, RunStatus, TaskReport};
pub use workflow::Workflow;
