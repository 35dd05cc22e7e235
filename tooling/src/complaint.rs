//! What can be wrong before anything runs, said in one line.
//!
//! [`ToolingError`] is the fault as data; [`Complaint`] is the fault and the place where it stands.

use core::fmt;
use std::path::{Path, PathBuf};

use crate::printable::Printable;

/// How many tasks of a cycle are listed before the rest is counted only.
const LISTED_TASKS: usize = 64;

/// A place in a text, both counted from one; a column is a character, not a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, the first one being 1.
    pub line: usize,
    /// The character within the line, the first one being 1.
    pub column: usize,
}

impl Position {
    /// The position of a byte offset in a text. O(offset).
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset.min(text.len())).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.bytes().filter(|&byte| byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// Why a workflow, an option or an output file was refused.
#[derive(Debug)]
#[non_exhaustive]
pub enum ToolingError {
    /// The file could not be read.
    Unreadable(std::io::Error),
    /// The path names a folder.
    Folder,
    /// The file is larger than the reader takes.
    TooLarge {
        /// The most that is taken.
        limit_bytes: u64,
    },
    /// The file is not UTF-8.
    NotUtf8,
    /// The file holds nothing but white space.
    Empty,
    /// The text is not of the format: syntax, a wrong type, an unknown or a missing field.
    Malformed(String),
    /// The file is of the format and lists no task.
    NoTasks,
    /// A task without a name.
    Unnamed,
    /// Two tasks of one name (or id).
    Duplicate {
        /// The name that occurs twice.
        task: String,
    },
    /// A task waits for, or is waited for by, one that the file does not have.
    UnknownTask {
        /// The task that names the other.
        task: String,
        /// The field in which it does.
        field: &'static str,
        /// The name that no task has.
        other: String,
    },
    /// A task that waits for itself.
    DependsOnItself {
        /// The task.
        task: String,
    },
    /// Tasks that wait for each other in a ring.
    Cycle {
        /// The tasks of the ring, each waited for by the one after it.
        tasks: Vec<String>,
    },
    /// A task whose `run` holds no command.
    EmptyRun {
        /// The task.
        task: String,
    },
    /// A field of a task has a value that cannot be meant.
    BadValue {
        /// The task.
        task: String,
        /// The field.
        field: &'static str,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// A recording whose version is not understood.
    Version {
        /// The version that the file gives.
        found: String,
    },
    /// An output file cannot be created or written.
    Unwritable {
        /// What was to be written there.
        what: &'static str,
        /// What the system answered.
        source: std::io::Error,
    },
    /// An output file is one of the other files of the command.
    WouldOverwrite {
        /// What was to be written there.
        what: &'static str,
        /// What the file is already.
        other: &'static str,
    },
    /// The engine could not be started, or gave up.
    Engine(String),
}

impl fmt::Display for ToolingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(source) => write!(f, "cannot be read: {source}"),
            Self::Folder => f.write_str("is a folder; name a workflow file"),
            Self::TooLarge { limit_bytes } => {
                write!(f, "is larger than {limit_bytes} bytes; split the workflow")
            }
            Self::NotUtf8 => f.write_str("is not UTF-8 from here on; save it as UTF-8"),
            Self::Empty => f.write_str("is empty; a workflow has at least one task"),
            Self::Malformed(message) => f.write_str(message),
            Self::NoTasks => f.write_str("lists no task; a workflow has at least one"),
            Self::Unnamed => f.write_str("a task has an empty name; give it one"),
            Self::Duplicate { task } => {
                write!(f, "there are two tasks {task:?}; rename one of them")
            }
            Self::UnknownTask { task, field, other } => write!(
                f,
                "task {task:?} names {other:?} in `{field}`, and there is no such task; \
                 add it or correct the name"
            ),
            Self::DependsOnItself { task } => {
                write!(f, "task {task:?} depends on itself; remove the edge")
            }
            Self::Cycle { tasks } => write_cycle(f, tasks),
            Self::EmptyRun { task } => {
                write!(f, "task {task:?} has an empty `run`; give it a command")
            }
            Self::BadValue {
                task,
                field,
                reason,
            } => write!(f, "task {task:?}: `{field}` {reason}"),
            Self::Version { found } => write!(
                f,
                "is WfFormat {found:?}, and only 1.x is understood; convert it to 1.5"
            ),
            Self::Unwritable { what, source } => {
                write!(f, "the {what} cannot be written here: {source}")
            }
            Self::WouldOverwrite { what, other } => write!(
                f,
                "the {what} would overwrite the {other}; choose another file"
            ),
            Self::Engine(message) => write!(f, "the engine cannot run this: {message}"),
        }
    }
}

fn write_cycle(f: &mut fmt::Formatter<'_>, tasks: &[String]) -> fmt::Result {
    f.write_str("tasks wait for each other: ")?;
    for task in tasks.iter().take(LISTED_TASKS) {
        write!(f, "{task:?} -> ")?;
    }
    if let Some(more @ 1..) = tasks.len().checked_sub(LISTED_TASKS) {
        write!(f, "({more} more) -> ")?;
    }
    if let Some(first) = tasks.first() {
        write!(f, "{first:?}")?;
    }
    f.write_str("; remove one of these edges")
}

impl core::error::Error for ToolingError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Unreadable(source) | Self::Unwritable { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// A fault and its place; displayed as `FILE:LINE:COLUMN: message`, always on one line.
#[derive(Debug)]
pub struct Complaint {
    file: PathBuf,
    position: Option<Position>,
    error: ToolingError,
}

impl Complaint {
    /// A fault of a file as a whole.
    pub(crate) fn about(file: &Path, error: ToolingError) -> Self {
        Self {
            file: file.to_owned(),
            position: None,
            error,
        }
    }

    /// A fault at a place in a file.
    pub(crate) fn at(file: &Path, position: Position, error: ToolingError) -> Self {
        Self {
            position: Some(position),
            ..Self::about(file, error)
        }
    }

    /// Where in the file the fault stands, if that is known.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// The fault.
    #[must_use]
    pub fn error(&self) -> &ToolingError {
        &self.error
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match self.position {
            Some(Position { line, column }) => {
                format!("{}:{line}:{column}: {}", self.file.display(), self.error)
            }
            None => format!("{}: {}", self.file.display(), self.error),
        };
        write!(f, "{}", Printable(&line))
    }
}

impl core::error::Error for Complaint {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_counts_characters_and_a_line_counts_newlines() {
        let text = "ä\nöx";
        let offset = text.find('x').expect("the text has an x");
        assert_eq!(Position::of(text, offset), Position { line: 2, column: 2 });
        assert_eq!(Position::of(text, 0), Position { line: 1, column: 1 });
        assert_eq!(Position::of(text, 99), Position { line: 2, column: 3 });
    }

    #[test]
    fn a_complaint_is_one_line_whatever_the_names_hold() {
        let error = ToolingError::Malformed("two\nlines".into());
        let complaint = Complaint::about(Path::new("odd\nname"), error);
        assert_eq!(complaint.to_string(), r"odd\nname: two\nlines");
    }

    #[test]
    fn a_long_cycle_is_listed_in_part_and_counted_in_full() {
        let tasks = (0..100).map(|number| number.to_string()).collect();
        let text = ToolingError::Cycle { tasks }.to_string();
        assert!(
            text.contains(r#""63" -> (36 more) -> "0"; remove"#),
            "{text}"
        );
    }
}
