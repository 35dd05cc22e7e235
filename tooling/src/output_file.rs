//! A file that a command writes: created before the work, so that a fault shows early.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::complaint::{Complaint, ToolingError};

/// An open file, and what it is for.
#[derive(Debug)]
pub(crate) struct OutputFile {
    what: &'static str,
    path: PathBuf,
    file: File,
}

impl OutputFile {
    /// Creates the file, or empties it, unless it is one of `others`.
    pub(crate) fn create(
        what: &'static str,
        path: &Path,
        others: &[(&'static str, &Path)],
    ) -> Result<Self, Complaint> {
        let same = |other: &Path| {
            let places = (fs::canonicalize(path), fs::canonicalize(other));
            matches!(places, (Ok(here), Ok(there)) if here == there && here.is_file())
        };
        if let Some(&(other, _)) = others.iter().find(|(_, other)| same(other)) {
            let error = ToolingError::WouldOverwrite { what, other };
            return Err(Complaint::about(path, error));
        }
        match File::create(path) {
            Ok(file) => Ok(Self {
                what,
                path: path.to_owned(),
                file,
            }),
            Err(source) => {
                let error = ToolingError::Unwritable { what, source };
                Err(Complaint::about(path, error))
            }
        }
    }

    /// Writes all there is to write.
    pub(crate) fn write(mut self, bytes: &[u8]) -> Result<(), Complaint> {
        self.file.write_all(bytes).map_err(|source| {
            let what = self.what;
            Complaint::about(&self.path, ToolingError::Unwritable { what, source })
        })
    }
}
