//! What an `ARCHITECTURE.md` promises is held by tests that exist.

use super::finding::Finding;
use super::source::{Source, has_word};

/// The tests of the project: their names and the files they stand in.
#[derive(Debug, Default)]
pub(crate) struct Tests {
    names: Vec<String>,
    files: Vec<String>,
}

impl Tests {
    pub(crate) fn of(sources: &[Source]) -> Self {
        let mut tests = Self::default();
        for source in sources {
            let names = test_names(source);
            if !names.is_empty() {
                tests.files.push(source.path().to_owned());
            }
            tests.names.extend(names);
        }
        tests
    }

    /// Whether `reference`, as it stands between backticks, names one of them: a file
    /// (`tests/panics.rs`) or a function (`panics::a_worker_never_dies`).
    fn hold(&self, reference: &str) -> bool {
        if reference.ends_with(".rs") {
            let below = format!("/{reference}");
            return self
                .files
                .iter()
                .any(|file| file == reference || file.ends_with(&below));
        }
        let name = reference.rsplit("::").next().unwrap_or(reference);
        self.names.iter().any(|test| test == name)
    }
}

/// Invariants of `page` that name no test.
pub(crate) fn invariants_without_test(path: &str, page: &str, tests: &Tests) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, paragraph) in invariants(page) {
        let mut references = paragraph.split('`').skip(1).step_by(2);
        if !references.any(|reference| tests.hold(reference.trim_end_matches("()"))) {
            let what = "an architecture invariant that names no existing test";
            findings.push(Finding::new(path, line, what));
        }
    }
    findings
}

/// Each invariant of `page` with its first line: it lasts to a blank line or to the next one.
pub(crate) fn invariants(page: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut inside = false;
    for (index, line) in page.lines().enumerate() {
        let bare = line.trim_start_matches(|c: char| !c.is_alphabetic());
        let marked = line.contains("*Architecture invariant");
        if marked && bare.starts_with("Architecture invariant") {
            found.push((index + 1, line.to_owned()));
            inside = true;
        } else if line.trim().is_empty() {
            inside = false;
        } else if let (true, Some((_, paragraph))) = (inside, found.last_mut()) {
            paragraph.push('\n');
            paragraph.push_str(line);
        }
    }
    found
}

/// The functions that carry a test attribute.
fn test_names(source: &Source) -> Vec<String> {
    let mut names = Vec::new();
    for attribute in source.attributes() {
        let text = &source.code()[attribute.clone()];
        if !has_word(text, "test") || text.contains("cfg") {
            continue;
        }
        let mut words = source
            .words()
            .skip_while(|(at, _)| *at < attribute.end)
            .map(|(_, word)| word);
        if words.any(|word| word == "fn") {
            names.extend(words.next().map(str::to_owned));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tests() -> Tests {
        let text = "#[test]\n#[should_panic]\nfn a_run_ends() {}\nfn not_a_test() {}\n";
        let quiet = Source::new("core/src/quiet.rs", "fn f() {}");
        Tests::of(&[Source::new("tests/runs.rs", text), quiet])
    }

    #[test]
    fn an_invariant_without_an_existing_test_is_found() {
        let page = "# A\n\n- *Architecture invariant*: a\n  `runs::a_run_never_ends`.\n\n*Architecture invariant:* b `not_a_test`, `core/src/quiet.rs`.\n*Architecture invariant*: c.\n";
        let found = invariants_without_test("core/ARCHITECTURE.md", page, &tests());
        assert_eq!(found.iter().map(|f| f.line).collect::<Vec<_>>(), [3, 6, 7]);
    }

    #[test]
    fn an_invariant_may_name_a_file_or_a_function() {
        let page = "*Architecture invariant*: a\n(`Platform`,\n`runs::a_run_ends`).\n\n**Architecture invariant 2** `tests/runs.rs`\n* *Architecture invariant*: `runs.rs`\n";
        assert_eq!(invariants(page).len(), 3);
        assert!(invariants_without_test("core/ARCHITECTURE.md", page, &tests()).is_empty());
    }
}
