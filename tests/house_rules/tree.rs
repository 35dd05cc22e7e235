//! The files of the project, as a fresh clone would hold them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::source::Source;

/// The project's folder and the paths of its files, relative and with `/`, sorted.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    files: Vec<String>,
}

impl Tree {
    pub(crate) fn of_this_project() -> Self {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self::at(
            tests
                .parent()
                .expect("the tests lie one folder below the root"),
        )
    }

    pub(crate) fn at(root: &Path) -> Self {
        let mut files = listed_by_git(root).unwrap_or_else(|| {
            let mut files = Vec::new();
            walk(root, "", &mut files);
            files
        });
        files.sort();
        Self {
            root: root.to_owned(),
            files,
        }
    }

    pub(crate) fn files(&self) -> &[String] {
        &self.files
    }

    /// The text of a file; `None` if it is missing or no text.
    pub(crate) fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root.join(path)).ok()
    }

    pub(crate) fn has_folder(&self, name: &str) -> bool {
        self.files.iter().any(|file| {
            file.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('/'))
        })
    }

    /// Every Rust file.
    pub(crate) fn sources(&self) -> Vec<Source> {
        let rust = self.files.iter().filter(|path| path.ends_with(".rs"));
        rust.filter_map(|path| Some(Source::new(path, &self.read(path)?)))
            .collect()
    }
}

/// What is tracked and what would be, less what is deleted; `None` where git does not know this folder.
fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .ok()?;
    let listed = String::from_utf8(output.stdout).ok()?;
    let files: Vec<String> = listed
        .split_terminator('\0')
        .filter(|path| root.join(path).is_file())
        .map(str::to_owned)
        .collect();
    let is_the_project = output.status.success() && files.iter().any(|path| path == "Cargo.toml");
    is_the_project.then_some(files)
}

fn walk(folder: &Path, prefix: &str, into: &mut Vec<String>) {
    let entries = fs::read_dir(folder).expect("the project's folders can be read");
    for entry in entries.map(|entry| entry.expect("the project's folders can be read")) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if name == ".git" || name.starts_with("target") {
            continue;
        }
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{path}/"), into);
        } else {
            into.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_git_does_not_know_is_walked() {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("a_walked_tree");
        fs::create_dir_all(root.join("core/src")).expect("the scratch folder can be made");
        fs::create_dir_all(root.join("target-loom")).expect("the scratch folder can be made");
        for file in ["Cargo.toml", "core/src/lib.rs", "target-loom/x.rs"] {
            fs::write(root.join(file), "//! x\n").expect("the scratch folder can be written");
        }
        // The scratch folder lies where git ignores it, or outside of what git knows.
        let tree = Tree::at(&root);
        assert!(tree.files().iter().any(|file| file == "core/src/lib.rs"));
        assert_eq!(tree.sources().len(), 1);
        assert!(tree.has_folder("core") && !tree.has_folder("cor"));
    }
}
