//! What holds for the readers of both formats.

use std::path::Path;

use taskflow_tooling::{Complaint, ToolingError, Workflow};

/// Gives these bytes to the reader as the contents of `file`. What it refuses, it refuses by a fault of the
/// text, in one line, at a place that the text has.
pub(crate) fn read(file: &str, data: &[u8]) -> Option<Workflow> {
    match Workflow::parse(Path::new(file), data.to_vec()) {
        Ok(workflow) => {
            assert!(workflow.task_count() > 0);
            let pairs = workflow.task_count() * (workflow.task_count() - 1) / 2;
            assert!(workflow.edge_count() <= pairs, "a cycle was taken");
            Some(workflow)
        }
        Err(complaint) => {
            judge(file, data, &complaint);
            None
        }
    }
}

fn judge(file: &str, data: &[u8], complaint: &Complaint) {
    let line = complaint.to_string();
    assert!(!line.chars().any(char::is_control), "{line:?}");
    let message = line.strip_prefix(file).expect("the file is named");
    match complaint.position() {
        Some(place) => {
            let named = format!(":{}:{}: ", place.line, place.column);
            assert!(message.starts_with(&named), "{line}");
            let text = String::from_utf8_lossy(data);
            // The end of a line, and of the file, are places too.
            let lines: Vec<&str> = text.split('\n').collect();
            assert!((1..=lines.len()).contains(&place.line), "{line}");
            let length = lines[place.line - 1].len();
            assert!(place.column <= length + 1, "{line}: {length} characters");
        }
        None => assert!(message.starts_with(": "), "{line}"),
    }
    assert!(
        matches!(
            complaint.error(),
            ToolingError::NotUtf8
                | ToolingError::Empty
                | ToolingError::Malformed(_)
                | ToolingError::NoTasks
                | ToolingError::Unnamed
                | ToolingError::Duplicate { .. }
                | ToolingError::UnknownTask { .. }
                | ToolingError::DependsOnItself { .. }
                | ToolingError::Cycle { .. }
                | ToolingError::EmptyRun { .. }
                | ToolingError::BadValue { .. }
                | ToolingError::Version { .. }
        ),
        "{line}"
    );
}

/// The text without a byte order mark, as the readers take it.
pub(crate) fn text_of(data: &[u8]) -> &str {
    let text = std::str::from_utf8(data).expect("the reader took it");
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
