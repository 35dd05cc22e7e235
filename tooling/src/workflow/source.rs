//! The text of a workflow file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::complaint::{Complaint, Position, ToolingError};

/// The largest file taken: a recording of a million tasks is smaller.
const LIMIT_BYTES: u64 = 1 << 30;

/// Reads the bytes of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Complaint> {
    read_at_most(path, LIMIT_BYTES)
}

fn read_at_most(path: &Path, limit_bytes: u64) -> Result<Vec<u8>, Complaint> {
    let unreadable = |source| Complaint::about(path, ToolingError::Unreadable(source));
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(Complaint::about(path, ToolingError::Folder));
    }
    let mut bytes = Vec::new();
    file.take(limit_bytes + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > limit_bytes {
        let error = ToolingError::TooLarge { limit_bytes };
        return Err(Complaint::about(path, error));
    }
    Ok(bytes)
}

/// UTF-8 text that is not blank, without a byte order mark.
pub(super) fn decode(path: &Path, bytes: Vec<u8>) -> Result<String, Complaint> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..valid]);
        Complaint::at(path, Position::of(&text, valid), ToolingError::NotUtf8)
    })?;
    if text.trim().is_empty() {
        return Err(Complaint::about(path, ToolingError::Empty));
    }
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_over_the_limit_is_refused() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let complaint = read_at_most(&path, 10).expect_err("the manifest has more than ten bytes");
        assert!(matches!(
            complaint.error(),
            ToolingError::TooLarge { limit_bytes: 10 }
        ));
        assert!(read(&path).is_ok());
    }
}
